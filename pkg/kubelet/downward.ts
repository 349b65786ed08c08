// What a pod may be told about itself: fieldRef and resourceFieldRef as text. Pure.
import type { Pod } from '../api/types-pod.ts'
import type { ResourceFieldSelector } from '../api/types-volume.ts'
import { podContainers } from './pod-names.ts'
import { dividedBy } from './quantity-values.ts'
import { goQuoted } from '../util/go-text.ts'

export interface PodAddresses {
  readonly podIPs: readonly string[]
  readonly hostIPs: readonly string[]
}

const subscript = /^metadata\.(labels|annotations)\['(.+)'\]$/

/** Throws for a path that is not known. */
export function fieldValue(pod: Pod, fieldPath: string, addresses: PodAddresses): string {
  const one = subscript.exec(fieldPath)
  if (one) return pod.metadata[one[1] as 'labels' | 'annotations']?.[one[2] ?? ''] ?? ''
  switch (fieldPath) {
    case 'metadata.name': return pod.metadata.name ?? ''
    case 'metadata.namespace': return pod.metadata.namespace ?? ''
    case 'metadata.uid': return pod.metadata.uid ?? ''
    case 'metadata.labels': return mapText(pod.metadata.labels)
    case 'metadata.annotations': return mapText(pod.metadata.annotations)
    case 'spec.nodeName': return pod.spec.nodeName ?? ''
    case 'spec.serviceAccountName': return pod.spec.serviceAccountName ?? ''
    case 'status.hostIP': return addresses.hostIPs[0] ?? ''
    case 'status.hostIPs': return addresses.hostIPs.join(',')
    case 'status.podIP': return addresses.podIPs[0] ?? ''
    case 'status.podIPs': return addresses.podIPs.join(',')
    default: throw new Error(`unsupported fieldPath: ${fieldPath}`)
  }
}

/** `key="value"` lines in the order of the keys, quoted as Go does. */
function mapText(map: Readonly<Record<string, string>> | undefined): string {
  return Object.entries(map ?? {}).sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, value]) => `${key}=${goQuoted(value)}`).join('\n')
}

/** Limits that are not set are what the node can give. */
export function resourceValue(pod: Pod, selector: ResourceFieldSelector, options: { container?: string; allocatable: Readonly<Record<string, string>> }): string {
  const name = selector.containerName ?? options.container ?? ''
  const container = podContainers(pod).find((each) => each.container.name === name)?.container
  if (!container) throw new Error(`container ${name} not found`)
  const [list, ...rest] = selector.resource.split('.')
  const resource = rest.join('.')
  if (list !== 'limits' && list !== 'requests') throw new Error(`unsupported container resource : ${selector.resource}`)
  const { limits, requests } = container.resources ?? {}
  const set = list === 'limits' ? limits?.[resource] : requests?.[resource]
  const fallback = list === 'limits' ? options.allocatable[resource] : undefined
  return String(dividedBy(set ?? fallback ?? '0', selector.divisor))
}
