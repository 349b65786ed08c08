// The directories of pods on this node, with everything that is mounted there.
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { CsiVolumes } from './csi-volumes.ts'
import type { MemoryFiles } from './memory-files.ts'
import type { Mounter } from './volume.ts'

export interface PodDirectoriesOptions {
  readonly pods: string
  readonly mounter: Mounter
  readonly csi: Pick<CsiVolumes, 'releasePod'>
  readonly memory: MemoryFiles
  /** Called when nothing is left of the pod's. */
  readonly removed: (uid: string) => void
}

export class PodDirectories {
  readonly #options: PodDirectoriesOptions

  constructor(options: PodDirectoriesOptions) {
    this.#options = options
  }

  /** The uids of pods that have something. */
  async list(): Promise<readonly string[]> {
    const { pods, memory } = this.#options
    return [...new Set([...await readdir(pods), ...await memory.pods()])]
  }

  /** What drivers have mounted is theirs to unmount; then nothing behind a mount is ever deleted. */
  async remove(uid: string): Promise<void> {
    const { pods, mounter, csi, memory, removed } = this.#options
    const directory = join(pods, uid)
    // Of a driver's volumes that a container sees in part, the part goes first.
    await mounter.unmountBelow(join(directory, 'volume-subpaths'))
    await csi.releasePod(uid)
    await mounter.unmountBelow(directory)
    await rm(directory, { recursive: true, force: true })
    await memory.remove(uid)
    removed(uid)
  }
}
