// The directories of pods on this node, with everything that is mounted there.
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { CsiVolumes } from './csi-volumes.ts'
import type { Mounter } from './volume.ts'

export class PodDirectories {
  readonly #pods: string
  readonly #mounter: Mounter
  readonly #csi: Pick<CsiVolumes, 'releasePod'>
  readonly #removed: (uid: string) => void

  /** `removed` is called when nothing is left of the pod's. */
  constructor({ pods, mounter, csi, removed }: { pods: string; mounter: Mounter; csi: Pick<CsiVolumes, 'releasePod'>; removed: (uid: string) => void }) {
    this.#removed = removed
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
    this.#removed(uid)
  }
}
