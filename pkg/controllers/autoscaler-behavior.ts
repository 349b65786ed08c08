// How fast an autoscaler may follow what its metrics ask for. Pure.
import type { HPAScalingRules, HorizontalPodAutoscalerSpec } from '../api/types-config.ts'

/** What happened before, newest last. */
export interface ScalingHistory {
  readonly recommendations: readonly { readonly replicas: number; readonly atMs: number }[]
  /** Positive: pods that were added. */
  readonly changes: readonly { readonly by: number; readonly atMs: number }[]
}

export interface ScalingStep {
  readonly replicas: number
  readonly ableToScale: { readonly reason: string; readonly message: string }
  readonly limited: { readonly status: 'True' | 'False'; readonly reason: string; readonly message: string }
}

const quickUp: HPAScalingRules = { policies: [{ type: 'Pods', value: 4, periodSeconds: 15 }, { type: 'Percent', value: 100, periodSeconds: 15 }] }
const freeDown: HPAScalingRules = { policies: [{ type: 'Percent', value: 100, periodSeconds: 15 }] }
const defaultDownWindowSeconds = 300
/** Longer than any window or period may be. */
export const historyMs = 3_600_000

/** Whoever has not looked yet, or has forgotten in a restart, takes the size that stands for what was asked for last: nothing shrinks before a whole window was seen. */
export const begun = (history: ScalingHistory, current: number, nowMs: number): ScalingHistory =>
  history.recommendations.length > 0 ? history : { ...history, recommendations: [{ replicas: current, atMs: nowMs }] }

export function scalingStep({ spec, wanted, current, history, nowMs }: {
  spec: HorizontalPodAutoscalerSpec; wanted: number; current: number; history: ScalingHistory; nowMs: number
}): ScalingStep {
  const up = { ...quickUp, ...spec.behavior?.scaleUp }
  const down = { ...freeDown, ...spec.behavior?.scaleDown }
  const stable = stabilized(wanted, current, { history, nowMs, upSeconds: up.stabilizationWindowSeconds ?? 0, downSeconds: down.stabilizationWindowSeconds ?? defaultDownWindowSeconds })
  const ableToScale = stable === wanted
    ? { reason: 'ReadyForNewScale', message: 'recommended size matches current size' }
    : stable > wanted
      ? { reason: 'ScaleDownStabilized', message: 'recent recommendations were higher than current one, applying the highest recent recommendation' }
      : { reason: 'ScaleUpStabilized', message: 'recent recommendations were lower than current one, applying the lowest recent recommendation' }
  return { ...bounded(stable, current, { spec, up, down, history, nowMs }), ableToScale }
}

function stabilized(wanted: number, current: number, { history, nowMs, upSeconds, downSeconds }: { history: ScalingHistory; nowMs: number; upSeconds: number; downSeconds: number }): number {
  const within = (seconds: number): number[] => history.recommendations.filter(({ atMs }) => atMs > nowMs - seconds * 1000).map(({ replicas }) => replicas)
  const lowest = Math.min(wanted, ...within(upSeconds))
  const highest = Math.max(wanted, ...within(downSeconds))
  return Math.min(Math.max(current, lowest), highest)
}

function bounded(wanted: number, current: number, { spec, up, down, history, nowMs }: {
  spec: HorizontalPodAutoscalerSpec; up: HPAScalingRules; down: HPAScalingRules; history: ScalingHistory; nowMs: number
}): Pick<ScalingStep, 'replicas' | 'limited'> {
  const { minReplicas = 1, maxReplicas } = spec
  const limited = (reason: string, message: string): ScalingStep['limited'] => ({ status: 'True', reason, message })
  if (wanted > current) {
    const limit = Math.max(current, upLimit(current, up, history, nowMs))
    if (wanted > Math.min(limit, maxReplicas)) {
      return maxReplicas <= limit
        ? { replicas: maxReplicas, limited: limited('TooManyReplicas', 'the desired replica count is more than the maximum replica count') }
        : { replicas: limit, limited: limited('ScaleUpLimit', 'the desired replica count is increasing faster than the maximum scale rate') }
    }
  } else if (wanted < current) {
    const limit = Math.min(current, downLimit(current, down, history, nowMs))
    if (wanted < Math.max(limit, minReplicas)) {
      return minReplicas >= limit
        ? { replicas: minReplicas, limited: limited('TooFewReplicas', 'the desired replica count is less than the minimum replica count') }
        : { replicas: limit, limited: limited('ScaleDownLimit', 'the desired replica count is decreasing faster than the maximum scale rate') }
    }
  }
  return { replicas: wanted, limited: { status: 'False', reason: 'DesiredWithinRange', message: 'the desired count is within the acceptable range' } }
}

/** How many there were when the period began. */
function countBefore(current: number, { changes }: ScalingHistory, seconds: number, nowMs: number): number {
  return changes.filter(({ atMs }) => atMs > nowMs - seconds * 1000).reduce((count, { by }) => count - by, current)
}

function upLimit(current: number, { policies = [], selectPolicy = 'Max' }: HPAScalingRules, history: ScalingHistory, nowMs: number): number {
  if (selectPolicy === 'Disabled') return current
  const limits = policies.map(({ type, value, periodSeconds }) => {
    const start = countBefore(current, history, periodSeconds, nowMs)
    return type === 'Pods' ? start + value : Math.ceil(start * (1 + value / 100))
  })
  return selectPolicy === 'Min' ? Math.min(...limits) : Math.max(...limits)
}

function downLimit(current: number, { policies = [], selectPolicy = 'Max' }: HPAScalingRules, history: ScalingHistory, nowMs: number): number {
  if (selectPolicy === 'Disabled') return current
  const limits = policies.map(({ type, value, periodSeconds }) => {
    const start = countBefore(current, history, periodSeconds, nowMs)
    return type === 'Pods' ? start - value : Math.trunc(start * (1 - value / 100))
  })
  // Max is the policy that changes most.
  return selectPolicy === 'Min' ? Math.max(...limits) : Math.min(...limits)
}
