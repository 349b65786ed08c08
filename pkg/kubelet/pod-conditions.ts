// The conditions that the kubelet sets on a pod. Pure; conditions of others are kept.
import type { ContainerStatus, Pod, PodCondition } from '../api/types-pod.ts'
import { formatTime } from '../api/times.ts'

export interface ConditionsInput {
  readonly pod: Pod
  readonly phase: string
  readonly init: readonly ContainerStatus[]
  readonly main: readonly ContainerStatus[]
  readonly previous: readonly PodCondition[]
  readonly sandboxReady: boolean
  readonly nowMs: number
  readonly resize?: ResizeTold
  /** Why the node ends the pod for its own sake. */
  readonly disruption?: string
}

/** What is said of a resize that has not come through. */
export interface ResizeTold {
  readonly pending?: { readonly reason: string; readonly message: string; readonly generation: number }
  readonly inProgress?: { readonly error?: string; readonly generation: number }
}

/** There only while they hold. */
export const resizeConditions: ReadonlySet<string> = new Set(['PodResizePending', 'PodResizeInProgress'])

/** Nobody else sets them. */
export const ownConditions: ReadonlySet<string> = new Set(['PodReadyToStartContainers', 'Initialized', 'Ready', 'ContainersReady', 'PodScheduled', ...resizeConditions])

type Verdict = { readonly status: 'True' | 'False'; readonly reason?: string; readonly message?: string }

const yes: Verdict = { status: 'True' }

export function podConditions(input: ConditionsInput): PodCondition[] {
  const containersReady = containersReadyVerdict(input)
  const own: [string, Verdict][] = [
    ['PodReadyToStartContainers', { status: input.sandboxReady ? 'True' : 'False' }],
    ['Initialized', initializedVerdict(input)],
    ['Ready', readyVerdict(input, containersReady)],
    ['ContainersReady', containersReady],
    ['PodScheduled', yes],
    ...(input.disruption === undefined ? [] : [['DisruptionTarget', { status: 'True', reason: 'TerminationByKubelet', message: input.disruption }] as [string, Verdict]]),
  ]
  const names = new Set([...own.map(([type]) => type), ...resizeConditions])
  return [...own.map(([type, verdict]) => condition(type, verdict, input)), ...resizeTold(input), ...input.previous.filter((each) => !names.has(each.type))]
}

function resizeTold(input: ConditionsInput): PodCondition[] {
  const { pending, inProgress } = input.resize ?? {}
  return [
    ...(pending ? [condition('PodResizePending', { status: 'True', reason: pending.reason, message: pending.message }, input, pending.generation)] : []),
    ...(inProgress ? [condition('PodResizeInProgress', { status: 'True', ...(inProgress.error ? { reason: 'Error', message: inProgress.error } : {}) }, input, inProgress.generation)] : []),
  ]
}

function condition(type: string, verdict: Verdict, input: ConditionsInput, generation = input.pod.metadata.generation): PodCondition {
  const before = input.previous.find((each) => each.type === type)
  return {
    type,
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    status: verdict.status,
    lastTransitionTime: before?.status === verdict.status && before.lastTransitionTime ? before.lastTransitionTime : formatTime(input.nowMs),
    ...(verdict.reason ? { reason: verdict.reason } : {}),
    ...(verdict.message ? { message: verdict.message } : {}),
  }
}

function initializedVerdict({ pod, phase, init, main }: ConditionsInput): Verdict {
  const begun = main.some((status) => status.state?.running || status.state?.terminated || status.lastState?.terminated)
  if (begun) return phase === 'Succeeded' ? { status: 'True', reason: 'PodCompleted' } : yes
  const incomplete = (pod.spec.initContainers ?? []).filter((container) => {
    const status = init.find((each) => each.name === container.name)
    return container.restartPolicy === 'Always' ? !status?.started : status?.state?.terminated?.exitCode !== 0
  })
  if (phase === 'Succeeded') return { status: 'True', reason: 'PodCompleted' }
  if (incomplete.length === 0) return yes
  return { status: 'False', reason: 'ContainersNotInitialized', message: `containers with incomplete status: ${list(incomplete)}` }
}

const list = (containers: readonly { readonly name: string }[]): string => `[${containers.map(({ name }) => name).join(' ')}]`

function containersReadyVerdict({ pod, phase, init, main }: ConditionsInput): Verdict {
  if (phase === 'Succeeded') return { status: 'False', reason: 'PodCompleted' }
  if (phase === 'Failed') return { status: 'False', reason: 'PodFailed' }
  const sidecars = new Set((pod.spec.initContainers ?? []).filter((container) => container.restartPolicy === 'Always').map(({ name }) => name))
  const unready = [...init.filter((status) => sidecars.has(status.name)), ...main].filter((status) => !status.ready)
  if (unready.length === 0) return yes
  return { status: 'False', reason: 'ContainersNotReady', message: `containers with unready status: ${list(unready)}` }
}

function readyVerdict({ pod, previous }: ConditionsInput, containersReady: Verdict): Verdict {
  if (containersReady.status === 'False') return containersReady
  const problems: string[] = []
  for (const { conditionType } of pod.spec.readinessGates ?? []) {
    const gate = previous.find((each) => each.type === conditionType)
    if (!gate) problems.push(`corresponding condition of pod readiness gate "${conditionType}" does not exist.`)
    else if (gate.status !== 'True') problems.push(`the status of pod readiness gate "${conditionType}" is not "True", but ${gate.status}`)
  }
  return problems.length === 0 ? yes : { status: 'False', reason: 'ReadinessGatesNotReady', message: problems.join(', ') }
}
