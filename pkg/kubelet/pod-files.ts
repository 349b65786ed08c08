// Where a pod's files are on this node. Pure.
import { join } from 'node:path'

export interface NodePaths {
  /** Directories of pods: volumes, hosts files, termination messages. */
  readonly pods: string
  /** Container logs, `/var/log/pods` usually. */
  readonly logs: string
  /** Root of localhost seccomp profiles. */
  readonly seccomp: string
}

export const podDirectory = (paths: NodePaths, uid: string): string => join(paths.pods, uid)
/** What the pod was allocated, once it has been resized. */
export const resizeFile = (paths: NodePaths, uid: string): string => join(paths.pods, uid, 'resize.json')
export const hostsFile = (paths: NodePaths, uid: string): string => join(paths.pods, uid, 'etc-hosts')
export const messageFile = (paths: NodePaths, uid: string, container: string, attempt: number): string =>
  join(paths.pods, uid, `message.${container}.${attempt}`)
export const subPathTarget = (paths: NodePaths, uid: string, at: { volume: string; container: string; index: number; attempt: number }): string =>
  join(paths.pods, uid, 'volume-subpaths', at.volume, at.container, `${at.attempt}-${at.index}`)
export const containerLogPath = (container: string, attempt: number): string => join(container, `${attempt}.log`)
