// The RuntimeService over the CRI of containerd.
import { availableParallelism } from 'node:os'
import type { CriClient } from '../containerd/cri.ts'
import { isNotFound, nanosToMs, RpcError } from '../containerd/cri.ts'
import type * as cri from '../containerd/cri-types.ts'
import type { Clock } from '../util/clock.ts'
import { sleep } from '../util/clock.ts'
import { containerConfig, resourcesOf, sandboxConfig } from './cri-config.ts'
import { containerNameLabel, ownerLabel, podNameLabel, podNamespaceLabel, podUidLabel } from './labels.ts'
import type {
  ContainerLimits, ContainerPhase, ContainerSpec, ExecResult, HandlerFeatures, RuntimeContainer, RuntimeHost, RuntimePod, RuntimeSandbox, RuntimeService, RuntimeState,
  SandboxSpec, StreamRequest,
} from './runtime-service.ts'
import { ExecTimeout } from './runtime-service.ts'
import { plainWords } from './rpc-words.ts'
import { WorkGate } from './work-gate.ts'

/** Tells of every task that ends, with the id of its container or sandbox. Returns the end of it. */
export type TaskExits = (onExit: (containerId: string) => void, onGap: () => void) => () => void

export interface CriRuntimeOptions {
  readonly cri: CriClient
  readonly clock: Clock
  readonly taskExits: TaskExits
  /** Marks this kubelet's pods, and only those are seen: the node's name. */
  readonly owner: string
}

/** Of many pods that start at once, those that are nearly there come first. */
const ranks = { start: 0, create: 1, sandbox: 2 }

const settleDelaysMs = [2, 5, 10, 20, 40, 80, 160, 320, 640, 1280, 2560, 5120]

export class CriRuntime implements RuntimeService, RuntimeHost {
  readonly #cri: CriClient
  readonly #clock: Clock
  readonly #taskExits: TaskExits
  readonly #owner: string
  readonly #gate = new WorkGate(4 * availableParallelism())
  /** Details of a container do not change while it stays in one state. */
  readonly #details = new Map<string, { state: string; status: cri.ContainerStatus }>()
  readonly #podOf = new Map<string, { uid: string; sandbox: boolean }>()
  features: HandlerFeatures | undefined

  constructor(options: CriRuntimeOptions) {
    this.#cri = options.cri
    this.#clock = options.clock
    this.#taskExits = options.taskExits
    this.#owner = options.owner
  }

