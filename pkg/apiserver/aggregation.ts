// Aggregated APIs: group-versions of APIServices with a service are asked of that service's server, in the user's name.
import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http'
import { Agent } from 'node:https'
import { pipeline } from 'node:stream/promises'
import { equalJson, isJsonObject } from '../api/json.ts'
import type { ApiRequest, ApiResponse, UserInfo } from '../api/request.ts'
import { methodNotAllowed, StatusError, unknownPath } from '../api/status-error.ts'
import { apiServices, availableCondition, type ApiService } from '../api/types-api-service.ts'
import type { KeyPair } from '../pki/certificates.ts'
import type { Registry } from '../registry/registry.ts'
import type { Clock } from '../util/clock.ts'
import { rawTunnel } from '../util/raw-tunnel.ts'
import { wholeText } from '../util/whole-text.ts'
import { auditIdOf } from './audited-exchange.ts'
import { aggregatedKinds, aggregatedResources, type AggregatedGroupVersion, type AggregatedKind } from './aggregated-discovery.ts'
import { handleAggregated } from './aggregated-handle.ts'
import { ask, forwarded, isBrokenOff, remoteHeaders, remoteServer, upgradeHeaders, type RemoteServer } from './aggregated-request.ts'
import { requireAllowed } from './authorize.ts'
import type { Authorizer } from './authorizer.ts'
import { readBody, sinkOf, type Exchange } from './exchange.ts'
import { attributesOf } from './handle.ts'
import type { Upgrade } from './http-door.ts'
import { KindView } from './kind-view.ts'
import type { Asker } from './pod-target.ts'
import type { RequestPath } from './request-path.ts'
import { verbOf } from './resource-door.ts'
import { plainFailure, send, text, type Answer } from './respond.ts'
import { forwardedFor } from './source-ips.ts'
import { invalidCertificate } from '../util/peer-identity.ts'
import { networkWords } from './network-words.ts'

export interface AggregationOptions {
  readonly registry: Registry
  readonly clock: Clock
  readonly frontProxy: KeyPair
  readonly authorizer: Authorizer
  readonly signal: AbortSignal
  readonly onUnreachable: (name: string, message: string) => void
}

/** Asks for discovery, as itself. */
const aggregator: UserInfo = { username: 'system:kube-aggregator', groups: ['system:masters', 'system:authenticated'] }
const checkTimeoutMs = 5000
const refreshAfterMs = 60_000
const longestDocument = 64 << 20

/** What a server told of itself when it was last asked, and as what it was asked. */
interface Known {
  readonly uid: string | undefined
  readonly atMs: number
  readonly resources: readonly unknown[]
  readonly openApiUrl?: string
}

interface Table {
  readonly version: number
  readonly services: ReadonlyMap<string, ApiService>
  readonly discovered: readonly AggregatedGroupVersion[]
}

const nameOf = (group: string, version: string): string => `${version}.${group}`
const isAvailable = (service: ApiService): boolean => availableCondition(service)?.status === 'True'

export class Aggregation {
  readonly #options: AggregationOptions
  readonly #view: KindView<ApiService>
  readonly #known = new Map<string, Known>()
  readonly #agent = new Agent({ keepAlive: true, maxFreeSockets: 8 })
  readonly #refreshing = new Set<string>()
  readonly #listeners = new Set<() => void>()
  /** Grows with each change of what is known. */
  #learnt = 0
  #table: Table = { version: -1, services: new Map(), discovered: [] }

