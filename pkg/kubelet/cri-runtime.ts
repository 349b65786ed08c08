// The RuntimeService over the CRI of containerd.
import { availableParallelism } from 'node:os'
import { longestSeconds } from '../api/times.ts'
import type { CriClient } from '../containerd/cri.ts'
import { isNotFound, isUnimplemented, nanosToMs, RpcError } from '../containerd/cri.ts'
import type * as cri from '../containerd/cri-types.ts'
import type { Clock } from '../util/clock.ts'
import { sleep } from '../util/clock.ts'
import { containerConfig, resourcesOf, sandboxConfig, sandboxResources } from './cri-config.ts'
import { containerNameLabel, ownerLabel, podNameLabel, podNamespaceLabel, podUidLabel } from './labels.ts'
import type {
  ContainerLimits, ContainerPhase, ContainerSpec, ExecResult, RuntimeAbilities, RuntimeContainer, RuntimeHost, RuntimePod, RuntimeSandbox, RuntimeService, RuntimeState,
  SandboxSizes, SandboxSpec, StreamRequest,
} from './runtime-service.ts'
import { ExecTimeout } from './runtime-service.ts'
import { plainWords } from './rpc-words.ts'
import type { SeenContainer, SeenPod } from './seen-pods.ts'
import { SeenPods } from './seen-pods.ts'
import { WorkGate } from './work-gate.ts'

/** Tells of every task that ends, with the id of its container or sandbox. Returns the end of it. */
export type TaskExits = (onExit: (containerId: string) => void, onGap: () => void) => () => void

export interface CriRuntimeOptions {
  readonly cri: CriClient
  readonly clock: Clock
  readonly taskExits: TaskExits
  /** Marks this kubelet's pods, and only those are seen: the node's name. */
  readonly owner: string
  /** Files of cgroup version 2 that every container's has, and their texts. */
  readonly unified?: Readonly<Record<string, string>>
}

/** Of many pods that start at once, those that are nearly there come first. */
const ranks = { start: 0, create: 1, sandbox: 2 }

const settleDelaysMs = [2, 5, 10, 20, 40, 80, 160, 320, 640, 1280, 2560, 5120]

export class CriRuntime implements RuntimeService, RuntimeHost {
  readonly #cri: CriClient
  readonly #clock: Clock
  readonly #taskExits: TaskExits
  readonly #owner: string
  readonly #unified: Readonly<Record<string, string>> | undefined
  readonly #gate = new WorkGate(4 * availableParallelism())
  readonly #seen = new SeenPods()
  /** That go on now, by sandbox. */
  readonly #stops = new Map<string, Promise<object>>()
  abilities: RuntimeAbilities | undefined

  constructor(options: CriRuntimeOptions) {
    this.#cri = options.cri
    this.#clock = options.clock
    this.#taskExits = options.taskExits
    this.#owner = options.owner
    this.#unified = options.unified
  }

