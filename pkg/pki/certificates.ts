// X.509: makes authorities and issues certificates from them. Checks need only Node; the library is loaded when something must be made.
import { createPrivateKey, KeyObject, randomBytes, webcrypto, X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import type * as X509 from '@peculiar/x509'
import type { Clock } from '../util/clock.ts'

/** A certificate and its private key, both PEM. */
export interface KeyPair {
  readonly certificate: string
  readonly key: string
}

export interface Subject {
  readonly commonName: string
  /** In a client certificate these are the user's groups. */
  readonly organizations?: readonly string[]
}

export type Usage = 'server' | 'client'

export const allKeyUsages = ['digital signature', 'key encipherment'] as const

export interface IssueOptions extends Subject {
  readonly usages: readonly Usage[]
  /** All unless told. */
  readonly keyUsages?: readonly (typeof allKeyUsages)[number][]
  /** DNS names and IP addresses that the certificate is good for. */
  readonly names?: readonly string[]
  readonly lifetimeMs?: number
  readonly clock: Clock
}

export const dayMs = 24 * 60 * 60 * 1000
export const authorityLifetimeMs = 3650 * dayMs
export const certificateLifetimeMs = 365 * dayMs

/** Certificates begin a little in the past, for clients whose clock is behind. */
const clockSkewMs = 5 * 60 * 1000
const newKey = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
const extendedUsage: Readonly<Record<Usage, string>> = { server: '1.3.6.1.5.5.7.3.1', client: '1.3.6.1.5.5.7.3.2' }
const keyUsageFlag = { 'digital signature': 'digitalSignature', 'key encipherment': 'keyEncipherment' } as const

/** A new self-signed authority. */
export async function createAuthority(options: { commonName: string; clock: Clock }): Promise<KeyPair> {
  const x509 = await loadLibrary()
  const keys = await webcrypto.subtle.generateKey(newKey, true, ['sign', 'verify'])
  const now = options.clock.now()
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: newSerial(),
    name: nameOf(x509, options),
    notBefore: new Date(now - clockSkewMs),
    notAfter: new Date(now + authorityLifetimeMs),
    signingAlgorithm: newKey,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature | x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  })
  return { certificate: pemText(certificate.toString('pem')), key: keyPem(keys.privateKey) }
}

/** A new key and a certificate for it. */
export async function issueCertificate(authority: KeyPair, options: IssueOptions): Promise<KeyPair> {
  const keys = await webcrypto.subtle.generateKey(newKey, true, ['sign', 'verify'])
  return { certificate: await certify(authority, keys.publicKey, options), key: keyPem(keys.privateKey) }
}

/** What a certificate signing request (PEM) asks for. */
export interface CertificateRequest extends Subject {
  readonly organizations: readonly string[]
  readonly dnsNames: readonly string[]
  readonly ipAddresses: readonly string[]
  readonly emailAddresses: readonly string[]
  readonly uris: readonly string[]
  readonly publicKey: webcrypto.CryptoKey
}

/** Throws when the request can't be read or is not signed by its own key. */
export async function readRequest(pem: string): Promise<CertificateRequest> {
  const x509 = await loadLibrary()
  const request = new x509.Pkcs10CertificateRequest(pem)
  if (!(await request.verify())) throw new Error('the certificate request is not signed by its own key')
  const raw = request.extensions.find((extension) => extension.type === '2.5.29.17')
  const names = raw ? new x509.SubjectAlternativeNameExtension(raw.rawData).names.items : []
  const ofType = (type: string): string[] => names.filter((name) => name.type === type).map((name) => name.value)
  return {
    commonName: request.subjectName.getField('CN')[0] ?? '',
    organizations: request.subjectName.getField('O'),
    dnsNames: ofType('dns'),
    ipAddresses: ofType('ip'),
    emailAddresses: ofType('email'),
    uris: ofType('url'),
    publicKey: await request.publicKey.export(),
  }
}

/** Answers a request: a certificate (PEM) for its key and subject. Whether it may have one is the caller's question. */
export async function certifyRequest(authority: KeyPair, request: CertificateRequest, options: Pick<IssueOptions, 'usages' | 'keyUsages' | 'lifetimeMs' | 'clock'>): Promise<string> {
  const { publicKey, dnsNames, ipAddresses, ...rest } = request
  return certify(authority, publicKey, { ...options, ...rest, names: [...dnsNames, ...ipAddresses] })
}

