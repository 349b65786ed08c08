// The loop of one pod: look, tell, plan, act. Everything that may matter to the pod only wakes it.
import { keyOf } from '../api/object.ts'
import { isConflict, isNotFound } from '../api/status-error.ts'
import { formatTime } from '../api/times.ts'
import type { ContainerStatus, Pod, PodStatus } from '../api/types-pod.ts'
import type { Volume } from '../api/types-volume.ts'
import { pods } from '../api/types-pod.ts'
import type { Client } from '../client/client.ts'
import type { EventRecorder } from '../client/events.ts'
import type { Clock, Timer } from '../util/clock.ts'
import { onNextTurn } from '../util/turn.ts'
import { PodActor } from './pod-actor.ts'
import type { Ending, PodVerdict } from './pod-ending.ts'
import { activeDeadlineMs, deadlineVerdict, isTerminal, podEnding } from './pod-ending.ts'
import type { PodPlan } from './pod-plan.ts'
import { planPod } from './pod-plan.ts'
import { containerFieldPath, podContainers, podText, podUid } from './pod-names.ts'
import { PodAllocation, resourcesOfPod } from './pod-allocation.ts'
import { ownConditions } from './pod-conditions.ts'
import { resizeFile } from './pod-files.ts'
import { isStatic } from './pod-importance.ts'
import { type ResizeRefusal, resizeSummary, type WaitingResize } from './pod-resize.ts'
import { changedResources } from './pod-resizer.ts'
import { containerID, lostTermination, podStatus } from './pod-status.ts'
import type { PodTools } from './pod-tools.ts'
import { usedVolumes } from './pod-volumes.ts'
import type { RuntimePod } from './runtime-service.ts'
import { same } from './status-patch.ts'
import type { MountedVolume } from './volume.ts'
import { StatusWriter } from './status-writer.ts'
import { terminationMessage } from './termination-message.ts'
import type { SyncType } from './work-figures.ts'

export interface PodWorkerOptions {
  readonly pod: Pod
  readonly tools: PodTools
  readonly client: Client
  readonly events: EventRecorder
  readonly clock: Clock
  readonly log: (message: string) => void
  /** Whether this node takes the pod; asked once, before anything of it is started. */
  readonly admit: (pod: Pod) => Promise<PodVerdict | undefined>
  /** Why an admitted pod cannot have what it asks for by now. */
  readonly refuseResize: (pod: Pod) => ResizeRefusal | undefined
  /** It uses less of the node than before: what waits for room may be looked at again. */
  readonly onFreed: () => void
  /** Nothing of the pod is left on this node. */
  readonly onGone: (uid: string) => void
}

const errorRetryMs = 1000

export class PodWorker {
  readonly #options: PodWorkerOptions
  readonly #actor: PodActor
  readonly #writer: StatusWriter
  readonly #messages = new Map<string, string>()
  readonly #listeners = new Set<() => void>()
  readonly #allocation: PodAllocation
  /** As the API server has it; `#pod` has the resources instead that it was allocated here. */
  #asked: Pod
  #pod: Pod
  #resize: { pending?: ResizeRefusal & { readonly generation: number; readonly sinceMs: number }; progress?: { readonly error?: string; readonly generation: number } } = {}
  #status: PodStatus
  #runtime: RuntimePod
  #verdict: PodVerdict | undefined
  #admitted = false
  #removed = false
  #gone = false
  #freed = false
  #stopped = false
  #deleting = false
  #dirty = false
  #running: Promise<void> | undefined
  #timer: Timer | undefined
  #endMs: number | undefined
  /** Finer than the status tells it. */
  #startedMs: number | undefined
  #waited = new Set<string>()
  /** What the next look is for, and since when it is called for. */
  #call: { type: SyncType; sinceMs: number } | undefined
  #looked = false

  constructor(options: PodWorkerOptions) {
    this.#options = options
    this.#asked = options.pod
    this.#allocation = new PodAllocation(options.pod, resizeFile(options.tools.node.paths, podUid(options.pod)))
    this.#pod = this.#allocation.applied(options.pod)
    this.#status = options.pod.status ?? {}
    this.#startedMs = this.#status.startTime === undefined ? undefined : Date.parse(this.#status.startTime)
    this.#runtime = { uid: podUid(options.pod), name: '', namespace: '', sandboxes: [], containers: [] }
    this.#writer = new StatusWriter(isStatic(options.pod) ? undefined : options.pod, { ...options, written: options.tools.figures.statusWritten })
    options.tools.figures.seen(options.pod)
    this.#actor = new PodActor({ ...options, allocation: this.#allocation, wake: () => this.wake(), known: (name) => this.#known(name) })
  }

