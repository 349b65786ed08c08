// From what a pod wants and what the runtime has to what to do next. Pure: the kubelet's core.
import type { Container, Pod } from '../api/types-pod.ts'
import { goDuration } from './go-duration.ts'
import { containerHash, containerNotes } from './labels.ts'
import type { NamedContainer } from './pod-names.ts'
import { podContainers, podText } from './pod-names.ts'
import type { RuntimeContainer, RuntimePod, RuntimeSandbox } from './runtime-service.ts'

export interface ProbeVerdict {
  /** No startup probe, or it has succeeded. */
  readonly started: boolean
  /** Set when the container must be restarted. */
  readonly failed?: 'liveness' | 'startup'
}

export interface PlanInput {
  readonly pod: Pod
  readonly runtime: RuntimePod
  readonly nowMs: number
  verdict(containerId: string): ProbeVerdict
  /** The restart back-off that holds for a container which ended then. */
  backOff(name: string, endedMs: number): { readonly delayMs: number; readonly untilMs: number } | undefined
  /** Containers that the kubelet ended in order to start them again, whatever they exited with. */
  readonly mustRestart: ReadonlySet<string>
  /** What the API server knows of a container's last run; undefined when it never ran. The runtime may have lost it. */
  lastRun(name: string): { readonly restartCount: number; readonly exitCode: number } | undefined
  /** Until when a start that failed is not to be tried again; undefined when it may be. */
  hold(name: string): number | undefined
  /** The same for the sandbox. */
  readonly sandboxHoldMs?: number
  /** The pod is to end: all of it. */
  readonly ending: boolean
}

export interface StartAction {
  readonly type: 'start'
  readonly target: NamedContainer
  readonly attempt: number
  /** A container that was created and never started is in the way. */
  readonly replaces?: string
}

export interface KillAction {
  readonly type: 'kill'
  readonly container: RuntimeContainer
  readonly reason: 'ending' | 'liveness' | 'startup' | 'changed' | 'sandbox'
  readonly message: string
  /** What was asked for with this container; missing when the spec no longer has it. */
  readonly target?: NamedContainer
}

export interface PodPlan {
  /** One after another; the first failure ends the row. */
  readonly starts: readonly ({ readonly type: 'sandbox'; readonly attempt: number; readonly changed: boolean } | StartAction)[]
  /** At the same time. */
  readonly kills: readonly KillAction[]
  /** Sandboxes to stop, when nothing in them is to be saved. */
  readonly stopSandboxes: readonly string[]
  /** Containers that wait for a restart, with what to say of it. */
  readonly waiting: ReadonlyMap<string, { readonly reason: string; readonly message: string; readonly delayMs: number }>
  /** Look again then. */
  readonly wakeAtMs?: number
  /** Every container has ended for good. */
  readonly finished: boolean
  /** Nothing of the pod runs any more. */
  readonly stopped: boolean
}

export function planPod(input: PlanInput): PodPlan {
  if (input.ending) return planEnd(input, false)
  const sandbox = input.runtime.sandboxes.find((each) => each.ready)
  if (!sandbox) return planSandbox(input)
  return new PodPlanner(input, sandbox).plan()
}

/** Main containers first, all at once; then sidecars one by one, the last first; then the sandbox. */
function planEnd(input: PlanInput, finished: boolean): PodPlan {
  const kinds = new Map(podContainers(input.pod).map((each) => [each.container.name, each]))
  const running = input.runtime.containers.filter((container) => container.phase === 'running' || container.phase === 'unknown')
  const sidecars = running.filter((container) => kinds.get(container.name)?.kind === 'sidecar')
  const others = running.filter((container) => !sidecars.includes(container))
  const order = [...kinds.keys()]
  const next = others.length > 0 ? others : sidecars.sort((a, b) => order.indexOf(b.name) - order.indexOf(a.name)).slice(0, 1)
  const kills = next.map((container) => killOf(container, kinds.get(container.name), 'ending', `Stopping container ${container.name}`))
  const stopSandboxes = running.length > 0 ? [] : input.runtime.sandboxes.filter((each) => each.ready).map((each) => each.id)
  return { starts: [], kills, stopSandboxes, waiting: new Map(), finished, stopped: running.length === 0 && stopSandboxes.length === 0 }
}

