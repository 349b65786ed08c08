// What may change in a pod once it exists: almost nothing in its spec, and that by its update and by ephemeralcontainers.
import type { Affinity, Container, NodeAffinity, Pod, PodSpec, Toleration } from '../../api/types-pod.ts'
import type { NodeSelectorRequirement, NodeSelectorTerm } from '../../api/types-volume.ts'
import { goDiff, goPodSpec, goStruct, inGo } from './go-values.ts'
import { checkImageSpace } from './container-validation.ts'
import { mirrorKey } from './pod-annotations.ts'
import type { Errors } from './rules.ts'
import { forbiddenField, invalid, required, same } from './rules.ts'
import { checkTolerations } from './scheduling-validation.ts'
import { sortedMap } from '../../util/go-text.ts'

const changeable = '`spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,'
  + '`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)'

/** The update of the pod itself. Containers are compared by their places, so that nothing is where they are not the same many. */
export function checkPodUpdate(out: Errors, { spec }: Pod, { spec: old }: Pod): void {
  for (const list of ['containers', 'initContainers'] as const) if (!checkContainers(out, `spec.${list}`, spec[list], old[list])) return
  if (!checkDeadline(out, 'spec.activeDeadlineSeconds', spec, old)) return
  checkOnlyAdds(out, 'spec.tolerations', spec.tolerations, old.tolerations)
  checkGates(out, spec, old)
  if (same(spec, old)) return
  const gated = (old.schedulingGates ?? []).length > 0
  if (gated) checkNarrowing(out, spec, old)
  const expected = gated ? withOldPlacement(withAllowedChanges(spec, old), old) : withAllowedChanges(spec, old)
  if (!same(expected, old)) out.push(forbiddenField('spec', `pod updates may not change fields other than ${changeable}\n${goDiff(goPodSpec(old), goPodSpec(expected))}`))
}

function checkContainers(out: Errors, path: string, now: readonly Container[] = [], before: readonly Container[] = []): boolean {
  if (now.length !== before.length) {
    out.push(forbiddenField(path, 'pod updates may not add or remove containers'))
    return false
  }
  for (const [index, container] of now.entries()) {
    if (!container.image) out.push(required(`${path}[${index}].image`))
    checkImageSpace(out, `${path}[${index}]`, container)
  }
  return true
}

const maxInt32 = 2147483647

/** A deadline may come, and come nearer. */
function checkDeadline(out: Errors, path: string, { activeDeadlineSeconds: now }: PodSpec, { activeDeadlineSeconds: before }: PodSpec): boolean {
  if (now === undefined) {
    if (before !== undefined) out.push(invalid(path, null, 'must not update from a positive integer to nil value'))
    return true
  }
  if (now < 0 || now > maxInt32) out.push(invalid(path, now, `must be between 0 and ${maxInt32}, inclusive`))
  else if (before !== undefined && now > before) out.push(invalid(path, now, 'must be less than or equal to previous value'))
  else return true
  return false
}

const withoutSeconds = ({ key = '', operator = '', value = '', effect = '' }: Toleration): string => JSON.stringify([key, operator, value, effect])

/** Old tolerations must still be there; only their seconds may differ. */
function checkOnlyAdds(out: Errors, path: string, now: readonly Toleration[] = [], before: readonly Toleration[] = []): void {
  const said = new Set(now.map(withoutSeconds))
  const kept = before.every((old) => said.has(withoutSeconds(old)))
  if (!kept) out.push(forbiddenField(path, 'existing toleration can not be modified except its tolerationSeconds'))
  else checkTolerations(out, path, now)
}

function checkGates(out: Errors, { schedulingGates: now = [] }: PodSpec, { schedulingGates: before = [] }: PodSpec): void {
  const standing = new Set(before.map(({ name }) => name))
  for (const [index, { name }] of now.entries()) {
    if (!standing.has(name)) out.push(forbiddenField(`spec.schedulingGates[${index}].name`, `only deletion is allowed, but found new scheduling gate '${name}'`))
  }
}

/** Until its gates are gone a pod may still be narrowed to fewer nodes. */
function checkNarrowing(out: Errors, spec: PodSpec, old: PodSpec): void {
  const selector = spec.nodeSelector ?? {}
  if (!Object.entries(old.nodeSelector ?? {}).every(([key, value]) => selector[key] === value)) {
    out.push(invalid('spec.nodeSelector', spec.nodeSelector ? sortedMap(spec.nodeSelector) : null, 'only additions to spec.nodeSelector are allowed (no mutations or deletions)'))
  }
  checkNodeTerms(out, 'spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms', termsOf(spec.affinity), termsOf(old.affinity))
}

