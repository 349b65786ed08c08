// What certificates are for, in Go's words.
import type { PeerCertificate } from 'node:tls'
import { invalidCertificate, serverIdentity } from './peer-identity.ts'

const certificate = (CN: string, subjectaltname?: string): PeerCertificate => ({ subject: { CN }, ...(subjectaltname ? { subjectaltname } : {}) }) as unknown as PeerCertificate

it.each<[string, PeerCertificate, string | undefined]>([
  ['a.b.svc', certificate('x', 'DNS:a.b.svc, DNS:c'), undefined],
  ['d.b.svc', certificate('d.b.svc', 'DNS:a.b.svc, DNS:c, IP Address:1.2.3.4'), 'certificate is valid for a.b.svc, c, not d.b.svc'],
  ['d.b.svc', certificate('d.b.svc', 'IP Address:1.2.3.4'), 'certificate is not valid for any names, but wanted to match d.b.svc'],
  ['a.b.svc', certificate('a.b.svc'), 'certificate relies on legacy Common Name field, use SANs instead'],
  ['a.b.svc', certificate('other'), 'certificate is not valid for any names, but wanted to match a.b.svc'],
  ['1.2.3.4', certificate('x', 'IP Address:1.2.3.4'), undefined],
  ['1.2.3.5', certificate('x', 'DNS:a, IP Address:1.2.3.4, IP Address:1.2.3.6'), 'certificate is valid for 1.2.3.4, 1.2.3.6, not 1.2.3.5'],
  ['1.2.3.5', certificate('x', 'DNS:a'), "cannot validate certificate for 1.2.3.5 because it doesn't contain any IP SANs"],
])('%s by %j: %s', (host, shown, message) => expect(serverIdentity(host, shown)?.message).toBe(message))

it('finds the host behind other errors', () => {
  const inner = serverIdentity('a.b.svc', certificate('a.b.svc'))
  expect(invalidCertificate(new Error('Post', { cause: inner }))?.key).toBe('missing-san.invalid-cert.kubernetes.io/a.b.svc')
  expect(invalidCertificate(new Error('Post', { cause: new Error('x') }))).toBeUndefined()
})
