// Users by client certificate: the common name is the user, the organizations are the groups.
import type { TLSSocket } from 'node:tls'
import type { UserInfo } from '../api/request.ts'
import { StatusError } from '../api/status-error.ts'
import { authenticatedGroup, unauthorized } from './authenticator.ts'
import { connectionOf, type Incoming } from './exchange.ts'

// A connection keeps its certificate, so its user is worked out once.
const users = new WeakMap<object, UserInfo | StatusError | 'none'>()

/** undefined without a certificate; an error value for one that our client CA did not sign. */
export function certificateUser(incoming: Incoming): UserInfo | StatusError | undefined {
  const key = connectionOf(incoming)
  let user = users.get(key)
  if (user === undefined) {
    users.set(key, user = readCertificate(incoming.socket as TLSSocket) ?? 'none')
    if (user !== 'none' && !(user instanceof StatusError)) expiries.set(key, Date.parse((incoming.socket as TLSSocket).getPeerCertificate().valid_to))
  }
  return user === 'none' ? undefined : user
}

const expiries = new WeakMap<object, number>()

/** Until when the certificate of the connection's user is good; undefined for users without. */
export const certificateExpiry = (incoming: Incoming): number | undefined => expiries.get(connectionOf(incoming))

function readCertificate(socket: TLSSocket): UserInfo | StatusError | undefined {
  const certificate = socket.getPeerCertificate?.()
  const subject = certificate?.subject as Record<string, string | string[]> | undefined
  if (!subject) return undefined
  const name = [subject['CN'] ?? []].flat()[0]
  if (!socket.authorized || !name) return unauthorized()
  const credential = `X509SHA256=${certificate.fingerprint256.replaceAll(':', '').toLowerCase()}`
  return { username: name, groups: [...[subject['O'] ?? []].flat(), authenticatedGroup], extra: { 'authentication.kubernetes.io/credential-id': [credential] } }
}
