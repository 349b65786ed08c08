// Names of resources (cpu, pods, example.com/gpu …) and where each may stand, with the checks of their quantities.
import type { FieldError } from '../../api/field-error.ts'
import { invalid } from '../../api/field-error.ts'
import { qualifiedNameFaults } from '../../api/names.ts'
import { isQuantity, parseQuantity } from '../../api/quantity.ts'

type Errors = FieldError[]

const ofContainers = new Set(['cpu', 'memory', 'ephemeral-storage'])
/** What objects are counted by; these come whole. */
const counted = new Set([
  'pods', 'resourcequotas', 'services', 'replicationcontrollers', 'secrets', 'configmaps', 'persistentvolumeclaims', 'services.nodeports', 'services.loadbalancers',
])
const ofQuotas = new Set([
  ...ofContainers, ...counted, 'requests.cpu', 'requests.memory', 'requests.storage', 'requests.ephemeral-storage', 'limits.cpu', 'limits.memory', 'limits.ephemeral-storage',
])

export const isHugePages = (name: string): boolean => name.startsWith('hugepages-')

/** Known to quotas without a domain. */
export const isQuotaResource = (name: string): boolean => ofQuotas.has(name) || /^(requests\.)?hugepages-/.test(name)

/** Kubernetes' own: without a domain, or with one of its domains. */
export const isNativeResource = (name: string): boolean => !name.includes('/') || name.includes('kubernetes.io/')

/** One that a cluster brings itself; a quota names it with `requests.` in front, and even that must be a name. */
export const isExtendedResource = (name: string): boolean =>
  !isNativeResource(name) && !name.startsWith('requests.') && qualifiedNameFaults(`requests.${name}`).length === 0

/** Whether more may be promised than there is. */
export const mayOvercommit = (name: string): boolean => isNativeResource(name) && !isHugePages(name)

/** Whether its quantities come whole. */
export const isWholeResource = (name: string): boolean => counted.has(name) || isExtendedResource(name)

/** A resource that is known, or has a domain. */
export function checkKnownResourceName(out: Errors, path: string, name: string): void {
  const faults = qualifiedNameFaults(name)
  for (const fault of faults) out.push(invalid(path, name, fault))
  if (faults.length === 0 && !name.includes('/') && !isQuotaResource(name) && name !== 'storage') out.push(invalid(path, name, 'must be a standard resource type or fully qualified'))
}

/** A resource of a container: cpu, memory … or one with a domain. */
export function checkContainerResourceName(out: Errors, path: string, name: string): void {
  checkKnownResourceName(out, path, name)
  if (!name.includes('/')) {
    if (!ofContainers.has(name) && !isHugePages(name)) out.push(invalid(path, name, 'must be a standard resource for containers'))
  } else if (!isNativeResource(name) && !isExtendedResource(name)) out.push(invalid(path, name, "doesn't follow extended resource name standard"))
}

/** A resource of a quota. */
export function checkQuotaResourceName(out: Errors, path: string, name: string): void {
  checkKnownResourceName(out, path, name)
  if (!name.includes('/') && !isQuotaResource(name)) out.push(invalid(path, name, 'must be a standard resource for quota'))
}

const quantityText = 'quantities must match the regular expression \'^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$\''

/** A quantity that is well-formed and not negative; those of resources that are counted come whole. */
export function checkResourceQuantity(out: Errors, path: string, { name, value }: { name: string; value: string | number | undefined }): void {
  const shown = String(value ?? '')
  if (!isQuantity(shown)) return void out.push(invalid(path, shown, quantityText))
  const { nanos } = parseQuantity(shown)
  if (nanos < 0n) out.push(invalid(path, shown, 'must be greater than or equal to 0'))
  if (isWholeResource(name) && nanos % 1_000_000_000n !== 0n) out.push(invalid(path, shown, 'must be an integer'))
}
