// Carries out a pod's plans: one row of starts at a time, each kill on its own; remembers what failed and why.
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Pod } from '../api/types-pod.ts'
import type { Volume } from '../api/types-volume.ts'
import type { Client } from '../client/client.ts'
import type { EventRecorder } from '../client/events.ts'
import { claimFault } from './pod-claims.ts'
import type { Clock, Timer } from '../util/clock.ts'
import { podCgroup } from './container-resources.ts'
import { startSources } from './container-starter.ts'
import { runHook } from './lifecycle-hook.ts'
import type { KillAction, PlanInput, PodPlan, StartAction } from './pod-plan.ts'
import { containerLogPath, podDirectory } from './pod-files.ts'
import { type PodGarbage, podGarbage } from './pod-garbage.ts'
import { containerFieldPath, logDirectory, podContainers, podUid } from './pod-names.ts'
import type { PodAllocation } from './pod-allocation.ts'
import { PodResizer } from './pod-resizer.ts'
import type { Waiting } from './pod-status.ts'
import type { PodTools } from './pod-tools.ts'
import { PodVolumes } from './pod-volumes.ts'
import { VolumeFailure, VolumePending } from './volume.ts'
import { wholeValue } from './quantity-values.ts'
import type { MountedVolume } from './volume.ts'
import { RestartBackOff, restartDelays } from './restart-back-off.ts'
import type { RuntimeContainer, RuntimePod, RuntimeSandbox } from './runtime-service.ts'
import { sandboxSpec } from './sandbox-spec.ts'
import { StartFailure } from './start-failure.ts'

export interface PodActorOptions {
  readonly pod: Pod
  readonly allocation: PodAllocation
  readonly tools: PodTools
  readonly client: Client
  readonly events: EventRecorder
  readonly clock: Clock
  readonly log: (message: string) => void
  wake(): void
  /** What the API server knows of a container's probes from before. */
  known(containerId: string): { started: boolean; ready: boolean } | undefined
}

interface Trouble extends Waiting {
  readonly untilMs: number
}

interface ActInput {
  readonly plan: PodPlan
  readonly runtime: RuntimePod
  readonly endMs?: number
}

const endlessMs = 24 * 3_600_000
/** How long a volume may be on its way before somebody is told. */
const mountPatienceMs = 123_000
const changedMs = 50

export class PodActor {
  readonly #options: PodActorOptions
  readonly #volumes: PodVolumes
  readonly #resizer: PodResizer
  readonly #backOff: RestartBackOff
  readonly #sandboxBackOff = new RestartBackOff({ baseMs: 1000, maxMs: 60_000 })
  readonly #volumeBackOff = new RestartBackOff({ baseMs: 500, maxMs: 122_000 })
  readonly #trouble = new Map<string, Trouble>()
  readonly #unwatch = new Map<string, () => void>()
  readonly #hooked = new Set<string>()
  readonly #mustRestart = new Set<string>()
  readonly #stoppingSandboxes = new Set<string>()
  readonly #resizeBackOff = new RestartBackOff({ baseMs: 1000, maxMs: 60_000 })
  #sandboxHoldMs = 0
  #resizing = false
  #resizeError: string | undefined
  #resizeTimer: Timer | undefined
  #pendingSinceMs: number | undefined
  #starts: { abort: AbortController; done: Promise<void> } | undefined
  #cleaned = false
  /** Grows with everything that is done: what was seen before is old then. */
  epoch = 0

