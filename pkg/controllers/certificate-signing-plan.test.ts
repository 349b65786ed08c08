import { X509Certificate } from 'node:crypto'
import type { CertificateSigningRequest, CertificateSigningRequestCondition } from '../api/types-certificates.ts'
import { keptForMs, selfApproval, signers, signingFault, type RequestedSubject } from './certificate-signing-plan.ts'

const request = (signerName: string, usages: string[], more: Partial<CertificateSigningRequest['spec']> = {}): CertificateSigningRequest =>
  ({ metadata: { creationTimestamp: '2026-01-01T00:00:00Z' }, spec: { request: '', signerName, usages, ...more } })
const subject = (more: Partial<RequestedSubject> = {}): RequestedSubject => ({ commonName: 'jane', organizations: [], dnsNames: [], ipAddresses: [], emailAddresses: [], uris: [], ...more })
const node = (more: Partial<RequestedSubject> = {}): RequestedSubject => subject({ commonName: 'system:node:a', organizations: ['system:nodes'], ...more })

const shortLived = `-----BEGIN CERTIFICATE-----
MIIBbDCCAROgAwIBAgIUPlhoKgYMvCMHJr3iulANwHYFboMwCgYIKoZIzj0EAwIw
DDEKMAgGA1UEAwwBeDAeFw0yNjExMjQxMTAxNTRaFw0yNjExMjUxMTAxNTRaMAwx
CjAIBgNVBAMMAXgwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQoYMA4zeQtU3ad
xdWfy6G3cfibobwUcRWF1PCBEODy+bcMxRelWQuiKfBltnFi0nkllx3uGrJJhPkW
mobJ4i3Bo1MwUTAdBgNVHQ4EFgQULY3pK09j/gtYqjMagHa8hvcj3uUwHwYDVR0j
BBgwFoAULY3pK09j/gtYqjMagHa8hvcj3uUwDwYDVR0TAQH/BAUwAwEB/zAKBggq
hkjOPQQDAgNHADBEAiAOCA1z/S186MStlorSq/+zrDJKsjZ1FOR0JUzZ4UlC/QIg
D5TIEWOw814G74fh0yPzuVcUyAglK5OpxFQf/EJA/gE=
-----END CERTIFICATE-----
`

describe('signingFault', () => {
  const serving = ['server auth', 'digital signature']
  const kubelet = ['client auth', 'digital signature', 'key encipherment']
  const [client, kubeletClient, kubeletServing] = [signers.client, signers.kubeletClient, signers.kubeletServing]
  const organization = 'subject organization is not system:nodes'
  const commonName = 'subject common name does not begin with system:node:'
  it.each<[string, string, string[], RequestedSubject, string | undefined]>([
    ['a user', client, ['client auth'], subject(), undefined],
    ['a user who wants to be a server too', client, ['client auth', 'server auth'], subject(), 'invalid usage for client certificate: server auth'],
    ['a user without usages', client, ['digital signature'], subject(), 'missing required usage for client certificate: client auth'],
    ['a user who wants everything', client, ['client auth'], subject({ organizations: ['dev', 'system:masters'] }), 'use of kubernetes.io/kube-apiserver-client signer with system:masters group is not allowed'],
    ['a user with an address', client, ['client auth'], subject({ emailAddresses: ['a@b.c'] }), undefined],
    ['a kubelet', kubeletClient, kubelet, node(), undefined],
    ['a kubelet whose key enciphers nothing', kubeletClient, kubelet.slice(0, 2), node(), undefined],
    ['a kubelet that wants more', kubeletClient, [...kubelet, 'signing'], node(), 'usages did not match [client auth digital signature key encipherment]'],
    ['a kubelet in another group', kubeletClient, kubelet, node({ organizations: ['system:nodes', 'dev'] }), organization],
    ['a kubelet with two faults', kubeletClient, kubelet, node({ commonName: 'a', dnsNames: ['x'] }), 'DNS subjectAltNames are not allowed'],
    ['a kubelet with an IP', kubeletClient, kubelet, node({ ipAddresses: ['1.1.1.1'] }), 'IP subjectAltNames are not allowed'],
    ['a kubelet of another name', kubeletClient, ['any'], node({ commonName: 'a' }), commonName],
    ['a serving kubelet', kubeletServing, serving, node({ ipAddresses: ['10.0.0.1'] }), undefined],
    ['a serving kubelet with a URI', kubeletServing, serving, node({ dnsNames: ['a'], uris: ['http://x'] }), 'URI subjectAltNames are not allowed'],
    ['a serving kubelet as a client', kubeletServing, kubelet, node({ dnsNames: ['a'], commonName: 'a' }), 'usages did not match [digital signature key encipherment server auth]'],
    ['a serving kubelet without names', kubeletServing, serving, node(), 'DNS or IP subjectAltName is required'],
    ['another signer', 'example.com/own', ['client auth'], subject(), 'signer "example.com/own" is not one of this cluster'],
  ])('%s', (_, signer, usages, whom, expected) => expect(signingFault(request(signer, usages), whom)).toBe(expected))
})

it('only kubelets approve themselves', () => {
  const asked = request(signers.kubeletClient, ['client auth', 'digital signature'], { username: 'system:node:a' })
  expect(selfApproval(asked, node()).map(({ subresource }) => subresource)).toEqual(['selfnodeclient', 'nodeclient'])
  expect(selfApproval(asked, node({ commonName: 'system:node:b' })).map(({ subresource }) => subresource)).toEqual(['nodeclient'])
  expect(selfApproval(asked, node({ dnsNames: ['x'] }))).toEqual([])
  expect(selfApproval(asked, subject())).toEqual([])
})

describe('requests are kept', () => {
  const nowMs = Date.parse('2026-01-01T02:00:00Z')
  const [minute, hour] = [60_000, 3_600_000]
  const certificate = Buffer.from('not one').toString('base64')
  const at = (type: string): CertificateSigningRequestCondition => ({ type, status: 'True', lastUpdateTime: '2026-01-01T01:30:00Z' })
  it.each<[string, CertificateSigningRequest['status'], number]>([
    ['a day while they are open', undefined, 22 * hour],
    ['an hour after they were denied', { conditions: [at('Denied')] }, 30 * minute],
    ['an hour after they failed', { conditions: [at('Approved'), at('Failed')] }, 30 * minute],
    ['a day when nobody signs what was approved', { conditions: [at('Approved')] }, 23.5 * hour],
    ['an hour after they were approved, when they are signed', { conditions: [at('Approved')], certificate }, 30 * minute],
    ['for ever with conditions of others', { conditions: [at('Seen')] }, Infinity],
  ])('%s', (_, status, expected) => expect(keptForMs({ ...request(signers.client, []), ...(status ? { status } : {}) }, nowMs)).toBe(expected))

  it('no longer than their certificate', () => {
    const [end, seconds] = [new X509Certificate(shortLived).validToDate.getTime(), 1000]
    const issued = { ...request(signers.client, []), status: { conditions: [{ ...at('Approved'), lastUpdateTime: new Date(end - seconds).toISOString() }], certificate: Buffer.from(shortLived).toString('base64') } }
    expect(keptForMs(issued, end - seconds)).toBe(seconds)
  })
})
