// The resize subresource: cpu and memory of running containers may change, and nothing else.
import type { Container, Pod, ResourceRequirements } from '../../api/types-pod.ts'
import { mirrorKey } from './pod-annotations.ts'
import { qosClass } from './pod-qos.ts'
import type { Errors } from './rules.ts'
import { forbiddenField, invalid, same } from './rules.ts'

const resizable: readonly string[] = ['cpu', 'memory']

/** Takes over resources (and resize policies) of containers that exist; a list of other containers is kept as it is, to be refused. */
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

const noPodLevel = 'resize of pods with pod-level resources is forbidden when InPlacePodLevelResourcesVerticalScalingEnabled feature gate is disabled'

/** `out` has the errors of the spec as a whole already. */
export function checkResize(out: Errors, pod: Pod, old: Pod): Errors {
  if (old.metadata.annotations?.[mirrorKey] !== undefined) return [forbiddenField('[]', 'static pods cannot be resized')]
  if (old.spec.os?.name === 'windows') return [forbiddenField('[]', 'windows pods cannot be resized')]
  const before = old.status?.qosClass || qosClass(old)
  if (qosClass(pod) !== before) out.push(invalid('spec', pod.status?.qosClass ?? before, 'Pod QOS Class may not change as a result of resizing'))
  // A kubelet that can resize tells the resources of what runs.
  const running = old.status?.containerStatuses?.find(({ state }) => state?.running)
  if (running && !running.resources) out.push(forbiddenField('spec', 'Pod running on node without support for resize'))
  if ([old, pod].some(({ spec: { resources } }) => Object.keys({ ...resources?.requests, ...resources?.limits }).length > 0)) {
    out.push(forbiddenField('[]', noPodLevel))
    return out
  }
  // What follows compares containers by their places.
  const complete = (['containers', 'initContainers'] as const).map((list) => checkSameContainers(out, list, pod.spec[list], old.spec[list]))
  if (!complete.every(Boolean)) return out
  checkContainers(out, pod, old)
  return out
}

function checkSameContainers(out: Errors, list: 'containers' | 'initContainers', now: readonly Container[] = [], before: readonly Container[] = []): boolean {
  const known = out.length
  if (now.length !== before.length) out.push(forbiddenField(`spec.${list}`, `${list} may not be added or removed on resize`))
  else for (const [index, { name }] of before.entries()) {
    if (now[index]?.name !== name) out.push(forbiddenField(`spec.${list}[${index}].name`, `${list} may not be renamed or reordered on resize`))
  }
  return out.length === known
}

const isSidecar = ({ restartPolicy }: Container): boolean => restartPolicy === 'Always'

function checkContainers(out: Errors, { spec }: Pod, { spec: old }: Pod): void {
  const { initContainers = [] } = spec
  for (const [index, before] of (old.initContainers ?? []).entries()) if (isSidecar(before)) checkNothingRemoved(out, `spec.initContainers[${index}].resources`, initContainers[index]?.resources, before.resources)
  for (const [index, before] of old.containers.entries()) checkNothingRemoved(out, `spec.containers[${index}].resources`, spec.containers[index]?.resources, before.resources)
  for (const [index, container] of spec.containers.entries()) {
    if (!same(withoutResizable(container), withoutResizable(old.containers[index]))) out.push(forbiddenField('spec', 'only cpu and memory resources are mutable'))
  }
  for (const [index, container] of initContainers.entries()) {
    const before = old.initContainers?.[index]
    if (isSidecar(container)) {
      if (!same(withoutResizable(container), withoutResizable(before))) out.push(forbiddenField('spec', 'only cpu and memory resources for sidecar containers are mutable'))
    } else if (!same({ ...container, resources: container.resources ?? {} }, { ...before, resources: before?.resources ?? {} })) {
      out.push(forbiddenField('spec', 'resources for non-sidecar init containers are immutable'))
    }
  }
}

function checkNothingRemoved(out: Errors, path: string, now: ResourceRequirements | undefined, before: ResourceRequirements | undefined): void {
  for (const list of ['requests', 'limits'] as const) {
    if (Object.keys(before?.[list] ?? {}).some((name) => now?.[list]?.[name] === undefined)) out.push(forbiddenField(`${path}.${list}`, `resource ${list} cannot be removed`))
  }
}

function withoutResizable(container: Container | undefined): object {
  const others = (list: Readonly<Record<string, string>> | undefined): object => Object.fromEntries(Object.entries(list ?? {}).filter(([name]) => !resizable.includes(name)))
  const { limits, requests, claims = [] } = container?.resources ?? {}
  return { ...container, resources: { limits: others(limits), requests: others(requests), claims } }
}
