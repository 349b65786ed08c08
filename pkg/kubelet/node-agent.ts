// Registers this node, tells its status when it changes, and renews its lease.
import { isAlreadyExists, isNotFound } from '../api/status-error.ts'
import { formatMicroTime } from '../api/times.ts'
import { leases, type Lease } from '../api/types-config.ts'
import type { Node, NodeStatus, Taint } from '../api/types-node.ts'
import { nodes } from '../api/types-node.ts'
import type { Client } from '../client/client.ts'
import type { Clock, Timer } from '../util/clock.ts'
import { sleep } from '../util/clock.ts'
import type { NodeDevices } from './device-manager.ts'
import type { NodeFacts } from './node-facts.ts'
import type { Pressure } from './eviction-signals.ts'
import { conditionEvents, type HeldBack, nodeLabels, nodeStatus, withoutHeartbeats } from './node-status.ts'
import { oneProblem, RuntimeHealth } from './runtime-health.ts'
import type { ImageService, RuntimeHost, RuntimeImage, RuntimeState } from './runtime-service.ts'
import { same } from './status-patch.ts'

export interface NodeAgentOptions {
  readonly name: string
  readonly client: Client
  readonly clock: Clock
  readonly facts: NodeFacts
  readonly addresses: () => readonly string[]
  /** Why it takes no pods although its runtime would; undefined when it does. */
  readonly refusal?: () => string | undefined
  readonly maxPods: number
  /** How many images are named, 50 unless told; below 0 all. */
  readonly statusImages?: number
  readonly held: HeldBack
  /** About the node itself. */
  readonly record: (event: { type: 'Normal' | 'Warning'; reason: string; message: string }) => void
  readonly kubeletPort: number
  readonly labels: Readonly<Record<string, string>>
  readonly taints?: readonly Taint[]
  readonly runtime: Pick<RuntimeHost, 'state'>
  readonly images: Pick<ImageService, 'list'>
  readonly volumesInUse: () => readonly string[]
  readonly devices: () => NodeDevices
  /** Asked at each heartbeat. */
  readonly pressures: () => ReadonlySet<Pressure>
  readonly log: (message: string) => void
}

const heartbeatMs = 10_000
/** A node that is not ready looks more often whether it is. */
const unreadyMs = 500
const leaseSeconds = 40
const fullStatusMs = 300_000
const leaseNamespace = 'kube-node-lease'

export class NodeAgent {
  readonly #options: NodeAgentOptions
  #node: Node | undefined
  #sent: { status: NodeStatus; atMs: number } | undefined
  #images: readonly RuntimeImage[] = []
  /** As the runtime told it last. */
  #state: RuntimeState = { version: '' }
  readonly #health = new RuntimeHealth()
  #timer: Timer | undefined
  #ready = false
  #hurried = false
  #renewedMs: number | undefined
  #beating: Promise<void> | undefined
  #telling: Promise<void> = Promise.resolve()
  readonly #stopping = new AbortController()

  constructor(options: NodeAgentOptions) {
    this.#options = options
  }

  get uid(): string | undefined {
    return this.#node?.metadata.uid
  }

