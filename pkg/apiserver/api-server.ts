// The API server: its core pipeline, and the HTTP door around it when there are certificates for one.
import type { AddressInfo } from 'node:net'
import type { ApiRequest, Handle, UserInfo } from '../api/request.ts'
import type { KeyPair } from '../pki/certificates.ts'
import type { ServiceAccountTokens } from '../pki/service-account-tokens.ts'
import type { WebhookAdmission } from '../registry/admission-webhooks.ts'
import type { Registry } from '../registry/registry.ts'
import type { Clock } from '../util/clock.ts'
import type { Authorizer } from './authorizer.ts'
import { auditedHandle, type Auditor } from './audit.ts'
import { createAuthenticate, type TokenAuthenticator } from './authenticator.ts'
import { componentStatusRequests } from './component-statuses.ts'
import { createAllowedHandle, createHandle, type SpecialRequest } from './handle.ts'
import type { HealthChecks } from './health.ts'
import { FlowControl } from './flow-control.ts'
import type { FrontLimits } from './front-limits.ts'
import { HttpDoor, type TlsOptions } from './http-door.ts'
import { metricsRequests } from './metrics-requests.ts'
import { bootstrapTokens } from './bootstrap-tokens.ts'
import { certificateGuard, subjectGuard } from './certificate-guard.ts'
import { RequestMetrics } from './metrics.ts'
import { storageMetrics } from './metrics-storage.ts'
import type { NodeConnections } from '../api/node-connection.ts'
import { nodeGuard } from './node-guard.ts'
import { NodeAuthorizer } from './node-authorizer.ts'
import { NodeGraph } from './node-graph.ts'
import { RbacAuthorizer } from './rbac.ts'
import { rbacGuard } from './rbac-escalation.ts'
import { watchRbac } from './rbac-source.ts'
import { isBuiltIn, serveResource } from './resource-door.ts'
import { reviewRequests } from './reviews.ts'
import { serveConnect, isConnect } from './connect.ts'
import { serveUpgrade } from './upgrade-tunnel.ts'
import { isWatchSocket, serveWatchSocket } from './watch-socket.ts'
import { createSystemRoutes } from './system-routes.ts'
import { Verbosity } from './verbosity.ts'
import { AccountTokens } from './account-tokens.ts'
import { podRequests } from './pod-requests.ts'
import { createDocuments } from './documents.ts'
import { Aggregation } from './aggregation.ts'

export interface ApiServerOptions {
  readonly registry: Registry
  readonly clock: Clock
  readonly nodeConnections: NodeConnections
  /** Asked about exec, attach, port-forward and proxies; about writes it is asked by the registry. */
  readonly webhooks?: WebhookAdmission
  readonly accountTokens: ServiceAccountTokens
  /** Audiences of tokens for this server; the issuer of `accountTokens` among them. */
  readonly audiences: readonly string[]
  /** Bearer tokens from a file. */
  readonly staticTokens?: ReadonlyMap<string, UserInfo>
  readonly anonymous?: boolean
  readonly health?: HealthChecks
  /** Shows this server to those that serve aggregated APIs. Without it there are none. */
  readonly frontProxy?: KeyPair
  /** An APIService is said to be available, but its server did not answer. */
  readonly onUnreachable?: (name: string, message: string) => void
  /** More requests that are answered beside the registry, such as those of metrics.k8s.io; keys by `specialKey`. */
  readonly special?: ReadonlyMap<string, SpecialRequest>
  /** Requests that may be under way at once. */
  readonly maxInFlight?: number
  /** What clients are put up with, where it differs from the default. */
  readonly limits?: Partial<FrontLimits>
  /** Instead of RBAC and the rights of nodes. */
  readonly authorizer?: Authorizer
  /** Follows all requests, those of this process's components too. */
  readonly auditor?: Auditor
  /** Metrics of other parts, in Prometheus' text form. */
  readonly moreMetrics?: () => string
  readonly log?: (text: string) => void
}

/**
 * Made after the registry and before its `stop`. `handle` works at once; `listen` opens the HTTP door.
 * `stop` closes connections and watches; it leaves the registry and the store to their owner.
 */
export class ApiServer {
  readonly handle: Handle
  readonly authorizer: Authorizer
  readonly aggregation: Aggregation | undefined
  readonly #options: ApiServerOptions
  /** `handle` without the audit log, which the door writes itself. */
  readonly #core: Handle
  /** And without the question who may. */
  readonly #allowed: Handle
  readonly #tokens: readonly TokenAuthenticator[]
  readonly #metrics: RequestMetrics
  readonly #graph: NodeGraph | undefined
  readonly #stop = new AbortController()
  readonly #log: (text: string) => void
  #door: HttpDoor | undefined

