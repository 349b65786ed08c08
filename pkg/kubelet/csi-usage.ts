// How full a CSI volume is, as its driver tells; asked again only after a while, since it may have to ask elsewhere.
import type { Clock } from '../util/clock.ts'
import type { CsiDriverConnection, VolumeUsage } from './csi-driver.ts'
import type { FileSystemUsage } from './machine-usage.ts'

const keptMs = 60_000

export interface CsiUsageRequest {
  readonly driver: CsiDriverConnection
  readonly volumeId: string
  readonly volumePath: string
  readonly stagingTargetPath: string
}

export function csiUsage({ driver, ...request }: CsiUsageRequest, clock: Clock): () => Promise<FileSystemUsage | undefined> {
  let known: { readonly atMs: number; readonly usage: Promise<FileSystemUsage | undefined> } | undefined
  return () => {
    if (!known || clock.monotonic() - known.atMs >= keptMs) known = { atMs: clock.monotonic(), usage: driver.stats(request).then(({ usage }) => toFileSystem(usage)) }
    return known.usage
  }
}

/** Undefined when the driver does not know. */
export function toFileSystem(usages: readonly VolumeUsage[]): FileSystemUsage | undefined {
  const bytes = usages.find(({ unit }) => unit === 'BYTES')
  const inodes = usages.find(({ unit }) => unit === 'INODES')
  if (!bytes) return undefined
  return { capacityBytes: bytes.total, usedBytes: bytes.used, availableBytes: bytes.available, inodes: inodes?.total ?? 0, inodesFree: inodes?.available ?? 0 }
}
