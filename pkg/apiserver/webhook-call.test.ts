// Calls to webhooks whose certificates nobody should have any more: what is said of them, to clients and to the audit log.
import { webcrypto } from 'node:crypto'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import 'reflect-metadata'
import { BasicConstraintsExtension, SubjectAlternativeNameExtension, X509CertificateGenerator, type Extension } from '@peculiar/x509'
import { systemClock as clock } from '../util/clock.ts'
import { invalidCertificate } from '../util/peer-identity.ts'
import { WebhookCaller } from './webhook-call.ts'

const signing = (hash: string): webcrypto.RsaHashedKeyGenParams & { hash: string } => ({ name: 'RSASSA-PKCS1-v1_5', hash, modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) })
const newKeys = (hash: string): Promise<webcrypto.CryptoKeyPair> => webcrypto.subtle.generateKey(signing(hash), true, ['sign', 'verify'])
const named = new SubjectAlternativeNameExtension([{ type: 'ip', value: '127.0.0.1' }])

let server: Server
let caller: WebhookCaller

afterEach(() => {
  caller.stop()
  server.close()
  server.closeAllConnections()
})

async function failure({ hash = 'SHA-256', host = '127.0.0.1', extensions = [named] }: { hash?: string; host?: string; extensions?: Extension[] }): Promise<Error> {
  const authority = await newKeys(hash)
  const keys = await newKeys('SHA-256')
  const ca = await X509CertificateGenerator.createSelfSigned({ serialNumber: '01', name: 'CN=old authority', keys: authority, signingAlgorithm: signing(hash), extensions: [new BasicConstraintsExtension(true)] })
  const own = await X509CertificateGenerator.create({ serialNumber: '02', subject: `CN=${host}`, issuer: 'CN=old authority', publicKey: keys.publicKey, signingKey: authority.privateKey, signingAlgorithm: signing(hash), extensions })
  const key = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64')
  server = createServer({ key: `-----BEGIN PRIVATE KEY-----\n${key}\n-----END PRIVATE KEY-----\n`, cert: own.toString('pem') }, (_, outgoing) => void outgoing.end('{}'))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  caller = new WebhookCaller({ registry: () => { throw new Error('not asked') }, clock })
  const url = `https://${host}:${(server.address() as AddressInfo).port}/`
  return caller.call({ url, caBundle: Buffer.from(ca.toString('pem')).toString('base64') }, {}, 5000).then(() => new Error('it was trusted'), (error: unknown) => error as Error)
}

it('signed with SHA-1', async () => {
  const error = await failure({ hash: 'SHA-1' })
  expect(error.message).toMatch(/^Post "https:\/\/127\.0\.0\.1:\d+\/\?timeout=5s": tls: failed to verify certificate: x509: certificate signed by unknown authority \(possibly because of "x509: cannot verify signature: insecure algorithm SHA1-RSA" while trying to verify candidate authority certificate "old authority"\)$/)
  expect(invalidCertificate(error)).toEqual({ id: 'insecure-sha1', key: 'insecure-sha1.invalid-cert.kubernetes.io/127.0.0.1', reason: 'uses an insecure SHA-1 signature' })
})

it('with a common name only', async () => {
  const error = await failure({ host: 'localhost', extensions: [] })
  expect(error.message).toMatch(/: tls: failed to verify certificate: x509: certificate relies on legacy Common Name field, use SANs instead$/)
  expect(invalidCertificate(error)).toMatchObject({ id: 'missing-san', key: 'missing-san.invalid-cert.kubernetes.io/localhost' })
})

it('right ones are trusted', async () => {
  expect((await failure({})).message).toBe('it was trusted')
})
