// Which names a CRD gets: those that no other CRD of its group has, and the conditions that tell so. Pure.
import { equalJson } from '../api/json.ts'
import type { CustomCondition, CustomNames, CustomResourceDefinition } from '../api/types-custom.ts'
import { conditionOf } from '../api/types-custom.ts'
import { approvalCondition } from './custom-approval.ts'

export interface NamePlan {
  readonly accepted: CustomNames
  readonly conditions: readonly CustomCondition[]
  readonly established: boolean
  /** Some names belong to others. */
  readonly refused: boolean
}

/** The names of one group that are given. */
export interface TakenNames {
  hasResource(name: string): boolean
  hasKind(name: string): boolean
}

/** Which names the CRDs of all groups have been given. */
export class NameTable {
  readonly #groups = new Map<string, GroupNames>()
  readonly #given = new Map<string, { readonly group: string; readonly names: CustomNames }>()

  takenIn(group: string): TakenNames {
    return this.#groups.get(group) ?? noNames
  }

  give(crd: string, group: string, names: CustomNames): void {
    this.withdraw(crd)
    let taken = this.#groups.get(group)
    if (!taken) this.#groups.set(group, taken = new GroupNames())
    taken.count(names, 1)
    this.#given.set(crd, { group, names })
  }

  withdraw(crd: string): void {
    const given = this.#given.get(crd)
    if (!given) return
    this.#given.delete(crd)
    this.#groups.get(given.group)?.count(given.names, -1)
  }
}

class GroupNames implements TakenNames {
  readonly #resources = new Map<string, number>()
  readonly #kinds = new Map<string, number>()

  hasResource(name: string): boolean {
    return this.#resources.has(name)
  }

  hasKind(name: string): boolean {
    return this.#kinds.has(name)
  }

  count({ plural, singular, shortNames = [], kind, listKind }: CustomNames, by: 1 | -1): void {
    for (const name of [plural, singular, ...shortNames]) if (name) countOne(this.#resources, name, by)
    for (const name of [kind, listKind]) if (name) countOne(this.#kinds, name, by)
  }
}

function countOne(counts: Map<string, number>, name: string, by: 1 | -1): void {
  const count = (counts.get(name) ?? 0) + by
  if (count > 0) counts.set(name, count)
  else counts.delete(name)
}

const noNames: TakenNames = { hasResource: () => false, hasKind: () => false }

/** `others`: the names that the group's other CRDs have been given. */
export function planNames(crd: CustomResourceDefinition, others: TakenNames, now: string): NamePlan {
  const wanted = crd.spec.names
  const given: Partial<CustomNames> = crd.status?.acceptedNames ?? {}
  const accepted: CustomNames = { ...given, plural: given.plural ?? '', kind: given.kind ?? '' }
  let refusal: { reason: string; message: string } | undefined
  const take = (reason: string, taken: readonly string[], grant: () => void): void => {
    if (taken.length === 0) grant()
    else refusal = { reason, message: taken.length === 1 ? taken[0] ?? '' : `[${taken.join(', ')}]` }
  }
  const conflict = (isUsed: (name: string) => boolean, name: string | undefined, own?: string): string[] =>
    (!name || name === own || !isUsed(name) ? [] : [`${JSON.stringify(name)} is already in use`])
  const resources = (name: string): boolean => others.hasResource(name)
  const kinds = (name: string): boolean => others.hasKind(name)
  take('PluralConflict', conflict(resources, wanted.plural, given.plural), () => void (accepted.plural = wanted.plural))
  take('SingularConflict', conflict(resources, wanted.singular, given.singular), () => assign(accepted, 'singular', wanted.singular))
  const newShort = (wanted.shortNames ?? []).filter((name) => !given.shortNames?.includes(name))
  take('ShortNamesConflict', newShort.flatMap((name) => conflict(resources, name)), () => assign(accepted, 'shortNames', wanted.shortNames))
  take('KindConflict', conflict(kinds, wanted.kind, given.kind), () => void (accepted.kind = wanted.kind))
  take('ListKindConflict', conflict(kinds, wanted.listKind, given.listKind), () => assign(accepted, 'listKind', wanted.listKind))
  assign(accepted, 'categories', wanted.categories)
  const named = refusal
    ? { type: 'NamesAccepted', status: 'False', ...refusal }
    : { type: 'NamesAccepted', status: 'True', reason: 'NoConflicts', message: 'no conflicts found' }
  const was = conditionOf(crd, 'Established')?.status === 'True'
  const established = was || !refusal
  const installed = established
    ? { type: 'Established', status: 'True', reason: 'InitialNamesAccepted', message: 'the initial names have been accepted' }
    : { type: 'Established', status: 'False', reason: 'NotAccepted', message: 'not all names are accepted' }
  const approval = approvalCondition(crd)
  let conditions = withCondition(withCondition(crd.status?.conditions ?? [], named, now), installed, now)
  if (approval) conditions = withCondition(conditions, approval, now)
  return { accepted, conditions, established, refused: refusal !== undefined }
}

function assign<K extends keyof CustomNames>(names: CustomNames, key: K, value: CustomNames[K]): void {
  if (value === undefined) delete names[key]
  else names[key] = value
}

/** The conditions with one of them set. Its time changes with its status only. */
export function withCondition(conditions: readonly CustomCondition[], condition: CustomCondition, now: string): CustomCondition[] {
  const known = conditions.find(({ type }) => type === condition.type)
  const { lastTransitionTime, ...before } = known ?? { lastTransitionTime: undefined }
  if (equalJson(before, condition)) return [...conditions]
  const next = { ...condition, lastTransitionTime: known?.status === condition.status && lastTransitionTime ? lastTransitionTime : now }
  return known ? conditions.map((one) => (one === known ? next : one)) : [...conditions, next]
}
