// What may change in a pod once it exists: almost nothing in its spec, by three ways.
import type { Container, Pod, PodSpec, Toleration } from '../../api/types-pod.ts'
import { checkPodSpec } from './pod-spec-validation.ts'
import { qosClass } from './pod-qos.ts'
import type { Errors } from './rules.ts'
import { checkImmutable, forbiddenField, invalid, same } from './rules.ts'

const changeable = '`spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,'
  + '`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)'

/** The update of the pod itself. */
export function checkPodUpdate(out: Errors, pod: Pod, old: Pod): void {
  checkContainerCount(out, 'spec.containers', pod.spec.containers, old.spec.containers)
  checkContainerCount(out, 'spec.initContainers', pod.spec.initContainers, old.spec.initContainers)
  checkDeadline(out, pod.spec, old.spec)
  checkGates(out, pod.spec, old.spec)
  if (out.some(({ reason }) => reason === 'FieldValueForbidden')) return
  if (!onlyAdds(pod.spec.tolerations, old.spec.tolerations)) {
    out.push(forbiddenField('spec.tolerations', 'existing toleration can not be modified except its tolerationSeconds'))
    return
  }
  const expected = withAllowedChanges(pod.spec, old.spec)
  const changed = changedFields(expected, old.spec)
  if (changed.length > 0) {
    const differences = changed.map((name) => `  ${name}: ${shown(old.spec, name)} -> ${shown(expected, name)}`)
    out.push(forbiddenField('spec', `pod updates may not change fields other than ${changeable}\n${differences.join('\n')}`))
  }
}

const shown = (spec: PodSpec, name: string): string => JSON.stringify((spec as unknown as Record<string, unknown>)[name]) ?? 'none'

function changedFields(a: PodSpec, b: PodSpec): string[] {
  const left = a as unknown as Record<string, unknown>
  const right = b as unknown as Record<string, unknown>
  return [...new Set([...Object.keys(left), ...Object.keys(right)])].filter((name) => !same(left[name], right[name])).sort()
}

function checkContainerCount(out: Errors, path: string, now: readonly Container[] = [], before: readonly Container[] = []): void {
  if (now.length !== before.length) out.push(forbiddenField(path, 'pod updates may not add or remove containers'))
}

function checkDeadline(out: Errors, { activeDeadlineSeconds: now }: PodSpec, { activeDeadlineSeconds: before }: PodSpec): void {
  if (before === undefined) return
  if (now === undefined) out.push(invalid('spec.activeDeadlineSeconds', null, 'must not update from a positive integer to nil value'))
  else if (now > before) out.push(invalid('spec.activeDeadlineSeconds', now, 'must be less than or equal to previous value'))
}

function checkGates(out: Errors, { schedulingGates: now = [] }: PodSpec, { schedulingGates: before = [] }: PodSpec): void {
  for (const [index, { name }] of now.entries()) {
    if (!before.some((gate) => gate.name === name)) out.push(forbiddenField(`spec.schedulingGates[${index}].name`, `only deletion is allowed, but found new scheduling gate '${name}'`))
  }
}

// Old tolerations must still be there; only their seconds may differ.
function onlyAdds(now: readonly Toleration[] = [], before: readonly Toleration[] = []): boolean {
  return before.every((old) => now.some((toleration) => same({ ...toleration, tolerationSeconds: 0 }, { ...old, tolerationSeconds: 0 })))
}

/** The new spec with everything that may change set back; what still differs from the old one may not. */
function withAllowedChanges(spec: PodSpec, old: PodSpec): PodSpec {
  const images = (now: readonly Container[] = [], before: readonly Container[] = []): Container[] =>
    now.map((container, index) => ({ ...container, image: before[index]?.image }))
  const shortened = (old.terminationGracePeriodSeconds ?? 0) < 0 && spec.terminationGracePeriodSeconds === 1
  // Until its gates are gone a pod may still be narrowed to fewer nodes.
  const gated = (old.schedulingGates ?? []).length > 0
  return {
    ...spec,
    containers: images(spec.containers, old.containers),
    initContainers: images(spec.initContainers, old.initContainers),
    activeDeadlineSeconds: old.activeDeadlineSeconds,
    tolerations: old.tolerations,
    schedulingGates: old.schedulingGates,
    ...(shortened ? { terminationGracePeriodSeconds: old.terminationGracePeriodSeconds } : {}),
    ...(gated && contains(spec.nodeSelector, old.nodeSelector) ? { nodeSelector: old.nodeSelector } : {}),
    ...(gated && narrows(spec, old) ? { affinity: spec.affinity && { ...spec.affinity, nodeAffinity: old.affinity?.nodeAffinity } } : {}),
    ...(gated && narrows(spec, old) && old.affinity === undefined && onlyNodeAffinity(spec) ? { affinity: undefined } : {}),
  }
}

const onlyNodeAffinity = ({ affinity }: PodSpec): boolean => Object.keys(affinity ?? {}).every((key) => key === 'nodeAffinity')

function contains(now: Record<string, string> = {}, before: Record<string, string> = {}): boolean {
  return Object.entries(before).every(([key, value]) => now[key] === value)
}

// Terms may not be added (they are alternatives); what each of them demands may grow.
function narrows({ affinity: now }: PodSpec, { affinity: before }: PodSpec): boolean {
  const terms = now?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? []
  const oldTerms = before?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms
  if (!oldTerms) return true
  return terms.length === oldTerms.length && oldTerms.every((old, index) =>
    (['matchExpressions', 'matchFields'] as const).every((list) => (old[list] ?? []).every((one) => terms[index]?.[list]?.some((other) => same(one, other)))))
}

