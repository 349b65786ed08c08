// The ImageService over the CRI.
import type { CriClient } from '../containerd/cri.ts'
import { RpcError } from '../containerd/cri.ts'
import { pauseImageName } from '../containerd/pause-image.ts'
import type { ImageStore } from '../containerd/images.ts'
import type { RewrittenPulls } from '../containerd/rewritten-pulls.ts'
import type { Image } from '../containerd/cri-types.ts'
import type { ImageService, RegistryLogin, RuntimeImage } from './runtime-service.ts'

export interface CriImagesOptions {
  readonly cri: CriClient
  /** Tried before a pull by the image's own name. */
  readonly rewritten?: RewrittenPulls
  readonly store?: Pick<ImageStore, 'pinned'>
}

export class CriImages implements ImageService {
  readonly #cri: CriClient
  readonly #options: CriImagesOptions

  constructor(options: CriImagesOptions) {
    this.#cri = options.cri
    this.#options = options
  }

  async find(image: string): Promise<RuntimeImage | undefined> {
    const found = (await this.#cri.imageStatus({ image: { image } })).image
    return found ? imageOf(found) : undefined
  }

  async pull(image: string, login?: RegistryLogin): Promise<string> {
    const auth = login ? { ...login } : undefined
    try {
      return await this.#options.rewritten?.pull(image, auth) ?? (await this.#cri.pullImage({ image: { image }, ...(auth ? { auth } : {}) })).imageRef
    } catch (error) {
      throw error instanceof RpcError ? new Error(`rpc error: code = ${goCode(error.codeName)} desc = ${error.details}`, { cause: error }) : error
    }
  }

  async list(): Promise<readonly RuntimeImage[]> {
    return (await this.#cri.listImages({})).images.map(imageOf)
  }

  async remove(image: string): Promise<void> {
    await this.#cri.removeImage({ image: { image } })
  }

  async pinned(): Promise<ReadonlySet<string>> {
    return await this.#options.store?.pinned() ?? new Set()
  }
}

/** NOT_FOUND as Go spells it: NotFound. */
const goCode = (name: string): string => name.split('_').map((part) => part.charAt(0) + part.slice(1).toLowerCase()).join('').replace('Cancelled', 'Canceled')

const imageOf = (image: Image): RuntimeImage => ({
  id: image.id,
  names: [...image.repoDigests, ...image.repoTags],
  sizeBytes: image.size,
  username: image.username,
  pinned: image.pinned || image.repoTags.includes(pauseImageName),
  ...(image.uid ? { uid: image.uid.value } : {}),
})
