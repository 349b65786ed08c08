// Where CSI volumes are below the kubelet's root; the layout that drivers' manifests count on. Pure.
import { createHash } from 'node:crypto'
import { join } from 'node:path'

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')
const plugin = 'kubernetes.io~csi'
const dataFile = 'vol_data.json'

export interface CsiPaths {
  /** Of every volume of this kind that a pod has; below it one directory for each, by the name of volume. */
  podVolumes(uid: string): string
  /** Of every block volume that a pod has: links to the devices, by the name of the volume. */
  podDevices(uid: string): string
  readonly pods: string
  /** Staged file systems: one directory for each driver. */
  readonly staged: string
  stagedVolume(driver: string, handle: string): string
  /** Everything about block volumes, by the name of the volume. */
  readonly blocks: string
  blockStaging(volume: string): string
  blockPublished(volume: string): string
  blockData(volume: string): string
}

export function csiPaths(root: string): CsiPaths {
  const plugins = join(root, 'plugins/kubernetes.io/csi')
  const blocks = join(plugins, 'volumeDevices')
  const pods = join(root, 'pods')
  return {
    pods, staged: plugins, blocks,
    podVolumes: (uid) => join(pods, uid, 'volumes', plugin),
    podDevices: (uid) => join(pods, uid, 'volumeDevices', plugin),
    stagedVolume: (driver, handle) => join(plugins, driver, sha256(handle)),
    blockStaging: (volume) => join(blocks, 'staging', volume),
    blockPublished: (volume) => join(blocks, 'publish', volume),
    blockData: (volume) => join(blocks, volume, 'data', dataFile),
  }
}

/** Where the driver mounts, and what we remember beside it. */
export const stagedMount = (directory: string): string => join(directory, 'globalmount')
export const publishedMount = (directory: string): string => join(directory, 'mount')
export const volumeData = (directory: string): string => join(directory, dataFile)
