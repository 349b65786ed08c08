// LimitRanger: a namespace's limit ranges give containers default requests and limits, and bound pods, containers and claims.
import type { LimitRange, LimitRangeItem } from '../api/types-config.ts'
import { limitRanges } from '../api/types-config.ts'
import type { Container, Pod } from '../api/types-pod.ts'
import { pods } from '../api/types-pod.ts'
import type { PersistentVolumeClaim } from '../api/types-volume.ts'
import { persistentVolumeClaims } from '../api/types-volume.ts'
import type { AdmissionPlugin, AdmissionRequest } from './admission.ts'
import { isAbout, isCreateOf, refusal } from './admission.ts'
import type { Usage } from './limits.ts'
import { limitFaults, podAmounts } from './limits.ts'

const annotation = 'kubernetes.io/limit-ranger'

const itemsOf = (request: AdmissionRequest): LimitRangeItem[] =>
  request.view.list<LimitRange>(limitRanges, request.namespace).flatMap(({ spec }) => spec.limits ?? [])

const usageOf = ({ resources }: Pick<Container, 'resources'>): Usage => ({ requests: resources?.requests ?? {}, limits: resources?.limits ?? {} })

/** Fills one map in; returns the names that were missing. */
function fill(amounts: Record<string, string>, defaults: Record<string, string> | undefined): string[] {
  const missing = Object.keys(defaults ?? {}).filter((resource) => amounts[resource] === undefined).sort()
  for (const resource of missing) amounts[resource] = defaults?.[resource] ?? ''
  return missing
}

function fillContainer(container: Container, kind: string, item: LimitRangeItem): string[] {
  const limits = { ...container.resources?.limits }
  const requests = { ...container.resources?.requests }
  const texts: string[] = []
  const filledRequests = fill(requests, item.defaultRequest)
  const filledLimits = fill(limits, item.default)
  if (filledRequests.length > 0) texts.push(`${filledRequests.join(', ')} request for ${kind} ${container.name}`)
  if (filledLimits.length > 0) texts.push(`${filledLimits.join(', ')} limit for ${kind} ${container.name}`)
  if (texts.length > 0) {
    container.resources = {
      ...container.resources,
      ...(Object.keys(limits).length > 0 ? { limits } : {}), ...(Object.keys(requests).length > 0 ? { requests } : {}),
    }
  }
  return texts
}

function fillPod(pod: Pod, items: readonly LimitRangeItem[]): void {
  const texts: string[] = []
  for (const item of items.filter(({ type }) => type === 'Container')) {
    for (const container of pod.spec.containers) texts.push(...fillContainer(container, 'container', item))
    for (const container of pod.spec.initContainers ?? []) texts.push(...fillContainer(container, 'init container', item))
  }
  if (texts.length > 0) pod.metadata.annotations = { ...pod.metadata.annotations, [annotation]: `LimitRanger plugin set: ${texts.join('; ')}` }
}

function podFaults({ spec }: Pod, items: readonly LimitRangeItem[]): string[] {
  const inits = spec.initContainers ?? []
  return items.flatMap((item) => {
    if (item.type === 'Container') return [...spec.containers, ...inits].flatMap((container) => limitFaults(item, usageOf(container)))
    if (item.type !== 'Pod') return []
    const sum = (field: 'requests' | 'limits'): Usage['limits'] =>
      podAmounts(spec.containers.map(({ resources }) => resources?.[field]), inits.map(({ resources }) => resources?.[field]))
    return limitFaults(item, { requests: sum('requests'), limits: sum('limits') })
  })
}

export const limitRanger: AdmissionPlugin = {
  name: 'LimitRanger',
  mutate(draft, request) {
    if (isCreateOf(request, pods)) fillPod(draft as unknown as Pod, itemsOf(request))
  },
  validate(object, request) {
    if (request.operation === 'DELETE') return
    let faults: string[] = []
    const resize = request.subresource === 'resize' && request.definition.resource.plural === 'pods'
    if (isCreateOf(request, pods) || resize) faults = podFaults(object as unknown as Pod, itemsOf(request))
    else if (isAbout(request, persistentVolumeClaims)) {
      const { spec } = object as unknown as PersistentVolumeClaim
      const usage: Usage = { requests: spec.resources?.requests ?? {}, limits: {} }
      faults = itemsOf(request).filter(({ type }) => type === 'PersistentVolumeClaim').flatMap((item) => limitFaults(item, usage))
    }
    const unique = [...new Set(faults)]
    if (unique.length > 0) throw refusal(request, unique.length === 1 ? unique.join() : `[${unique.join(', ')}]`)
  },
}
