// Pulls images under the names that mirrors know them by, and gives them their own names afterwards.
import type { Clock } from '../util/clock.ts'
import { sleep } from '../util/clock.ts'
import { connectContainerd } from './containerd.ts'
import type { AuthConfig } from './cri-types.ts'
import type { CriClient } from './cri.ts'
import { isAlreadyExists } from './cri.ts'
import { fullImageName, repositoryOf } from './image-name.ts'

export interface RewrittenPullsOptions {
  readonly cri: CriClient
  readonly socketPath: string
  readonly clock: Clock
  /** The names to try for a full name; none for most. */
  readonly namesOf: (fullName: string) => readonly string[]
  readonly log: (text: string) => void
}

const managed = { 'io.cri-containerd.image': 'managed' }
const visibleTimeoutMs = 10_000

export class RewrittenPulls {
  readonly #options: RewrittenPullsOptions

  constructor(options: RewrittenPullsOptions) {
    this.#options = options
  }

  /** The image's id; undefined when no mirror has it, or none is to be asked. */
  async pull(image: string, auth: AuthConfig | undefined): Promise<string | undefined> {
    const full = fullImageName(image)
    for (const name of this.#options.namesOf(full)) {
      const pulled = await this.#options.cri.pullImage({ image: { image: name }, ...(auth ? { auth } : {}) }).catch((error: Error) => this.#options.log(`${full} can't be had from a mirror: ${error.message}`))
      if (!pulled) continue
      await this.#rename(name, full)
      await this.#visible(full, pulled.imageRef)
      return pulled.imageRef
    }
    return undefined
  }

  async #rename(from: string, to: string): Promise<void> {
    const client = connectContainerd(this.#options.socketPath, this.#options.clock)
    try {
      const { target } = await client.getImage(from)
      for (const name of new Set([`${repositoryOf(to)}@${target.digest}`, to])) {
        const stored = { name, labels: managed, target }
        await client.createImage(stored).catch((error: unknown) => {
          if (isAlreadyExists(error)) return client.updateImage(stored)
          throw error
        })
      }
      for (const name of new Set([from, `${repositoryOf(from)}@${target.digest}`])) await client.deleteImage(name)
    } finally {
      client.close()
    }
  }

  /** The CRI hears of names by events, a moment later. */
  async #visible(name: string, id: string): Promise<void> {
    const { cri, clock } = this.#options
    const deadline = clock.monotonic() + visibleTimeoutMs
    for (let delayMs = 2; ; delayMs *= 2) {
      const { image } = await cri.imageStatus({ image: { image: name } })
      if (image?.id === id) return
      if (clock.monotonic() > deadline) throw new Error(`the image ${name} was pulled from a mirror, but the CRI does not show it`)
      await sleep(clock, delayMs)
    }
  }
}