  constructor(options: AggregationOptions) {
    this.#options = options
    this.#view = new KindView(options.registry, apiServices, { ...options, changed: () => this.#tell() })
    options.signal.addEventListener('abort', () => this.#agent.destroy(), { once: true })
  }

  /** The same array until something changes. Servers don't tell of what they have anew: whose word is old is asked again meanwhile. */
  discovered(): readonly AggregatedGroupVersion[] {
    const { services, discovered } = this.#current()
    for (const service of services.values()) if (isAvailable(service)) this.#refresh(service)
    return discovered
  }

  #refresh(service: ApiService): void {
    const { name = '' } = service.metadata
    const known = this.#known.get(name)
    if (!known || this.#refreshing.has(name) || this.#options.clock.monotonic() - known.atMs < refreshAfterMs) return
    this.#refreshing.add(name)
    void this.check(service)
      .catch((error: Error) => void this.#unreachable(service, error))
      .finally(() => this.#refreshing.delete(name))
  }

  /** Asks the server for its discovery, and remembers it. Fails with an Error when it can't be had. */
  async check(service: ApiService): Promise<void> {
    const { group = '', version = '' } = service.spec
    const path = `/apis/${group}/${version}`
    const list = await this.#document(service, path)
    const resources = aggregatedResources(list, group, version)
    if (!resources) throw new Error(`${path} is no resource list`)
    // Servers may have no OpenAPI; they are good without.
    const index = await this.#document(service, '/openapi/v3').catch(() => undefined)
    const openApiUrl = openApiPath(index, path.slice(1))
    for (const name of this.#known.keys()) if (!this.#current().services.has(name)) this.#known.delete(name)
    const name = nameOf(group, version)
    const { atMs: _at, ...before } = this.#known.get(name) ?? { atMs: 0 }
    const known = { uid: service.metadata.uid, resources, ...(openApiUrl === undefined ? {} : { openApiUrl }) }
    this.#known.set(name, { ...known, atMs: this.#options.clock.monotonic() })
    if (equalJson(before, known)) return
    this.#learnt++
    this.#tell()
  }

  /** Calls back when APIServices change, and when more is known of one. Returns the function that unsubscribes. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  /** The kinds that other servers are known to have, with the verbs that they take. */
  kinds(): AggregatedKind[] {
    return this.discovered().flatMap(aggregatedKinds)
  }

  /** Group-versions of which is not known what they have, for the moment. */
  unknown(): string[] {
    return this.discovered().filter(({ stale }) => stale).map(({ group, version }) => `${group}/${version}`)
  }

  /** Asks for a component of this process, which has been authorized; undefined for what is not aggregated. */
  handle(request: ApiRequest): Promise<ApiResponse> | undefined {
    const service = this.#current().services.get(nameOf(request.group, request.version))
    if (!service) return undefined
    const { user } = request
    return handleAggregated(request, (call) => ask(this.#server(service), { ...call, user, signal: AbortSignal.any([call.signal, this.#options.signal]), agent: this.#agent, clock: this.#options.clock }), this.#options.clock)
  }

  #tell(): void {
    for (const listener of [...this.#listeners]) listener()
  }

  async openApi(group: string, version: string, url: string): Promise<Answer> {
    const service = this.#current().services.get(nameOf(group, version))
    if (!service) return unavailable
    try {
      return { code: 200, contentType: 'application/json', body: JSON.stringify(await this.#document(service, url)) }
    } catch (error) {
      return plainFailure(503, (error as Error).message)
    }
  }

  /** A JSON document of an aggregated API, asked for by this server itself. */
  async read(path: string): Promise<unknown> {
    const service = this.#find(path.split('?')[0] ?? '')
    if (!service) throw new Error(`no APIService serves ${path.split('?')[0] ?? ''}`)
    return this.#document(service, path)
  }

  /** undefined for what is not aggregated. Rejects with StatusError. */
  serve(exchange: Exchange, path: RequestPath): Promise<void> | undefined {
    const service = this.#find(exchange.path)
    return service && this.#serve(service, exchange, path)
  }

  upgrade(upgrade: Upgrade, path: RequestPath): Promise<void> | undefined {
    const service = this.#find(path.kind === 'resource' ? `/apis/${path.group}/${path.version}` : path.path)
    return service && this.#upgrade(service, upgrade, path)
  }

  #find(path: string): ApiService | undefined {
    const { services } = this.#current()
    if (services.size === 0 || !path.startsWith('/apis/')) return undefined
    const [, , group, version] = path.split('/')
    return group && version ? services.get(nameOf(group, version)) : undefined
  }

  #current(): Table {
    const version = this.#view.version + this.#learnt
    if (this.#table.version === version) return this.#table
    const members = this.#view.values().filter(({ spec }) => spec.service)
    const services = new Map(members.map((service) => [nameOf(service.spec.group ?? '', service.spec.version ?? ''), service]))
    const discovered = members.length === 0 && this.#table.discovered.length === 0 ? this.#table.discovered : members.map((service) => this.#discoveredOf(service))
    return this.#table = { version, services, discovered }
  }

  #discoveredOf(service: ApiService): AggregatedGroupVersion {
    const { group = '', version = '', groupPriorityMinimum, versionPriority } = service.spec
    const learnt = this.#known.get(nameOf(group, version))
    const known = learnt?.uid === service.metadata.uid ? learnt : undefined
    return {
      group, version, groupPriority: groupPriorityMinimum, versionPriority,
      stale: !known || !isAvailable(service), resources: known?.resources ?? [],
      ...(known?.openApiUrl === undefined ? {} : { openApiUrl: known.openApiUrl }),
    }
  }

  #server(service: ApiService): RemoteServer {
    const { registry, frontProxy, clock } = this.#options
    return remoteServer(service, { registry, frontProxy, chance: clock.random() })
  }

  /** undefined while there is nobody to ask. */
  #resolved(service: ApiService): RemoteServer | undefined {
    try {
      return this.#server(service)
    } catch {
      return undefined
    }
  }

  async #document(service: ApiService, path: string): Promise<unknown> {
    const server = this.#server(service)
    const where = `https://${server.host.includes(':') ? `[${server.host}]` : server.host}:${server.port}${path}`
    const late = new AbortController()
    const timer = this.#options.clock.setTimer(() => late.abort(), checkTimeoutMs)
    try {
      const response = await ask(server, { method: 'GET', path, headers: { accept: 'application/json' }, user: aggregator, signal: AbortSignal.any([late.signal, this.#options.signal]), agent: this.#agent, clock: this.#options.clock })
      const body = await wholeText(response, longestDocument)
      if (response.statusCode !== 200) throw new BadStatus(`bad status from ${where}: ${response.statusCode}`)
      return JSON.parse(body)
    } catch (error) {
      const message = error instanceof BadStatus ? error.message : `Get ${JSON.stringify(where)}: ${late.signal.aborted ? 'context deadline exceeded (Client.Timeout exceeded while awaiting headers)' : networkWords(error)}`
      throw new Error(`failing or missing response from ${where}: ${message}`, { cause: error })
    } finally {
      timer.cancel()
    }
  }

  async #serve(service: ApiService, exchange: Exchange, path: RequestPath): Promise<void> {
    const { incoming, method, user } = exchange
    this.#authorize(exchange, method, exchange.query, path)
    if (!isAvailable(service)) return send(exchange, unavailable)
    // Read first: a body without a length that is told would be taken for the next request.
    const bodied = method !== 'GET' && method !== 'HEAD'
    const body = bodied ? await readBody(exchange) : undefined
    const { outgoing } = exchange
    const server = this.#resolved(service)
    if (!server) return send(exchange, unavailable)
    const gone = exchange.lasting()
    const late = new AbortController()
    // Discovery of all waits for that of each.
    const timer = path.kind === 'other' ? this.#options.clock.setTimer(() => late.abort(lateness), checkTimeoutMs) : undefined
    let response: IncomingMessage
    try {
      response = await ask(server, { method, path: incoming.url ?? '/', headers: handedOn(exchange), user, ...(body ? { body } : {}), signal: AbortSignal.any([gone, late.signal]), agent: this.#agent, clock: this.#options.clock })
    } catch (error) {
      if (gone.aborted) return void outgoing.destroy()
      if (late.signal.aborted) return send(exchange, this.#unreachable(service, lateness))
      const invalid = invalidCertificate(error)
      if (invalid) exchange.audit?.annotate(invalid.key, invalid.reason)
      return send(exchange, this.#unreachable(service, error as Error))
    } finally {
      timer?.cancel()
    }
    if (gone.aborted) return void response.destroy()
    const { statusCode: code = 502 } = response
    if (code >= 300 && code < 400 && response.headers.location) {
      response.destroy()
      return send(exchange, text(502, 'the backend attempted to redirect this request, which is not permitted'))
    }
    // A connection that stands still may be a dead one.
    response.on('pause', exchange.onBlocked)
    exchange.onStream()
    const { 'content-length': length } = response.headers
    outgoing.writeHead(code, { ...forwarded(response.headers), ...(length === undefined ? {} : { 'content-length': length }) })
    outgoing.flushHeaders?.()
    // Either side may leave in the middle: both streams are ended then.
    await pipeline(response, sinkOf(outgoing)).catch(() => undefined)
  }

  async #upgrade(service: ApiService, upgrade: Upgrade, path: RequestPath): Promise<void> {
    const { incoming, user, query } = upgrade
    this.#authorize(upgrade, incoming.method ?? 'GET', query, path)
    const server = isAvailable(service) ? this.#resolved(service) : undefined
    if (!server) throw new StatusError(503, 'ServiceUnavailable', 'service unavailable')
    const rawHeaders = upgradeHeaders(incoming, server.hostname)
    for (const [name, values] of Object.entries(remoteHeaders(user))) for (const value of [values].flat()) rawHeaders.push(name, value.replace(/[\r\n]/g, ' '))
    try {
      await rawTunnel(upgrade, new URL(`https://${server.hostname}${incoming.url ?? '/'}`), { rawHeaders, secure: { ...server.tls, host: server.host, port: server.port } })
    } catch (error) {
      this.#unreachable(service, error as Error)
      throw new StatusError(503, 'ServiceUnavailable', `error trying to reach service: ${networkWords(error)}`)
    }
  }

  #authorize({ user, audit }: Asker, method: string, query: URLSearchParams, path: RequestPath): void {
    const { authorizer } = this.#options
    // What is authorized must be what the other server reads.
    const parts = path.kind === 'resource' ? [path.plural, path.namespace, path.name, path.subresource, ...path.rest?.split('/') ?? []] : path.path.split('/')
    if (parts.some((part) => part === '..' || part === '.')) throw unknownPath()
    if (path.kind === 'other') return requireAllowed(authorizer, { user, verb: method.toLowerCase(), path: path.path }, audit?.annotate)
    const verb = verbOf(method, path, query)
    if (!verb) throw methodNotAllowed()
    const { group, version, plural, namespace, name, subresource } = path
    const fieldSelector = query.get('fieldSelector') ?? undefined
    requireAllowed(authorizer, attributesOf({ verb, user, group, version, plural, subresource, namespace, name, options: fieldSelector === undefined ? {} : { fieldSelector } }), audit?.annotate)
  }

  #unreachable({ metadata: { name = '' } }: ApiService, error: Error): Answer {
    if (!isBrokenOff(error)) this.#options.onUnreachable(name, error.message)
    return plainFailure(503, `error trying to reach service: ${networkWords(error)}`)
  }
}

class BadStatus extends Error {}

const unavailable = plainFailure(503, 'service unavailable')
const lateness = new Error('context deadline exceeded')

/** What the other server is told of the request, beside who makes it: it is the same one in its audit log. */
function handedOn({ incoming, path }: Exchange): OutgoingHttpHeaders {
  return { ...forwarded(incoming.headers), 'audit-id': auditIdOf(incoming), 'x-forwarded-uri': encodeURI(path), 'x-forwarded-for': forwardedFor(incoming) }
}

function openApiPath(index: unknown, path: string): string | undefined {
  const paths = isJsonObject(index) ? index['paths'] : undefined
  const entry = isJsonObject(paths) ? paths[path] : undefined
  const url = isJsonObject(entry) ? entry['serverRelativeURL'] : undefined
  return typeof url === 'string' && url.startsWith('/') ? url : undefined
}
