// Whether a server's certificate is for the name that it was asked under, as Go's clients judge it: a common name counts for nothing.
import { X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import { checkServerIdentity, type DetailedPeerCertificate, type PeerCertificate } from 'node:tls'

const code = 'ERR_TLS_CERT_ALTNAME_INVALID'

/** The certificate names the server in its common name only. */
export class LegacyNameError extends Error {
  override name = 'LegacyNameError'
  readonly code = code
  readonly host: string

  constructor(host: string) {
    super('certificate relies on legacy Common Name field, use SANs instead')
    this.host = host
  }
}

/** For `checkServerIdentity` of TLS connections. The messages are those of Go without `x509: `. */
export function serverIdentity(host: string, certificate: PeerCertificate): Error | undefined {
  const names = (certificate.subjectaltname ?? '').split(', ').filter((name) => name !== '')
  // The platform looks at the common name where there are no other host names.
  if (names.length === 0) {
    return checkServerIdentity(host, certificate) ? mismatch(`certificate is not valid for any names, but wanted to match ${host}`) : new LegacyNameError(host)
  }
  if (!checkServerIdentity(host, { ...certificate, subject: { ...certificate.subject, CN: '' } })) return undefined
  const valid = (kind: string): string => names.filter((name) => name.startsWith(kind)).map((name) => name.slice(kind.length)).join(', ')
  const ip = isIP(host) !== 0
  const said = valid(ip ? 'IP Address:' : 'DNS:')
  if (said === '') return mismatch(ip ? `cannot validate certificate for ${host} because it doesn't contain any IP SANs` : `certificate is not valid for any names, but wanted to match ${host}`)
  return mismatch(`certificate is valid for ${said}, not ${host}`)
}

const mismatch = (message: string): Error => Object.assign(new Error(message), { code })

const weak = 'CA signature digest algorithm too weak'

/** Some certificate of the server's, not one that signs itself, is signed with SHA-1. */
export class WeakSignatureError extends Error {
  override name = 'WeakSignatureError'
  readonly code = code
  readonly host: string

  constructor(host: string, algorithm: string, authority: string) {
    super(`certificate signed by unknown authority (possibly because of "x509: cannot verify signature: insecure algorithm ${algorithm}" while trying to verify candidate authority certificate ${JSON.stringify(authority)})`)
    this.host = host
  }
}

/** What a failed connection means for the certificate that the server has shown. */
export function signatureFailure(host: string, error: Error, shown: DetailedPeerCertificate | undefined): Error {
  if (error.message !== weak) return error
  const seen = new Set<DetailedPeerCertificate>()
  for (let at = shown; at?.raw && !seen.has(at); at = at.issuerCertificate) {
    seen.add(at)
    const { issuer, subject, signatureAlgorithm = '' } = new X509Certificate(at.raw)
    if (issuer !== subject && /sha-?1(?!\d)/i.test(signatureAlgorithm)) return new WeakSignatureError(host, /ecdsa/i.test(signatureAlgorithm) ? 'ECDSA-SHA1' : 'SHA1-RSA', authorityName(issuer))
  }
  return error
}

function authorityName(issuer: string): string {
  const part = (name: string): string | undefined => new RegExp(`^${name}=(.*)$`, 'm').exec(issuer)?.[1]
  return part('CN') ?? part('O') ?? ''
}

/** What audit logs and figures say of a server whose certificate nobody should have any more, when that is why the error came. */
export interface InvalidCertificate {
  readonly id: 'missing-san' | 'insecure-sha1'
  /** The annotation. */
  readonly key: string
  readonly reason: string
}

export function invalidCertificate(error: unknown): InvalidCertificate | undefined {
  const found = (id: InvalidCertificate['id'], host: string, reason: string): InvalidCertificate => ({ id, key: `${id}.invalid-cert.kubernetes.io/${host}`, reason })
  for (let at = error; at instanceof Error; at = at.cause) {
    if (at instanceof LegacyNameError) return found('missing-san', at.host, 'relies on a legacy Common Name field instead of the SAN extension for subject validation')
    if (at instanceof WeakSignatureError) return found('insecure-sha1', at.host, 'uses an insecure SHA-1 signature')
  }
  return undefined
}
