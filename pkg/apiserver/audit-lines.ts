// An audit event as one line of text: the format "legacy" of the audit log.
import type { AuditEvent } from './audit.ts'

interface Told {
  readonly auditID?: string
  readonly stage?: string
  readonly verb?: string
  readonly requestURI?: string
  readonly sourceIPs?: readonly string[]
  readonly userAgent?: string
  readonly user?: { readonly username?: string; readonly groups?: readonly string[] }
  readonly impersonatedUser?: { readonly username?: string; readonly groups?: readonly string[] }
  readonly objectRef?: { readonly namespace?: string }
  readonly responseStatus?: { readonly code?: number }
  readonly requestReceivedTimestamp?: string
}

const quoted = (text: string): string => JSON.stringify(text)
const listed = (texts: readonly string[]): string => texts.map(quoted).join(',')

export function legacyLine(event: AuditEvent): string {
  const { auditID = '', stage = '', verb = '', requestURI = '', sourceIPs = [], userAgent = '', user = {}, impersonatedUser, objectRef, responseStatus, requestReceivedTimestamp = '' } = event as Told
  const fields = {
    id: auditID, stage, ip: sourceIPs[0] ?? '<unknown>', method: verb, user: user.username || '<none>', groups: user.username && user.groups?.length ? listed(user.groups) : '<none>',
    as: impersonatedUser ? impersonatedUser.username ?? '' : '<self>', asgroups: impersonatedUser?.groups ? listed(impersonatedUser.groups) : '<lookup>',
    'user-agent': userAgent, namespace: objectRef?.namespace || '<none>', uri: requestURI, response: responseStatus ? String(responseStatus.code ?? 0) : '<deferred>',
  }
  // Zeros at the end of a fraction are not told.
  const time = requestReceivedTimestamp.replace(/\.?0+Z$/, 'Z')
  return `${time} AUDIT: ${Object.entries(fields).map(([name, value]) => `${name}=${quoted(value)}`).join(' ')}`
}