async function certify(authority: KeyPair, publicKey: webcrypto.CryptoKey, options: IssueOptions & Partial<Pick<CertificateRequest, 'emailAddresses' | 'uris'>>): Promise<string> {
  const x509 = await loadLibrary()
  const issuer = new x509.X509Certificate(authority.certificate)
  const { key, algorithm } = await signingKey(authority)
  const now = options.clock.now()
  const endMs = Math.min(now + (options.lifetimeMs ?? certificateLifetimeMs), issuer.notAfter.getTime())
  const { names = [], emailAddresses = [], uris = [], keyUsages = allKeyUsages } = options
  const alternatives: X509.JsonGeneralNames = [
    ...names.map((value) => ({ type: isIP(value) ? 'ip' as const : 'dns' as const, value })),
    ...emailAddresses.map((value) => ({ type: 'email' as const, value })), ...uris.map((value) => ({ type: 'url' as const, value })),
  ]
  const extensions: X509.Extension[] = [
    new x509.BasicConstraintsExtension(false, undefined, true),
    ...(keyUsages.length > 0 ? [new x509.KeyUsagesExtension(keyUsages.reduce((flags, name) => flags | x509.KeyUsageFlags[keyUsageFlag[name]], 0), true)] : []),
    new x509.ExtendedKeyUsageExtension(options.usages.map((usage) => extendedUsage[usage])),
    await x509.AuthorityKeyIdentifierExtension.create(issuer),
    await x509.SubjectKeyIdentifierExtension.create(publicKey),
  ]
  if (alternatives.length > 0) extensions.push(new x509.SubjectAlternativeNameExtension(alternatives))
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: newSerial(),
    issuer: issuer.subjectName,
    subject: nameOf(x509, options),
    notBefore: new Date(now - clockSkewMs),
    notAfter: new Date(endMs),
    signingAlgorithm: algorithm,
    signingKey: key,
    publicKey,
    extensions,
  })
  return pemText(certificate.toString('pem'))
}

/** Why a certificate can't be used as it is; undefined when it can. Loads nothing. */
export function certificateProblem(pair: KeyPair, wanted: { authority: string; subject?: Subject; names?: readonly string[]; validAt: number }): string | undefined {
  const certificate = new X509Certificate(pair.certificate)
  const authority = new X509Certificate(wanted.authority)
  if (!certificate.checkPrivateKey(createPrivateKey(pair.key))) return 'the key is another one'
  if (!certificate.checkIssued(authority) || !certificate.verify(authority.publicKey)) return 'it is from another authority'
  if (certificate.validToDate.getTime() <= wanted.validAt) return `it ends at ${certificate.validTo}`
  const { CN: commonName, O: organization = [] } = certificate.toLegacyObject().subject as { CN?: string; O?: string | string[] }
  const { subject } = wanted
  if (subject && (commonName !== subject.commonName || [organization].flat().join() !== (subject.organizations ?? []).join())) return `it is for ${certificate.subject}`
  const dnsNames = new Set((certificate.subjectAltName ?? '').split(', ').flatMap((name) => (name.startsWith('DNS:') ? [name.slice(4).toLowerCase()] : [])))
  const missing = wanted.names?.find((name) => (isIP(name) ? !certificate.checkIP(name) : !dnsNames.has(name.toLowerCase())))
  return missing === undefined ? undefined : `it is not good for ${missing}`
}

async function loadLibrary(): Promise<typeof X509> {
  // The library needs this polyfill before it is evaluated.
  await import('reflect-metadata')
  return import('@peculiar/x509')
}

async function signingKey(authority: KeyPair): Promise<{ key: webcrypto.CryptoKey; algorithm: { name: string; hash: string } }> {
  const key = createPrivateKey(authority.key)
  if (key.asymmetricKeyType === 'rsa') {
    const algorithm = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }
    return { key: key.toCryptoKey(algorithm, false, ['sign']), algorithm }
  }
  const curve = { prime256v1: 'P-256', secp384r1: 'P-384', secp521r1: 'P-521' }[key.asymmetricKeyDetails?.namedCurve ?? '']
  if (!curve) throw new Error(`an authority's key must be RSA or ECDSA (P-256, P-384, P-521), not ${key.asymmetricKeyType}`)
  const algorithm = { name: 'ECDSA', hash: { 'P-256': 'SHA-256', 'P-384': 'SHA-384' }[curve] ?? 'SHA-512' }
  return { key: key.toCryptoKey({ name: 'ECDSA', namedCurve: curve }, false, ['sign']), algorithm }
}

/** Typed strings, so that no character in a name means anything: the library reads quotes and # in plain ones. */
function nameOf(x509: typeof X509, subject: Subject): X509.Name {
  return new x509.Name([...(subject.organizations ?? []).map((organization) => ({ O: [{ utf8String: organization }] })), { CN: [{ utf8String: subject.commonName }] }])
}

function newSerial(): string {
  const bytes = randomBytes(16)
  // Positive and of full length.
  bytes[0] = ((bytes[0] as number) & 0x7f) | 0x40
  return bytes.toString('hex')
}

function keyPem(key: webcrypto.CryptoKey): string {
  return KeyObject.from(key).export({ type: 'pkcs8', format: 'pem' }) as string
}

function pemText(pem: string): string {
  return pem.endsWith('\n') ? pem : `${pem}\n`
}