  constructor(options: ApiServerOptions) {
    const { registry, clock, accountTokens, audiences } = options
    this.#options = options
    this.#log = options.log ?? (() => undefined)
    this.#metrics = new RequestMetrics(clock.now())
    const rbac = options.authorizer ? undefined : new RbacAuthorizer(watchRbac(registry, { clock, signal: this.#stop.signal }))
    this.#graph = options.authorizer ? undefined : new NodeGraph(registry)
    this.authorizer = options.authorizer ?? new NodeAuthorizer(this.#graph!, rbac!)
    registry.useAuthorizer((query) => this.authorizer.authorize('path' in query ? query : { ...query, namespace: query.namespace ?? '' }))
    const { frontProxy, onUnreachable = () => undefined } = options
    this.aggregation = frontProxy && new Aggregation({ registry, clock, signal: this.#stop.signal, frontProxy, authorizer: this.authorizer, onUnreachable })
    const accounts = new AccountTokens({ registry, tokens: accountTokens, audiences, clock, log: this.#log })
    const fixed = options.staticTokens
    this.#tokens = [
      ...(fixed ? [(token: string) => { const user = fixed.get(token); return user && { user } }] : []),
      (token, wanted) => accounts.authenticate(token, wanted),
      bootstrapTokens({ registry, audiences, clock }),
    ]
    const special = new Map<string, SpecialRequest>([
      ...reviewRequests({ authorizer: this.authorizer, tokens: this.#tokens }),
      ...podRequests(registry), ...componentStatusRequests, ...accounts.requests(),
      ...metricsRequests({ registry, nodeConnections: options.nodeConnections, log: this.#log }), ...options.special ?? [],
    ])
    const handling = { registry, authorizer: this.authorizer, special, elsewhere: (request: ApiRequest) => this.aggregation?.handle(request), guards: [certificateGuard(registry, this.authorizer), subjectGuard, nodeGuard(registry, this.authorizer), ...(rbac ? [rbacGuard(registry, rbac)] : [])] }
    this.#core = createHandle(handling)
    this.#allowed = createAllowedHandle(handling)
    this.handle = options.auditor ? auditedHandle(this.#core, options.auditor) : this.#core
  }

  async listen(at: { host: string; port: number; tls: TlsOptions }): Promise<AddressInfo> {
    const { registry, clock, nodeConnections, webhooks, accountTokens, health = {}, anonymous } = this.#options
    const log = this.#log
    await this.#graph?.ready
    const connect = { registry, authorizer: this.authorizer, nodeConnections, clock, log, ...(webhooks ? { webhooks } : {}) }
    const resources = { handle: this.#core, carryOut: this.#allowed, registry, authorizer: this.authorizer, clock, onStall: () => log('a client that did not read its watch was cut off'), metrics: this.#metrics }
    const { aggregation } = this
    const { maxInFlight, limits, auditor } = this.#options
    const verbosity = new Verbosity()
    const flows = new FlowControl({ registry, clock, signal: this.#stop.signal, ...(maxInFlight === undefined ? {} : { seats: maxInFlight }) })
    this.#door = new HttpDoor({
      tls: at.tls, authorizer: this.authorizer, metrics: this.#metrics, flows, verbosity, clock, log, ...(limits ? { limits } : {}), ...(auditor ? { auditor } : {}),
      authenticate: createAuthenticate({ tokens: this.#tokens, authorizer: this.authorizer, anonymous }),
      isServed: ({ group, version, plural, subresource }) => {
        const definition = registry.definition(group, version, plural)
        return definition !== undefined && (subresource === undefined || definition.subresources.some(({ name }) => name === subresource))
      },
      serveResource: (exchange, path) => isConnect(path) ? serveConnect(exchange, path, connect) : serveResource(exchange, path, resources),
      serveUpgrade: (upgrade, path) => isWatchSocket(upgrade, path) ? serveWatchSocket(upgrade, path, resources) : serveUpgrade(upgrade, path, connect),
      ...(aggregation ? { serveElsewhere: aggregation.serve.bind(aggregation), upgradeElsewhere: aggregation.upgrade.bind(aggregation) } : {}),
      system: createSystemRoutes({
        health, log, verbosity, dumpFlows: (what, details) => flows.dump(what, details), documents: createDocuments({ definitions: () => registry.definitions(), ...(aggregation ? { aggregation } : {}) }), metrics: () => [this.#metrics.text(), flows.metricsText(), storageMetrics(registry), registry.metricsText(), this.#options.moreMetrics?.() ?? ''].join(''), healthMetrics: () => this.#metrics.health.text(), checked: this.#metrics.health.checked.bind(this.#metrics.health), issuer: accountTokens,
        isBuiltIn: (path) => path.startsWith('/api/') || (path.startsWith('/apis/') && isBuiltIn(registry, path.split('/')[2] ?? '')),
        groupVersions: () => registry.definitions().flatMap(({ resource: { group, version } }) => group === '' ? [] : [`/apis/${group}`, `/apis/${group}/${version}`]),
      }),
    })
    return this.#door.listen(at.port, at.host)
  }

  setTls(tls: TlsOptions): void {
    this.#door?.setTls(tls)
  }

  async stop(): Promise<void> {
    await this.#door?.close()
    this.#stop.abort()
    this.#graph?.stop()
    this.#door = undefined
  }
}
