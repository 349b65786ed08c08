// Impersonation: a user who may, acts as another by request headers.
import type { UserInfo } from '../api/request.ts'
import { StatusError, badRequest } from '../api/status-error.ts'
import { anonymousUser, authenticatedGroup, withAuthenticated } from './authenticator.ts'
import type { Authorizer } from './authorizer.ts'
import { requireAllowed } from './authorize.ts'
import { header, type Incoming } from './exchange.ts'

const accountPrefix = 'system:serviceaccount:'
const extraPrefix = 'impersonate-extra-'

/** The user to act as; `user` itself when no header asks for another. Throws 403 for what it may not impersonate. */
export function impersonated(incoming: Incoming, user: UserInfo, authorizer: Authorizer): UserInfo {
  if (!impersonates(incoming.headers)) return user
  const username = header(incoming, 'impersonate-user')
  const groups = values(incoming, 'impersonate-group')
  const uid = header(incoming, 'impersonate-uid')
  const extra = extraOf(incoming)
  if (!username) {
    if (groups.length > 0 || uid || extra.size > 0) throw badRequest('requested groups, uid or extra without impersonating a user')
    return user
  }
  const check = (group: string, resource: string, name: string, more: { namespace?: string; subresource?: string } = {}): void =>
    requireAllowed(authorizer, { user, verb: 'impersonate', group, version: 'v1', resource, name, ...more })

  const account = accountOf(username)
  if (account) check('', 'serviceaccounts', account.name, { namespace: account.namespace })
  else check('', 'users', username)
  for (const group of groups) check('', 'groups', group)
  if (uid) check('authentication.k8s.io', 'uids', uid)
  for (const [key, texts] of extra) for (const text of texts) check('authentication.k8s.io', 'userextras', text, { subresource: key })

  const own = account && groups.length === 0 ? ['system:serviceaccounts', `system:serviceaccounts:${account.namespace}`] : groups
  const other: UserInfo = { username, groups: own, ...(uid ? { uid } : {}), ...(extra.size > 0 ? { extra: Object.fromEntries(extra) } : {}) }
  if (username !== anonymousUser.username) return withAuthenticated(other)
  return { ...other, groups: own.includes('system:unauthenticated') ? own : [...own.filter((group) => group !== authenticatedGroup), 'system:unauthenticated'] }
}

function impersonates(headers: Incoming['headers']): boolean {
  for (const name in headers) if (name.startsWith('impersonate-')) return true
  return false
}

function accountOf(username: string): { namespace: string; name: string } | undefined {
  if (!username.startsWith(accountPrefix)) return undefined
  const [namespace, name, more] = username.slice(accountPrefix.length).split(':')
  return namespace && name && more === undefined ? { namespace, name } : undefined
}

/** All values of a header that may stand there several times; a comma inside a value does not split it. */
function values(incoming: Incoming, name: string): string[] {
  const raw = incoming.rawHeaders
  const found: string[] = []
  for (let at = 0; at < raw.length; at += 2) if (raw[at]!.toLowerCase() === name) found.push(raw[at + 1]!)
  return found
}

function extraOf(incoming: Incoming): Map<string, string[]> {
  const extra = new Map<string, string[]>()
  for (const name of Object.keys(incoming.headers)) {
    if (!name.startsWith(extraPrefix)) continue
    let key = name.slice(extraPrefix.length)
    try {
      key = decodeURIComponent(key)
    } catch {
      throw new StatusError(400, 'BadRequest', `header ${name} is not well-formed`)
    }
    extra.set(key, values(incoming, name))
  }
  return extra
}