  async state(): Promise<RuntimeState> {
    const [version, answer] = await Promise.all([this.#cri.version({}, { timeoutMs: stateTimeoutMs }), this.#cri.status({}, { timeoutMs: stateTimeoutMs })])
    const broken = (answer.status?.conditions ?? []).filter((condition) => !condition.status)
    const name = `${version.runtimeName}://${version.runtimeVersion.replace(/^v/, '').replace(/~.*$/, '')}`
    const handlers = Object.fromEntries((answer.runtimeHandlers ?? []).map(({ name: handler, features }) => [handler, { recursiveReadOnlyMounts: features?.recursiveReadOnlyMounts ?? false, userNamespaces: features?.userNamespaces ?? false }]))
    this.features = handlers['']
    const problems = broken.map((condition) => `${condition.type === 'NetworkReady' ? 'container runtime network not ready' : 'container runtime not ready'}: ${condition.type}=false reason:${condition.reason} message:${condition.message}`)
    return { version: name, handlers, problems }
  }

  async pods(uid?: string): Promise<readonly RuntimePod[]> {
    const filter = { filter: { labelSelector: { [ownerLabel]: this.#owner, ...(uid === undefined ? {} : { [podUidLabel]: uid }) } } }
    const [sandboxes, containers] = await Promise.all([this.#cri.listPodSandbox(filter), this.#cri.listContainers(filter)])
    const uids = new Set([...sandboxes.items, ...containers.containers].map((item) => item.labels[podUidLabel] ?? '').filter(Boolean))
    if (uid === undefined) this.#forgetExcept(new Set([...sandboxes.items, ...containers.containers].map((item) => item.id)))
    return Promise.all([...uids].map((each) => this.#pod(
      each,
      sandboxes.items.filter((sandbox) => sandbox.labels[podUidLabel] === each),
      containers.containers.filter((container) => container.labels[podUidLabel] === each),
    )))
  }

  async #pod(uid: string, sandboxes: readonly cri.PodSandbox[], containers: readonly cri.Container[]): Promise<RuntimePod> {
    const labels = sandboxes[0]?.labels ?? containers[0]?.labels ?? {}
    const [foundSandboxes, foundContainers] = await Promise.all([
      Promise.all(sandboxes.map((sandbox) => this.#sandbox(uid, sandbox))),
      Promise.all(containers.map((container) => this.#container(uid, container))),
    ])
    return {
      uid,
      name: labels[podNameLabel] ?? '',
      namespace: labels[podNamespaceLabel] ?? '',
      sandboxes: foundSandboxes.sort((a, b) => b.createdAtMs - a.createdAtMs || b.attempt - a.attempt),
      containers: foundContainers.filter((container) => container !== undefined)
        .sort((a, b) => b.attempt - a.attempt || b.createdAtMs - a.createdAtMs),
    }
  }

  async #sandbox(uid: string, sandbox: cri.PodSandbox): Promise<RuntimeSandbox> {
    this.#podOf.set(sandbox.id, { uid, sandbox: true })
    const ready = sandbox.state === 'SANDBOX_READY'
    const status = ready ? await ifFound(this.#cri.podSandboxStatus({ podSandboxId: sandbox.id })) : undefined
    const network = status?.status?.network
    return {
      id: sandbox.id,
      attempt: sandbox.metadata.attempt,
      ready: ready && status?.status?.state === 'SANDBOX_READY',
      createdAtMs: nanosToMs(sandbox.createdAt) ?? 0,
      ips: [network?.ip ?? '', ...(network?.additionalIps ?? []).map((other) => other.ip)].filter(Boolean),
    }
  }

  async #container(uid: string, container: cri.Container): Promise<RuntimeContainer | undefined> {
    this.#podOf.set(container.id, { uid, sandbox: false })
    const known = this.#details.get(container.id)
    let status = known?.state === container.state ? known.status : undefined
    if (!status) {
      status = (await ifFound(this.#cri.containerStatus({ containerId: container.id })))?.status
      if (!status) return undefined
      this.#details.set(container.id, { state: status.state, status })
    }
    return {
      id: container.id,
      sandboxId: container.podSandboxId,
      name: container.labels[containerNameLabel] ?? container.metadata.name,
      attempt: container.metadata.attempt,
      phase: neverRan(status) ? 'created' : phases[status.state],
      createdAtMs: nanosToMs(status.createdAt) ?? 0,
      startedAtMs: nanosToMs(status.startedAt) ?? 0,
      finishedAtMs: nanosToMs(status.finishedAt) ?? 0,
      exitCode: status.exitCode,
      reason: status.reason,
      message: status.message,
      image: status.image.image,
      imageId: status.imageRef,
      annotations: status.annotations,
      ...(status.user?.linux ? { user: { uid: status.user.linux.uid, gid: status.user.linux.gid, groups: status.user.linux.supplementalGroups } } : {}),
    }
  }

  async createSandbox(spec: SandboxSpec): Promise<string> {
    const request = { config: sandboxConfig(spec, this.#owner), ...(spec.handler ? { runtimeHandler: spec.handler } : {}) }
    const { podSandboxId } = await this.#gate.run(ranks.sandbox, () => worded(this.#cri.runPodSandbox(request)))
    this.#podOf.set(podSandboxId, { uid: spec.uid, sandbox: true })
    return podSandboxId
  }

  async stopSandbox(id: string): Promise<void> {
    await ifFound(this.#cri.stopPodSandbox({ podSandboxId: id }))
  }

  async removeSandbox(id: string): Promise<void> {
    await ifFound(this.#cri.stopPodSandbox({ podSandboxId: id }))
    await ifFound(this.#cri.removePodSandbox({ podSandboxId: id }))
  }

  async createContainer(sandboxId: string, sandbox: SandboxSpec, spec: ContainerSpec): Promise<string> {
    const { containerId } = await described(this.#cri.createContainer({ podSandboxId: sandboxId, config: containerConfig(sandbox, spec, this.#owner), sandboxConfig: sandboxConfig(sandbox, this.#owner) }))
    this.#podOf.set(containerId, { uid: sandbox.uid, sandbox: false })
    return containerId
  }

  async startContainer(id: string): Promise<void> {
    await described(this.#cri.startContainer({ containerId: id }))
  }

  async stopContainer(id: string, graceSeconds: number): Promise<void> {
    await ifFound(this.#cri.stopContainer({ containerId: id, timeout: graceSeconds }))
  }

  async removeContainer(id: string): Promise<void> {
    await ifFound(this.#cri.removeContainer({ containerId: id }))
    this.#details.delete(id)
    this.#podOf.delete(id)
  }

  async updateContainer(id: string, limits: ContainerLimits): Promise<void> {
    await worded(this.#cri.updateContainerResources({ containerId: id, linux: resourcesOf(limits) }))
  }

  async reopenLog(containerId: string): Promise<void> {
    await worded(this.#cri.reopenContainerLog({ containerId }))
  }

  async exec(id: string, command: readonly string[], timeoutMs: number): Promise<ExecResult> {
    const timeoutSeconds = Math.max(0, Math.ceil(timeoutMs / 1000))
    try {
      const answer = await this.#cri.execSync({ containerId: id, cmd: command, timeout: timeoutSeconds })
      return { exitCode: answer.exitCode, stdout: Buffer.from(answer.stdout).toString(), stderr: Buffer.from(answer.stderr).toString() }
    } catch (error) {
      if (error instanceof RpcError && (error.codeName === 'DEADLINE_EXCEEDED' || /timeout .* exceeded|deadline exceeded/.test(error.details))) {
        throw new ExecTimeout(`command "${command.join(' ')}" timed out`)
      }
      throw plainWords(error)
    }
  }

  async stream(request: StreamRequest): Promise<URL> {
    const { url } = await worded(this.#streamUrl(request))
    return new URL(url)
  }

  #streamUrl(request: StreamRequest): Promise<{ url: string }> {
    if (request.type === 'port-forward') return this.#cri.portForward({ podSandboxId: request.sandboxId, port: request.ports })
    const { containerId, stdin, stdout, stderr, tty } = request
    // The CRI refuses a separate stderr on a terminal.
    const channels = { containerId, stdin, stdout, stderr: stderr && !tty, tty }
    return request.type === 'exec' ? this.#cri.exec({ ...channels, cmd: request.command }) : this.#cri.attach(channels)
  }

  onChange(listener: (uid: string | undefined) => void): () => void {
    const abort = new AbortController()
    const stop = this.#taskExits((id) => {
      const pod = this.#podOf.get(id)
      const tell = (): void => listener(pod?.uid)
      this.#settled(id, pod?.sandbox ?? false, abort.signal).then(tell, tell)
    }, () => listener(undefined))
    return () => {
      stop()
      abort.abort()
    }
  }

  /**
   * containerd tells that a task has ended before its CRI part has noted the end; the promise of onChange is about the latter.
   * A task may even end before the CRI has noted its start: then it is CREATED and RUNNING once more before it is EXITED.
   */
  async #settled(id: string, sandbox: boolean, signal: AbortSignal): Promise<void> {
    for (const delayMs of settleDelaysMs) {
      const state = sandbox
        ? (await ifFound(this.#cri.podSandboxStatus({ podSandboxId: id })))?.status?.state
        : (await ifFound(this.#cri.containerStatus({ containerId: id })))?.status?.state
      const alive = state === 'SANDBOX_READY' || state === 'CONTAINER_RUNNING' || state === 'CONTAINER_CREATED'
      if (!alive || signal.aborted) return
      await sleep(this.#clock, delayMs, signal)
    }
  }

  #forgetExcept(ids: ReadonlySet<string>): void {
    for (const map of [this.#details, this.#podOf]) {
      for (const id of map.keys()) if (!ids.has(id)) map.delete(id)
    }
  }
}

/** Short: the node's lease is renewed by the same heartbeat. */
const stateTimeoutMs = 5000

const phases: Record<cri.ContainerState, ContainerPhase> = {
  CONTAINER_CREATED: 'created', CONTAINER_RUNNING: 'running', CONTAINER_EXITED: 'exited', CONTAINER_UNKNOWN: 'unknown',
}

/** Who asked for its start was killed meanwhile, and containerd gave it up: that says nothing about the container. Pure. */
export const neverRan = ({ state, reason, message }: Pick<cri.ContainerStatus, 'state' | 'reason' | 'message'>): boolean =>
  state === 'CONTAINER_EXITED' && reason === 'StartError' && /(: context canceled|failed to start shim: start failed: .*: signal: killed)(: unknown)?$/s.test(message)

async function ifFound<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call
  } catch (error) {
    if (isNotFound(error)) return undefined
    throw plainWords(error)
  }
}

async function worded<T>(call: Promise<T>): Promise<T> {
  try {
    return await call
  } catch (error) {
    throw plainWords(error)
  }
}

// What becomes of a container is told in the runtime's own words, without the code of the call.
async function described<T>(call: Promise<T>): Promise<T> {
  try {
    return await call
  } catch (error) {
    throw error instanceof RpcError ? new Error(error.details, { cause: error }) : error
  }
}