  constructor(options: PodActorOptions) {
    this.#options = options
    this.#backOff = new RestartBackOff(options.tools.node.restarts ?? restartDelays())
    const { tools, clock } = options
    this.#resizer = new PodResizer({
      runtime: tools.runtime, cgroups: tools.cgroups, allocation: options.allocation, nodeMemoryBytes: wholeValue(tools.node.allocatable['memory']) || 1,
      cgroupPath: (pod) => podCgroup(pod, tools.node.cgroupDriver, tools.node.cgroupRoot), pidsLimit: tools.node.podPidsLimit,
    })
    this.#volumes = new PodVolumes({
      directory: podDirectory(tools.node.paths, podUid(options.pod)), types: tools.volumeTypes, watches: tools.watches, mounter: tools.node.mounter, clock, figures: tools.figures,
      remove: () => tools.directories.remove(podUid(options.pod)),
      onStale: () => {
        this.#resume?.()
        options.wake()
      },
    })
  }

  get volumes(): ReadonlyMap<string, MountedVolume> {
    return this.#volumes.mounted
  }

  /** What serves a volume of the pod. */
  pluginOf(volume: Volume): string {
    return this.#volumes.plugin(volume)
  }

  get starting(): boolean {
    return this.#starts !== undefined
  }

  planInput(): Pick<PlanInput, 'verdict' | 'backOff' | 'mustRestart' | 'hold' | 'sandboxHoldMs'> {
    const { prober } = this.#options.tools
    const nowMs = this.#options.clock.now()
    return {
      verdict: (id) => prober.state(id),
      backOff: (name, endedMs) => this.#backOff.wait(name, endedMs, nowMs),
      mustRestart: this.#mustRestart,
      hold: (name) => this.#trouble.get(name)?.untilMs,
      sandboxHoldMs: this.#sandboxHoldMs,
    }
  }

  trouble(name: string): Waiting | undefined {
    return this.#trouble.get(name)
  }

  hooked(name: string): boolean {
    return this.#hooked.has(name)
  }

  probes(containerId: string): { started: boolean; ready: boolean } {
    return this.#options.tools.prober.state(containerId)
  }

  logPath(pod: Pod, container: Pick<RuntimeContainer, 'name' | 'attempt'>): string {
    return join(this.#logs(pod), containerLogPath(container.name, container.attempt))
  }

  #logs(pod: Pod): string {
    const { namespace = '', name = '', uid = '' } = pod.metadata
    return logDirectory(this.#options.tools.node.paths.logs, { namespace, name, uid })
  }

  /** Its spec, labels or annotations are others now: what failed may succeed, what was made from them is old. */
  podChanged(before: Pod, now: Pod): void {
    const images = new Map(podContainers(before).map(({ container: { name, image } }) => [name, image]))
    for (const { container: { name, image } } of podContainers(now)) if (images.get(name) !== image) this.#backOff.forget(name)
    for (const [name, trouble] of this.#trouble) this.#trouble.set(name, { ...trouble, untilMs: 0 })
    this.#volumes.markStale()
    this.#volumeBackOff.forget('volumes')
  }

  syncProbes(pod: Pod, runtime: RuntimePod, ending: boolean): void {
    const { prober } = this.#options.tools
    const specs = new Map(podContainers(pod).filter((each) => each.kind === 'main' || each.kind === 'sidecar').map((each) => [each.container.name, each.container]))
    for (const container of runtime.containers) {
      const spec = specs.get(container.name)
      if (container.phase !== 'running') prober.remove(container.id)
      else if (ending) prober.ending(container.id)
      else if (spec && !this.#hooked.has(container.name)) {
        const known = this.#options.known(container.id)
        prober.add({ pod, container: spec, containerId: container.id, startedAtMs: container.startedAtMs, podIP: this.#podIP(pod, runtime), ...(known ? { known } : {}) })
      }
    }
  }

  abortStarts(): void {
    this.#starts?.abort.abort()
  }

  /** What it starts, to be done when all that is in the plan has been tried; undefined when that goes on already, or nothing is to be started. */
  act(pod: Pod, input: ActInput): Promise<void> | undefined {
    for (const kill of input.plan.kills) void this.#kill(pod, kill, input)
    for (const id of input.plan.stopSandboxes) void this.#stopSandbox(id)
    if (input.endMs === undefined && !input.plan.stopped) void this.#resize(pod, input)
    if (!this.#starts && !input.plan.stopped) {
      const abort = new AbortController()
      const work = input.plan.starts.length > 0 || (input.endMs === undefined && this.#volumes.stale(pod) && input.runtime.containers.length > 0)
      if (!work) return undefined
      const done = this.#startRow(pod, input, abort.signal).catch((error: unknown) => this.#failed(error, abort.signal)).finally(() => {
        this.#starts = undefined
        this.#acted()
      })
      this.#starts = { abort, done }
      return done
    }
    return undefined
  }

  #acted(): void {
    this.epoch++
    this.#options.wake()
  }

  #failed(error: unknown, signal: AbortSignal): void {
    if (signal.aborted) return
    this.#options.log(`pod ${this.#options.pod.metadata.namespace}/${this.#options.pod.metadata.name}: ${error instanceof Error ? error.stack ?? error.message : String(error)}`)
  }

  async #kill(pod: Pod, action: KillAction, { runtime, endMs }: ActInput): Promise<void> {
    const { tools } = this.#options
    const restart = action.reason !== 'ending' && action.reason !== 'sandbox'
    if (restart) this.#mustRestart.add(action.container.id)
    const again = tools.killer.busy(action.container.id)
    try {
      const deadline = endMs === undefined || restart ? {} : { endMs }
      await tools.killer.kill(pod, action, { ...deadline, podIP: this.#podIP(pod, runtime) })
    } catch (error) {
      this.#options.log(`container ${action.container.name} of pod ${pod.metadata.namespace}/${pod.metadata.name} could not be ended: ${(error as Error).message}`)
    } finally {
      if (!again) this.#acted()
    }
  }

  /** What to say of a resize that has been allocated and has not come through. */
  resizeState(pod: Pod, runtime: RuntimePod): { error?: string } | undefined {
    if (!runtime.containers.some(({ phase }) => phase === 'running') || !this.#resizer.due(pod, runtime)) return undefined
    return this.#resizeError === undefined ? {} : { error: this.#resizeError }
  }

  async #resize(pod: Pod, input: ActInput): Promise<void> {
    const { clock, wake, allocation, log } = this.#options
    if (this.#resizing || this.resizeState(pod, input.runtime) === undefined) return
    this.#resizeTimer?.cancel()
    const nowMs = clock.now()
    const held = this.#resizeBackOff.wait('resize', this.#resizeBackOff.notedMs('resize'), nowMs)
    if (held) {
      this.#resizeTimer = clock.setTimer(wake, held.untilMs - nowMs)
      return
    }
    this.#resizing = true
    try {
      const restarts = await this.#resizer.apply(pod, input.runtime)
      const targets = new Map(podContainers(pod).map((each) => [each.container.name, each]))
      // The end of each tells; until then nothing is to be seen.
      for (const container of restarts) {
        const target = targets.get(container.name)
        void this.#kill(pod, { type: 'kill', container, ...(target ? { target } : {}), reason: 'changed', message: `Container ${container.name} resize requires restart` }, input)
      }
      allocation.forgetExcept(new Set(input.runtime.containers.map((container) => container.id)))
      this.#resizeError = undefined
      this.#resizeBackOff.forget('resize')
      this.#resizing = false
      if (restarts.length === 0) this.#acted()
    } catch (error) {
      this.#resizing = false
      this.#resizeError = (error as Error).message
      log(`pod ${pod.metadata.namespace}/${pod.metadata.name} could not be resized: ${this.#resizeError}`)
      this.#resizeBackOff.next('resize', clock.now())
      this.#acted()
    }
  }

  /** Another size is asked for: what was wrong with the last one says nothing about it. */
  resizeChanged(): void {
    this.#resizeError = undefined
    this.#resizeBackOff.forget('resize')
  }

  async #stopSandbox(id: string): Promise<void> {
    if (this.#stoppingSandboxes.has(id)) return
    this.#stoppingSandboxes.add(id)
    try {
      await this.#options.tools.runtime.stopSandbox(id)
    } catch (error) {
      this.#options.log(`sandbox ${id} could not be stopped: ${(error as Error).message}`)
    } finally {
      this.#stoppingSandboxes.delete(id)
      this.#acted()
    }
  }

  async #startRow(pod: Pod, { plan, runtime }: ActInput, signal: AbortSignal): Promise<void> {
    if (!(await this.#volumesReady(pod, runtime, signal))) return
    for (const action of plan.starts) {
      if (signal.aborted) return
      if (action.type === 'sandbox') return this.#createSandbox(pod, action, runtime)
      const sandbox = runtime.sandboxes.find((each) => each.ready)
      if (!sandbox) return
      await this.#startContainer(pod, action, { runtime, sandbox, signal })
    }
    await this.#collectGarbage(pod, runtime)
  }

  async #volumesReady(pod: Pod, runtime: RuntimePod, signal: AbortSignal): Promise<boolean> {
    if (!this.#volumes.stale(pod)) return true
    const { tools, client, clock, events } = this.#options
    const addresses = { podIPs: this.#podIPs(pod, runtime), hostIPs: tools.node.hostIPs }
    const { changes } = this.#volumes
    try {
      await this.#volumes.setUp(pod, { addresses, allocatable: tools.node.allocatable, client })
      this.#volumeBackOff.forget('volumes')
      this.#pendingSinceMs = undefined
      return true
    } catch (error) {
      if (signal.aborted) return false
      const event = this.#volumeEvent(error as Error)
      if (event) events.record(pod, { type: 'Warning', ...event })
      this.#volumeBackOff.next('volumes', clock.now())
      const wait = this.#volumeBackOff.wait('volumes', clock.now(), clock.now())
      // What has changed while we tried may have been what was missing.
      await this.#pause(this.#volumes.changes === changes ? wait?.delayMs ?? 500 : changedMs, signal)
      return false
    }
  }

  /** Nothing is told of a volume that only takes its time, until it takes too much. */
  #volumeEvent(error: Error): { reason: string; message: string } | undefined {
    if (!(error instanceof VolumePending)) return { reason: error instanceof VolumeFailure ? error.reason : 'FailedMount', message: error.message }
    const nowMs = this.#options.clock.now()
    this.#pendingSinceMs ??= nowMs
    if (nowMs - this.#pendingSinceMs < mountPatienceMs) return undefined
    this.#pendingSinceMs = nowMs
    return { reason: 'FailedMount', message: `Unable to attach or mount volumes: unmounted volumes=[${error.volume}], unattached volumes=[${error.volume}], failed to process volumes=[]: context deadline exceeded` }
  }

  /** Until the time is over, a source changes, or the pod is to end. */
  #pause(delayMs: number, signal: AbortSignal): Promise<void> {
    const { clock } = this.#options
    return new Promise((resolve) => {
      const end = (): void => {
        timer.cancel()
        this.#resume = undefined
        resolve()
      }
      const timer = clock.setTimer(end, delayMs)
      this.#resume = end
      signal.addEventListener('abort', end, { once: true })
    })
  }

  #resume: (() => void) | undefined

  async #createSandbox(pod: Pod, { attempt, changed }: { attempt: number; changed: boolean }, runtime: RuntimePod): Promise<void> {
    const { tools, events, client } = this.#options
    const fault = await claimFault(pod, client)
    if (fault !== undefined) return this.#holdSandbox(pod, { reason: 'FailedPrepareDynamicResources', message: `Failed to prepare dynamic resources: prepare dynamic resources: ${fault}` })
    try {
      if (changed) {
        events.record(pod, { type: 'Normal', reason: 'SandboxChanged', message: 'Pod sandbox changed, it will be killed and re-created.' })
        for (const old of runtime.sandboxes) await tools.runtime.stopSandbox(old.id)
      }
      const handler = await tools.handlers.find(pod)
      tools.users.check(pod, handler)
      const spec = sandboxSpec(pod, attempt, tools.node, { handler, users: await tools.users.of(pod) })
      // systemd makes a slice with the first thing in it.
      const slice = spec.cgroupParent.endsWith('.slice')
      if (!slice) await this.#resizer.confine(pod)
      await tools.figures.makingSandbox(handler, () => tools.users.counting(pod, () => tools.runtime.createSandbox(spec)))
      if (slice) await this.#resizer.confine(pod)
      this.#sandboxBackOff.forget('sandbox')
    } catch (error) {
      this.#holdSandbox(pod, { reason: 'FailedCreatePodSandBox', message: `Failed to create pod sandbox: ${(error as Error).message}` })
    }
  }

  /** Again after a while. */
  #holdSandbox(pod: Pod, because: { readonly reason: string; readonly message: string }): void {
    const { events, clock } = this.#options
    events.record(pod, { type: 'Warning', ...because })
    this.#sandboxBackOff.next('sandbox', clock.now())
    this.#sandboxHoldMs = this.#sandboxBackOff.wait('sandbox', clock.now(), clock.now())?.untilMs ?? 0
  }

  async #startContainer(pod: Pod, action: StartAction, { runtime, sandbox, signal }: { runtime: RuntimePod; sandbox: RuntimeSandbox; signal: AbortSignal }): Promise<void> {
    const { tools, clock } = this.#options
    const { container } = action.target
    if (action.replaces) await tools.runtime.removeContainer(action.replaces)
    const again = runtime.containers.some((each) => each.name === container.name && each.phase === 'exited')
    if (container.lifecycle?.postStart) this.#hooked.add(container.name)
    const processesOf = this.#target(pod, action, runtime)
    try {
      await this.#resizer.widen(pod, runtime)
      const id = await tools.starter.start({
        pod, target: action.target, attempt: action.attempt, sandboxId: sandbox.id, sandbox: sandboxSpec(pod, sandbox.attempt, tools.node, { handler: '', users: await tools.users.of(pod) }),
        podIPs: this.#podIPs(pod, runtime), volumes: this.#volumes.mounted, signal, ...(processesOf === undefined ? {} : { processesOf }),
      })
      this.#options.allocation.note(id, container.resources ?? {})
      this.#untrouble(container.name)
      // Not earlier: until it has started, the plan is about the one that has ended.
      if (again) this.#backOff.next(container.name, clock.now())
      this.#acted()
      await this.#postStart(pod, action, { id, podIP: this.#podIP(pod, runtime), signal })
    } catch (error) {
      if (!(error instanceof StartFailure)) throw error
      // Its sandbox has died under it: the next plan makes another one.
      const now = (await tools.runtime.pods(podUid(pod)))[0]
      if (!now?.sandboxes.find((each) => each.id === sandbox.id)?.ready) return
      if (again && error.reason === 'RunContainerError') this.#backOff.next(container.name, clock.now())
      // One that was made and could not be run has ended, so the restart back-off holds for it.
      const ended = now.containers.some((each) => each.name === container.name && each.attempt === action.attempt && each.phase === 'exited')
      this.#setTrouble(pod, action, ended ? new StartFailure(error.reason, error.message, 0) : error)
    } finally {
      this.#hooked.delete(container.name)
      this.#acted()
    }
  }

  #target(pod: Pod, { target }: StartAction, runtime: RuntimePod): string | undefined {
    const name = pod.spec.ephemeralContainers?.find((each) => each.name === target.container.name)?.targetContainerName
    return name ? runtime.containers.find((each) => each.name === name && each.phase === 'running')?.id : undefined
  }

  async #postStart(pod: Pod, { target }: StartAction, { id, podIP, signal }: { id: string; podIP: string; signal: AbortSignal }): Promise<void> {
    const hook = target.container.lifecycle?.postStart
    if (!hook) return
    const { tools, clock, events } = this.#options
    const hooked = runHook(hook, { pod, container: target.container, containerId: id, podIP, timeoutMs: endlessMs }, { runtime: tools.runtime, clock, signal })
    const aborted = new Promise<'aborted'>((resolve) => signal.addEventListener('abort', () => resolve('aborted'), { once: true }))
    const outcome = await Promise.race([hooked.then(() => undefined, (error: Error) => error), aborted])
    if (outcome === undefined || outcome === 'aborted') return
    events.record(pod, { type: 'Warning', reason: 'FailedPostStartHook', message: 'PostStartHook failed', fieldPath: containerFieldPath(target) })
    const container = (await tools.runtime.pods(podUid(pod)))[0]?.containers.find((each) => each.id === id)
    if (container?.phase === 'running') await tools.killer.kill(pod, { type: 'kill', container, target, reason: 'changed', message: 'FailedPostStartHook' }, { podIP })
    throw new StartFailure('PostStartHookError', outcome.message, 0)
  }

  #setTrouble(pod: Pod, { target: { container } }: StartAction, failure: StartFailure): void {
    this.#trouble.set(container.name, { reason: failure.reason, message: failure.message, untilMs: failure.retryAtMs })
    if (failure.reason !== 'CreateContainerConfigError' || this.#unwatch.has(container.name)) return
    const stops = startSources(pod, container).map((ref) => this.#options.tools.watches.watch(ref, () => {
      const trouble = this.#trouble.get(container.name)
      if (trouble) this.#trouble.set(container.name, { ...trouble, untilMs: 0 })
      this.#options.wake()
    }, { catchUp: true }))
    this.#unwatch.set(container.name, () => stops.forEach((stop) => stop()))
  }

  #untrouble(name: string): void {
    this.#trouble.delete(name)
    this.#unwatch.get(name)?.()
    this.#unwatch.delete(name)
  }

  async #collectGarbage(pod: Pod, runtime: RuntimePod): Promise<void> {
    await this.#drop(pod, podGarbage(runtime))
  }

  async dropEnded(pod: Pod, runtime: RuntimePod): Promise<void> {
    if (!this.#starts) await this.#drop(pod, podGarbage(runtime, 1))
  }

  async #drop(pod: Pod, garbage: PodGarbage): Promise<void> {
    const { tools } = this.#options
    for (const container of garbage.containers) {
      await tools.runtime.removeContainer(container.id)
      this.#mustRestart.delete(container.id)
      await rm(this.logPath(pod, container), { force: true })
    }
    for (const id of garbage.sandboxes) await tools.runtime.removeSandbox(id)
  }

  /** The pod has ended: its volumes, probes and cgroup go; its containers stay for their logs. */
  async cleanUp(pod: Pod): Promise<void> {
    if (this.#cleaned) return
    const { tools } = this.#options
    this.#release()
    await this.#volumes.tearDown()
    tools.tokens.forget(podUid(pod))
    await tools.cgroups.release(podCgroup(pod, tools.node.cgroupDriver, tools.node.cgroupRoot))
    this.#cleaned = true
  }

  async purge(pod: Pod, runtime: RuntimePod): Promise<void> {
    const { tools } = this.#options
    for (const sandbox of runtime.sandboxes) await tools.runtime.removeSandbox(sandbox.id)
    await rm(this.#logs(pod), { recursive: true, force: true })
  }

  /** Stops following anything; the pod goes on. */
  release(): void {
    this.#starts?.abort.abort()
    this.#release()
    this.#volumes.release()
  }

  #release(): void {
    this.#resizeTimer?.cancel()
    this.#resume?.()
    for (const stop of this.#unwatch.values()) stop()
    this.#unwatch.clear()
  }

  #podIPs(pod: Pod, runtime: RuntimePod): readonly string[] {
    return pod.spec.hostNetwork ? this.#options.tools.node.hostIPs : runtime.sandboxes.find((sandbox) => sandbox.ready)?.ips ?? []
  }

  #podIP(pod: Pod, runtime: RuntimePod): string {
    return this.#podIPs(pod, runtime)[0] ?? ''
  }
}
