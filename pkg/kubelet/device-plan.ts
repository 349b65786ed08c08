// Which devices a container gets. Pure.

export interface DeviceWish {
  readonly resource: string
  readonly count: number
  /** Ids that work; undefined when no plugin has ever told of the resource. */
  readonly healthy: ReadonlySet<string> | undefined
  readonly inUse: ReadonlySet<string>
  /** Devices of init containers of the pod, which have no use for them any more. */
  readonly reusable: ReadonlySet<string>
}

export interface DeviceChoice {
  /** These in any case. */
  readonly must: readonly string[]
  /** As many of these as are missing. */
  readonly free: readonly string[]
}

/** Throws with the words of the pod's rejection. */
export function deviceChoice({ resource, count, healthy, inUse, reusable }: DeviceWish): DeviceChoice {
  if (!healthy) throw new Error(`cannot allocate unregistered device ${resource}`)
  if (healthy.size === 0) throw new Error(`no healthy devices present; cannot allocate unhealthy devices ${resource}`)
  const must = [...reusable].filter((id) => healthy.has(id)).sort().slice(0, count)
  const free = [...healthy].filter((id) => !inUse.has(id) && !must.includes(id)).sort()
  const needed = count - must.length
  if (free.length < needed) throw new Error(`requested number of devices unavailable for ${resource}. Requested: ${needed}, Available: ${free.length}`)
  return { must, free }
}

/** What the plugin would rather give comes first; what it names that is not free does not count. */
export function pickDevices({ must, free }: DeviceChoice, count: number, preferred: readonly string[] = []): string[] {
  const liked = preferred.filter((id) => free.includes(id))
  return [...new Set([...must, ...liked, ...free])].slice(0, count)
}

/** Two parts, as resources of others are named: not Kubernetes' own. */
export function isExtendedResource(name: string): boolean {
  return /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?\/[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/.test(name) && !name.split('/')[0]?.endsWith('kubernetes.io') && !name.startsWith('requests.')
}
