// What the kubelet answers over HTTP, as a function from requests to responses: the same over HTTPS and in the process.
import { X509Certificate } from 'node:crypto'
import { notFound, StatusError, badRequest } from '../api/status-error.ts'
import { queryFlag } from '../api/stream-flags.ts'
import { pods } from '../api/types-pod.ts'
import type { Clock } from '../util/clock.ts'
import { processMetrics } from '../util/process-metrics.ts'
import { healthMetrics, healthReport } from './kubelet-health.ts'
import { type KubeletFigures, kubeletMetrics, probeDurations, probeMetrics, type ProbeCount, type ProbeDuration } from './kubelet-metrics.ts'
import type { FileUsages } from './file-usage.ts'
import { serveFile } from './kubelet-server-files.ts'
import { forwardedPorts, logOptions, parsePodPath, type PodPath, streamOptions } from './kubelet-server-paths.ts'
import { type Metric, metricsContentType, metricsText } from './metrics-text.ts'
import type { PodWorker } from './pod-worker.ts'
import type { RuntimeService } from './runtime-service.ts'
import { statsSummary } from './stats-summary.ts'
import type { PodRef, PodStreams } from '../api/node-connection.ts'
import { measureClaims, volumeMetrics } from './volume-usage.ts'
import { cadvisorMetrics, resourceMetrics } from './usage-metrics.ts'
import type { UsageSampler } from './usage-sampler.ts'

export interface KubeletRoutesOptions {
  readonly nodeName: string
  readonly clock: Clock
  readonly workers: () => readonly PodWorker[]
  readonly streams: PodStreams
  readonly runtime: Pick<RuntimeService, 'exec'>
  readonly usage: UsageSampler
  /** What pods have on disks; without it nobody looks. */
  readonly files?: FileUsages
  readonly evictions: () => ReadonlyMap<string, number>
  readonly started: () => Pick<KubeletFigures, 'imageVolumes' | 'mappedPods'>
  readonly probes: () => { readonly counts: readonly ProbeCount[]; readonly durations: readonly ProbeDuration[] }
  /** Of the endpoint; PEM. */
  readonly certificate: () => string | undefined
  /** Lines of further figures for /metrics. */
  readonly moreMetrics: () => readonly string[]
  /** Whether the pods of the runtime are looked at as often as they should be. */
  readonly looking: () => boolean
  /** The `kubeletconfig` of /configz. */
  readonly config: Readonly<Record<string, unknown>>
  /** What /logs/ shows. */
  readonly logDirectory: string
}

const endOf = (certificate: string | undefined): number | undefined => (certificate === undefined ? undefined : new X509Certificate(certificate).validToDate.getTime())

type Route = (request: Request, url: URL) => Response | Promise<Response>

const runTimeoutMs = 120_000