function killOf(container: RuntimeContainer, target: NamedContainer | undefined, reason: KillAction['reason'], message: string): KillAction {
  return { type: 'kill', container, reason, message, ...(target ? { target } : {}) }
}

function planSandbox(input: PlanInput): PodPlan {
  const { pod, runtime } = input
  const newest = runtime.sandboxes[0]
  const latest = latestByName(runtime.containers)
  const mains = pod.spec.containers
  const ended = mains.every((container) => {
    const last = latest.get(container.name)
    return last ? last.phase !== 'created' && !restarts(pod, container, last, input.mustRestart) : lostForGood(input, container)
  })
  const failedInit = initFailed(input, latest)
  if (ended || failedInit) return planEnd(input, true)
  const orphans = runtime.containers.filter((container) => container.phase === 'running')
  const kills = orphans.map((container) => killOf(container, undefined, 'sandbox', `Stopping container ${container.name}`))
  const held = (input.sandboxHoldMs ?? 0) > input.nowMs
  const starts = orphans.length > 0 || held ? [] : [{ type: 'sandbox' as const, attempt: newest ? newest.attempt + 1 : 0, changed: newest !== undefined }]
  return {
    starts, kills, stopSandboxes: [], waiting: new Map(), finished: false, stopped: false,
    ...(held && input.sandboxHoldMs !== undefined ? { wakeAtMs: input.sandboxHoldMs } : {}),
  }
}

const initFailed = (input: PlanInput, latest: ReadonlyMap<string, RuntimeContainer>): boolean =>
  (input.pod.spec.initContainers ?? []).some((container) => {
    const last = latest.get(container.name)
    if (container.restartPolicy === 'Always') return false
    if (!last) return lostForGood(input, container) && input.lastRun(container.name)?.exitCode !== 0
    return last.phase === 'exited' && last.exitCode !== 0 && !restarts(input.pod, container, last, new Set())
  })

/** It ran, the runtime knows nothing of it any more, and it is not to run again. */
function lostForGood({ pod, lastRun }: PlanInput, container: Container): boolean {
  const last = lastRun(container.name)
  return last !== undefined && !restarts(pod, container, { id: '', exitCode: last.exitCode }, new Set())
}

function latestByName(containers: readonly RuntimeContainer[]): Map<string, RuntimeContainer> {
  const latest = new Map<string, RuntimeContainer>()
  for (const container of containers) if (!latest.has(container.name)) latest.set(container.name, container)
  return latest
}

/** Whether a container that has ended is to be started again. */
export function restarts(pod: Pod, container: Container, ended: Pick<RuntimeContainer, 'id' | 'exitCode'>, mustRestart: ReadonlySet<string>): boolean {
  for (const { action, exitCodes } of container.restartPolicyRules ?? []) {
    const listed = (exitCodes?.values ?? []).includes(ended.exitCode)
    if (action === 'Restart' && (exitCodes?.operator === 'NotIn' ? !listed : listed)) return true
  }
  const policy = container.restartPolicy ?? pod.spec.restartPolicy ?? 'Always'
  if (policy === 'Never') return false
  return policy === 'Always' || ended.exitCode !== 0 || mustRestart.has(ended.id)
}

class PodPlanner {
  readonly #input: PlanInput
  readonly #latest: Map<string, RuntimeContainer>
  readonly #everywhere: Map<string, RuntimeContainer>
  readonly #starts: StartAction[] = []
  readonly #kills: KillAction[] = []
  readonly #waiting = new Map<string, { reason: string; message: string; delayMs: number }>()
  #wakeAtMs = Infinity
  #ended = true

  constructor(input: PlanInput, sandbox: RuntimeSandbox) {
    this.#input = input
    this.#latest = latestByName(input.runtime.containers.filter((container) => container.sandboxId === sandbox.id))
    this.#everywhere = latestByName(input.runtime.containers)
  }

