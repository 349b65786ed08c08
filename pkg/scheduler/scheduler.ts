// The scheduler: pods without a node come in from the informer, bindings go out.
import type { Client } from '../client/client.ts'
import type { EventRecorder } from '../client/events.ts'
import type { Informer, InformerChange, Informers } from '../client/informer.ts'
import { keyOf, type Resource } from '../api/object.ts'
import { isConflict, isNotFound } from '../api/status-error.ts'
import { nodes, type Node } from '../api/types-node.ts'
import { pods, type Pod } from '../api/types-pod.ts'
import { sleep, type Clock } from '../util/clock.ts'
import { family, labelValue, type Sample } from '../util/counters.ts'
import { isOwnChange, nodeChanges, placedPodChanges } from './changes.ts'
import { decide, type Unplaced } from './cycle.ts'
import type { ChangeKind, Plugin } from './plugin.ts'
import { isTerminal, podInfo, type PodInfo } from './pod-info.ts'
import { deleteVictim, writeBinding, writeStatus, type StatusChange } from './pod-writes.ts'
import { SchedulingQueue, type QueuedPod } from './queue.ts'
import { type Attempt, SchedulerFigures } from './scheduler-figures.ts'
import { ClusterSnapshot } from './snapshot.ts'
import { timedPlugin } from './timed-plugins.ts'

/** Scheduling starts when the kind has been read; with `kind`, its changes bring pods back. */
export interface WatchedKind {
  readonly resource: Resource
  readonly kind?: ChangeKind
}

/** One try in so many has its plugins timed. */
const timedEvery = 10
/** What an event holds. */
const longestMessage = 1024
const cutMark = ' ...'

export interface SchedulerOptions {
  readonly client: Client
  readonly informers: Informers
  readonly events: EventRecorder
  readonly clock: Clock
  readonly plugins: readonly Plugin[]
  /** Other kinds that the plugins read. */
  readonly watches?: readonly WatchedKind[]
  /** Pods of other schedulers are counted, and left alone. */
  readonly schedulerName?: string
  readonly log: (text: string) => void
}

/** How many bindings may be on their way at once. */
const bindingLimit = 256
/** How long cycles may keep others from running. */
const sliceMs = 5

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** Nothing in it polls: it works when an informer, a finished binding or the end of a back-off wakes it, or when a refusal is five minutes old. */
export class Scheduler {
  readonly name = 'scheduler'
  readonly #options: SchedulerOptions
  readonly #schedulerName: string
  readonly #snapshot = new ClusterSnapshot()
  readonly #queue: SchedulingQueue
  readonly #figures: SchedulerFigures
  readonly #pods: Informer<Pod>
  readonly #stop = new AbortController()
  readonly #unsubscribe: (() => void)[] = []
  // Writes that are on their way.
  readonly #writes = new Set<Promise<void>>()
  #bindings = 0
  readonly #timedPlugins: readonly Plugin[]
  #running = false
  #pumping = false
  #pump = Promise.resolve()
  #offset = 0

  constructor(options: SchedulerOptions) {
    this.#options = options
    this.#schedulerName = options.schedulerName ?? 'default-scheduler'
    this.#pods = options.informers.for(pods)
    this.#figures = new SchedulerFigures({ clock: options.clock, profile: this.#schedulerName })
    this.#timedPlugins = options.plugins.map((plugin) => timedPlugin(plugin, { clock: options.clock, seriesOf: this.#figures.seriesOf }))
    this.#queue = new SchedulingQueue({ clock: options.clock, plugins: options.plugins, onReady: () => this.#wake(), incoming: this.#figures.incoming })
  }

