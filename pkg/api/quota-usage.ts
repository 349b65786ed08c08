// What objects use of a ResourceQuota: pure.
import { addQuantities, formatQuantity, parseQuantity, quantityOf, zeroQuantity, compareQuantities, type Quantity } from './quantity.ts'
import { groupResource, type KubeObject, type Resource } from './object.ts'
import type { ResourceQuota, ResourceQuotaSpec, ScopedResourceSelectorRequirement } from './types-config.ts'
import type { Container, Pod, PodSpec } from './types-pod.ts'
import type { Parts } from '../util/slices.ts'
import type { Service } from './types-service.ts'
import type { PersistentVolumeClaim } from './types-volume.ts'

export type Usage = Readonly<Record<string, Quantity>>

const isTerminal = ({ status }: Pod): boolean => status?.phase === 'Succeeded' || status?.phase === 'Failed'

const claimKind = 'resourceclaims.resource.k8s.io'
const devicesOfClass = '.deviceclass.resource.k8s.io/devices'

/** Kinds that have a name of their own in quotas, beside `count/<kind>`. */
const counted = new Set(['pods', 'services', 'secrets', 'configmaps', 'persistentvolumeclaims', 'replicationcontrollers', 'resourcequotas'])

function concernsKind(name: string, kind: string): boolean {
  if (name === `count/${kind}` || (name === kind && counted.has(kind))) return true
  if (kind === 'services') return name.startsWith('services.')
  if (kind === 'persistentvolumeclaims') return name === 'requests.storage' || name.includes('.storageclass.storage.k8s.io/')
  if (kind === claimKind) return name.endsWith(devicesOfClass)
  return kind === 'pods' && isPodResource(name)
}

/** The kinds for which a quota's names have rules beside their own name. */
const special = new Set(['pods', 'services', 'persistentvolumeclaims', claimKind])

const ofKinds = new WeakMap<ResourceQuotaSpec, Map<string, readonly string[]>>()

/** The names of a stored quota that speak of the kind, in order. There may be many, and it is asked for every object. */
export function limitedNames(spec: ResourceQuotaSpec, resource: { readonly group: string; readonly plural: string }): readonly string[] {
  const kind = groupResource(resource)
  let known = ofKinds.get(spec)
  if (!known) ofKinds.set(spec, known = new Map())
  let names = known.get(kind)
  if (!names) known.set(kind, names = namesOf(spec.hard ?? {}, kind))
  return names
}

const namesOf = (hard: Readonly<Record<string, unknown>>, kind: string): readonly string[] =>
  (special.has(kind) ? Object.keys(hard).filter((name) => concernsKind(name, kind)) : [kind, `count/${kind}`].filter((name) => Object.hasOwn(hard, name) && concernsKind(name, kind))).sort()

const isPodResource = (name: string): boolean => name !== 'requests.storage' && !name.includes('.storageclass.')
  && (/^(requests|limits)\./.test(name) || name.startsWith('hugepages-') || name === 'cpu' || name === 'memory' || name === 'ephemeral-storage')

export function usageOf(resource: { readonly group: string; readonly plural: string }, object: KubeObject): Usage {
  const kind = groupResource(resource)
  const one = quantityOf(1)
  const usage: Record<string, Quantity> = { [`count/${kind}`]: one }
  if (kind === 'pods') return { ...usage, ...podUsage(object as Pod) }
  if (counted.has(kind)) usage[kind] = one
  if (kind === 'services') Object.assign(usage, serviceUsage(object as Service))
  if (kind === 'persistentvolumeclaims') Object.assign(usage, claimUsage(object as PersistentVolumeClaim))
  if (kind === claimKind) Object.assign(usage, deviceUsage(object as DeviceClaim))
  return usage
}

function podUsage(pod: Pod): Usage {
  if (isTerminal(pod)) return {}
  const usage: Record<string, Quantity> = { pods: quantityOf(1) }
  for (const [name, value] of Object.entries(podResources(pod.spec, 'requests'))) {
    usage[`requests.${name}`] = value
    if (name === 'cpu' || name === 'memory' || name === 'ephemeral-storage' || name.startsWith('hugepages-')) usage[name] = value
  }
  for (const [name, value] of Object.entries(podResources(pod.spec, 'limits'))) usage[`limits.${name}`] = value
  return usage
}