  async state(): Promise<RuntimeState> {
    const [version, answer] = await Promise.all([this.#cri.version({}, { timeoutMs: stateTimeoutMs }), this.#cri.status({}, { timeoutMs: stateTimeoutMs })])
    // Others are remarks: containerd 2 has one about settings that are to go.
    const broken = (answer.status?.conditions ?? []).filter(({ type, status }) => !status && (type === 'RuntimeReady' || type === 'NetworkReady'))
    const name = `${version.runtimeName}://${version.runtimeVersion.replace(/^v/, '').replace(/~.*$/, '')}`
    const handlers = Object.fromEntries((answer.runtimeHandlers ?? []).map(({ name: handler, features }) => [handler, { recursiveReadOnlyMounts: features?.recursiveReadOnlyMounts ?? false, userNamespaces: features?.userNamespaces ?? false }]))
    const abilities = { handlers, ...(answer.features ? { supplementalGroupsPolicy: answer.features.supplementalGroupsPolicy } : {}) }
    this.abilities = abilities
    const problems = broken.map((condition) => `${condition.type === 'NetworkReady' ? 'container runtime network not ready' : 'container runtime not ready'}: ${condition.type}=false reason:${condition.reason} message:${condition.message}`)
    return { version: name, abilities, problems }
  }

  async pods(uid?: string): Promise<readonly RuntimePod[]> {
    if (uid === undefined) return this.#list()
    const known = this.#seen.find(uid)
    if (!known) return this.#list(uid)
    const pod = await this.#refreshed(known)
    return pod.sandboxes.length + pod.containers.length > 0 ? [pod] : []
  }

  /** Asks only for what is not known. */
  async #refreshed(pod: SeenPod): Promise<RuntimePod> {
    const [sandboxes, containers] = await Promise.all([
      Promise.all([...pod.sandboxes.values()].map(async (entry) => (entry.value ??= await this.#sandbox(entry.id)) ?? this.#seen.remove(entry))),
      Promise.all([...pod.containers.values()].map(async (entry) => entry.value ?? await this.#refreshedContainer(entry))),
    ])
    return runtimePod(pod, sandboxes.filter((each) => each !== undefined), containers.filter((each) => each !== undefined))
  }

  async #refreshedContainer(entry: SeenContainer): Promise<RuntimeContainer | undefined> {
    const status = await this.#containerStatus(entry.id)
    if (!status) return this.#seen.remove(entry)
    const container = runtimeContainer(status, entry.sandboxId)
    if (isSettled(status)) entry.value = container
    return container
  }

  async #list(uid?: string): Promise<readonly RuntimePod[]> {
    const since = this.#seen.time
    const filter = { filter: { labelSelector: { [ownerLabel]: this.#owner, ...(uid === undefined ? {} : { [podUidLabel]: uid }) } } }
    const [sandboxes, containers] = await Promise.all([this.#cri.listPodSandbox(filter), this.#cri.listContainers(filter)])
    const sandboxesOf = Map.groupBy(sandboxes.items, uidOf)
    const containersOf = Map.groupBy(containers.containers, uidOf)
    const uids = new Set([...sandboxesOf.keys(), ...containersOf.keys()])
    uids.delete('')
    const pods = await Promise.all([...uids].map((each) => this.#pod(each, { sandboxes: sandboxesOf.get(each) ?? [], containers: containersOf.get(each) ?? [] }, since)))
    if (uid === undefined) this.#seen.putAll(uids, since)
    else if (pods.length === 0) this.#seen.put({ uid, name: '', namespace: '', sandboxes: [], containers: [] }, since)
    return pods
  }

  async #pod(uid: string, listed: { sandboxes: readonly cri.PodSandbox[]; containers: readonly cri.Container[] }, since: number): Promise<RuntimePod> {
    const labels = listed.sandboxes[0]?.labels ?? listed.containers[0]?.labels ?? {}
    const names = { uid, name: labels[podNameLabel] ?? '', namespace: labels[podNamespaceLabel] ?? '' }
    const known = this.#seen.find(uid)
    const [sandboxes, containers] = await Promise.all([
      Promise.all(listed.sandboxes.map(async (sandbox): Promise<RuntimeSandbox | undefined> => {
        if (sandbox.state !== 'SANDBOX_READY') return { id: sandbox.id, attempt: sandbox.metadata.attempt, ready: false, createdAtMs: nanosToMs(sandbox.createdAt) ?? 0, ips: [] }
        const before = known?.sandboxes.get(sandbox.id)?.value
        return before?.ready ? before : this.#sandbox(sandbox.id)
      })),
      Promise.all(listed.containers.map(async ({ id, podSandboxId, state }): Promise<RuntimeContainer & { settled: boolean } | undefined> => {
        const before = known?.containers.get(id)?.value
        if (before && (state === 'CONTAINER_RUNNING' ? before.phase === 'running' : state === 'CONTAINER_EXITED' && before.phase !== 'running')) return { ...before, settled: true }
        const status = await this.#containerStatus(id)
        return status && { ...runtimeContainer(status, podSandboxId), settled: isSettled(status) }
      })),
    ])
    const found = { sandboxes: sandboxes.filter((each) => each !== undefined), containers: containers.filter((each) => each !== undefined) }
    this.#seen.put({ ...names, ...found }, since)
    return runtimePod(names, found.sandboxes, found.containers)
  }

  async #sandbox(id: string): Promise<RuntimeSandbox | undefined> {
    const status = (await ifFound(this.#cri.podSandboxStatus({ podSandboxId: id })))?.status
    return status && {
      id, attempt: status.metadata.attempt, ready: status.state === 'SANDBOX_READY', createdAtMs: nanosToMs(status.createdAt) ?? 0,
      ips: status.state === 'SANDBOX_READY' ? [status.network?.ip ?? '', ...(status.network?.additionalIps ?? []).map((other) => other.ip)].filter(Boolean) : [],
    }
  }

  async #containerStatus(id: string): Promise<cri.ContainerStatus | undefined> {
    return (await ifFound(this.#cri.containerStatus({ containerId: id })))?.status
  }

  async createSandbox(spec: SandboxSpec): Promise<string> {
    const request = { config: sandboxConfig(spec, this.#owner), ...(spec.handler ? { runtimeHandler: spec.handler } : {}) }
    const { podSandboxId } = await this.#changing(spec.uid, this.#gate.run(ranks.sandbox, () => worded(this.#cri.runPodSandbox(request))))
    this.#seen.addSandbox(spec, podSandboxId)
    return podSandboxId
  }

  async resizeSandbox(id: string, sizes: SandboxSizes): Promise<void> {
    await worded(this.#cri.updatePodSandboxResources({ podSandboxId: id, ...sandboxResources(sizes) }).catch((error: unknown) => {
      if (!isUnimplemented(error)) throw error
    }))
  }

  async stopSandbox(id: string): Promise<void> {
    await this.#ending(id, [() => this.#stopSandbox(id)])
  }

  async removeSandbox(id: string): Promise<void> {
    await this.#ending(id, [() => this.#stopSandbox(id), () => this.#cri.removePodSandbox({ podSandboxId: id })])
  }

  /** A sandbox shows as stopped while its network is still being taken down; asked a second time then, containerd finds half of it and fails. */
  #stopSandbox(id: string): Promise<object> {
    let stop = this.#stops.get(id)
    if (!stop) {
      stop = this.#cri.stopPodSandbox({ podSandboxId: id }).finally(() => this.#stops.delete(id))
      this.#stops.set(id, stop)
    }
    return stop
  }

  async createContainer(sandboxId: string, sandbox: SandboxSpec, spec: ContainerSpec): Promise<string> {
    const request = { podSandboxId: sandboxId, config: containerConfig(sandbox, spec, this.#owner, this.#unified), sandboxConfig: sandboxConfig(sandbox, this.#owner) }
    const { containerId } = await this.#changing(sandbox.uid, described(this.#cri.createContainer(request)))
    this.#seen.addContainer(sandbox, containerId, sandboxId)
    return containerId
  }

  async startContainer(id: string): Promise<void> {
    await this.#changing(this.#seen.uidOf(id), described(this.#cri.startContainer({ containerId: id })))
    this.#seen.touch(id)
  }

  async stopContainer(id: string, graceSeconds: number): Promise<void> {
    await this.#changing(this.#seen.uidOf(id), ifFound(this.#cri.stopContainer({ containerId: id, timeout: Math.min(graceSeconds, longestSeconds) })))
    this.#seen.touch(id)
  }

  async removeContainer(id: string): Promise<void> {
    await this.#ending(id, [() => this.#cri.removeContainer({ containerId: id })])
  }

  /** Whatever a call has done before it failed is looked for. */
  async #changing<T>(uid: string | undefined, call: Promise<T>): Promise<T> {
    try {
      return await call
    } catch (error) {
      this.#seen.doubt(uid)
      throw error
    }
  }

  /** What else ends with it is not told. */
  async #ending(id: string, calls: readonly (() => Promise<object>)[]): Promise<void> {
    const uid = this.#seen.uidOf(id)
    try {
      for (const call of calls) await ifFound(call())
    } finally {
      this.#seen.doubt(uid)
    }
  }

  async updateContainer(id: string, limits: ContainerLimits): Promise<void> {
    await worded(this.#cri.updateContainerResources({ containerId: id, linux: resourcesOf(limits, this.#unified) }))
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
    const stop = this.#taskExits((id) => void this.#tellEnd(id, listener, abort.signal), () => {
      this.#seen.doubtAll()
      listener(undefined)
    })
    return () => {
      stop()
      abort.abort()
    }
  }

  async #tellEnd(id: string, listener: (uid: string | undefined) => void, signal: AbortSignal): Promise<void> {
    const labels = await this.#settled(id, signal).catch(() => undefined)
    if (signal.aborted) return
    this.#seen.touch(id)
    const uid = this.#seen.uidOf(id)
    // Neither ours nor of a kubelet before us: somebody else's.
    const foreign = uid === undefined && labels !== undefined && labels[ownerLabel] !== this.#owner
    if (!foreign) listener(uid ?? labels?.[podUidLabel])
  }

  /**
   * containerd tells that a task has ended before its CRI part has noted the end; the promise of onChange is about the latter.
   * A task may even end before the CRI has noted its start: then it is CREATED and RUNNING once more before it is EXITED.
   * Resolves with the labels of what has ended, as far as they can be read.
   */
  async #settled(id: string, signal: AbortSignal): Promise<Readonly<Record<string, string>> | undefined> {
    let labels: Readonly<Record<string, string>> | undefined
    for (const delayMs of settleDelaysMs) {
      const status = await this.#status(id)
      labels = status?.labels ?? labels
      if (!status || !alive.has(status.state) || signal.aborted) break
      await sleep(this.#clock, delayMs, signal)
    }
    return labels
  }

  /** Of a container or a sandbox, whichever it is. */
  async #status(id: string): Promise<{ state: string; labels?: Readonly<Record<string, string>> } | undefined> {
    const known = this.#seen.kindOf(id)
    const container = known === 'sandbox' ? undefined : await this.#containerStatus(id)
    return container ?? (known === 'container' ? undefined : (await ifFound(this.#cri.podSandboxStatus({ podSandboxId: id })))?.status)
  }
}

const alive = new Set(['SANDBOX_READY', 'CONTAINER_RUNNING', 'CONTAINER_CREATED'])

const uidOf = ({ labels }: { readonly labels: Readonly<Record<string, string>> }): string => labels[podUidLabel] ?? ''

/** What does not change until something happens that is told. */
const isSettled = ({ state }: cri.ContainerStatus): boolean => state === 'CONTAINER_RUNNING' || state === 'CONTAINER_EXITED'

/** Newest first. */
const runtimePod = ({ uid, name, namespace }: Pick<RuntimePod, 'uid' | 'name' | 'namespace'>, sandboxes: readonly RuntimeSandbox[], containers: readonly RuntimeContainer[]): RuntimePod => ({
  uid, name, namespace,
  sandboxes: sandboxes.toSorted((a, b) => b.createdAtMs - a.createdAtMs || b.attempt - a.attempt),
  containers: containers.toSorted((a, b) => b.attempt - a.attempt || b.createdAtMs - a.createdAtMs),
})

function runtimeContainer(status: cri.ContainerStatus, sandboxId: string): RuntimeContainer {
  return {
    id: status.id,
    sandboxId,
    name: status.labels[containerNameLabel] ?? status.metadata.name,
    attempt: status.metadata.attempt,
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