const termsOf = (affinity: Affinity | undefined): readonly NodeSelectorTerm[] =>
  affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? []

const shownTerm = (term: NodeSelectorTerm): object => {
  const requirements = (list: readonly NodeSelectorRequirement[] | undefined): object | null => list?.map((one) => inGo(one, { Key: '', Operator: '', Values: null })) ?? null
  return { MatchExpressions: requirements(term.matchExpressions), MatchFields: requirements(term.matchFields) }
}

/** Terms are alternatives, so that none may be added; what each of them demands may grow. */
function checkNodeTerms(out: Errors, path: string, now: readonly NodeSelectorTerm[], before: readonly NodeSelectorTerm[]): void {
  if (before.length === 0) return
  if (before.length !== now.length) return void out.push(invalid(path, now.length > 0 ? now.map(shownTerm) : null, 'no additions/deletions to non-empty NodeSelectorTerms list are allowed'))
  for (const [index, term] of now.entries()) {
    if (!onlyGrows(term, before[index] ?? {})) out.push(invalid(`${path}[${index}]`, shownTerm(term), 'only additions are allowed (no mutations or deletions)'))
  }
}

// A term that demands nothing fits no node, and must not begin to fit some.
function onlyGrows(now: NodeSelectorTerm, before: NodeSelectorTerm): boolean {
  const lists = ['matchExpressions', 'matchFields'] as const
  if (lists.every((list) => !before[list]?.length)) return lists.every((list) => !now[list]?.length)
  return lists.every((list) => same((now[list] ?? []).slice(0, (before[list] ?? []).length), before[list] ?? []))
}

/** The new spec with everything that may change set back; what still differs from the old one may not. */
function withAllowedChanges(spec: PodSpec, old: PodSpec): PodSpec {
  const images = (now: readonly Container[] = [], before: readonly Container[] = []): Container[] =>
    now.map((container, index) => ({ ...container, image: before[index]?.image }))
  const shortened = (old.terminationGracePeriodSeconds ?? 0) < 0 && spec.terminationGracePeriodSeconds === 1
  return {
    ...spec,
    containers: images(spec.containers, old.containers),
    ...(spec.initContainers ? { initContainers: images(spec.initContainers, old.initContainers) } : {}),
    activeDeadlineSeconds: old.activeDeadlineSeconds,
    tolerations: old.tolerations,
    schedulingGates: old.schedulingGates,
    ...(shortened ? { terminationGracePeriodSeconds: old.terminationGracePeriodSeconds } : {}),
  }
}

/** What narrows a gated pod is judged by itself. */
function withOldPlacement(spec: PodSpec, old: PodSpec): PodSpec {
  return { ...spec, nodeSelector: old.nodeSelector, affinity: withOldNodes(spec.affinity, old.affinity) }
}

function withOldNodes(now: Affinity | undefined, old: Affinity | undefined): Affinity | undefined {
  const nodeAffinity: NodeAffinity | undefined = old?.nodeAffinity
  if (!now) return nodeAffinity ? { nodeAffinity } : undefined
  if (!old && !now.podAffinity && !now.podAntiAffinity && now.nodeAffinity) return undefined
  return { ...now, nodeAffinity }
}

/** The ephemeralcontainers subresource: containers may be added, never changed or removed. */
export function checkEphemeralUpdate(out: Errors, pod: Pod, old: Pod): Errors {
  if (old.metadata.annotations?.[mirrorKey] !== undefined) return [forbiddenField('[]', 'static pods do not support ephemeral containers')]
  const now = pod.spec.ephemeralContainers ?? []
  for (const before of old.spec.ephemeralContainers ?? []) {
    const next = now.find(({ name }) => name === before.name)
    if (!next) out.push(forbiddenField('spec.ephemeralContainers', `existing ephemeral containers "${before.name}" may not be removed\n`))
    else if (!same(next, before)) {
      out.push(forbiddenField('spec.ephemeralContainers', `existing ephemeral containers "${before.name}" may not be changed\n${goDiff(goStruct('EphemeralContainer', before), goStruct('EphemeralContainer', next))}`))
    }
  }
  return out
}
