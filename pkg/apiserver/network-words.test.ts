import { networkWords } from './network-words.ts'

const fault = (code: string, more: object = {}): Error => Object.assign(new Error(`connect ${code}`), { code, ...more })
const at = { address: '10.0.0.1', port: 443 }

it.each([
  [fault('ECONNREFUSED', at), 'dial tcp 10.0.0.1:443: connect: connection refused'],
  [fault('ECONNREFUSED', { address: '::1', port: 80 }), 'dial tcp [::1]:80: connect: connection refused'],
  [fault('EHOSTUNREACH', at), 'dial tcp 10.0.0.1:443: connect: no route to host'],
  [fault('ENETUNREACH', at), 'dial tcp 10.0.0.1:443: connect: network is unreachable'],
  [fault('ETIMEDOUT', at), 'dial tcp 10.0.0.1:443: connect: connection timed out'],
  [fault('ENOTFOUND', { hostname: 'a.b' }), 'dial tcp: lookup a.b: no such host'],
  [fault('ECONNRESET'), 'EOF'],
  [fault('DEPTH_ZERO_SELF_SIGNED_CERT'), 'tls: failed to verify certificate: x509: certificate signed by unknown authority'],
  [new Error('something else'), 'something else'],
])('%s', (error, words) => {
  expect(networkWords(error)).toBe(words)
})
