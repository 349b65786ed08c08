// Taints of nodes and what pods tolerate.
import type { Taint } from '../api/types-node.ts'
import type { Toleration } from '../api/types-pod.ts'

export function tolerates({ key, operator, value, effect }: Toleration, taint: Taint): boolean {
  if (effect && effect !== taint.effect) return false
  if (key && key !== taint.key) return false
  if (!key && operator !== 'Exists') return false
  return operator === 'Exists' || ((operator ?? 'Equal') === 'Equal' || operator === '') && (value ?? '') === (taint.value ?? '')
}

/** So many are looked through; more are looked up. */
const few = 16

export function isTolerated(taint: Taint, tolerations: readonly Toleration[] = []): boolean {
  if (tolerations.length <= few) return tolerations.some((toleration) => tolerates(toleration, taint))
  let known = indexes.get(tolerations)
  if (!known) indexes.set(tolerations, known = indexOf(tolerations))
  const { key, value = '', effect } = taint
  const said = ['', key, `${key}=${value}`]
  return ['', effect].some((of) => said.some((text) => known.has(`${of} ${text}`)))
}

/** What tolerations say: `effect ` of those of all keys, `effect key` of all values, `effect key=value` of one. */
const indexes = new WeakMap<readonly Toleration[], ReadonlySet<string>>()

function indexOf(tolerations: readonly Toleration[]): ReadonlySet<string> {
  const said = new Set<string>()
  for (const { key = '', operator = 'Equal', value = '', effect = '' } of tolerations) {
    if (operator === 'Exists') said.add(`${effect} ${key}`)
    else if (key && (operator === 'Equal' || operator === '')) said.add(`${effect} ${key}=${value}`)
  }
  return said
}

/** Whether a taint keeps pods away that don't tolerate it. */
export const repels = ({ effect }: Taint): boolean => effect === 'NoSchedule' || effect === 'NoExecute'
