// Who is asking: client certificate, bearer token, or nobody; then perhaps on behalf of someone else.
import type { UserInfo } from '../api/request.ts'
import { StatusError } from '../api/status-error.ts'
import { header, type Incoming } from './exchange.ts'
import { takeProtocolToken } from '../util/web-sockets.ts'
import { InvalidTokenError } from '../pki/service-account-tokens.ts'
import { certificateUser } from './authn-certificate.ts'
import type { Authorizer } from './authorizer.ts'
import { impersonated } from './authn-impersonation.ts'

/** A bearer token's user; undefined when the token means nothing here. Throws InvalidTokenError with the reason for one that is no good. `audiences` undefined: this server's own. */
export type TokenAuthenticator = (token: string, audiences?: readonly string[]) => TokenUser | undefined | Promise<TokenUser | undefined>

/** What the credentials are to be remembered for. */
export interface AuthenticationNotes {
  /** For the audit log. */
  readonly annotations?: Readonly<Record<string, string>>
  /** For the client. */
  readonly warning?: string
}

export interface TokenUser extends AuthenticationNotes {
  readonly user: UserInfo
  /** Those of the token that were asked for. */
  readonly audiences?: readonly string[]
}

export interface AuthenticatorOptions {
  /** The first that knows the token answers. */
  readonly tokens: readonly TokenAuthenticator[]
  readonly authorizer: Authorizer
  /** False refuses requests without credentials. */
  readonly anonymous?: boolean
}

/** `onSelf` is told who asks before it is known whether as somebody else. */
export type Authenticate = (incoming: Incoming, onSelf?: (user: UserInfo, notes: AuthenticationNotes) => void) => UserInfo | Promise<UserInfo>

export const anonymousUser: UserInfo = { username: 'system:anonymous', groups: ['system:unauthenticated'] }
export const authenticatedGroup = 'system:authenticated'

export const unauthorized = (): StatusError => new StatusError(401, 'Unauthorized', 'Unauthorized')

/** Promises: each user but the anonymous one is in `system:authenticated`. Throws 401 for credentials that are no good. */
export function createAuthenticate(options: AuthenticatorOptions): Authenticate {
  const own = (incoming: Incoming): TokenUser | Promise<TokenUser> => {
    const token = bearerOf(incoming) ?? takeProtocolToken(incoming)
    const certified = certificateUser(incoming)
    if (certified instanceof StatusError && token === undefined) throw certified
    if (certified && !(certified instanceof StatusError)) return { user: certified }
    if (token !== undefined) return tokenUser(options.tokens, token)
    if (options.anonymous === false) throw unauthorized()
    return { user: anonymousUser }
  }
  return (incoming, onSelf) => {
    const acting = ({ user, ...notes }: TokenUser): UserInfo => {
      onSelf?.(user, notes)
      return impersonated(incoming, user, options.authorizer)
    }
    const self = own(incoming)
    return self instanceof Promise ? self.then(acting) : acting(self)
  }
}

function bearerOf(incoming: Incoming): string | undefined {
  const credentials = header(incoming, 'authorization')
  return credentials === undefined ? undefined : /^bearer +(\S+)\s*$/i.exec(credentials)?.[1]
}

async function tokenUser(tokens: readonly TokenAuthenticator[], token: string): Promise<TokenUser> {
  const found = await findTokenUser(tokens, token)
  if (typeof found === 'string') throw unauthorized()
  return found
}

/** The user of the token, or why it has none. */
export async function findTokenUser(tokens: readonly TokenAuthenticator[], token: string, audiences?: readonly string[]): Promise<TokenUser | string> {
  const reasons: string[] = []
  for (const authenticate of tokens) {
    try {
      const found = await authenticate(token, audiences)
      if (found) return { ...found, user: withAuthenticated(found.user) }
    } catch (error) {
      if (!(error instanceof InvalidTokenError)) throw error
      reasons.push(error.message)
    }
  }
  return reasons.length > 1 ? `[${reasons.join(', ')}]` : reasons[0] ?? 'invalid bearer token'
}

export function withAuthenticated(user: UserInfo): UserInfo {
  return user.groups.includes(authenticatedGroup) ? user : { ...user, groups: [...user.groups, authenticatedGroup] }
}
