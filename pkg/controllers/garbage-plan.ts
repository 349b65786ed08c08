// What the garbage collector does with one object, given what became of its owners: pure.
import type { KubeObject, OwnerReference } from '../api/object.ts'
import type { DeleteOptions } from '../api/request.ts'
import { hasFinalizer, ownersOf } from './owner-graph.ts'

/** solid: there and staying; waiting: there until its dependents are gone; absent: gone, or another object by that name. */
export type OwnerState = 'solid' | 'waiting' | 'absent'

export type GarbageAction =
  | { readonly type: 'keep' }
  /** The object stays for its solid owners; the others are struck from its list. */
  | { readonly type: 'strike'; readonly owners: readonly OwnerReference[] }
  | { readonly type: 'delete'; readonly policy: NonNullable<DeleteOptions['propagationPolicy']>; readonly unblock: boolean }

/** `dependentsWait`: a dependent of this object waits in turn for its own dependents, which may be a circle. */
export function planGarbage(object: KubeObject, states: ReadonlyMap<string, OwnerState>, family: { hasDependents: boolean; dependentsWait: boolean }): GarbageAction {
  const owners = ownersOf(object)
  const inState = (state: OwnerState): readonly OwnerReference[] => owners.filter(({ uid }) => states.get(uid) === state)
  if (owners.length === 0) return { type: 'keep' }
  const lost = [...inState('absent'), ...inState('waiting')]
  if (inState('solid').length > 0) return lost.length > 0 ? { type: 'strike', owners: lost } : { type: 'keep' }
  if (inState('waiting').length > 0 && family.hasDependents) return { type: 'delete', policy: 'Foreground', unblock: family.dependentsWait }
  const policy = hasFinalizer(object, 'orphan') ? 'Orphan' : hasFinalizer(object, 'foregroundDeletion') ? 'Foreground' : 'Background'
  return { type: 'delete', policy, unblock: false }
}
