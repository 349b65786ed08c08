// The volumes of one pod on this node: set up, kept up to date, taken away.
import { join } from 'node:path'
import type { Pod } from '../api/types-pod.ts'
import type { Volume } from '../api/types-volume.ts'
import type { Clock, Timer } from '../util/clock.ts'
import { claimVolume } from './claim-volume.ts'
import { csiVolume } from './csi-volume.ts'
import type { CsiVolumes } from './csi-volumes.ts'
import { emptyDirVolume } from './empty-dir-volume.ts'
import { hostPathVolume } from './host-path-volume.ts'
import { imageVolume } from './image-volume.ts'
import type { MemoryFiles } from './memory-files.ts'
import { nfsVolume } from './nfs-volume.ts'
import type { ObjectWatches } from './object-watches.ts'
import { payloadVolume } from './payload-volume.ts'
import type { TokenSource } from './volume-payload.ts'
import { type MountedVolume, type Mounter, type ObjectRef, type VolumeContext, VolumeFailure, VolumePending, type VolumeType } from './volume.ts'
import type { WorkFigures } from './work-figures.ts'
import { WorkGate } from './work-gate.ts'

/** Which type serves a volume. */
export type VolumeTypes = (volume: Volume) => VolumeType | undefined

export interface VolumeTools {
  readonly tokens: TokenSource
  readonly csi: CsiVolumes
  readonly memory: MemoryFiles
}

const writtenAtOnce = 4

export function standardVolumeTypes({ tokens, csi, memory }: VolumeTools): VolumeTypes {
  const payload = { tokens, memory, gate: new WorkGate(writtenAtOnce) }
  const types = {
    configMap: payloadVolume('configmap', payload), secret: payloadVolume('secret', payload),
    downwardAPI: payloadVolume('downward-api', payload), projected: payloadVolume('projected', payload),
    emptyDir: emptyDirVolume, hostPath: hostPathVolume, persistentVolumeClaim: claimVolume(csi), ephemeral: claimVolume(csi), csi: csiVolume(csi),
    nfs: nfsVolume, image: imageVolume,
  }
  // A volume without any source is an emptyDir.
  return (volume) => {
    const source = Object.keys(volume).find((key) => key !== 'name')
    return source === undefined ? emptyDirVolume : (types as Record<string, VolumeType>)[source]
  }
}

export interface PodVolumesOptions {
  /** The pod's own directory. */
  readonly directory: string
  readonly types: VolumeTypes
  readonly watches: ObjectWatches
  readonly mounter: Mounter
  readonly clock: Clock
  readonly figures: Pick<WorkFigures, 'volumeDone'>
  /** A source has changed, or a volume has grown old: `setUp` is due. */
  readonly onStale: () => void
  /** Takes the pod's directory away, with everything that is mounted there. */
  readonly remove: () => Promise<void>
}

export class PodVolumes {
  readonly #options: PodVolumesOptions
  readonly #unwatch = new Map<string, () => void>()
  readonly #timers = new Map<string, Timer>()
  #mounted: ReadonlyMap<string, MountedVolume> = new Map()
  #stale = true
  /** What serves each volume, by the pod's name of it; as far as it is known. */
  readonly #plugins = new Map<string, string>()
  /** Grows with each change that makes volumes stale. */
  changes = 0

  constructor(options: PodVolumesOptions) {
    this.#options = options
  }

  get mounted(): ReadonlyMap<string, MountedVolume> {
    return this.#mounted
  }

  /** What a volume of the pod is served by, as Kubernetes names it. */
  plugin(volume: Volume): string {
    const type = this.#options.types(volume)
    return this.#plugins.get(volume.name) ?? `kubernetes.io/${type?.name === 'claim' ? 'persistent-claim' : type?.name ?? 'unsupported'}`
  }

  /** Whether they have to be set up, again or for the first time. */
  stale(pod: Pod): boolean {
    return this.#stale || usedVolumes(pod).some(({ name }) => !this.#mounted.has(name))
  }

  markStale(): void {
    this.#stale = true
  }

