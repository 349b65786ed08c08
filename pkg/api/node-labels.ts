// Labels of nodes in Kubernetes' own domains: those that a node may choose for itself, and those that only others may give it.

const isIn = (prefix: string, domain: string): boolean => prefix === domain || prefix.endsWith(`.${domain}`)
const prefixOf = (key: string): string => (key.includes('/') ? key.split('/')[0]! : '')

const ownLabels = [
  'beta.kubernetes.io/arch', 'beta.kubernetes.io/instance-type', 'beta.kubernetes.io/os', 'failure-domain.beta.kubernetes.io/region', 'failure-domain.beta.kubernetes.io/zone', 'kubernetes.io/arch', 'kubernetes.io/hostname',
  'kubernetes.io/os', 'node.kubernetes.io/instance-type', 'topology.kubernetes.io/region', 'topology.kubernetes.io/zone',
]
const ownDomains = ['kubelet.kubernetes.io', 'node.kubernetes.io']

/** In kubernetes.io or k8s.io, and not for a node to choose. */
export function isReservedLabel(key: string): boolean {
  const prefix = prefixOf(key)
  if (!isIn(prefix, 'kubernetes.io') && !isIn(prefix, 'k8s.io')) return false
  return !ownLabels.includes(key) && !ownDomains.some((domain) => isIn(prefix, domain))
}

/** Pure: of labels that differ, those that a node may not choose for itself. */
export function forbiddenLabels(labels: Readonly<Record<string, string>> = {}, before: Readonly<Record<string, string>> = {}): string[] {
  const changed = [...new Set([...Object.keys(labels), ...Object.keys(before)])].filter((key) => labels[key] !== before[key])
  return changed.filter((key) => isIn(prefixOf(key), 'node-restriction.kubernetes.io') || isReservedLabel(key)).sort()
}

/** Throws what a kubelet says of labels that it is told to give its node and may not. */
export function checkOwnLabels(labels: Readonly<Record<string, string>>): void {
  const unknown = Object.keys(labels).filter(isReservedLabel).sort()
  if (unknown.length === 0) return
  throw new Error(`unknown 'kubernetes.io' or 'k8s.io' labels specified with --node-labels: [${unknown.join(' ')}]\n--node-labels in the 'kubernetes.io' namespace must begin with an allowed prefix (${ownDomains.join(', ')}) or be in the specifically allowed set (${ownLabels.join(', ')})`)
}
