// One file system in memory for the secrets and tokens of all pods, which must not get onto a disk: each pod has a directory in it.
import { chmodSync, mkdirSync } from 'node:fs'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Mounter } from './volume.ts'

export class MemoryFiles {
  readonly #root: string
  readonly #mounter: Mounter
  #mounted: Promise<void> | undefined

  constructor({ root, mounter }: { root: string; mounter: Mounter }) {
    this.#root = root
    this.#mounter = mounter
  }

  /** Resolves with a directory of the pod's own, which is there. */
  async directory(uid: string, name: string): Promise<string> {
    this.#mounted ??= this.#mount().catch((error: unknown) => {
      this.#mounted = undefined
      throw error
    })
    await this.#mounted
    const directory = join(this.#root, uid, name)
    mkdirSync(directory, { recursive: true })
    return directory
  }

  async remove(uid: string): Promise<void> {
    await rm(join(this.#root, uid), { recursive: true, force: true })
  }

  /** The uids of pods that have something here. */
  async pods(): Promise<readonly string[]> {
    return readdir(this.#root).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error
      return []
    })
  }

  async #mount(): Promise<void> {
    mkdirSync(this.#root, { recursive: true })
    await this.#mounter.mountTmpfs(this.#root, {})
    // What is mounted came with a mode of its own: anybody's.
    chmodSync(this.#root, 0o750)
  }
}
