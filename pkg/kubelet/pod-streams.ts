// Logs, exec, attach and port-forward of this node's pods.
import { access } from 'node:fs/promises'
import { badRequest, internalError, notFound } from '../api/status-error.ts'
import type { ContainerStatus } from '../api/types-pod.ts'
import { pods } from '../api/types-pod.ts'
import type { Clock } from '../util/clock.ts'
import { readLog } from './log-reader.ts'
import { containerLogPath } from './pod-files.ts'
import { logDirectory, podContainers } from './pod-names.ts'
import type { PodWorker } from './pod-worker.ts'
import type { RuntimeService, StreamRequest } from './runtime-service.ts'
import type { ExecOptions, LogOptions, PodRef, PodStreams } from '../api/node-connection.ts'

export interface NodeStreamsOptions {
  readonly runtime: RuntimeService
  readonly clock: Clock
  readonly logs: string
  readonly worker: (uid: string) => PodWorker | undefined
}

export class NodeStreams implements PodStreams {
  readonly #options: NodeStreamsOptions

  constructor(options: NodeStreamsOptions) {
    this.#options = options
  }

  async logs(pod: PodRef, options: LogOptions): Promise<AsyncIterable<Uint8Array>> {
    const worker = this.#worker(pod)
    const id = loggedContainer(pod, worker, options)
    const find = (): { attempt: number; phase: string } | undefined => worker.runtime.containers.find((each) => `containerd://${each.id}` === id)
    const status = statuses(worker).find((each) => each.name === options.container)
    const attempt = find()?.attempt ?? status?.restartCount ?? 0
    // Of a static pod, the API server has another uid.
    const { namespace = '', name = '', uid = '' } = worker.pod.metadata
    const path = `${logDirectory(this.#options.logs, { namespace, name, uid })}/${containerLogPath(options.container, attempt)}`
    const exists = await access(path).then(() => true, () => false)
    if (!exists) return once(`unable to retrieve container logs for ${id}`)
    const { clock } = this.#options
    const sinceMs = options.sinceTime !== undefined ? Date.parse(options.sinceTime)
      : options.sinceSeconds !== undefined ? clock.now() - options.sinceSeconds * 1000 : undefined
    return readLog({
      path, clock, signal: options.signal, follow: options.follow ?? false, timestamps: options.timestamps ?? false, stream: options.stream ?? 'All',
      running: () => find()?.phase === 'running',
      onChange: (listener) => worker.onLook(listener),
      ...(sinceMs === undefined ? {} : { sinceMs }),
      ...(options.tailLines === undefined ? {} : { tailLines: options.tailLines }),
      ...(options.limitBytes === undefined ? {} : { limitBytes: options.limitBytes }),
    })
  }

  async exec(pod: PodRef, options: ExecOptions): Promise<URL> {
    return this.#stream({ type: 'exec', ...options, containerId: this.#running(pod, options.container) })
  }

  async attach(pod: PodRef, options: Omit<ExecOptions, 'command'>): Promise<URL> {
    return this.#stream({ type: 'attach', ...options, containerId: this.#running(pod, options.container) })
  }

  async portForward(pod: PodRef, ports: readonly number[]): Promise<URL> {
    const sandbox = this.#worker(pod).runtime.sandboxes.find((each) => each.ready)
    if (!sandbox) throw badRequest(`pod ${pod.name} is not running`)
    return this.#stream({ type: 'port-forward', sandboxId: sandbox.id, ports })
  }

  /** What ends in between is no fault of ours. */
  async #stream(request: StreamRequest): Promise<URL> {
    try {
      return await this.#options.runtime.stream(request)
    } catch (error) {
      throw internalError(`unable to upgrade connection: ${error instanceof Error ? error.message : String(error)}`)
    }
  }

  #worker(pod: PodRef): PodWorker {
    const worker = this.#options.worker(pod.uid)
    if (!worker) throw notFound(pods, pod.name)
    return worker
  }

  #running(pod: PodRef, container: string): string {
    const worker = this.#worker(pod)
    const found = worker.runtime.containers.find((each) => each.name === container && each.phase === 'running')
    // What kubectl tells, and what scripts look for.
    if (!found) throw internalError(`unable to upgrade connection: container not found ("${container}")`)
    return found.id
  }
}

const statuses = (worker: PodWorker): ContainerStatus[] => [
  ...(worker.status.initContainerStatuses ?? []), ...(worker.status.containerStatuses ?? []), ...(worker.status.ephemeralContainerStatuses ?? []),
]

/** The id, as statuses have it, of the container whose log is asked for. */
function loggedContainer(pod: PodRef, worker: PodWorker, { container, previous }: LogOptions): string {
  if (!podContainers(worker.pod).some((each) => each.container.name === container)) throw badRequest(`container ${container} is not valid for pod ${pod.name}`)
  const status = statuses(worker).find((each) => each.name === container)
  const last = status?.lastState?.terminated?.containerID
  if (previous) {
    if (!last) throw badRequest(`previous terminated container "${container}" in pod "${pod.name}" not found`)
    return last
  }
  const current = status?.state?.running ? status.containerID : status?.state?.terminated?.containerID ?? last
  if (current) return current
  const reason = status?.state?.waiting?.reason ?? 'ContainerCreating'
  const words: Record<string, string> = { ErrImagePull: 'image can\'t be pulled', ImagePullBackOff: 'trying and failing to pull image' }
  throw badRequest(`container "${container}" in pod "${pod.name}" is waiting to start: ${words[reason] ?? reason}`)
}

async function* once(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text)
}
