// The directories of pods on this node, with everything that is mounted there.
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { CsiVolumes } from './csi-volumes.ts'
import type { Mounter } from './volume.ts'

export class PodDirectories {
  readonly #pods: string
  readonly #mounter: Mounter
  readonly #csi: Pick<CsiVolumes, 'releasePod'>

  constructor({ pods, mounter, csi }: { pods: string; mounter: Mounter; csi: Pick<CsiVolumes, 'releasePod'> }) {
    this.#pods = pods
    this.#mounter = mounter
    this.#csi = csi
  }

  /** What drivers have mounted is theirs to unmount; then nothing behind a mount is ever deleted. */
  async remove(uid: string): Promise<void> {
    const directory = join(this.#pods, uid)
    // Of a driver's volumes that a container sees in part, the part goes first.
    await this.#mounter.unmountBelow(join(directory, 'volume-subpaths'))
    await this.#csi.releasePod(uid)
    await this.#mounter.unmountBelow(directory)
    await rm(directory, { recursive: true, force: true })
  }
}