/** As Go's server says it of what is switched off. */
const disabled = (text: string): Response => new Response(`${text}\n`, { status: 405, headers: { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' } })

/** Errors are StatusError. Who asks has been checked already. */
export class KubeletRoutes {
  readonly #options: KubeletRoutesOptions
  readonly #routes: ReadonlyMap<string, Route>

  constructor(options: KubeletRoutesOptions) {
    this.#options = options
    const { usage } = options
    const metrics = (make: () => readonly Metric[] | Promise<readonly Metric[]>, more: () => readonly string[] = () => []): Route => async () =>
      new Response(metricsText(await make()) + more().map((line) => `${line}\n`).join(''), { headers: { 'content-type': metricsContentType } })
    this.#routes = new Map<string, Route>([
      ...this.#healthRoutes(),
      ['/pods', () => Response.json(this.#podList())],
      ['/runningpods', () => Response.json(this.#runningPods())],
      ['/configz', () => Response.json({ kubeletconfig: options.config })],
      ['/stats/summary', (_request, url) => this.#summary(queryFlag(url.searchParams, 'only_cpu_and_memory'))],
      ['/metrics', metrics(async () => [
        ...kubeletMetrics({ nodeName: options.nodeName, workers: options.workers(), evictions: options.evictions(), ...options.started(), servingEndsMs: endOf(options.certificate()), nowMs: options.clock.now() }), ...volumeMetrics(await measureClaims(options.workers())),
      ], () => [...options.moreMetrics(), ...processMetrics(this.#process().startedAtMs / 1000)])],
      ['/metrics/resource', metrics(async () => resourceMetrics((await usage.latest()).sample))],
      ['/metrics/cadvisor', metrics(async () => cadvisorMetrics((await usage.latest()).sample))],
      ['/metrics/probes', metrics(() => probeMetrics(options.probes().counts), () => probeDurations(options.probes().durations))],
      ['/metrics/slis', metrics(() => healthMetrics(this.#health()))],
    ])
  }

  /** By name, what is wrong; '' when nothing is. */
  #health(): ReadonlyMap<string, string> {
    return new Map([['ping', ''], ['log', ''], ['syncloop', this.#options.looking() ? '' : 'sync Loop took longer than expected']])
  }

  #healthRoutes(): [string, Route][] {
    const single = (name: string): Route => () => {
      const problem = this.#health().get(name)
      return problem ? new Response(`internal server error: ${problem}\n`, { status: 500 }) : new Response('ok')
    }
    return [['/healthz', (_request, url) => healthReport('healthz', this.#health(), url.searchParams.has('verbose'))], ...[...this.#health().keys()].map((name): [string, Route] => [`/healthz/${name}`, single(name)])]
  }

  async fetch(request: Request): Promise<Response> {
    const url = new URL(request.url)
    const route = this.#routes.get(url.pathname.replace(/(.)\/$/, '$1'))
    if (route) {
      if (request.method !== 'GET' && request.method !== 'HEAD') throw new StatusError(405, 'MethodNotAllowed', '405: Method Not Allowed')
      return route(request, url)
    }
    if (/^\/logs(\/|$)/.test(url.pathname)) return serveFile(this.#options.logDirectory, decodeURIComponent(url.pathname.slice('/logs'.length)))
    if (/^\/debug\/pprof(\/|$)/.test(url.pathname)) return disabled('profiling endpoint is disabled.')
    if (/^\/debug\/flags\/v(\/|$)/.test(url.pathname)) return disabled('flags endpoint is disabled.')
    const path = parsePodPath(url.pathname)
    if (path?.type === 'checkpoint') return this.#checkpoint(path, request)
    if (path?.type === 'containerLogs') return this.#log(path, request, url.searchParams)
    if (path?.type === 'run') return this.#run(path, request, url.searchParams)
    if (path) throw badRequest('Upgrade request required')
    throw new StatusError(404, 'NotFound', '404 page not found')
  }

  /** Where to replay an upgrade request to. */
  async stream(path: string, query: URLSearchParams): Promise<URL> {
    const { streams } = this.#options
    const found = parsePodPath(path)
    if (!found || found.type === 'containerLogs' || found.type === 'run' || found.type === 'checkpoint') throw badRequest('upgrade is not supported here')
    const pod = this.#ref(found)
    if (found.type === 'portForward') return streams.portForward(pod, forwardedPorts(query))
    const options = streamOptions(found.container, query)
    if (found.type === 'attach') return streams.attach(pod, options)
    if (options.command.length === 0) throw badRequest('you must specify at least one command for the container')
    return streams.exec(pod, options)
  }

  #worker({ namespace, name, uid }: PodPath): PodWorker {
    const fits = ({ pod: { metadata } }: PodWorker): boolean => metadata.namespace === namespace && metadata.name === name && (uid === undefined || metadata.uid === uid)
    const worker = this.#options.workers().find(fits)
    if (!worker) throw notFound(pods, name)
    return worker
  }

  #ref(path: PodPath): PodRef {
    return { namespace: path.namespace, name: path.name, uid: this.#worker(path).pod.metadata.uid ?? '' }
  }

  async #log(path: PodPath, request: Request, query: URLSearchParams): Promise<Response> {
    const chunks = await this.#options.streams.logs(this.#ref(path), { ...logOptions(path.container, query), signal: request.signal })
    return new Response(ReadableStream.from(chunks), { headers: { 'content-type': 'text/plain' } })
  }

  async #run(path: PodPath, request: Request, query: URLSearchParams): Promise<Response> {
    if (request.method !== 'POST') throw new StatusError(405, 'MethodNotAllowed', '405: Method Not Allowed')
    const container = this.#worker(path).runtime.containers.find(({ name, phase }) => name === path.container && phase === 'running')
    if (!container) throw badRequest(`container not found ("${path.container}")`)
    const { stdout, stderr } = await this.#options.runtime.exec(container.id, (query.get('cmd') ?? '').split(' '), runTimeoutMs)
    return new Response(stdout + stderr, { headers: { 'content-type': 'text/plain' } })
  }

  /** Containers that are there could be checkpointed, if the runtime could. */
  #checkpoint(path: PodPath, request: Request): Response {
    if (request.method !== 'POST') throw new StatusError(405, 'MethodNotAllowed', '405: Method Not Allowed')
    const container = this.#worker(path).runtime.containers.find(({ name, phase }) => name === path.container && phase === 'running')
    if (!container) throw notFound(pods, `${path.name}, container ${path.container}`)
    throw new StatusError(500, 'InternalError', `checkpointing of ${path.namespace}/${path.name}/${path.container} failed (rpc error: code = Unimplemented desc = the container runtime cannot checkpoint)`)
  }

  #podList(): object {
    const items = this.#options.workers().map(({ pod, status }) => ({ ...pod, status }))
    return { kind: 'PodList', apiVersion: 'v1', metadata: {}, items }
  }

  #runningPods(): object {
    const items = this.#options.workers().flatMap(({ pod: { metadata }, runtime }) => {
      const running = runtime.containers.filter(({ phase }) => phase === 'running')
      if (running.length === 0 && !runtime.sandboxes.some(({ ready }) => ready)) return []
      const { name, namespace, uid } = metadata
      return [{ metadata: { name, namespace, uid, creationTimestamp: null }, spec: { containers: running.map((each) => ({ name: each.name, image: each.image, resources: {} })) }, status: {} }]
    })
    return { kind: 'PodList', apiVersion: 'v1', metadata: {}, items }
  }

  async #summary(onlyCpuAndMemory: boolean): Promise<Response> {
    const { usage, files, nodeName } = this.#options
    const found = onlyCpuAndMemory ? undefined : await files?.latest()
    return Response.json(statsSummary(await usage.latest(), { nodeName, onlyCpuAndMemory, self: this.#process(), ...(found ? { files: found } : {}) }))
  }

  #process(): { cpuSeconds: number; residentBytes: number; startedAtMs: number } {
    const { user, system } = process.cpuUsage()
    return { cpuSeconds: (user + system) / 1e6, residentBytes: process.memoryUsage.rss(), startedAtMs: this.#options.clock.now() - process.uptime() * 1000 }
  }
}