  /** Resolves when the node is registered and its first status told. */
  async start(signal: AbortSignal): Promise<void> {
    this.#options.record({ type: 'Normal', reason: 'Starting', message: 'Starting kubelet.' })
    for (let retryMs = 50; ; retryMs = Math.min(2000, retryMs * 2)) {
      try {
        await this.#register()
        await this.tell()
        this.#options.record({ type: 'Normal', reason: 'NodeAllocatableEnforced', message: 'Updated Node Allocatable limit across pods' })
        break
      } catch (error) {
        signal.throwIfAborted()
        this.#options.log(`node ${this.#options.name} could not be registered: ${(error as Error).message}`)
        await sleep(this.#options.clock, retryMs, signal)
      }
    }
    this.#beat()
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    this.#timer?.cancel()
    await this.#beating
  }

  /** What the status tells has changed: it is told at once. */
  hurry(): void {
    this.#hurried = !this.#timer
    if (!this.#timer) return
    this.#timer.cancel()
    this.#timer = undefined
    this.#beat()
  }

  async #register(): Promise<void> {
    const { client, name, facts, labels, taints } = this.#options
    const wanted = { ...nodeLabels(name, facts.architecture), ...labels }
    // What an object of this name was told that is gone, this one does not know.
    this.#sent = undefined
    try {
      this.#node = await client.create(nodes, {
        apiVersion: 'v1', kind: 'Node',
        metadata: { name, labels: wanted, annotations: { 'volumes.kubernetes.io/controller-managed-attach-detach': 'true' } },
        spec: taints && taints.length > 0 ? { taints: [...taints] } : {}, status: await this.#status(),
      })
    } catch (error) {
      if (!isAlreadyExists(error)) throw error
      const existing = await client.get(nodes, { name })
      const known = existing.status?.nodeInfo?.bootID
      if (known && facts.bootID && known !== facts.bootID) this.#options.record({ type: 'Warning', reason: 'Rebooted', message: `Node ${name} has been rebooted, boot id: ${facts.bootID}` })
      const missing = Object.entries(wanted).filter(([key, value]) => existing.metadata.labels?.[key] !== value)
      this.#node = missing.length === 0 ? existing : await client.patch(nodes, { name }, { type: 'merge', body: { metadata: { labels: Object.fromEntries(missing) } } })
    }
  }

  async #status(): Promise<NodeStatus> {
    const { name, facts, addresses, maxPods, kubeletPort, clock, runtime, images, pressures, refusal } = this.#options
    const answer = await runtime.state().catch((error: Error) => this.#silent(error))
    if (answer) {
      this.#state = answer
      this.#health.answered(answer.problems ?? [], clock.monotonic())
    }
    const state = this.#state
    const refusing = refusal?.()
    const problems = this.#health.problems(clock.monotonic())
    this.#ready = answer !== undefined && problems.length === 0
    // Between the two it may have gone; those known last are told then.
    if (this.#ready) this.#images = await images.list().catch(() => this.#images)
    const problem = oneProblem([...problems, ...(refusing === undefined ? [] : [refusing])])
    return nodeStatus({
      name, facts, addresses: addresses(), maxPods, statusImages: this.#options.statusImages ?? 50, held: this.#options.held, kubeletPort, images: this.#images, volumesInUse: this.#options.volumesInUse(), devices: this.#options.devices(), abilities: state.abilities ?? { handlers: {} }, pressures: pressures(), nowMs: clock.now(),
      runtimeVersion: state.version || this.#node?.status?.nodeInfo?.containerRuntimeVersion || '',
      previous: this.#node?.status?.conditions ?? [],
      ...(problem === undefined ? {} : { problem }),
    })
  }

  /** The runtime does not answer: said once. */
  #silent(error: Error): undefined {
    if (this.#state.version !== '' && this.#ready) this.#options.log(`the container runtime does not answer: ${error.message}`)
  }

  /** Resolves when the status that the node has now is told, if it has changed. One after another: an older one never overwrites a newer. */
  tell(): Promise<void> {
    const told = this.#telling.then(() => this.#tell())
    this.#telling = told.catch(() => undefined)
    return told
  }

  async #tell(): Promise<void> {
    const { client, clock, name } = this.#options
    const status = await this.#status()
    const last = this.#sent
    if (last && clock.monotonic() - last.atMs < fullStatusMs && same(withoutHeartbeats(status), withoutHeartbeats(last.status))) return
    // The whole list of addresses is ours; capacities are merged by name, so that those of others stay.
    const body = { status: { ...status, volumesInUse: status.volumesInUse ?? null, runtimeHandlers: status.runtimeHandlers ?? null, features: status.features ?? null, addresses: [...(status.addresses ?? []), { $patch: 'replace' }] } }
    this.#node = await client.patch(nodes, { name }, { type: 'strategic', body }, { subresource: 'status' })
    for (const event of conditionEvents(name, last?.status.conditions ?? [], status.conditions ?? [])) this.#options.record(event)
    this.#sent = { status, atMs: clock.monotonic() }
  }

  #beat(): void {
    if (this.#stopping.signal.aborted) return
    this.#timer = undefined
    this.#beating = this.#beatOnce().finally(() => {
      // What changed while it was told may not have been.
      const delayMs = this.#hurried ? 0 : this.#ready ? heartbeatMs : unreadyMs
      this.#hurried = false
      if (!this.#stopping.signal.aborted) this.#timer = this.#options.clock.setTimer(() => this.#beat(), delayMs)
    })
  }

  async #beatOnce(): Promise<void> {
    const { clock } = this.#options
    try {
      if (this.#renewedMs === undefined || clock.monotonic() - this.#renewedMs >= heartbeatMs - unreadyMs) await this.#renew()
      await this.tell()
    } catch (error) {
      if (this.#stopping.signal.aborted) return
      if (isNotFound(error)) await this.#register().catch(() => undefined)
      this.#options.log(`heartbeat of node ${this.#options.name}: ${(error as Error).message}`)
    }
  }

  async #renew(): Promise<void> {
    const { client, clock, name } = this.#options
    const renewTime = formatMicroTime(clock.now())
    try {
      await client.patch(leases, { namespace: leaseNamespace, name }, { type: 'merge', body: { spec: { renewTime, holderIdentity: name, leaseDurationSeconds: leaseSeconds } } })
    } catch (error) {
      if (!isNotFound(error)) throw error
      const owner = this.#node?.metadata.uid ? { ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name, uid: this.#node.metadata.uid }] } : {}
      const lease: Lease = {
        apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name, namespace: leaseNamespace, ...owner },
        spec: { holderIdentity: name, leaseDurationSeconds: leaseSeconds, renewTime },
      }
      await client.create(leases, lease)
    }
    this.#renewedMs = clock.monotonic()
  }
}