/** The ephemeralcontainers subresource: containers may be added, never changed or removed. */
export function checkEphemeralUpdate(pod: Pod, old: Pod): Errors {
  if ('kubernetes.io/config.mirror' in (old.metadata.annotations ?? {})) return [forbiddenField('', 'static pods do not support ephemeral containers')]
  const out: Errors = []
  checkPodSpec(out, 'spec', pod.spec, pod.metadata)
  const now = pod.spec.ephemeralContainers ?? []
  for (const before of old.spec.ephemeralContainers ?? []) {
    const position = now.findIndex(({ name }) => name === before.name)
    if (position < 0) out.push(forbiddenField('spec.ephemeralContainers', `existing ephemeral containers "${before.name}" may not be removed\n`))
    else if (!same(now[position], before)) out.push(forbiddenField('spec.ephemeralContainers', `existing ephemeral containers "${before.name}" may not be changed\n`))
  }
  return out
}

const resizable = ['cpu', 'memory'] as const

/** The resize subresource: takes over resources (and resize policies) of containers that exist; a list of other containers is kept as it is, to be refused. */
export function mergeResize(stored: Pod, body: Pod): Pod {
  const resized = (containers: readonly Container[] | undefined, asked: readonly Container[] = []): Container[] | undefined => {
    if (!sameNames(containers ?? [], asked)) return asked.length === 0 && containers === undefined ? undefined : [...asked]
    return containers?.map((container, index) => {
      const wanted = asked[index]
      const requests = { ...wanted?.resources?.limits, ...wanted?.resources?.requests }
      const resources = Object.keys(requests).length > 0 ? { ...wanted?.resources, requests } : wanted?.resources ?? {}
      return { ...container, resources, ...(wanted?.resizePolicy ? { resizePolicy: wanted.resizePolicy } : {}) }
    })
  }
  const initContainers = resized(stored.spec.initContainers, body.spec?.initContainers)
  return { ...stored, spec: { ...stored.spec, containers: resized(stored.spec.containers, body.spec?.containers) ?? [], ...(initContainers ? { initContainers } : {}) } }
}

const sameNames = (a: readonly Container[], b: readonly Container[]): boolean => a.length === b.length && a.every(({ name }, index) => name === b[index]?.name)

export function checkResize(pod: Pod, old: Pod): Errors {
  const out: Errors = []
  const { annotations = {} } = old.metadata
  if ('kubernetes.io/config.mirror' in annotations) return [forbiddenField('spec', 'static pods cannot be resized')]
  for (const list of ['containers', 'initContainers'] as const) checkSameContainers(out, `spec.${list}`, pod.spec[list], old.spec[list])
  // What follows compares containers by their places.
  if (out.length > 0) return out
  checkPodSpec(out, 'spec', pod.spec, pod.metadata)
  if (old.status?.phase === 'Running' && (old.status.containerStatuses ?? []).some((status) => status.state?.running && !status.resources)) {
    out.push(forbiddenField('', 'Pod running on node without support for resize'))
  }
  if (qosClass(pod) !== (old.status?.qosClass ?? qosClass(old))) {
    out.push(invalid('spec', old.status?.qosClass ?? qosClass(old), 'Pod QOS Class may not change as a result of resizing'))
  }
  for (const [index, container] of pod.spec.containers.entries()) checkContainerResize(out, `spec.containers[${index}]`, container, old.spec.containers[index])
  for (const [index, container] of (pod.spec.initContainers ?? []).entries()) {
    const before = old.spec.initContainers?.[index]
    if (container.restartPolicy === 'Always') checkContainerResize(out, `spec.initContainers[${index}]`, container, before)
    else if (!same(container.resources ?? {}, before?.resources ?? {})) out.push(forbiddenField(`spec.initContainers[${index}].resources`, 'resources for non-sidecar init containers are immutable'))
  }
  return out
}

function checkSameContainers(out: Errors, path: string, now: readonly Container[] = [], before: readonly Container[] = []): void {
  if (now.length !== before.length) return void out.push(forbiddenField(path, 'containers may not be added or removed on resize'))
  for (const [index, { name }] of now.entries()) {
    if (name !== before[index]?.name) out.push(forbiddenField(`${path}[${index}].name`, 'containers may not be renamed or reordered on resize'))
  }
}

function checkContainerResize(out: Errors, path: string, container: Container, before: Container | undefined): void {
  const others = (resources: Container['resources']): object => ({
    limits: withoutResizable(resources?.limits), requests: withoutResizable(resources?.requests), claims: resources?.claims ?? [],
  })
  if (!same(others(container.resources), others(before?.resources))) out.push(forbiddenField(`${path}.resources`, 'only cpu and memory resources are mutable'))
  for (const list of ['limits', 'requests'] as const) {
    const gone = resizable.some((name) => before?.resources?.[list]?.[name] !== undefined && container.resources?.[list]?.[name] === undefined)
    if (gone) out.push(forbiddenField(`${path}.resources.${list}`, `resource ${list} cannot be removed`))
  }
  checkImmutable(out, `${path}.resizePolicy`, container.resizePolicy, before?.resizePolicy)
}

function withoutResizable(list: Readonly<Record<string, string>> | undefined): object {
  return Object.fromEntries(Object.entries(list ?? {}).filter(([name]) => !(resizable as readonly string[]).includes(name)))
}
