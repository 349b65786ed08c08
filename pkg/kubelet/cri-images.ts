// The ImageService over the CRI.
import type { CriClient } from '../containerd/cri.ts'
import { RpcError } from '../containerd/cri.ts'
import { pauseImageName } from '../containerd/pause-image.ts'
import type { Image } from '../containerd/cri-types.ts'
import type { ImageService, RegistryLogin, RuntimeImage } from './runtime-service.ts'

export class CriImages implements ImageService {
  readonly #cri: CriClient

  constructor(cri: CriClient) {
    this.#cri = cri
  }

  async find(image: string): Promise<RuntimeImage | undefined> {
    const found = (await this.#cri.imageStatus({ image: { image } })).image
    return found ? imageOf(found) : undefined
  }

  async pull(image: string, login?: RegistryLogin): Promise<string> {
    try {
      return (await this.#cri.pullImage({ image: { image }, ...(login ? { auth: { ...login } } : {}) })).imageRef
    } catch (error) {
      throw error instanceof RpcError ? new Error(error.details, { cause: error }) : error
    }
  }

  async list(): Promise<readonly RuntimeImage[]> {
    return (await this.#cri.listImages({})).images.map(imageOf)
  }

  async remove(image: string): Promise<void> {
    await this.#cri.removeImage({ image: { image } })
  }
}

const imageOf = (image: Image): RuntimeImage => ({
  id: image.id,
  names: [...image.repoDigests, ...image.repoTags],
  sizeBytes: image.size,
  username: image.username,
  pinned: image.pinned || image.repoTags.includes(pauseImageName),
  ...(image.uid ? { uid: image.uid.value } : {}),
})
