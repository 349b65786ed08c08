// LimitRanger: a namespace's limit ranges give containers default requests and limits, and bound pods, containers and claims.
import { podAmounts } from '../api/pod-amounts.ts'
import { formatQuantity } from '../api/quantity.ts'
import { aggregateText } from '../api/status-error.ts'
import type { LimitRange, LimitRangeItem } from '../api/types-config.ts'
import { limitRanges } from '../api/types-config.ts'
import type { Container, Pod } from '../api/types-pod.ts'
import { pods } from '../api/types-pod.ts'
import type { PersistentVolumeClaim } from '../api/types-volume.ts'
import { persistentVolumeClaims } from '../api/types-volume.ts'
import type { Parts } from '../util/slices.ts'
import type { AdmissionPlugin, AdmissionRequest } from './admission.ts'
import { isAbout, isCreateOf, isResource, refusal } from './admission.ts'
import type { Usage } from './limits.ts'
import { limitFaults } from './limits.ts'

const annotation = 'kubernetes.io/limit-ranger'

type Items = readonly LimitRangeItem[]

/** Of each limit range its items. */
const rangesOf = (request: AdmissionRequest): Items[] =>
  request.view.list<LimitRange>(limitRanges, request.namespace).map(({ spec }) => spec.limits ?? []).filter(({ length }) => length > 0)

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

/** What is told of it is no longer than annotations may be: a pod that needs more is refused for that, and not filled up first. */
const longestText = 256 * 1024

function* fillPod(pod: Pod, ranges: readonly Items[]): Parts<void> {
  let left = longestText
  const containers = [...pod.spec.containers.map((container) => ({ container, kind: 'container' })), ...(pod.spec.initContainers ?? []).map((container) => ({ container, kind: 'init container' }))]
  for (const item of ranges.flatMap((items) => items.filter(({ type }) => type === 'Container'))) {
    const texts: string[] = []
    for (const { container, kind } of containers) {
      if (left < 0) break
      for (const text of fillContainer(container, kind, item)) {
        texts.push(text)
        left -= text.length
      }
      yield
    }
    // Of several limit ranges the last one tells.
    if (texts.length > 0) pod.metadata.annotations = { ...pod.metadata.annotations, [annotation]: `LimitRanger plugin set: ${texts.join('; ')}` }
  }
}

const isWholePod = (resource: string): boolean => resource === 'cpu' || resource === 'memory'

/** Each once. Containers that ask for the same are judged once. */
function* podFaults(pod: Pod, items: Items): Parts<string[]> {
  const { spec } = pod
  const inits = spec.initContainers ?? []
  const faults = new Set<string>()
  const usages = [...new Map([...spec.containers, ...inits].map((container) => [JSON.stringify(container.resources), usageOf(container)])).values()]
  yield
  const sum = (which: 'requests' | 'limits'): Usage['limits'] =>
    Object.fromEntries(Object.entries(podAmounts(pod, which, { isWhole: isWholePod })).map(([resource, amount]) => [resource, formatQuantity(amount)]))
  const whole: Usage | undefined = items.some(({ type }) => type === 'Pod') ? { requests: sum('requests'), limits: sum('limits') } : undefined
  for (const item of items) {
    for (const usage of item.type === 'Container' ? usages : item.type === 'Pod' && whole ? [whole] : []) {
      for (const fault of limitFaults(item, usage)) faults.add(fault)
      yield
    }
  }
  return [...faults]
}

function refuse(request: AdmissionRequest, faults: readonly string[]): void {
  if (faults.length > 0) throw refusal(request, aggregateText(faults))
}

const boundsOf = ({ min, max, default: limits, defaultRequest, maxLimitRequestRatio }: LimitRangeItem): number =>
  [min, max, limits, defaultRequest, maxLimitRequestRatio].reduce((sum, bounds) => sum + Object.keys(bounds ?? {}).length, 0)

/** Each container meets each bound: many of both make much of little. */
function limited(pod: Pod, ranges: readonly Items[], request: AdmissionRequest, work: (pod: Pod, ranges: readonly Items[]) => Parts<void>): Parts<void> {
  const containers = pod.spec.containers.length + (pod.spec.initContainers?.length ?? 0)
  request.expect(containers * ranges.flat().reduce((sum, item) => sum + boundsOf(item), 0))
  return work(pod, ranges)
}

const isOfPod = (request: AdmissionRequest): boolean =>
  isCreateOf(request, pods) || (request.operation === 'UPDATE' && request.subresource === 'resize' && isResource(request.definition, pods.group, pods.plural))

const isGoing = ({ old }: AdmissionRequest): boolean => old?.metadata.deletionTimestamp !== undefined

export const limitRanger: AdmissionPlugin = {
  name: 'LimitRanger',
  mutate(draft, request) {
    if (!isOfPod(request) || isGoing(request)) return undefined
    const ranges = rangesOf(request)
    return ranges.length === 0 ? undefined : limited(draft as unknown as Pod, ranges, request, fillPod)
  },
  validate(object, request) {
    if (request.operation === 'DELETE' || isGoing(request)) return undefined
    if (isOfPod(request)) {
      const ranges = rangesOf(request)
      return ranges.length === 0 ? undefined : limited(object as unknown as Pod, ranges, request, function* (pod) {
        for (const items of ranges) refuse(request, yield* podFaults(pod, items))
      })
    }
    if (isAbout(request, persistentVolumeClaims)) {
      const { spec } = object as unknown as PersistentVolumeClaim
      const usage: Usage = { requests: spec.resources?.requests ?? {}, limits: {} }
      for (const items of rangesOf(request)) refuse(request, [...new Set(items.filter(({ type }) => type === 'PersistentVolumeClaim').flatMap((item) => limitFaults(item, usage)))])
    }
    return undefined
  },
}
