// How a Deployment's ReplicaSets are scaled next: pure.
import type { Deployment, ReplicaSet } from '../api/types-workload.ts'
import { boundsOf, byAge, desiredReplicas, maxReplicas, replicasOf, sum, type Bounds } from './deployment-sets.ts'

export interface Scaling {
  readonly set: ReplicaSet
  readonly replicas: number
}

/** The number of replicas was changed, or scaling is all that a paused deployment does. */
export function isScaling(deployment: Deployment, sets: readonly ReplicaSet[]): boolean {
  const desired = deployment.spec.replicas ?? 1
  return sets.some((set) => replicasOf(set) > 0 && (desiredReplicas(set) ?? desired) !== desired)
}

/** How many replicas the new set may have now. `current` is its size, 0 before it exists. */
export function newSetSize(deployment: Deployment, all: readonly ReplicaSet[], current: number): number {
  const { desired, maxSurge } = boundsOf(deployment)
  if (deployment.spec.strategy?.type === 'Recreate') return desired
  const room = desired + maxSurge - sum(all, replicasOf)
  return room <= 0 ? current : current + Math.min(room, desired - current)
}

/** One step of a rolling update: the new set up, or else the old ones down. */
export function planRolling(deployment: Deployment, fresh: ReplicaSet, old: readonly ReplicaSet[]): readonly Scaling[] {
  const { desired } = boundsOf(deployment)
  const current = replicasOf(fresh)
  const size = current > desired ? desired : newSetSize(deployment, [...old, fresh], current)
  return size === current ? planOldDown(boundsOf(deployment), fresh, old) : [{ set: fresh, replicas: size }]
}

// First pods that are not available anyway, then available ones as far as the availability bound allows.
function planOldDown({ desired, maxUnavailable }: Bounds, fresh: ReplicaSet, old: readonly ReplicaSet[]): readonly Scaling[] {
  if (sum(old, replicasOf) === 0) return []
  const minAvailable = desired - maxUnavailable
  const freshUnavailable = replicasOf(fresh) - (fresh.status?.availableReplicas ?? 0)
  let budget = sum([...old, fresh], replicasOf) - minAvailable - freshUnavailable
  if (budget <= 0) return []
  const sizes = new Map([...old].sort(byAge).map((set) => [set, replicasOf(set)]))
  const take = (set: ReplicaSet, count: number): number => {
    sizes.set(set, (sizes.get(set) ?? 0) - count)
    return count
  }
  for (const [set, size] of sizes) {
    const unhealthy = Math.max(0, size - (set.status?.availableReplicas ?? 0))
    budget -= take(set, Math.min(unhealthy, budget))
  }
  let spare = sum([...old, fresh], (set) => set.status?.availableReplicas) - minAvailable
  for (const [set, size] of sizes) if (spare > 0) spare -= take(set, Math.min(size, spare))
  return [...sizes].filter(([set, size]) => size !== replicasOf(set)).map(([set, replicas]) => ({ set, replicas }))
}

/** Every old set to nothing. */
export function planDown(old: readonly ReplicaSet[]): readonly Scaling[] {
  return old.filter((set) => replicasOf(set) > 0).map((set) => ({ set, replicas: 0 }))
}

/**
 * What a change of spec.replicas asks for: the one active set takes all; in the middle of a rollout each set gets its share.
 * Sets that keep their size are in the plan too, for their annotations.
 */
export function planScale(deployment: Deployment, fresh: ReplicaSet | undefined, old: readonly ReplicaSet[]): readonly Scaling[] {
  const bounds = boundsOf(deployment)
  const { desired, maxSurge } = bounds
  const single = activeOrLatest(fresh, old)
  if (single) return [{ set: single, replicas: desired }]
  if (fresh && isSaturated(desired, fresh)) return planDown(old)
  if (deployment.spec.strategy?.type === 'Recreate') return []
  const active = [...old, ...(fresh ? [fresh] : [])].filter((set) => replicasOf(set) > 0)
  const toAdd = (desired > 0 ? desired + maxSurge : 0) - sum(active, replicasOf)
  const newestFirst = toAdd > 0 ? -1 : 1
  active.sort((a, b) => replicasOf(b) - replicasOf(a) || newestFirst * byAge(a, b))
  let added = 0
  const plan = active.map((set) => {
    const share = toAdd === added ? 0 : clamp(fraction(deployment, bounds, set), toAdd - added)
    added += share
    return { set, replicas: replicasOf(set) + share }
  })
  const first = plan[0]
  if (first) first.replicas = Math.max(0, first.replicas + toAdd - added)
  return plan
}

const clamp = (share: number, left: number): number => (left > 0 ? Math.min(share, left) : Math.max(share, left))

function fraction(deployment: Deployment, { desired, maxSurge }: Bounds, set: ReplicaSet): number {
  const size = replicasOf(set)
  if (desired === 0) return -size
  const before = maxReplicas(set) ?? deployment.status?.replicas ?? 0
  return before === 0 ? 0 : Math.round((size * (desired + maxSurge)) / before) - size
}

function activeOrLatest(fresh: ReplicaSet | undefined, old: readonly ReplicaSet[]): ReplicaSet | undefined {
  const active = [...old, ...(fresh ? [fresh] : [])].filter((set) => replicasOf(set) > 0)
  if (active.length === 0) return fresh ?? [...old].sort(byAge).at(-1)
  return active.length === 1 ? active[0] : undefined
}

function isSaturated(desired: number, fresh: ReplicaSet): boolean {
  return desiredReplicas(fresh) === desired && replicasOf(fresh) === desired && (fresh.status?.availableReplicas ?? 0) === desired
}
