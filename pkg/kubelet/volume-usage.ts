// How full claimed volumes are, as the file system tells that each is on.
import type { Metric } from './metrics-text.ts'
import { type FileSystemUsage, fileSystemUsage } from './machine-usage.ts'
import type { PodWorker } from './pod-worker.ts'

export interface ClaimUsage {
  readonly namespace: string
  readonly claim: string
  /** The volume's name in the pod. */
  readonly volume: string
  readonly podUid: string
  readonly usage: FileSystemUsage
}

/** Each claim once for each pod that has it mounted; what cannot be looked at is left out. */
export async function measureClaims(workers: readonly Pick<PodWorker, 'pod' | 'volumes'>[]): Promise<readonly ClaimUsage[]> {
  const found = workers.flatMap(({ pod, volumes }) => (pod.spec.volumes ?? []).flatMap(({ name, persistentVolumeClaim, ephemeral }) => {
    const claim = persistentVolumeClaim?.claimName ?? (ephemeral ? `${pod.metadata.name}-${name}` : undefined)
    const mounted = volumes.get(name)
    return claim === undefined || !mounted || mounted.block ? [] : [{ namespace: pod.metadata.namespace ?? '', claim, volume: name, podUid: pod.metadata.uid ?? '', mounted }]
  }))
  const measured = await Promise.all(found.map(async ({ mounted, ...claim }) => ({ ...claim, usage: await (mounted.usage ? mounted.usage() : fileSystemUsage(mounted.hostPath)).catch(() => undefined) })))
  return measured.flatMap(({ usage, ...claim }) => (usage ? [{ ...claim, usage }] : []))
}

const figures = [
  ['capacity_bytes', 'Capacity in bytes of the volume', (usage: FileSystemUsage) => usage.capacityBytes],
  ['available_bytes', 'Number of available bytes in the volume', (usage: FileSystemUsage) => usage.availableBytes],
  ['used_bytes', 'Number of used bytes in the volume', (usage: FileSystemUsage) => usage.usedBytes],
  ['inodes', 'Maximum number of inodes in the volume', (usage: FileSystemUsage) => usage.inodes],
  ['inodes_free', 'Number of free inodes in the volume', (usage: FileSystemUsage) => usage.inodesFree],
  ['inodes_used', 'Number of used inodes in the volume', (usage: FileSystemUsage) => usage.inodes - usage.inodesFree],
] as const

/** Pure. A claim that several pods use is told of once. */
export function volumeMetrics(claims: readonly ClaimUsage[]): Metric[] {
  const unique = [...new Map(claims.map((each) => [`${each.namespace}/${each.claim}`, each])).values()]
  if (unique.length === 0) return []
  return figures.map(([name, help, value]) => ({
    name: `kubelet_volume_stats_${name}`, type: 'gauge', help,
    series: unique.map(({ namespace, claim, usage }) => ({ labels: { namespace, persistentvolumeclaim: claim }, value: value(usage) })),
  }))
}
