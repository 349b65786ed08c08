// Taints of nodes and what pods tolerate.
import type { Taint } from '../api/types-node.ts'
import type { Toleration } from '../api/types-pod.ts'

export function tolerates({ key, operator, value, effect }: Toleration, taint: Taint): boolean {
  if (effect && effect !== taint.effect) return false
  if (key && key !== taint.key) return false
  if (!key && operator !== 'Exists') return false
  return operator === 'Exists' || ((operator ?? 'Equal') === 'Equal' || operator === '') && (value ?? '') === (taint.value ?? '')
}

export function isTolerated(taint: Taint, tolerations: readonly Toleration[] = []): boolean {
  return tolerations.some((toleration) => tolerates(toleration, taint))
}

/** Whether a taint keeps pods away that don't tolerate it. */
export const repels = ({ effect }: Taint): boolean => effect === 'NoSchedule' || effect === 'NoExecute'
