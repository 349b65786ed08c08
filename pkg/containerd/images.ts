// Images in the private containerd without a registry: import from OCI and docker archives, list, remove.
import { createReadStream } from 'node:fs'
import { Readable } from 'node:stream'
import type { Clock } from '../util/clock.ts'
import { sleep } from '../util/clock.ts'
import type { ArchiveImage } from './archive-blobs.ts'
import { storeArchive } from './archive-blobs.ts'
import type { StoredImage } from './containerd.ts'
import { connectContainerd } from './containerd.ts'
import { connectCri, isAlreadyExists, isNotFound } from './cri.ts'
import type { CallOptions } from './grpc-connection.ts'
import { fullImageName, repositoryOf } from './image-name.ts'
import { unpack } from './unpack.ts'

export interface ImageStoreOptions {
  socketPath: string
  clock: Clock
}

/** The CRI shows and removes only images with the first label; the second one keeps them: nobody could bring them back. */
const imported = { 'io.cri-containerd.image': 'managed', 'io.cri-containerd.pinned': 'pinned' }
const visibleTimeoutMs = 10_000

/** Works on the images of the CRI's namespace. */
export class ImageStore {
  readonly #options: ImageStoreOptions

  constructor(options: ImageStoreOptions) {
    this.#options = options
  }

  /**
   * Imports every image of an OCI layout or docker archive, plain or compressed with gzip or zstd. Resolves to their full
   * names once the CRI knows them, and with `unpacked` once containers can begin at once: otherwise the first container of an
   * image waits for its layers. What is in the store already is not stored again; a tag that exists moves.
   */
  async import(archive: AsyncIterable<Uint8Array>, { unpacked = true }: { unpacked?: boolean } = {}): Promise<string[]> {
    const { socketPath, clock } = this.#options
    const client = connectContainerd(socketPath, clock)
    const leaseId = `kinglet-import-${clock.now()}-${Math.floor(clock.random() * 1e9)}`
    try {
      return await client.withLease(leaseId, async (lease) => {
        const images = await storeArchive(client, archive, { leaseId, lease })
        const names: string[] = []
        const snapshotter = unpacked ? await this.#snapshotter() : undefined
        for (const image of images) {
          if (snapshotter !== undefined) await unpack(client, image, { snapshotter, leaseId, lease })
          names.push(...(await this.#name(client, image, lease)))
        }
        await this.#visible(images)
        return names
      })
    } finally {
      client.close()
    }
  }

  importFile(path: string): Promise<string[]> {
    return this.import(createReadStream(path, { highWaterMark: 1 << 20 }))
  }

  /** Imports what `archive` builds unless the name is known already. */
  async ensure(name: string, archive: () => Uint8Array): Promise<void> {
    if (!(await this.has(name))) await this.import(Readable.from([archive()], { objectMode: true }), { unpacked: false })
  }

  /** The one that the CRI makes containers with: the place that it measures is the snapshotter's. */
  async #snapshotter(): Promise<string | undefined> {
    const cri = connectCri(this.#options.socketPath, this.#options.clock)
    try {
      const { imageFilesystems } = await cri.imageFsInfo({})
      return /io\.containerd\.snapshotter\.v1\.([\w-]+)$/.exec(imageFilesystems[0]?.fsId?.mountpoint ?? '')?.[1]
    } finally {
      cri.close()
    }
  }

  /** All names, those by digest too. */
  async list(): Promise<StoredImage[]> {
    return this.#with((client) => client.listImages())
  }

  /** The names of images that are kept although nobody uses them. */
  async pinned(): Promise<ReadonlySet<string>> {
    const images = await this.#with((client) => client.listImages(['labels."io.cri-containerd.pinned"==pinned']))
    return new Set(images.map(({ name }) => name))
  }

  /** From now on it is one of those. Rejects when it is not there. */
  async pin(name: string): Promise<void> {
    await this.#with(async (client) => {
      const image = await client.getImage(fullImageName(name))
      if (image.labels['io.cri-containerd.pinned'] !== 'pinned') await client.updateImage({ ...image, labels: { ...image.labels, ...imported } })
    })
  }

  async has(name: string): Promise<boolean> {
    return this.#with(async (client) => {
      try {
        await client.getImage(fullImageName(name))
        return true
      } catch (error) {
        if (isNotFound(error)) return false
        throw error
      }
    })
  }

  /** Removes the image with all its names, by the CRI's rules. An image that is not there is no error. */
  async remove(name: string): Promise<void> {
    const cri = connectCri(this.#options.socketPath, this.#options.clock)
    try {
      await cri.removeImage({ image: { image: fullImageName(name) } })
    } finally {
      cri.close()
    }
  }

  /** The CRI knows an image by its tag, by its digest in the repository, and by the digest of its configuration. */
  async #name(client: ReturnType<typeof connectContainerd>, image: ArchiveImage, lease: CallOptions): Promise<string[]> {
    const tags = image.names.map(fullImageName)
    const digests = tags.map((tag) => `${repositoryOf(tag)}@${image.target.digest}`)
    for (const name of new Set([image.configDigest, ...digests, ...tags])) {
      const stored: StoredImage = { name, labels: imported, target: image.target }
      await client.createImage(stored, lease).catch((error: unknown) => {
        if (isAlreadyExists(error)) return client.updateImage(stored, lease)
        throw error
      })
    }
    return tags
  }

  /** The CRI hears of new images by events, a moment later. */
  async #visible(images: readonly ArchiveImage[]): Promise<void> {
    const { socketPath, clock } = this.#options
    const cri = connectCri(socketPath, clock)
    const deadline = clock.monotonic() + visibleTimeoutMs
    try {
      for (const { configDigest, names } of images) {
        for (const name of names.map(fullImageName)) {
          for (let delayMs = 2; ; delayMs *= 2) {
            const { image } = await cri.imageStatus({ image: { image: name } })
            if (image?.id === configDigest) break
            if (clock.monotonic() > deadline) throw new Error(`the image ${name} was imported, but the CRI does not show it`)
            await sleep(clock, delayMs)
          }
        }
      }
    } finally {
      cri.close()
    }
  }

  async #with<T>(work: (client: ReturnType<typeof connectContainerd>) => Promise<T>): Promise<T> {
    const client = connectContainerd(this.#options.socketPath, this.#options.clock)
    try {
      return await work(client)
    } finally {
      client.close()
    }
  }
}