  /** With what it has been allocated of the node. */
  get pod(): Pod {
    return this.#pod
  }

  /** A resize that has to wait until others leave room. */
  get deferredResize(): WaitingResize | undefined {
    const { pending } = this.#resize
    return pending?.reason === 'Deferred' ? { asked: this.#asked, allocated: this.#pod, sinceMs: pending.sinceMs } : undefined
  }

  /** What the runtime had of it when it was last looked at. */
  get runtime(): RuntimePod {
    return this.#runtime
  }

  get status(): PodStatus {
    return this.#status
  }

  /** Those that are mounted. */
  get volumes(): ReadonlyMap<string, MountedVolume> {
    return this.#actor.volumes
  }

  /** How many of the volumes that it needs are mounted, and how many it needs, by what serves them. */
  volumeCounts(): Record<'actual' | 'desired', ReadonlyMap<string, number>> {
    const count = (volumes: readonly Volume[]): ReadonlyMap<string, number> => {
      const counts = new Map<string, number>()
      for (const volume of volumes) counts.set(this.#actor.pluginOf(volume), (counts.get(this.#actor.pluginOf(volume)) ?? 0) + 1)
      return counts
    }
    const { spec: { volumes = [] } } = this.#pod
    return { actual: count(volumes.filter(({ name }) => this.volumes.has(name))), desired: count(this.active && !this.#removed ? usedVolumes(this.#pod) : []) }
  }

  /** Whether it still uses the node's resources. */
  get active(): boolean {
    return !this.#gone && !isTerminal(this.#status.phase)
  }

  /** Whether it is to be here. */
  get desired(): boolean {
    return !this.#removed
  }

  /** Whether its part of the node is not to be had: the scheduler gives away at once what a deleted pod had, even while that still ends. */
  get claims(): boolean {
    return this.active && !this.#removed
  }

  update(pod: Pod): void {
    this.#writer.observe(pod)
    this.#options.tools.figures.shown(pod)
    const before = this.#asked
    this.#asked = pod
    this.#pod = this.#allocation.applied(pod)
    const news = !same(asked(before), asked(pod))
    if (news) this.#actor.podChanged(before, pod)
    this.decideResize()
    // Otherwise it is our own word that comes back.
    if (news || !same(pod.status, this.#status)) this.wake(news ? 'update' : 'sync')
  }

  /** The node ends it, unless it is ending already. */
  evict(verdict: PodVerdict): void {
    if (this.#verdict || this.#removed || isTerminal(this.#status.phase)) return
    this.#verdict = verdict
    this.#options.events.record(this.#pod, { type: 'Warning', reason: verdict.reason, message: verdict.message })
    this.wake()
  }

  /** Containers that have ended and have a successor: only their logs are of use, and the disk is full. */
  async dropEnded(): Promise<void> {
    await this.#actor.dropEnded(this.#pod, this.#runtime)
    this.wake()
  }

  /** Gives the pod what it asks for by now, if the node has it. */
  decideResize(): void {
    const { events, clock, refuseResize, onFreed } = this.#options
    if (!this.#admitted || !this.#allocation.admitted || this.#verdict || this.#removed || isTerminal(this.#status.phase)) return
    const asked = this.#asked
    const generation = asked.metadata.generation ?? 0
    if (asked === this.#allocation.applied(asked)) return void delete this.#resize.pending
    const refusal = sameAmounts(asked, this.#pod) ? undefined : refuseResize(asked)
    if (refusal) {
      const { pending } = this.#resize
      if (pending?.reason === refusal.reason && pending.message === refusal.message && pending.generation === generation) return
      const sinceMs = pending?.reason === refusal.reason ? pending.sinceMs : clock.now()
      this.#resize.pending = { ...refusal, generation, sinceMs }
      events.record(this.#pod, { type: 'Warning', reason: `Resize${refusal.reason}`, message: `Pod resize ${refusal.reason}: ${resizeSummary(asked, refusal.message)}` })
    } else {
      const silent = sameAmounts(asked, this.#pod)
      this.#allocation.take(asked)
      this.#pod = asked
      this.#actor.resizeChanged()
      this.#resize = silent ? {} : { progress: { generation } }
      if (!silent) events.record(asked, { type: 'Normal', reason: 'ResizeStarted', message: `Pod resize started: ${resizeSummary(asked)}` })
      onFreed()
    }
    this.wake()
  }

  /** What shows a static pod on the API server. */
  mirror(mirror: Pod | undefined): void {
    this.#writer.retarget(mirror)
    // A kubelet that has just started knows from it when the pod began.
    const began = mirror?.status?.startTime
    if (began !== undefined && (this.#startedMs === undefined || Date.parse(began) < this.#startedMs)) {
      this.#startedMs = Date.parse(began)
      this.#status = { ...this.#status, startTime: began }
    }
    this.wake()
  }

  /** The API object is gone: what runs is ended, and every trace is removed. */
  remove(): void {
    this.#removed = true
    this.#writer.stop()
    this.wake()
  }

  wake(type: SyncType = 'sync'): void {
    this.#dirty = true
    if (this.#call?.type === 'sync' && type !== 'sync') this.#call.type = type
    this.#call ??= { type, sinceMs: this.#options.clock.monotonic() }
    if (this.#stopped || this.#gone) return
    if (this.#running) return
    this.#running = this.#loop().finally(() => {
      this.#running = undefined
      // Woken after the loop had looked for the last time.
      if (this.#dirty) this.wake()
    })
  }

  /** Calls back after each look at the runtime. */
  onLook(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  /** Ends the loop; the pod goes on. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#timer?.cancel()
    this.#writer.stop()
    this.#actor.release()
    await this.#running
  }

  async #loop(): Promise<void> {
    while (this.#dirty && !this.#stopped && !this.#gone) {
      // What else comes in this turn is seen too; and a pod that always finds something to do leaves others theirs.
      await new Promise<void>(onNextTurn)
      this.#dirty = false
      try {
        await this.#run()
      } catch (error) {
        if (this.#stopped) return
        this.#options.log(`pod ${podText(this.#pod)}: ${error instanceof Error ? error.stack ?? error.message : String(error)}`)
        this.#wakeAt(this.#options.clock.now() + errorRetryMs)
      }
    }
  }

  async #run(): Promise<void> {
    const { clock, tools: { figures } } = this.#options
    const epoch = this.#actor.epoch
    this.#call ??= { type: 'sync', sinceMs: clock.monotonic() }
    if (!this.#looked) {
      figures.looked(podUid(this.#pod))
      this.#looked = true
      this.#call.type = 'create'
    }
    const runtime = (await this.#options.tools.runtime.pods(podUid(this.#pod)))[0] ?? { ...this.#runtime, sandboxes: [], containers: [] }
    await this.#readMessages(runtime)
    if (this.#stopped) return
    // Something was done while we looked: what we saw may be old.
    if (epoch !== this.#actor.epoch) {
      this.#dirty = true
      return
    }
    this.#runtime = runtime
    for (const listener of [...this.#listeners]) listener()
    await this.#admit()
    if (this.#stopped) return
    const ending = this.#ending()
    this.#actor.syncProbes(this.#pod, runtime, ending !== undefined)
    const plan = this.#plan(ending)
    this.#tell(plan, ending)
    if (ending && this.#endMs === undefined) this.#actor.abortStarts()
    if (ending) {
      const endMs = clock.now() + ending.graceSeconds * 1000
      this.#endMs = Math.min(this.#endMs ?? Infinity, endMs)
    }
    const { type, sinceMs } = this.#call
    this.#call = undefined
    const synced = (): void => figures.synced(ending ? 'kill' : type, clock.monotonic() - sinceMs)
    if (ending && plan.stopped && !this.#actor.starting) return this.#finish().then(synced)
    const row = this.#actor.act(this.#pod, { plan, runtime, ...(this.#endMs === undefined ? {} : { endMs: this.#endMs }) })
    if (row) void row.then(synced)
    else synced()
    this.#wakeAt(Math.min(plan.wakeAtMs ?? Infinity, this.#deadlineMs() ?? Infinity))
  }

  async #admit(): Promise<void> {
    if (this.#admitted) return
    const begun = this.#runtime.sandboxes.length > 0 || this.#status.startTime !== undefined
    const verdict = this.#verdict || begun || this.#removed ? undefined : await this.#options.admit(this.#pod)
    this.#verdict ??= verdict
    this.#admitted = true
    if (!this.#verdict && !this.#allocation.admitted) this.#allocation.take(this.#asked)
    if (this.#verdict) this.#options.events.record(this.#pod, { type: 'Warning', reason: this.#verdict.reason, message: this.#verdict.refused ?? this.#verdict.message })
  }

  #ending(): Ending | undefined {
    const { clock } = this.#options
    const deadlineMs = this.#deadlineMs()
    if (!this.#verdict && deadlineMs !== undefined && deadlineMs <= clock.now() && !isTerminal(this.#status.phase)) {
      this.#verdict = deadlineVerdict
      this.#options.events.record(this.#pod, { type: 'Normal', ...deadlineVerdict })
    }
    return podEnding({ pod: this.#pod, removed: this.#removed, phase: this.#status.phase, ...(this.#verdict ? { verdict: this.#verdict } : {}) })
  }

  #deadlineMs(): number | undefined {
    return activeDeadlineMs(this.#pod, this.#startedMs)
  }

  #plan(ending: Ending | undefined): PodPlan {
    const { clock } = this.#options
    return planPod({
      pod: this.#pod, runtime: this.#runtime, nowMs: clock.now(), ending: ending !== undefined,
      ...this.#actor.planInput(),
      lastRun: (name) => {
        const old = this.#statuses().find((each) => each.name === name)
        if (!old?.containerID) return undefined
        return { restartCount: old.restartCount, exitCode: (old.state?.terminated ?? (old.state?.waiting ? old.lastState?.terminated : undefined))?.exitCode ?? lostTermination.exitCode }
      },
    })
  }

  #statuses(): ContainerStatus[] {
    return [...(this.#status.initContainerStatuses ?? []), ...(this.#status.containerStatuses ?? []), ...(this.#status.ephemeralContainerStatuses ?? [])]
  }

  #known(containerId: string): { started: boolean; ready: boolean } | undefined {
    const old = this.#statuses().find((each) => each.containerID === containerID(containerId))
    return old ? { started: old.started ?? false, ready: old.ready } : undefined
  }

  /** Makes the status and hands it to the writer. */
  #tell(plan: PodPlan, ending: Ending | undefined): void {
    this.#noteBackOff(plan)
    this.#startedMs ??= this.#options.clock.now()
    // What has ended for good is not told anew: the runtime may have forgotten it.
    if (this.#removed || (isTerminal(this.#status.phase) && isTerminal(this.#pod.status?.phase))) return
    const alive = this.#runtime.containers.some((container) => container.phase === 'running')
    this.#followResize(ending !== undefined)
    const { pending, progress } = this.#resize
    const stopped = (ending !== undefined || plan.finished) && !alive && !this.#actor.starting
    this.#status = podStatus({
      recursiveReadOnly: this.#options.tools.handlers.features(this.#pod)?.recursiveReadOnlyMounts ?? false,
      pod: this.#pod,
      previous: this.#previous(),
      runtime: this.#runtime,
      nowMs: this.#options.clock.now(),
      hostIPs: this.#options.tools.node.hostIPs,
      waiting: (name) => plan.waiting.get(name) ?? this.#actor.trouble(name),
      probes: (id) => this.#actor.probes(id),
      terminationMessage: (id) => this.#messages.get(id) ?? '',
      starting: (name) => this.#actor.hooked(name),
      stopped,
      resize: { ...(pending ? { pending } : {}), ...(progress ? { inProgress: progress } : {}) },
      actuated: (id, container) => this.#allocation.actuated(id, container),
      ...(this.#verdict ? { verdict: this.#verdict } : {}),
    })
    if (this.#status.phase === 'Running') this.#options.tools.figures.running(podUid(this.#pod))
    this.#writer.write(this.#status, plan.starts.length > 0 && !ending)
    // A pod that has just become terminal is ended by the next run.
    if (isTerminal(this.#status.phase) && !ending) this.#dirty = true
  }

  #followResize(ending: boolean): void {
    const { progress } = this.#resize
    const state = ending ? undefined : this.#actor.resizeState(this.#pod, this.#runtime)
    if (ending) this.#resize = {}
    else if (state) {
      const generation = progress?.generation ?? this.#pod.metadata.generation ?? 0
      this.#resize.progress = { ...state, generation }
      if (state.error !== undefined && state.error !== progress?.error) {
        this.#options.events.record(this.#pod, { type: 'Warning', reason: 'ResizeError', message: `Pod resize error: ${resizeSummary(this.#pod, state.error)}` })
      }
    } else if (progress) {
      delete this.#resize.progress
      this.#options.events.record(this.#pod, { type: 'Normal', reason: 'ResizeCompleted', message: `Pod resize completed: ${resizeSummary(this.#pod)}` })
    }
  }

  /** Our own last words, and what others have written to the status since. */
  #previous(): PodStatus {
    const theirs = this.#asked.status ?? {}
    const foreign = (theirs.conditions ?? []).filter((condition) => !ownConditions.has(condition.type))
    const own = (this.#status.conditions ?? []).filter((condition) => ownConditions.has(condition.type))
    return { ...theirs, ...this.#status, conditions: [...own, ...foreign] }
  }

  #noteBackOff(plan: PodPlan): void {
    for (const [name] of plan.waiting) {
      const ended = this.#runtime.containers.find((container) => container.name === name)
      const key = ended?.id ?? name
      if (this.#waited.has(key)) continue
      this.#waited.add(key)
      const target = podContainers(this.#pod).find((each) => each.container.name === name)
      this.#options.events.record(this.#pod, {
        type: 'Warning', reason: 'BackOff', message: `Back-off restarting failed container ${name} in pod ${podText(this.#pod)}`,
        ...(target ? { fieldPath: containerFieldPath(target) } : {}),
      })
    }
  }

  async #readMessages(runtime: RuntimePod): Promise<void> {
    for (const container of runtime.containers) {
      if (container.phase !== 'exited' || this.#messages.has(container.id)) continue
      const told = this.#toldMessage(container.id)
      this.#messages.set(container.id, told ?? await terminationMessage(container, this.#actor.logPath(this.#pod, container)))
    }
    const ids = new Set(runtime.containers.map((container) => container.id))
    for (const id of this.#messages.keys()) if (!ids.has(id)) this.#messages.delete(id)
  }

  /** The message that the status has already: its file may be gone. */
  #toldMessage(id: string): string | undefined {
    return this.#statuses().flatMap((each) => [each.state?.terminated, each.lastState?.terminated]).find((ended) => ended?.containerID === containerID(id))?.message
  }

  /** Nothing runs any more: give back what the pod had, and tell the API server that it may go. */
  async #finish(): Promise<void> {
    if (!this.#freed) this.#options.onFreed()
    this.#freed = true
    await this.#actor.cleanUp(this.#pod)
    if (this.#removed) {
      await this.#actor.purge(this.#pod, this.#runtime)
      this.#gone = true
      this.#options.tools.figures.gone(podUid(this.#pod))
      this.#options.onGone(podUid(this.#pod))
      this.#options.onFreed()
      return
    }
    this.#tellSandboxGone()
    if (this.#pod.metadata.deletionTimestamp === undefined || this.#deleting) return
    this.#deleting = true
    try {
      await this.#writer.settled()
      await this.#options.client.delete(pods, keyOf(this.#pod), { gracePeriodSeconds: 0, preconditions: { uid: podUid(this.#pod) } })
    } catch (error) {
      if (isNotFound(error)) return
      this.#deleting = false
      if (!isConflict(error)) throw error
      // Another pod has its name, which the watch will tell; or others wrote to it at the same time.
      this.#wakeAt(this.#options.clock.now() + errorRetryMs)
    }
  }

  /** The one thing about an ended pod that changes after its containers have: it told its last before its sandbox was stopped. */
  #tellSandboxGone(): void {
    const conditions = this.#previous().conditions ?? []
    const ready = conditions.find(({ type, status }) => type === 'PodReadyToStartContainers' && status === 'True')
    if (!ready || !isTerminal(this.#status.phase)) return
    const gone = { ...ready, status: 'False', lastTransitionTime: formatTime(this.#options.clock.now()) } as const
    this.#status = { ...this.#status, conditions: conditions.map((each) => (each === ready ? gone : each)) }
    this.#writer.write(this.#status)
  }

  #wakeAt(atMs: number): void {
    this.#timer?.cancel()
    this.#timer = undefined
    if (Number.isFinite(atMs)) this.#timer = this.#options.clock.setTimer(() => this.wake(), Math.max(0, atMs - this.#options.clock.now()))
  }
}

/** What others ask of the pod; the rest is our own status coming back. */
const asked = ({ metadata: { generation, labels, annotations, deletionTimestamp } }: Pod): object => ({ generation, labels, annotations, deletionTimestamp })

const sameAmounts = (a: Pod, b: Pod): boolean => {
  const [left, right] = [resourcesOfPod(a), resourcesOfPod(b)]
  return Object.keys(left).every((name) => changedResources(left[name], right[name]).length === 0)
}
