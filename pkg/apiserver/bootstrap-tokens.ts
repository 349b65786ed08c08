// Bootstrap tokens: `id.secret`, stated by a Secret in kube-system, with which a new node asks for its certificate.
import { timingSafeEqual } from 'node:crypto'
import { isNotFound } from '../api/status-error.ts'
import { parseTime } from '../api/times.ts'
import type { Secret } from '../api/types-config.ts'
import type { Registry } from '../registry/registry.ts'
import type { Clock } from '../util/clock.ts'
import type { TokenAuthenticator, TokenUser } from './authenticator.ts'

export interface BootstrapTokensOptions {
  readonly registry: Registry
  /** Audiences of the API server itself. */
  readonly audiences: readonly string[]
  readonly clock: Clock
}

const tokenPattern = /^([a-z0-9]{6})\.([a-z0-9]{16})$/
const groupPattern = /^system:bootstrappers:[a-z0-9:-]{0,255}[a-z0-9]$/
export const bootstrapTokenType = 'bootstrap.kubernetes.io/token'

const same = (a: string, b: string): boolean => a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b))

/** The user whom the secret lets in with this token; undefined when it lets nobody in. */
export function bootstrapUser({ type, metadata, data = {} }: Secret, { id, secret, now }: { id: string; secret: string; now: number }): TokenUser['user'] | undefined {
  const text = (name: string): string => Buffer.from(data[name] ?? '', 'base64').toString()
  if (type !== bootstrapTokenType || metadata.deletionTimestamp !== undefined) return undefined
  if (!same(text('token-secret'), secret) || text('token-id') !== id) return undefined
  if (text('usage-bootstrap-authentication') !== 'true') return undefined
  const expiration = text('expiration')
  // A time that can't be read is over, too.
  if (expiration !== '' && (parseTime(expiration)?.ms ?? 0) <= now) return undefined
  const extra = text('auth-extra-groups').split(',').filter((group) => group !== '')
  if (extra.some((group) => !groupPattern.test(group))) return undefined
  return { username: `system:bootstrap:${id}`, groups: ['system:bootstrappers', ...[...new Set(extra)].sort()] }
}

export function bootstrapTokens({ registry, audiences: own, clock }: BootstrapTokensOptions): TokenAuthenticator {
  return (token, asked) => {
    const [, id, secret] = tokenPattern.exec(token) ?? []
    const definition = registry.definition('', 'v1', 'secrets')
    if (id === undefined || secret === undefined || !definition) return undefined
    const audiences = asked?.filter((audience) => own.includes(audience))
    if (audiences?.length === 0) return undefined
    try {
      const stated = registry.get(definition, { namespace: 'kube-system', name: `bootstrap-token-${id}` }) as Secret
      const user = bootstrapUser(stated, { id, secret, now: clock.now() })
      return user && { user, ...(audiences ? { audiences } : {}) }
    } catch (error) {
      if (isNotFound(error)) return undefined
      throw error
    }
  }
}
