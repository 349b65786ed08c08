// The kubelet's root as a shared mount: what a CSI driver mounts in its pod is then seen by the node and by other pods.
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { mkdir, realpath } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { promisify } from 'node:util'
import { type MountInfo, parseMountInfo } from '../containerd/host.ts'

const mountsNow = (): MountInfo[] => parseMountInfo(readFileSync('/proc/self/mountinfo', 'utf8'))
const run = promisify(execFile)

/** Mounts the directory on itself where the machine has not shared it. Does without, and says so, where that cannot be. */
export async function shareRoot(directory: string, log: (text: string) => void): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o711 })
  const path = await realpath(directory)
  const state = sharingOf(path, mountsNow())
  if (state === 'shared') return
  const without = `${path} is no shared mount, so CSI drivers can't run in pods`
  // They would be hidden below, and nobody could unmount them any more.
  if (state === 'busy') return log(`${without}: something is mounted in it already; it will be one after a restart of the machine, or of all pods by down and up`)
  await run('mount', ['--bind', '--make-rshared', path, path]).catch((error: Error) => log(`${without}: ${error.message}`))
}

/** Takes back what `shareRoot` has done; what others have mounted there stays. */
export async function unshareRoot(directory: string): Promise<void> {
  const path = await realpath(directory).catch(() => directory)
  while (isSelfMount(path, mountsNow())) await run('umount', ['-l', path])
}

/** Pure. */
export function sharingOf(directory: string, mounts: readonly MountInfo[]): 'shared' | 'busy' | 'private' {
  if (mountOf(directory, mounts)?.shared) return 'shared'
  return mounts.some(({ mountPoint }) => mountPoint.startsWith(`${directory}/`)) ? 'busy' : 'private'
}

/** Pure. Whether what is mounted at the directory is this very directory. */
export function isSelfMount(directory: string, mounts: readonly MountInfo[]): boolean {
  const at = mounts.findLastIndex(({ mountPoint }) => mountPoint === directory)
  const mount = mounts[at]
  const below = mountOf(directory, mounts.slice(0, at))
  return mount !== undefined && below !== undefined && mount.device === below.device && mount.root === join(below.root, relative(below.mountPoint, directory))
}

/** The one that the directory is on: the innermost, and of several in one place the last. */
function mountOf(directory: string, mounts: readonly MountInfo[]): MountInfo | undefined {
  const above = mounts.filter(({ mountPoint }) => mountPoint === '/' || directory === mountPoint || directory.startsWith(`${mountPoint}/`))
  return above.reduce<MountInfo | undefined>((found, each) => (!found || each.mountPoint.length >= found.mountPoint.length ? each : found), undefined)
}
