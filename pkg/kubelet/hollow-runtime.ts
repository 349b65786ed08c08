// A runtime that is not there: pods live in memory, containers run nothing. For clusters of many nodes, or without containerd.
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { formatTime } from '../api/times.ts'
import type { Clock, Timer } from '../util/clock.ts'
import { sleep } from '../util/clock.ts'
import { hollowAnswer, type HollowScript, hollowScript } from './hollow-script.ts'
import type { HollowStreams } from './hollow-streams.ts'
import type {
  ContainerSpec, ExecResult, ImageService, RuntimeAbilities, RuntimeContainer, RuntimeHost, RuntimeImage, RuntimePod, RuntimeSandbox, RuntimeService, RuntimeState, SandboxSpec, StreamRequest,
} from './runtime-service.ts'
import type { RuntimeStats, RuntimeUsage } from './usage-source.ts'

export interface HollowOutcome {
  readonly exitCode: number
  readonly afterMs: number
  /** The runtime's word for it, such as OOMKilled. */
  readonly reason?: string
}

export interface HollowRuntimeOptions {
  readonly clock: Clock
  /** The address of the n-th pod that does not have the host's network. */
  readonly podIP?: (serial: number) => string
  /** How a container ends by itself; undefined for one that runs until it is stopped. Default: what `sleep` and `exit` commands say. */
  readonly outcome?: (spec: ContainerSpec) => HollowOutcome | undefined
  /** Whether containers' logs are files, with what annotations say is in them. */
  readonly writeLogs?: boolean
  /** Answers commands of clients; without it there are none. */
  readonly streams?: HollowStreams
}

interface HollowContainer {
  readonly uid: string
  readonly spec: ContainerSpec
  readonly sandbox: SandboxSpec
  view: RuntimeContainer
  timer?: Timer
}

interface HollowSandbox {
  readonly spec: SandboxSpec
  view: RuntimeSandbox
}

const killedExitCode = 137

/** Invariant: a container's sandbox is there; a sandbox that is not ready has no running container. */
export class HollowRuntime implements RuntimeService, RuntimeHost, ImageService, RuntimeStats {
  readonly #options: HollowRuntimeOptions
  readonly #sandboxes = new Map<string, HollowSandbox>()
  readonly #containers = new Map<string, HollowContainer>()
  readonly #listeners = new Set<(uid: string | undefined) => void>()
  /** Whoever runs nothing can do everything. */
  readonly abilities: RuntimeAbilities = { handlers: { '': { recursiveReadOnlyMounts: true, userNamespaces: true } }, supplementalGroupsPolicy: true }
  #serial = 0

  constructor(options: HollowRuntimeOptions) {
    this.#options = options
  }

  async state(): Promise<RuntimeState> {
    return { version: 'hollow://1', abilities: this.abilities }
  }