  /** Resolves when it has seen the cluster and schedules. */
  async start(signal?: AbortSignal): Promise<void> {
    const { informers, watches = [] } = this.#options
    const nodeInformer = informers.for(nodes)
    const others = watches.map(({ resource, kind }) => ({ informer: informers.for(resource), kind }))
    this.#unsubscribe.push(nodeInformer.onChange((change) => this.#nodeChanged(change)))
    this.#unsubscribe.push(this.#pods.onChange((change) => this.#podChanged(change)))
    for (const { informer, kind } of others) {
      if (!kind) continue
      this.#unsubscribe.push(informer.onChange(({ object, previous }) => {
        const changed = object ?? previous
        if (changed) this.#queue.notify({ kind, object: changed, action: !previous ? 'Add' : object ? 'Update' : 'Delete' })
      }))
    }
    await Promise.all([nodeInformer, this.#pods, ...others.map(({ informer }) => informer)].map((informer) => informer.whenSynced()))
    if (this.#stop.signal.aborted || signal?.aborted) return
    this.#running = true
    this.#wake()
  }

  /** Its figures, in Prometheus' text form. */
  lines(): string[] {
    const profile = labelValue(this.#schedulerName)
    const { nodes: { length: nodeCount }, podCount, assumedCount } = this.#snapshot
    return [
      ...family('scheduler_pending_pods', 'gauge', 'Pods that wait to be scheduled, by where.', Object.entries(this.#queue.pending()).map(([queue, count]): Sample => [`queue="${queue}"`, count])),
      ...family('scheduler_unschedulable_pods', 'gauge', 'Pods that wait since a plugin refused them, by plugin.', [...this.#queue.rejections()].map(([plugin, count]): Sample => [`plugin="${plugin}",profile=${profile}`, count])),
      ...family('scheduler_cache_size', 'gauge', 'What the scheduler keeps of the cluster; the pods that are assumed have a node that nobody has shown yet.', [['type="nodes"', nodeCount], ['type="pods"', podCount], ['type="assumed_pods"', assumedCount]]),
      ...this.#figures.lines(),
    ]
  }

  async stop(): Promise<void> {
    this.#running = false
    this.#stop.abort(new Error('the scheduler stops'))
    for (const unsubscribe of this.#unsubscribe.splice(0)) unsubscribe()
    this.#queue.stop()
    await this.#pump
    while (this.#writes.size > 0) await Promise.all(this.#writes)
  }

  #nodeChanged({ object, previous }: InformerChange<Node>): void {
    if (!object) {
      if (!previous) return
      this.#snapshot.removeNode(previous.metadata.name ?? '')
      return this.#queue.notify({ kind: 'node-gone', object: previous })
    }
    this.#snapshot.setNode(object)
    for (const kind of nodeChanges(previous, object)) this.#queue.notify({ kind, object })
  }

  #podChanged({ object: pod, previous }: InformerChange<Pod>): void {
    const uid = (pod ?? previous)?.metadata.uid ?? ''
    if (pod?.spec.nodeName) {
      this.#queue.remove(uid)
      this.#snapshot.setPod(pod)
      // What was in the way is to be seen in what it was before.
      for (const kind of placedPodChanges(previous, pod)) this.#queue.notify({ kind, object: (kind === 'pod-gone' && previous) || pod })
    } else if (pod && !isTerminal(pod) && !pod.metadata.deletionTimestamp) {
      if (pod.spec.schedulerName === this.#schedulerName || pod.spec.schedulerName === undefined) this.#waitingPodChanged(pod, previous)
    } else {
      this.#queue.remove(uid)
      const held = this.#snapshot.release(uid)
      const last = pod ?? previous
      if (!held || !last) return
      for (const plugin of this.#options.plugins) plugin.unreserve?.(podInfo(last))
      this.#queue.notify({ kind: 'pod-gone', object: last })
    }
  }

  #waitingPodChanged(pod: Pod, previous: Pod | undefined): void {
    const info = podInfo(pod)
    // The informer is behind our own binding. Should that fail, it is this pod that is tried again.
    if (this.#snapshot.isAssumed(info.uid)) return this.#queue.refresh(info)
    const promised = this.#snapshot.nominationOf(info.uid)
    if (!previous || previous.status?.nominatedNodeName !== pod.status?.nominatedNodeName) this.#snapshot.nominate(info, pod.status?.nominatedNodeName)
    if (promised !== undefined && promised !== this.#snapshot.nominationOf(info.uid)) this.#queue.notify({ kind: 'pod-gone', object: pod })
    if (!previous || isOwnChange(previous, pod)) this.#queue.add(info)
    else this.#queue.refresh(info)
  }

  #wake(): void {
    if (!this.#running || this.#pumping) return
    // Not at once: a burst of changes is seen whole before the first cycle runs.
    this.#pumping = true
    this.#pump = Promise.resolve().then(() => this.#run())
  }

  // `#pumping` ends in the very step that found nothing to do, or what comes in right after it would wake nobody.
  async #run(): Promise<void> {
    const { clock } = this.#options
    let endMs = clock.monotonic() + sliceMs
    while (this.#running && this.#bindings < bindingLimit) {
      const next = this.#queue.pop()
      if (!next) break
      this.#try(next)
      if (clock.monotonic() < endMs) continue
      await sleep(clock, 0, this.#stop.signal).catch(() => undefined)
      endMs = clock.monotonic() + sliceMs
    }
    this.#pumping = false
  }

  #try(next: QueuedPod): void {
    const { info } = next
    const pod = this.#pods.get(keyOf(info.pod))
    if (!pod || pod.metadata.uid !== info.uid || pod.spec.nodeName || pod.metadata.deletionTimestamp) return this.#queue.remove(info.uid)
    const attempt = this.#figures.begin()
    try {
      const { clock } = this.#options
      const offset = this.#offset++
      const plugins = offset % timedEvery === 0 ? this.#timedPlugins : this.#options.plugins
      const decision = decide(info, this.#snapshot, { plugins, random: () => clock.random(), offset, passed: attempt.passed })
      if (decision.node !== undefined) return this.#place(next, decision.node, attempt)
      this.#refuse(info, decision)
      attempt.ended('unschedulable')
    } catch (error) {
      attempt.ended('error')
      // A fault of a plugin must not stop the others' pods.
      this.#snapshot.forget(info.uid)
      this.#failed(info, error)
      this.#queue.retry(info.uid)
    }
  }

  #place(queued: QueuedPod, nodeName: string, attempt: Attempt): void {
    const { info } = queued
    attempt.chosen()
    const promised = this.#snapshot.nominationOf(info.uid)
    this.#snapshot.assume(info, nodeName)
    if (promised !== undefined && promised !== nodeName) this.#queue.notify({ kind: 'pod-gone', object: info.pod })
    const node = this.#snapshot.node(nodeName)
    attempt.restart()
    if (node) for (const plugin of this.#options.plugins) plugin.reserve?.(info, node)
    attempt.passed('Reserve', 'Success')
    this.#track(this.#bind(queued, nodeName, attempt))
  }

  async #bind(queued: QueuedPod, nodeName: string, attempt: Attempt): Promise<void> {
    const { info } = queued
    const { client, events, plugins } = this.#options
    let point: 'PreBind' | 'Bind' = 'PreBind'
    try {
      for (const plugin of plugins) if (plugin.preBind) await plugin.preBind(info, nodeName, this.#stop.signal)
      attempt.passed(point, 'Success')
      point = 'Bind'
      // Pods whose volumes are being made don't count: they may take minutes.
      this.#bindings++
      await writeBinding(client, info.pod, nodeName).finally(() => {
        this.#bindings--
        this.#wake()
      })
      this.#queue.remove(info.uid)
      attempt.passed(point, 'Success')
      attempt.ended('scheduled')
      this.#figures.scheduled(queued)
      const { namespace, name } = info.pod.metadata
      events.record(info.pod, { type: 'Normal', reason: 'Scheduled', action: 'Binding', message: `Successfully assigned ${namespace}/${name} to ${nodeName}` })
    } catch (error) {
      attempt.passed(point, 'Error')
      attempt.ended('error')
      this.#unbind(info, error)
    }
  }

  // The pod may be gone, may have got its node from someone else, or the answer was lost on its way: the informer tells.
  #unbind(info: PodInfo, error: unknown): void {
    for (const plugin of this.#options.plugins) plugin.unreserve?.(info)
    if (!this.#snapshot.forget(info.uid)) return
    this.#queue.notify({ kind: 'pod-gone', object: info.pod })
    if (this.#stop.signal.aborted) return
    // Not found may be a claim as well as the pod: the next try looks for itself.
    if (!isConflict(error) && !isNotFound(error)) this.#failed(info, error)
    this.#queue.retry(info.uid)
  }

  #tellFailure(pod: Pod, message: string): void {
    const told = message.length > longestMessage ? `${message.slice(0, longestMessage - cutMark.length)}${cutMark}` : message
    this.#options.events.record(pod, { type: 'Warning', reason: 'FailedScheduling', action: 'Scheduling', message: told })
  }

  #failed({ pod }: PodInfo, error: unknown): void {
    const message = textOf(error)
    this.#options.log(`scheduling ${pod.metadata.namespace}/${pod.metadata.name} failed: ${message}`)
    this.#tellFailure(pod, message)
    this.#writeStatus(pod, { condition: { type: 'PodScheduled', status: 'False', reason: 'SchedulerError', message } })
  }

  #refuse(info: PodInfo, { message, rejectors, remedy: { nominate, victims = [] } }: Unplaced): void {
    this.#queue.reject(info.uid, rejectors)
    this.#tellFailure(info.pod, message)
    if (nominate !== undefined) this.#snapshot.nominate(info, nominate)
    this.#writeStatus(info.pod, {
      condition: { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message },
      ...(nominate === undefined ? {} : { nominatedNodeName: nominate }),
    })
    if (!nominate) return
    this.#figures.preempted(victims.length)
    this.#preempt(info, nominate, victims)
  }

  #preempt(info: PodInfo, nodeName: string, victims: readonly PodInfo[]): void {
    const { client, clock, events, log } = this.#options
    // Less important pods that were promised this room look elsewhere.
    for (const other of this.#snapshot.nominated(nodeName)) {
      if (other.priority >= info.priority) continue
      this.#snapshot.nominate(other, undefined)
      const condition = other.pod.status?.conditions?.find(({ type }) => type === 'PodScheduled')
      if (condition) this.#writeStatus(other.pod, { condition, nominatedNodeName: '' })
    }
    for (const victim of victims) {
      this.#track(deleteVictim(client, victim.pod, { schedulerName: this.#schedulerName, nowMs: clock.now() }).then(
        () => events.record(victim.pod, { type: 'Normal', reason: 'Preempted', action: 'Preempting', related: info.pod, message: `Preempted by pod ${info.uid} on node ${nodeName}` }),
        (error: unknown) => {
          log(`preempting ${victim.pod.metadata.namespace}/${victim.pod.metadata.name} failed: ${textOf(error)}`)
          // Nothing will come of the promise: try again.
          this.#snapshot.nominate(info, undefined)
          this.#queue.retry(info.uid)
        },
      ))
    }
  }

  #writeStatus(pod: Pod, change: StatusChange): void {
    const { client, clock, log } = this.#options
    this.#track(writeStatus(client, pod, { ...change, nowMs: clock.now() }).catch((error: unknown) => {
      if (!isNotFound(error) && !isConflict(error)) log(`status of ${pod.metadata.namespace}/${pod.metadata.name} was not written: ${textOf(error)}`)
    }))
  }

  #track(write: Promise<void>): void {
    this.#writes.add(write)
    void write.finally(() => this.#writes.delete(write))
  }
}