/** What a pod needs at most at one time: its containers together, or one of its init containers, plus its overhead. */
function podResources(spec: PodSpec, which: 'requests' | 'limits'): Record<string, Quantity> {
  const of = ({ resources }: Container): Record<string, string> => ({ ...(which === 'requests' ? resources?.limits : {}), ...resources?.[which] })
  let total: Record<string, Quantity> = {}
  for (const container of spec.containers) total = plus(total, of(container))
  let sidecars: Record<string, Quantity> = {}
  for (const container of spec.initContainers ?? []) {
    if (container.restartPolicy === 'Always') {
      total = plus(total, of(container))
      sidecars = plus(sidecars, of(container))
    } else for (const [name, value] of Object.entries(plus(sidecars, of(container)))) total[name] = larger(total[name], value)
  }
  return spec.overhead ? plus(total, spec.overhead) : total
}

function plus(total: Record<string, Quantity>, more: Readonly<Record<string, string>>): Record<string, Quantity> {
  const sum = { ...total }
  for (const [name, text] of Object.entries(more)) sum[name] = sum[name] ? addQuantities(sum[name], parseQuantity(text)) : parseQuantity(text)
  return sum
}

const larger = (a: Quantity | undefined, b: Quantity): Quantity => (a && compareQuantities(a, b) >= 0 ? a : b)

function serviceUsage({ spec }: Service): Usage {
  const ports = quantityOf((spec.ports ?? []).length)
  if (spec.type === 'NodePort') return { 'services.nodeports': ports }
  if (spec.type !== 'LoadBalancer') return {}
  return { 'services.loadbalancers': quantityOf(1), ...(spec.allocateLoadBalancerNodePorts === false ? {} : { 'services.nodeports': ports }) }
}

function claimUsage({ spec }: PersistentVolumeClaim): Usage {
  const storage = parseQuantity(spec?.resources?.requests?.storage ?? '0')
  const prefix = spec?.storageClassName ? `${spec.storageClassName}.storageclass.storage.k8s.io/` : undefined
  return { 'requests.storage': storage, ...(prefix ? { [`${prefix}requests.storage`]: storage, [`${prefix}persistentvolumeclaims`]: quantityOf(1) } : {}) }
}

interface DeviceRequest {
  readonly deviceClassName?: string
  readonly allocationMode?: string
  readonly count?: number
}

interface DeviceClaim extends KubeObject {
  readonly spec?: { readonly devices?: { readonly requests?: readonly { readonly exactly?: DeviceRequest; readonly firstAvailable?: readonly DeviceRequest[] }[] } }
}

/** As many devices as a claim can be given. */
const mostDevices = 32

/** Devices of each class; of alternatives, what the largest of a class would take. */
function deviceUsage({ spec }: DeviceClaim): Usage {
  const counts = new Map<string, number>()
  for (const { exactly, firstAvailable = [] } of spec?.devices?.requests ?? []) {
    const largest = new Map<string, number>()
    for (const { deviceClassName = '', allocationMode, count = 0 } of firstAvailable.length > 0 ? firstAvailable : exactly ? [exactly] : []) {
      const wanted = allocationMode === 'All' ? mostDevices : allocationMode === 'ExactCount' ? count : 0
      largest.set(deviceClassName, Math.max(largest.get(deviceClassName) ?? 0, wanted))
    }
    for (const [name, wanted] of largest) counts.set(name, (counts.get(name) ?? 0) + wanted)
  }
  return Object.fromEntries([...counts].map(([name, count]) => [`${name}${devicesOfClass}`, quantityOf(count)]))
}

