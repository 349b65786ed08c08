// Who asks this kubelet, and whether they may: client certificates, and reviews by the API server.
import type { IncomingMessage } from 'node:http'
import type { TLSSocket } from 'node:tls'
import { StatusError } from '../api/status-error.ts'
import type { UserInfo } from '../api/request.ts'
import { subjectAccessReviews, tokenReviews } from '../api/types-auth.ts'
import type { Client } from '../client/client.ts'
import type { Clock } from '../util/clock.ts'

/** What a path is in RBAC: subresources of `nodes`, of which one suffices. */
export interface Access {
  readonly verb: string
  readonly subresources: readonly string[]
}

const verbs: Readonly<Record<string, string>> = { GET: 'get', HEAD: 'get', POST: 'create', PUT: 'update', PATCH: 'patch', DELETE: 'delete' }
const acting = new Set(['exec', 'attach', 'portForward', 'run'])
const fine: Readonly<Record<string, string>> = { healthz: 'healthz', pods: 'pods', runningpods: 'pods', configz: 'configz' }
const own: Readonly<Record<string, string>> = { stats: 'stats', metrics: 'metrics', logs: 'log', checkpoint: 'checkpoint' }

/** Pure. `nodes/proxy` covers what has no subresource of its own. */
export function accessOf(method: string, path: string): Access {
  const first = path.split('/')[1] ?? ''
  // A stream acts on the pod whichever way it is opened.
  const verb = acting.has(first) ? 'create' : verbs[method] ?? ''
  const single = own[first]
  if (single) return { verb, subresources: [single] }
  return { verb, subresources: [...(fine[first] ? [fine[first]] : []), 'proxy'] }
}

const keptMs = 10_000
const mostKept = 1000

export interface KubeletAccessOptions {
  readonly client: Client
  readonly clock: Clock
  readonly nodeName: string
}

/** Keeps answers for ten seconds; refusals are asked for again, so that a new grant counts at once. */
export class KubeletAccess {
  readonly #options: KubeletAccessOptions
  readonly #kept = new Map<string, { value: UserInfo | true; untilMs: number }>()

  constructor(options: KubeletAccessOptions) {
    this.#options = options
  }

  /** Throws 401 without good credentials. */
  async authenticate(incoming: IncomingMessage): Promise<UserInfo> {
    const certified = certificateUser(incoming.socket as TLSSocket)
    if (certified) return certified
    const token = /^bearer +(\S+)\s*$/i.exec(incoming.headers.authorization ?? '')?.[1]
    if (token === undefined) throw unauthorized()
    return this.#cached(`token ${token}`, () => this.#tokenUser(token))
  }

  /** Throws 403 unless the user may do it. */
  async authorize(user: UserInfo, { verb, subresources }: Access): Promise<void> {
    for (const subresource of subresources) if (await this.#allowed(user, verb, subresource)) return
    throw new StatusError(403, 'Forbidden', `Forbidden (user=${user.username}, verb=${verb}, resource=nodes, subresource(s)=[${subresources.join(' ')}])`)
  }

  async #tokenUser(token: string): Promise<UserInfo> {
    const { status } = await this.#options.client.create(tokenReviews, { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', metadata: {}, spec: { token } })
    if (!status?.authenticated || !status.user?.username) throw unauthorized()
    return { ...status.user, username: status.user.username, groups: status.user.groups ?? [] }
  }

  async #allowed(user: UserInfo, verb: string, subresource: string): Promise<boolean> {
    const refused = Symbol('refused')
    const key = JSON.stringify([user.username, user.groups, user.extra ?? {}, verb, subresource])
    try {
      return await this.#cached(key, async () => {
        if (!await this.#review(user, verb, subresource)) throw refused
        return true as const
      })
    } catch (error) {
      if (error === refused) return false
      throw error
    }
  }

  async #review(user: UserInfo, verb: string, subresource: string): Promise<boolean> {
    const { client, nodeName } = this.#options
    const extra = Object.fromEntries(Object.entries(user.extra ?? {}).map(([name, values]) => [name, [...values]]))
    const { status } = await client.create(subjectAccessReviews, {
      apiVersion: 'authorization.k8s.io/v1', kind: 'SubjectAccessReview', metadata: {},
      spec: {
        user: user.username, groups: [...user.groups], extra, ...(user.uid ? { uid: user.uid } : {}),
        resourceAttributes: { verb, group: '', version: 'v1', resource: 'nodes', subresource, name: nodeName },
      },
    })
    return status?.allowed ?? false
  }

  async #cached<T extends UserInfo | true>(key: string, ask: () => Promise<T>): Promise<T> {
    const nowMs = this.#options.clock.monotonic()
    const known = this.#kept.get(key)
    if (known && known.untilMs > nowMs) return known.value as T
    const value = await ask()
    if (this.#kept.size >= mostKept) this.#kept.clear()
    this.#kept.set(key, { value, untilMs: nowMs + keptMs })
    return value
  }
}

const unauthorized = (): StatusError => new StatusError(401, 'Unauthorized', 'Unauthorized')

/** The common name is the user, the organizations are the groups. A certificate that our CA did not sign is none. */
function certificateUser(socket: TLSSocket): UserInfo | undefined {
  if (!socket.authorized) return undefined
  const subject = socket.getPeerCertificate().subject as unknown as Record<string, string | string[]> | undefined
  const username = [subject?.['CN'] ?? []].flat()[0]
  return username ? { username, groups: [...[subject?.['O'] ?? []].flat(), 'system:authenticated'] } : undefined
}
