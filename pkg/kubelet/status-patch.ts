// The strategic merge patch that turns one pod status into another. Pure.
import type { PodStatus } from '../api/types-pod.ts'
import { ownConditions } from './pod-conditions.ts'

type Fields = Readonly<Record<string, unknown>>

/** Lists that strategic merge joins by key: an element that is gone must be told. */
const joinedLists = new Set(['podIPs', 'hostIPs'])

/** undefined when nothing has changed. Conditions of others are only added or replaced. */
export function statusPatch(before: PodStatus, after: PodStatus): Record<string, unknown> | undefined {
  const patch: Record<string, unknown> = {}
  const old = before as Fields
  const fresh = after as Fields
  for (const key of new Set([...Object.keys(old), ...Object.keys(fresh)])) {
    if (same(old[key], fresh[key])) continue
    if (key === 'conditions') {
      const changed = (after.conditions ?? []).filter((condition) => !(before.conditions ?? []).some((each) => same(each, condition)))
      const gone = (before.conditions ?? []).filter(({ type }) => ownConditions.has(type) && !(after.conditions ?? []).some((each) => each.type === type))
      const told = changed.map((condition) => cleared(condition, before.conditions?.find((each) => each.type === condition.type)))
      if (changed.length + gone.length > 0) patch[key] = [...told, ...gone.map(({ type }) => ({ type, $patch: 'delete' }))]
    } else if (joinedLists.has(key) && Array.isArray(fresh[key]) && Array.isArray(old[key])) patch[key] = [...(fresh[key] as unknown[]), { $patch: 'replace' }]
    else patch[key] = fresh[key] ?? null
  }
  return Object.keys(patch).length > 0 ? patch : undefined
}

/** Nothing but that there is a sandbox, and its addresses. */
export function isSandboxNews(patch: Readonly<Record<string, unknown>>): boolean {
  const { podIP: _ip, podIPs: _ips, conditions = [], ...rest } = patch
  return Object.keys(rest).length === 0 && (conditions as readonly { type: string }[]).every(({ type }) => type === 'PodReadyToStartContainers')
}

/** What the old one had and the new one has not is taken away. */
function cleared(fresh: object, old: object | undefined): object {
  const gone = Object.keys(old ?? {}).filter((key) => !(key in fresh))
  return { ...fresh, ...Object.fromEntries(gone.map((key) => [key, null])) }
}

/** Equal as JSON, whatever the order of keys; an absent field equals undefined. */
export function same(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Array.isArray(a) !== Array.isArray(b)) return false
  const keys = new Set([...Object.keys(a), ...Object.keys(b)])
  return [...keys].every((key) => same((a as Fields)[key], (b as Fields)[key]))
}
