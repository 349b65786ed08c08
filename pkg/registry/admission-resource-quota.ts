// ResourceQuota: nothing is created or made larger beyond what the quotas of its namespace allow.
// What is used is counted from the state that the write is based on, so it is exact however many writes there are at once.
import type { AnyObject } from '../api/object.ts'
import { addQuantities, compareQuantities, formatQuantity, parseQuantity, subtractQuantities, zeroQuantity, type Quantity } from '../api/quantity.ts'
import { isInScope, limitedNames, usageOf, type Usage } from '../api/quota-usage.ts'
import { resourceQuotas, type ResourceQuota } from '../api/types-config.ts'
import { pods, type Container, type Pod } from '../api/types-pod.ts'
import type { AdmissionPlugin, AdmissionRequest } from './admission.ts'
import { isResource, refusal } from './admission.ts'

type Kind = { readonly group: string; readonly plural: string }

/** Where these are limited, every container must say what it needs. */
const mustBeSaid = new Set(['cpu', 'memory', 'requests.cpu', 'requests.memory', 'limits.cpu', 'limits.memory'])
const growing = new Set(['services', 'persistentvolumeclaims'])

const hasDeadline = (pod: Readonly<AnyObject> | undefined): boolean => ((pod as Pod | undefined)?.spec.activeDeadlineSeconds ?? -1) >= 0

/** Writes that can use more than before. */
function isCharged({ operation, subresource, definition, old }: AdmissionRequest, object: Readonly<AnyObject>): boolean {
  const { group, plural } = definition.resource
  if (plural === 'events') return false
  if (operation === 'CREATE') return subresource === undefined
  if (operation !== 'UPDATE' || group !== '') return false
  // Another scope has them now.
  if (plural === 'pods') return subresource === 'resize' || (subresource === undefined && hasDeadline(object) !== hasDeadline(old))
  return subresource === undefined && growing.has(plural)
}

function saidBy({ resources }: Container): Set<string> {
  const requested = Object.keys(resources?.requests ?? {})
  return new Set([...requested, ...requested.map((name) => `requests.${name}`), ...Object.keys(resources?.limits ?? {}).map((name) => `limits.${name}`)])
}

/** What the containers of a pod leave open although it is limited, in Kubernetes' words. */
export function unsaid({ spec }: Pod, limited: readonly string[]): string | undefined {
  // Limits of the whole pod bound its containers too.
  if (Object.keys({ ...spec.resources?.requests, ...spec.resources?.limits }).length > 0) return undefined
  const containers = [...spec.containers, ...(spec.initContainers ?? [])].map((container) => ({ name: container.name, said: saidBy(container) }))
  const missing = limited.filter((name) => mustBeSaid.has(name)).sort().flatMap((name) => {
    const silent = containers.filter(({ said }) => !said.has(name)).map((container) => container.name)
    return silent.length > 0 ? [`${name} for: ${[...new Set(silent)].sort().join(',')}`] : []
  })
  return missing.length > 0 ? `must specify ${missing.join('; ')}` : undefined
}

/** What the write uses in addition, by the names that are limited; never less than nothing. */
export function addition(names: readonly string[], next: Usage, before: Usage | undefined): Record<string, Quantity> {
  const more: Record<string, Quantity> = {}
  for (const name of names) {
    const wanted = next[name]
    if (!wanted) continue
    const had = before?.[name]
    const delta = had ? subtractQuantities(wanted, had) : wanted
    if (compareQuantities(delta, zeroQuantity) > 0) more[name] = delta
  }
  return more
}

const listed = (names: readonly string[], amounts: Readonly<Record<string, Quantity>>): string =>
  names.map((name) => `${name}=${formatQuantity(amounts[name] ?? zeroQuantity)}`).join(',')

/** Why the quota has no room; undefined when it has. */
export function excess(quota: string, { requested, used, hard }: Readonly<Record<'requested' | 'used' | 'hard', Readonly<Record<string, Quantity>>>>): string | undefined {
  const over = Object.keys(requested).sort().filter((name) => {
    const total = addQuantities(used[name] ?? zeroQuantity, requested[name] ?? zeroQuantity)
    return compareQuantities(total, hard[name] ?? zeroQuantity) > 0
  })
  if (over.length === 0) return undefined
  return `exceeded quota: ${quota}, requested: ${listed(over, requested)}, used: ${listed(over, used)}, limited: ${listed(over, hard)}`
}

export function resourceQuotaAdmission(): AdmissionPlugin {
  // Stored objects are frozen, so what one uses never changes.
  const known = new WeakMap<object, Usage>()
  const usageOfStored = (kind: Kind, object: AnyObject, now: number): Usage => {
    const usage = known.get(object) ?? usageOf(kind, object, now)
    // But pods that go stop to use anything in time.
    if (object.metadata.deletionTimestamp === undefined) known.set(object, usage)
    return usage
  }
  const usedOf = (quota: ResourceQuota, names: readonly string[], request: AdmissionRequest): Record<string, Quantity> => {
    const { resource } = request.definition
    const used: Record<string, Quantity> = {}
    const now = request.clock.now()
    for (const object of request.view.list(resource, request.namespace)) {
      if (!isInScope(quota.spec, resource, object)) continue
      const usage = usageOfStored(resource, object, now)
      for (const name of names) {
        const amount = usage[name]
        if (amount) used[name] = used[name] ? addQuantities(used[name], amount) : amount
      }
    }
    return used
  }
  return {
    name: 'ResourceQuota',
    last: true,
    validate(object, request) {
      const { namespace, definition: { resource }, old } = request
      if (namespace === undefined || !isCharged(request, object)) return
      const concerned = request.view.list<ResourceQuota>(resourceQuotas, namespace)
        .map((quota) => ({ quota, names: limitedNames(quota.spec, resource) }))
        .filter(({ quota, names }) => names.length > 0 && isInScope(quota.spec, resource, object))
      if (concerned.length === 0) return
      for (const { quota, names } of concerned) {
        const fault = isResource(request.definition, pods.group, pods.plural) ? unsaid(object as unknown as Pod, names) : undefined
        if (fault) throw refusal(request, `failed quota: ${quota.metadata.name}: ${fault}`)
      }
      const now = request.clock.now()
      const next = usageOf(resource, object, now)
      for (const { quota, names } of concerned) {
        const counts = old !== undefined && isInScope(quota.spec, resource, old)
        const requested = addition(names, next, counts ? usageOf(resource, old, now) : undefined)
        const wanted = Object.keys(requested)
        if (wanted.length === 0) continue
        const hard = Object.fromEntries(wanted.map((name) => [name, parseQuantity(quota.spec.hard?.[name] ?? '0')]))
        const fault = excess(quota.metadata.name ?? '', { requested, used: usedOf(quota, wanted, request), hard })
        if (fault) throw refusal(request, fault)
      }
    },
  }
}