  /** Brings all volumes up to date. Throws VolumeFailure with the words of the first that cannot be. */
  async setUp(pod: Pod, context: Pick<VolumeContext, 'addresses' | 'allocatable' | 'client'>): Promise<void> {
    this.#stale = false
    const { clock, mounter, figures } = this.#options
    const results = await Promise.allSettled(usedVolumes(pod).map(async (volume) => {
      const type = this.#options.types(volume)
      if (!type) throw new VolumeFailure(`no volume plugin matched for volume "${volume.name}"`)
      for (const ref of type.sources(pod, volume)) this.#watch(ref, volume)
      const directory = join(this.#options.directory, 'volumes', `kubernetes.io~${type.name}`, volume.name)
      const follow = (key: string, subscribe: (listener: () => void) => () => void): void => this.#follow(`${volume.name}/${key}`, subscribe)
      const watch = (ref: ObjectRef): void => this.#watch(ref, volume)
      if (!type.various) this.#plugins.set(volume.name, `kubernetes.io/${type.name}`)
      const servedBy = (plugin: string): void => void this.#plugins.set(volume.name, plugin)
      const beganMs = clock.monotonic()
      // Nothing is mounted before it is known what by.
      const done = (failed: boolean): void => {
        const plugin = this.#plugins.get(volume.name)
        if (plugin) figures.volumeDone('volume_mount', { plugin, beganMs, failed })
      }
      const mounted = await type.setUp({ ...context, pod, volume, directory, clock, mounter, follow, watch, servedBy }).catch((error: unknown) => {
        if (!(error instanceof VolumePending)) done(true)
        if (error instanceof VolumeFailure) throw error
        throw new VolumeFailure(`MountVolume.SetUp failed for volume "${volume.name}" : ${error instanceof Error ? error.message : String(error)}`, { cause: error })
      })
      done(false)
      this.#arm(volume.name, mounted.refreshAtMs)
      return [volume.name, mounted] as const
    }))
    const failures = results.filter((result) => result.status === 'rejected')
    // What is wrong comes before what only takes its time.
    const failed = failures.find(({ reason }) => !(reason instanceof VolumePending)) ?? failures[0]
    if (failed) {
      this.#stale = true
      throw failed.reason
    }
    this.#mounted = new Map(results.filter((result) => result.status === 'fulfilled').map((result) => result.value))
  }

  /** Stops following the sources; the files stay, for running containers and for the next kubelet. */
  release(): void {
    for (const stop of this.#unwatch.values()) stop()
    this.#unwatch.clear()
    for (const timer of this.#timers.values()) timer.cancel()
    this.#timers.clear()
  }

  async tearDown(): Promise<void> {
    this.release()
    const { clock, remove, figures } = this.#options
    const beganMs = clock.monotonic()
    // They go together.
    const done = (failed: boolean): void => {
      for (const name of this.#mounted.keys()) figures.volumeDone('volume_unmount', { plugin: this.#plugins.get(name) ?? '', beganMs, failed })
    }
    await remove().catch((error: unknown) => {
      done(true)
      throw error
    })
    done(false)
    this.#mounted = new Map()
    this.#stale = true
  }

  #watch(ref: ObjectRef, volume: Volume): void {
    this.#follow(`${volume.name}/${ref.resource.plural}/${ref.name}`, (listener) => this.#options.watches.watch(ref, listener))
  }

  #follow(key: string, subscribe: (listener: () => void) => () => void): void {
    if (!this.#unwatch.has(key)) this.#unwatch.set(key, subscribe(() => this.#becameStale()))
  }

  #arm(name: string, refreshAtMs: number | undefined): void {
    this.#timers.get(name)?.cancel()
    this.#timers.delete(name)
    if (refreshAtMs === undefined) return
    const { clock } = this.#options
    this.#timers.set(name, clock.setTimer(() => this.#becameStale(), refreshAtMs - clock.now()))
  }

  #becameStale(): void {
    this.changes++
    this.#stale = true
    this.#options.onStale()
  }
}

/** What no container mounts is not set up, so that nothing waits for it. */
export function usedVolumes({ spec }: Pod): Volume[] {
  const containers = [...(spec.initContainers ?? []), ...spec.containers, ...(spec.ephemeralContainers ?? [])]
  const used = new Set(containers.flatMap(({ volumeMounts = [], volumeDevices = [] }) => [...volumeMounts, ...volumeDevices].map(({ name }) => name)))
  return (spec.volumes ?? []).filter(({ name }) => used.has(name))
}
