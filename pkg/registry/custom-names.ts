// Which names a CRD gets: those that no other CRD of its group has, and the conditions that tell so. Pure.
import { equalJson } from '../api/json.ts'
import type { CustomCondition, CustomNames, CustomResourceDefinition } from '../api/types-custom.ts'
import { conditionOf } from '../api/types-custom.ts'
import { approvalCondition } from './custom-approval.ts'

export interface NamePlan {
  readonly accepted: CustomNames
  readonly conditions: readonly CustomCondition[]
  readonly established: boolean
}

/** `others`: the names that the group's other CRDs have been given. */
export function planNames(crd: CustomResourceDefinition, others: Iterable<CustomNames>, now: string): NamePlan {
  const wanted = crd.spec.names
  const given: Partial<CustomNames> = crd.status?.acceptedNames ?? {}
  const resources = new Set<string>()
  const kinds = new Set<string>()
  for (const { plural, singular, shortNames = [], kind, listKind } of others) {
    for (const name of [plural, singular, ...shortNames]) if (name) resources.add(name)
    for (const name of [kind, listKind]) if (name) kinds.add(name)
  }
  const accepted: CustomNames = { ...given, plural: given.plural ?? '', kind: given.kind ?? '' }
  let refusal: { reason: string; message: string } | undefined
  const take = (reason: string, taken: readonly string[], grant: () => void): void => {
    if (taken.length === 0) grant()
    else refusal = { reason, message: taken.length === 1 ? taken[0] ?? '' : `[${taken.join(', ')}]` }
  }
  const conflict = (used: ReadonlySet<string>, name: string | undefined, own?: string): string[] =>
    (!name || name === own || !used.has(name) ? [] : [`${JSON.stringify(name)} is already in use`])
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
  return { accepted, conditions, established }
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
