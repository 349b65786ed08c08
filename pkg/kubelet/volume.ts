// A volume type: how one kind of volume gets onto this node's file system for a pod.
import type { KubeObject, Resource } from '../api/object.ts'
import type { Pod } from '../api/types-pod.ts'
import type { Volume } from '../api/types-volume.ts'
import type { Client } from '../client/client.ts'
import type { Clock } from '../util/clock.ts'
import type { PodAddresses } from './downward.ts'
import type { FileSystemUsage } from './machine-usage.ts'

/** An object that a volume is made from. */
export interface ObjectRef {
  readonly resource: Resource<KubeObject>
  readonly name: string
  readonly namespace?: string
}

/** Mounts on this node. */
export interface Mounter {
  /** Does nothing when something is mounted there already. */
  mountTmpfs(directory: string, options: { sizeBytes?: number }): Promise<void>
  /** `pageSize`: `2M`, `1G`. */
  mountHugePages(directory: string, pageSize: string): Promise<void>
  /** Mounts a file system of a type that this node knows; does nothing when something is mounted there already. Throws with the words of mount(8). */
  mount(source: string, target: string, options: { type: string; options: readonly string[] }): Promise<void>
  /** Makes `source` appear at `target`, an existing file or directory; does nothing when something is mounted there already. */
  bind(source: string, target: string): Promise<void>
  /** Takes away everything mounted at or below. */
  unmountBelow(directory: string): Promise<void>
}

export interface VolumeContext {
  readonly pod: Pod
  readonly volume: Volume
  /** This volume's own directory; it may not exist yet. */
  readonly directory: string
  readonly addresses: PodAddresses
  readonly allocatable: Readonly<Record<string, string>>
  readonly client: Client
  readonly clock: Clock
  readonly mounter: Mounter
  /** What serves the volume, where its type does not say: `kubernetes.io/nfs`, `kubernetes.io/csi:DRIVER`. */
  servedBy(plugin: string): void
  /** Sets the volume up again when the object changes, too. */
  watch(ref: ObjectRef): void
  /** Likewise for anything else that can be listened to; once for each key. */
  follow(key: string, subscribe: (listener: () => void) => () => void): void
}

export interface MountedVolume {
  /** What containers are given. */
  readonly hostPath: string
  /** It is no path but an image, which the runtime mounts. */
  readonly image?: string
  /** It is a device, for `volumeDevices`. */
  readonly block?: boolean
  readonly readOnly: boolean
  /** How full it is, where somebody knows better than the file system; undefined when he does not. */
  readonly usage?: () => Promise<FileSystemUsage | undefined>
  /** Something in it grows old: set up again then. */
  readonly refreshAtMs?: number
}

/** `setUp` is called again when a source or the pod has changed, and after a restart of the kubelet: it brings the volume up to date. */
export interface VolumeType {
  /** Part of the directory's name. */
  readonly name: string
  /** What serves its volumes is known only when they are set up. */
  readonly various?: boolean
  sources(pod: Pod, volume: Volume): readonly ObjectRef[]
  setUp(context: VolumeContext): Promise<MountedVolume>
}

/** A volume can't be set up: the message is the event's. */
export class VolumeFailure extends Error {
  override name = 'VolumeFailure'
  readonly reason: string

  constructor(message: string, { cause, reason = 'FailedMount' }: { cause?: unknown; reason?: string } = {}) {
    super(message, cause === undefined ? {} : { cause })
    this.reason = reason
  }
}

/** Somebody else's part is still to come: nothing is wrong yet. */
export class VolumePending extends VolumeFailure {
  override name = 'VolumePending'
  /** The pod's name of the volume. */
  readonly volume: string

  constructor(volume: string, message: string) {
    super(message)
    this.volume = volume
  }
}