/** Whether the object is inside the quota's scopes. Only pods and claims have scopes. */
export function isInScope(spec: ResourceQuotaSpec, resource: { readonly group: string; readonly plural: string }, object: KubeObject): boolean {
  const rules: readonly ScopedResourceSelectorRequirement[] = [
    ...(spec.scopes ?? []).map((scopeName) => ({ scopeName, operator: 'Exists' })), ...(spec.scopeSelector?.matchExpressions ?? []),
  ]
  if (rules.length === 0) return true
  const kind = groupResource(resource)
  if (kind === 'persistentvolumeclaims') return rules.every((rule) => claimInScope(rule, object as PersistentVolumeClaim))
  return kind === 'pods' && rules.every((rule) => podInScope(rule, object as Pod))
}

function claimInScope({ scopeName, operator, values = [] }: ScopedResourceSelectorRequirement, { spec, status }: PersistentVolumeClaim): boolean {
  if (scopeName !== 'VolumeAttributesClass') return false
  const classes = [spec.volumeAttributesClassName, status?.currentVolumeAttributesClassName, status?.modifyVolumeStatus?.targetVolumeAttributesClassName].filter((name) => Boolean(name))
  const named = classes.some((name) => values.includes(name ?? ''))
  switch (operator) {
    case 'Exists': return classes.length > 0
    case 'DoesNotExist': return classes.length === 0
    case 'In': return named
    default: return operator === 'NotIn' && !named
  }
}

function podInScope({ scopeName, operator, values = [] }: ScopedResourceSelectorRequirement, { spec, status }: Pod): boolean {
  switch (scopeName) {
    case 'Terminating': return spec.activeDeadlineSeconds !== undefined && spec.activeDeadlineSeconds >= 0
    case 'NotTerminating': return spec.activeDeadlineSeconds === undefined
    case 'BestEffort': return isBestEffort(spec, status?.qosClass)
    case 'NotBestEffort': return !isBestEffort(spec, status?.qosClass)
    case 'CrossNamespacePodAffinity': return crossesNamespaces(spec)
    case 'PriorityClass': {
      const name = spec.priorityClassName ?? ''
      if (operator === 'Exists') return name !== ''
      if (operator === 'DoesNotExist') return name === ''
      return operator === 'In' ? values.includes(name) : operator === 'NotIn' && !values.includes(name)
    }
    default: return false
  }
}

function isBestEffort(spec: PodSpec, qosClass: string | undefined): boolean {
  if (qosClass !== undefined && qosClass !== '') return qosClass === 'BestEffort'
  const asks = (values: Readonly<Record<string, string>> = {}): boolean => 'cpu' in values || 'memory' in values
  return ![...spec.containers, ...(spec.initContainers ?? [])].some(({ resources }) => asks(resources?.requests) || asks(resources?.limits))
}

function crossesNamespaces({ affinity }: PodSpec): boolean {
  const terms = [affinity?.podAffinity, affinity?.podAntiAffinity].flatMap((one) => [
    ...(one?.requiredDuringSchedulingIgnoredDuringExecution ?? []),
    ...(one?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(({ podAffinityTerm }) => podAffinityTerm),
  ])
  return terms.some(({ namespaces, namespaceSelector }) => (namespaces?.length ?? 0) > 0 || namespaceSelector !== undefined)
}

const stride = 64

/** The quota's `used`: every name of `hard`, with what is used of it. In parts, for there may be many objects. */
export function* quotaUsed({ spec }: ResourceQuota, objects: readonly { readonly resource: Resource; readonly object: KubeObject }[]): Parts<Record<string, string>> {
  const names = Object.keys(spec.hard ?? {})
  const totals = new Map<string, Quantity>(names.map((name) => [name, zeroQuantity]))
  let count = 0
  for (const { resource, object } of objects) {
    if (++count % stride === 0) yield
    if (!isInScope(spec, resource, object)) continue
    const usage = usageOf(resource, object)
    for (const name in usage) {
      const used = usage[name]
      if (used && totals.has(name)) totals.set(name, addTo(totals.get(name), used))
    }
  }
  return Object.fromEntries([...totals].map(([name, total]) => [name, formatQuantity(total)]))
}

// The format of the first real value is kept: 1Gi and 1Gi are 2Gi.
const addTo = (total: Quantity | undefined, used: Quantity): Quantity => (total && total.nanos !== 0n ? addQuantities(total, used) : used)
