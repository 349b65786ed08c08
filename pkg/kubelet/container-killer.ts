// Ends containers: event, preStop hook inside the grace, stop signal, kill signal.
import type { Pod } from '../api/types-pod.ts'
import type { EventRecorder } from '../client/events.ts'
import type { Clock } from '../util/clock.ts'
import { containerNotes } from './labels.ts'
import { runHook } from './lifecycle-hook.ts'
import type { KillAction } from './pod-plan.ts'
import { containerFieldPath } from './pod-names.ts'
import type { RuntimeService } from './runtime-service.ts'

export interface KillerOptions {
  readonly runtime: RuntimeService
  readonly events: EventRecorder
  readonly clock: Clock
}

/** So that a container whose hook has used up the grace still hears the stop signal. */
const leastGraceSeconds = 2

export class ContainerKiller {
  readonly #options: KillerOptions
  /** When each container that is being ended has to be dead. */
  readonly #deadlines = new Map<string, number>()

  constructor(options: KillerOptions) {
    this.#options = options
  }

  busy(containerId: string): boolean {
    return this.#deadlines.has(containerId)
  }

  /** A second call for a container only shortens its grace, if it does. */
  async kill(pod: Pod, action: KillAction, options: { endMs?: number; podIP: string }): Promise<void> {
    const { clock, runtime } = this.#options
    const { id } = action.container
    const endMs = options.endMs ?? clock.now() + graceSeconds(pod, action) * 1000
    const before = this.#deadlines.get(id)
    if (before !== undefined && before <= endMs + 500) return
    this.#deadlines.set(id, endMs)
    const left = (): number => Math.max(leastGraceSeconds, Math.ceil((endMs - clock.now()) / 1000))
    if (before !== undefined) return runtime.stopContainer(id, left())
    const about = action.target ? { fieldPath: containerFieldPath(action.target) } : {}
    this.#options.events.record(pod, { type: 'Normal', reason: 'Killing', message: action.message, ...about })
    try {
      await this.#preStop(pod, action, { timeoutMs: endMs - clock.now(), podIP: options.podIP })
      await runtime.stopContainer(id, left())
    } finally {
      this.#deadlines.delete(id)
    }
  }

  async #preStop(pod: Pod, { target, container }: KillAction, { timeoutMs, podIP }: { timeoutMs: number; podIP: string }): Promise<void> {
    const hook = target?.container.lifecycle?.preStop
    if (!target || !hook || timeoutMs <= 0 || container.phase !== 'running') return
    const { clock, runtime, events } = this.#options
    const abort = new AbortController()
    const { promise: over, resolve } = Promise.withResolvers<void>()
    const timer = clock.setTimer(resolve, timeoutMs)
    const hooked = runHook(hook, { pod, container: target.container, containerId: container.id, podIP, timeoutMs }, { runtime, clock, signal: abort.signal })
      .catch(() => events.record(pod, { type: 'Warning', reason: 'FailedPreStopHook', message: 'PreStopHook failed', fieldPath: containerFieldPath(target) }))
    await Promise.race([hooked, over])
    timer.cancel()
    abort.abort()
  }
}

/** A failed probe may have a grace of its own. */
function graceSeconds(pod: Pod, { reason, target, container }: KillAction): number {
  const probe = reason === 'liveness' ? target?.container.livenessProbe : reason === 'startup' ? target?.container.startupProbe : undefined
  return probe?.terminationGracePeriodSeconds ?? pod.spec.terminationGracePeriodSeconds ?? containerNotes(container.annotations).graceSeconds
}
