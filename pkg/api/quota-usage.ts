// What objects use of a ResourceQuota: pure.
import { addQuantities, formatQuantity, parseQuantity, quantityOf, zeroQuantity, compareQuantities, type Quantity } from './quantity.ts'
import { podAmounts } from './pod-amounts.ts'
import { groupResource, type KubeObject, type Resource } from './object.ts'
import type { ResourceQuota, ResourceQuotaSpec, ScopedResourceSelectorRequirement } from './types-config.ts'
import type { Pod, PodSpec } from './types-pod.ts'
import type { Parts } from '../util/slices.ts'
import type { Service } from './types-service.ts'
import type { PersistentVolumeClaim } from './types-volume.ts'

export type Usage = Readonly<Record<string, Quantity>>

/** It has ended, or should have long ago: nothing waits for it as long again as it was given. */
function isOver({ metadata: { deletionTimestamp, deletionGracePeriodSeconds }, status }: Pod, now: number): boolean {
  if (status?.phase === 'Succeeded' || status?.phase === 'Failed') return true
  return deletionTimestamp !== undefined && deletionGracePeriodSeconds !== undefined && now > Date.parse(deletionTimestamp) + deletionGracePeriodSeconds * 1000
}

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

export function usageOf(resource: { readonly group: string; readonly plural: string }, object: KubeObject, now = 0): Usage {
  const kind = groupResource(resource)
  const one = quantityOf(1)
  const usage: Record<string, Quantity> = { [`count/${kind}`]: one }
  if (kind === 'pods') return { ...usage, ...podUsage(object as Pod, now) }
  if (counted.has(kind)) usage[kind] = one
  if (kind === 'services') Object.assign(usage, serviceUsage(object as Service))
  if (kind === 'persistentvolumeclaims') Object.assign(usage, claimUsage(object as PersistentVolumeClaim))
  if (kind === claimKind) Object.assign(usage, deviceUsage(object as DeviceClaim))
  return usage
}

const isWholePod = (resource: string): boolean => resource === 'cpu' || resource === 'memory' || resource.startsWith('hugepages-')

function podUsage(pod: Pod, now: number): Usage {
  if (isOver(pod, now)) return {}
  const usage: Record<string, Quantity> = { pods: quantityOf(1) }
  const options = { status: true, overhead: true, isWhole: isWholePod }
  for (const [name, value] of Object.entries(podAmounts(pod, 'requests', options))) {
    usage[`requests.${name}`] = value
    if (name === 'cpu' || name === 'memory' || name === 'ephemeral-storage' || name.startsWith('hugepages-')) usage[name] = value
  }
  for (const [name, value] of Object.entries(podAmounts(pod, 'limits', options))) usage[`limits.${name}`] = value
  return usage
}

function serviceUsage({ spec }: Service): Usage {
  const ports = quantityOf((spec.ports ?? []).length)
  if (spec.type === 'NodePort') return { 'services.nodeports': ports }
  if (spec.type !== 'LoadBalancer') return {}
  const nodePorts = spec.allocateLoadBalancerNodePorts === false ? quantityOf((spec.ports ?? []).filter(({ nodePort }) => nodePort).length) : ports
  return { 'services.loadbalancers': quantityOf(1), 'services.nodeports': nodePorts }
}

const classAnnotation = 'volume.beta.kubernetes.io/storage-class'

/** What is asked for, or what is given already where that is more, in whole bytes. */
function storageOf({ spec, status }: PersistentVolumeClaim): Quantity | undefined {
  const [asked, given] = [spec?.resources?.requests?.storage, status?.allocatedResources?.storage]
  if (asked === undefined) return undefined
  const more = given !== undefined && compareQuantities(parseQuantity(given), parseQuantity(asked)) > 0 ? given : asked
  const amount = parseQuantity(more)
  const whole = 1_000_000_000n
  return amount.nanos % whole === 0n ? amount : { ...amount, nanos: (amount.nanos / whole + 1n) * whole }
}

function claimUsage(claim: PersistentVolumeClaim): Usage {
  const storage = storageOf(claim)
  const storageClass = claim.metadata.annotations?.[classAnnotation] ?? claim.spec?.storageClassName
  const usage: Record<string, Quantity> = storage ? { 'requests.storage': storage } : {}
  if (!storageClass) return usage
  const prefix = `${storageClass}.storageclass.storage.k8s.io/`
  return { ...usage, [`${prefix}persistentvolumeclaims`]: quantityOf(1), ...storage ? { [`${prefix}requests.storage`]: storage } : {} }
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
  switch (operator) {
    case 'Exists': return classes.length > 0
    case 'DoesNotExist': return classes.length === 0
    case 'In': return classes.some((name) => values.includes(name ?? ''))
    default: return operator === 'NotIn' && (classes.length === 0 || classes.some((name) => !values.includes(name ?? '')))
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
export function* quotaUsed({ spec }: ResourceQuota, objects: readonly { readonly resource: Resource; readonly object: KubeObject }[], now: number): Parts<Record<string, string>> {
  const names = Object.keys(spec.hard ?? {})
  const totals = new Map<string, Quantity>(names.map((name) => [name, zeroQuantity]))
  let count = 0
  for (const { resource, object } of objects) {
    if (++count % stride === 0) yield
    if (!isInScope(spec, resource, object)) continue
    const usage = usageOf(resource, object, now)
    for (const name in usage) {
      const used = usage[name]
      if (used && totals.has(name)) totals.set(name, addTo(totals.get(name), used))
    }
  }
  return Object.fromEntries([...totals].map(([name, total]) => [name, formatQuantity(total)]))
}

// The format of the first real value is kept: 1Gi and 1Gi are 2Gi.
const addTo = (total: Quantity | undefined, used: Quantity): Quantity => (total && total.nanos !== 0n ? addQuantities(total, used) : used)
