// What pods have on disks: their volumes and logs, measured when somebody asks, and kept for a minute, since it means walking through them.
import { join } from 'node:path'
import type { Pod } from '../api/types-pod.ts'
import type { Volume } from '../api/types-volume.ts'
import type { Clock } from '../util/clock.ts'
import { type DiskUsage, diskUsage } from './disk-usage.ts'
import { type FileSystemUsage, fileSystemUsage } from './machine-usage.ts'
import { logDirectory, podContainers, podUid } from './pod-names.ts'
import type { PodWorker } from './pod-worker.ts'
import type { MountedVolume } from './volume.ts'

export interface MeasuredVolume {
  /** In the pod. */
  readonly name: string
  /** Of the claim that it is mounted for. */
  readonly claim?: string
  /** What it has itself, of what its file system has. */
  readonly used: DiskUsage
  readonly fileSystem: FileSystemUsage
  /** It takes of what the node has for pods, and goes with the pod. */
  readonly local: boolean
}

export interface PodFiles {
  readonly atMs: number
  readonly volumes: readonly MeasuredVolume[]
  /** By container. */
  readonly logs: ReadonlyMap<string, DiskUsage>
}

export interface NodeFileUsage {
  /** Of the file system that logs are on. */
  readonly logs: FileSystemUsage
  readonly pods: ReadonlyMap<string, PodFiles>
}

export interface FileUsagesOptions {
  readonly clock: Clock
  readonly workers: () => readonly Pick<PodWorker, 'pod' | 'volumes'>[]
  readonly logDirectory: string
}

const keptMs = 60_000

export class FileUsages {
  readonly #options: FileUsagesOptions
  #known = new Map<string, PodFiles>()
  #pending: Promise<NodeFileUsage> | undefined

  constructor(options: FileUsagesOptions) {
    this.#options = options
  }

  /** At most a minute old. */
  latest(): Promise<NodeFileUsage> {
    this.#pending ??= this.#measure().finally(() => { this.#pending = undefined })
    return this.#pending
  }

  async #measure(): Promise<NodeFileUsage> {
    const { clock, workers, logDirectory: logs } = this.#options
    const pods = new Map<string, PodFiles>()
    // One after the other: it is not to take the disk from those that work.
    for (const { pod, volumes } of workers()) {
      const before = this.#known.get(podUid(pod))
      const fresh = before && clock.now() - before.atMs < keptMs && before.volumes.length === measurable(pod, volumes).length
      pods.set(podUid(pod), fresh ? before : await this.#pod(pod, volumes))
    }
    this.#known = pods
    return { logs: await fileSystemUsage(logs).catch(() => nothing), pods }
  }

  async #pod(pod: Pod, mounted: ReadonlyMap<string, MountedVolume>): Promise<PodFiles> {
    const { clock, logDirectory: root } = this.#options
    const { namespace = '', name = '', uid = '' } = pod.metadata
    const volumes: MeasuredVolume[] = []
    for (const { volume, at } of measurable(pod, mounted)) {
      // What can't be looked at is left out.
      const found = await measured(pod, volume, at).catch(() => undefined)
      if (found) volumes.push(found)
    }
    const logs = new Map<string, DiskUsage>()
    for (const { container } of podContainers(pod)) logs.set(container.name, await diskUsage(join(logDirectory(root, { namespace, name, uid }), container.name)))
    return { atMs: clock.now(), volumes, logs }
  }
}

const nothing: FileSystemUsage = { capacityBytes: 0, availableBytes: 0, usedBytes: 0, inodes: 0, inodesFree: 0 }
/** Whether the kubelet makes it for this one pod. */
export const ownPayload = ({ emptyDir, configMap, secret, projected, downwardAPI }: Volume): boolean => Boolean(emptyDir ?? configMap ?? secret ?? projected ?? downwardAPI)

/** Directories of the host and images belong to nobody's pod. */
function measurable(pod: Pod, mounted: ReadonlyMap<string, MountedVolume>): { volume: Volume; at: MountedVolume }[] {
  return (pod.spec.volumes ?? []).flatMap((volume) => {
    const at = mounted.get(volume.name)
    return at && !at.block && (ownPayload(volume) || volume.persistentVolumeClaim || volume.ephemeral || volume.csi) ? [{ volume, at }] : []
  })
}

async function measured(pod: Pod, volume: Volume, at: MountedVolume): Promise<MeasuredVolume | undefined> {
  const { name, emptyDir, persistentVolumeClaim, ephemeral } = volume
  if (ownPayload(volume)) {
    const [used, fileSystem] = await Promise.all([diskUsage(at.hostPath), fileSystemUsage(at.hostPath)])
    return { name, used, fileSystem, local: !emptyDir?.medium }
  }
  const claim = persistentVolumeClaim?.claimName ?? (ephemeral ? `${pod.metadata.name}-${name}` : undefined)
  const fileSystem = await (at.usage ? at.usage() : fileSystemUsage(at.hostPath))
  if (!fileSystem) return undefined
  return { name, fileSystem, used: { bytes: fileSystem.usedBytes, inodes: fileSystem.inodes - fileSystem.inodesFree }, local: false, ...(claim === undefined ? {} : { claim }) }
}