  async pods(uid?: string): Promise<readonly RuntimePod[]> {
    const uids = uid === undefined ? new Set([...this.#sandboxes.values()].map((sandbox) => sandbox.spec.uid)) : [uid]
    return [...uids].flatMap((each) => {
      const sandboxes = [...this.#sandboxes.values()].filter((sandbox) => sandbox.spec.uid === each)
      const first = sandboxes[0]
      if (!first) return []
      const containers = [...this.#containers.values()].filter((container) => container.uid === each).map((container) => container.view)
      return [{ uid: each, name: first.spec.name, namespace: first.spec.namespace, sandboxes: sandboxes.map((sandbox) => sandbox.view).reverse(), containers: containers.reverse() }]
    })
  }

  async createSandbox(spec: SandboxSpec): Promise<string> {
    const serial = this.#serial++
    const id = `sandbox-${spec.uid}-${serial}`
    const ips = spec.namespaces.network === 'node' ? [] : [this.#options.podIP?.(serial) ?? `10.${(serial >> 16) & 255}.${(serial >> 8) & 255}.${serial & 255}`]
    this.#sandboxes.set(id, { spec, view: { id, attempt: spec.attempt, ready: true, createdAtMs: this.#options.clock.now(), ips } })
    return id
  }

  async resizeSandbox(): Promise<void> {}

  async stopSandbox(id: string): Promise<void> {
    const sandbox = this.#sandboxes.get(id)
    if (!sandbox) return
    for (const container of this.#inside(id)) this.#end(container, killedExitCode)
    sandbox.view = { ...sandbox.view, ready: false, ips: [] }
  }

  async removeSandbox(id: string): Promise<void> {
    await this.stopSandbox(id)
    for (const container of this.#inside(id)) this.#containers.delete(container.view.id)
    this.#sandboxes.delete(id)
  }

  async createContainer(sandboxId: string, sandbox: SandboxSpec, spec: ContainerSpec): Promise<string> {
    if (!this.#sandboxes.get(sandboxId)?.view.ready) throw new Error(`sandbox ${sandboxId} is not ready`)
    const id = `container-${sandbox.uid}-${this.#serial++}`
    this.#containers.set(id, {
      uid: sandbox.uid, spec, sandbox,
      view: {
        id, sandboxId, name: spec.name, attempt: spec.attempt, phase: 'created', createdAtMs: this.#options.clock.now(), startedAtMs: 0, finishedAtMs: 0,
        exitCode: 0, reason: '', message: '', image: spec.userImage, imageId: spec.image, annotations: spec.annotations,
      },
    })
    return id
  }

  async startContainer(id: string): Promise<void> {
    const container = this.#containers.get(id)
    if (!container || container.view.phase !== 'created') throw new Error(`container ${id} cannot be started`)
    const { clock, outcome = commandOutcome } = this.#options
    const script = scriptOf(container)
    if (script.startDelayMs > 0) await sleep(clock, script.startDelayMs)
    if (script.startFailure !== undefined) throw new Error(script.startFailure)
    if (!this.#containers.has(id) || !this.#sandboxes.get(container.view.sandboxId)?.view.ready) throw new Error(`container ${id} is gone`)
    await this.#writeLog(container, script)
    container.view = { ...container.view, phase: 'running', startedAtMs: clock.now() }
    const end = script.outcome ?? outcome(container.spec)
    if (end) container.timer = clock.setTimer(() => this.#end(container, end.exitCode, end.reason), end.afterMs)
  }

  async #writeLog({ sandbox, spec }: HollowContainer, { logs }: HollowScript): Promise<void> {
    const { clock, writeLogs } = this.#options
    if (!writeLogs) return
    const path = join(sandbox.logDirectory, spec.logPath)
    const stamp = formatTime(clock.now()).replace(/Z$/, '.000000000Z')
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, logs.map((line) => `${stamp} stdout F ${line}\n`).join(''))
  }

  async stopContainer(id: string, _graceSeconds?: number): Promise<void> {
    const container = this.#containers.get(id)
    if (container) this.#end(container, killedExitCode)
  }

  async removeContainer(id: string): Promise<void> {
    await this.stopContainer(id)
    this.#containers.delete(id)
  }

  async updateContainer(): Promise<void> {}

  async reopenLog(): Promise<void> {}

  async exec(id: string, command: readonly string[]): Promise<ExecResult> {
    const container = this.#containers.get(id)
    if (!container) throw new Error(`container ${id} is gone`)
    return hollowAnswer(scriptOf(container), command)
  }

  async stream(request: StreamRequest): Promise<URL> {
    const { streams } = this.#options
    if (!streams || request.type !== 'exec') throw new Error(`a hollow container cannot be reached by ${request.type}`)
    return streams.url(await this.exec(request.containerId, request.command), request)
  }

  /** As their annotations say, all the time that they run. */
  async usages(): Promise<readonly RuntimeUsage[]> {
    const atMs = this.#options.clock.now()
    return [...this.#containers.values()].filter(({ view }) => view.phase === 'running').map((container) => {
      const { cpuMilli, memoryBytes } = scriptOf(container)
      return { id: container.view.id, atMs, cpuNanos: (atMs - container.view.startedAtMs) * cpuMilli * 1000, workingSetBytes: memoryBytes }
    })
  }

  onChange(listener: (uid: string | undefined) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  async find(image: string): Promise<RuntimeImage> {
    return { id: image, names: [image], sizeBytes: 0, username: '', uid: 65534 }
  }

  async pull(image: string): Promise<string> {
    return image
  }

  async list(): Promise<readonly RuntimeImage[]> {
    return []
  }

  async remove(): Promise<void> {}

  #inside(sandboxId: string): HollowContainer[] {
    return [...this.#containers.values()].filter((container) => container.view.sandboxId === sandboxId)
  }

  #end(container: HollowContainer, exitCode: number, reason = ''): void {
    if (container.view.phase !== 'running') return
    container.timer?.cancel()
    container.view = { ...container.view, phase: 'exited', exitCode, reason, finishedAtMs: this.#options.clock.now() }
    for (const listener of [...this.#listeners]) listener(container.uid)
  }
}

const scriptOf = ({ sandbox, spec }: HollowContainer): HollowScript => hollowScript(sandbox.annotations, spec.name)

/** `sleep 5` ends well after five seconds; `… exit 3` ends at once, badly; anything else runs on. */
export function commandOutcome({ command, args }: ContainerSpec): HollowOutcome | undefined {
  const words = [...command, ...args].join(' ')
  const slept = /(?:^|\s)sleep (\d+)/.exec(words)
  const exited = /(?:^|\s|;)exit (\d+)/.exec(words)
  if (!slept && !exited) return undefined
  return { exitCode: Number(exited?.[1] ?? 0), afterMs: Number(slept?.[1] ?? 0) * 1000 }
}
