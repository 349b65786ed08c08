// Whether a server's certificate is for the name that it was asked under, as Go's clients judge it: a common name counts for nothing.
import { isIP } from 'node:net'
import { checkServerIdentity, type PeerCertificate } from 'node:tls'

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

/** The host of a server whose certificate has only a common name, when that is why the error came. */
export function legacyNamedHost(error: unknown): string | undefined {
  for (let at = error; at instanceof Error; at = at.cause) if (at instanceof LegacyNameError) return at.host
  return undefined
}

/** What audit logs say of it. */
export const legacyNameReason = 'relies on a legacy Common Name field instead of the SAN extension for subject validation'