  plan(): PodPlan {
    const all = podContainers(this.#input.pod)
    const mainsBegun = all.some((each) => each.kind === 'main' && this.#latest.has(each.container.name))
    const before = all.filter((each) => each.kind === 'init' || each.kind === 'sidecar')
    let blocked = false
    for (const each of before) {
      const step = each.kind === 'sidecar' ? this.#sidecar(each) : mainsBegun ? 'done' : this.#init(each)
      if (step === 'failed') return planEnd(this.#input, true)
      if (step === 'blocked' && !mainsBegun) {
        blocked = true
        break
      }
    }
    if (blocked) this.#ended = false
    else for (const each of all) if (each.kind === 'main') this.#main(each)
    for (const each of all) if (each.kind === 'ephemeral' && !this.#everywhere.has(each.container.name) && !this.#input.lastRun(each.container.name)) this.#start(each)
    if (this.#ended) return planEnd(this.#input, true)
    return {
      starts: this.#starts, kills: this.#kills, stopSandboxes: [], waiting: this.#waiting, finished: false, stopped: false,
      ...(Number.isFinite(this.#wakeAtMs) ? { wakeAtMs: this.#wakeAtMs } : {}),
    }
  }

  #init(each: NamedContainer): 'done' | 'blocked' | 'failed' {
    const current = this.#latest.get(each.container.name)
    if (!current || current.phase === 'created') {
      this.#start(each)
      return 'blocked'
    }
    if (current.phase === 'running') return 'blocked'
    if (current.phase === 'exited' && current.exitCode === 0) return 'done'
    if (!restarts(this.#input.pod, each.container, current, this.#input.mustRestart)) return 'failed'
    this.#restart(each, current)
    return 'blocked'
  }

  #sidecar(each: NamedContainer): 'done' | 'blocked' {
    const current = this.#latest.get(each.container.name)
    if (!current || current.phase === 'created') this.#start(each)
    else if (current.phase === 'running') return this.#running(each, current) && this.#input.verdict(current.id).started ? 'done' : 'blocked'
    else this.#restart(each, current)
    return 'blocked'
  }

  #main(each: NamedContainer): void {
    const current = this.#latest.get(each.container.name)
    if (current && current.phase !== 'created') {
      if (current.phase === 'running') {
        this.#ended = false
        this.#running(each, current)
      } else if (restarts(this.#input.pod, each.container, current, this.#input.mustRestart)) {
        this.#ended = false
        this.#restart(each, current)
      }
      return
    }
    const earlier = this.#everywhere.get(each.container.name)
    // In a new sandbox, what has done its work in an old one is not done again.
    if (!current && earlier?.phase === 'exited' && !restarts(this.#input.pod, each.container, earlier, this.#input.mustRestart)) return
    if (!current && !earlier && lostForGood(this.#input, each.container)) return
    this.#ended = false
    this.#start(each)
  }

  /** False when the container is to be killed. */
  #running(each: NamedContainer, current: RuntimeContainer): boolean {
    const { name } = each.container
    const verdict = this.#input.verdict(current.id)
    const { hash } = containerNotes(current.annotations)
    if (hash !== '' && hash !== containerHash(each.container)) this.#kills.push(killOf(current, each, 'changed', `Container ${name} definition changed, will be restarted`))
    else if (verdict.failed) this.#kills.push(killOf(current, each, verdict.failed, `Container ${name} failed ${verdict.failed} probe, will be restarted`))
    else return true
    return false
  }

  #restart(each: NamedContainer, ended: RuntimeContainer): void {
    const { name } = each.container
    const wait = this.#input.backOff(name, ended.finishedAtMs)
    if (!wait) return this.#start(each)
    const delay = goDuration(wait.delayMs)
    this.#waiting.set(name, {
      reason: 'CrashLoopBackOff', message: `back-off ${delay} restarting failed container=${name} pod=${podText(this.#input.pod)}`, delayMs: wait.delayMs,
    })
    this.#wakeAtMs = Math.min(this.#wakeAtMs, wait.untilMs)
  }

  #start(each: NamedContainer): void {
    const { name } = each.container
    const heldMs = this.#input.hold(name)
    if (heldMs !== undefined && heldMs > this.#input.nowMs) {
      this.#wakeAtMs = Math.min(this.#wakeAtMs, heldMs)
      return
    }
    const here = this.#latest.get(name)
    const last = this.#everywhere.get(name)
    const unstarted = here?.phase === 'created' ? here : undefined
    const known = this.#input.lastRun(name)?.restartCount
    const attempt = unstarted ? unstarted.attempt : last ? last.attempt + 1 : known === undefined ? 0 : known + 1
    this.#starts.push({ type: 'start', target: each, attempt, ...(unstarted ? { replaces: unstarted.id } : {}) })
  }
}
