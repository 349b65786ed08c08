// Removes images that no container uses when the disk fills up, those first that have been unused for longest.
import type { Clock } from '../util/clock.ts'
import type { FileSystemUsage } from './machine-usage.ts'
import type { ImageService, RuntimeImage } from './runtime-service.ts'

/** Above this share of the disk images are removed, until it is below the lower one. */
const highShare = 0.85
const lowShare = 0.8
const leastAgeMs = 120_000
const periodMs = 300_000

export interface KnownImage {
  readonly image: RuntimeImage
  readonly firstSeenMs: number
  /** 0 when no container was seen with it. */
  readonly lastUsedMs: number
}

/** Pure. How many bytes are to be freed; 0 while there is room. */
export function bytesToFree({ capacityBytes, availableBytes }: FileSystemUsage): number {
  if (capacityBytes - availableBytes < capacityBytes * highShare) return 0
  return Math.max(0, Math.ceil(capacityBytes * (1 - lowShare)) - availableBytes)
}

/**
 * Pure. Kept are images in use, those that have just come, and those that did not come from a registry (they have no
 * digest's name): nobody could bring an imported one back.
 */
export function imagesToRemove(known: readonly KnownImage[], wantedBytes: number, nowMs: number): RuntimeImage[] {
  const removable = known.filter(({ image, firstSeenMs, lastUsedMs }) =>
    !image.pinned && lastUsedMs < nowMs && nowMs - firstSeenMs >= leastAgeMs && image.names.some((name) => name.includes('@')))
  const chosen: RuntimeImage[] = []
  let freed = 0
  for (const { image } of removable.sort((a, b) => a.lastUsedMs - b.lastUsedMs || a.firstSeenMs - b.firstSeenMs)) {
    if (freed >= wantedBytes) break
    chosen.push(image)
    freed += image.sizeBytes
  }
  return chosen
}

export interface ImageGarbageOptions {
  readonly images: Pick<ImageService, 'list' | 'remove'>
  readonly clock: Clock
  readonly disk: () => Promise<FileSystemUsage>
  /** Names and ids of the images of all containers, also ended ones. */
  readonly inUse: () => ReadonlySet<string>
  readonly log: (text: string) => void
}

export class ImageGarbage {
  readonly #options: ImageGarbageOptions
  #known = new Map<string, KnownImage>()
  #nextMs = 0

  constructor(options: ImageGarbageOptions) {
    this.#options = options
  }

  /** To be called now and then: looks every five minutes. */
  async collect(): Promise<void> {
    const { images, clock, disk, log } = this.#options
    const nowMs = clock.now()
    if (nowMs < this.#nextMs) return
    this.#nextMs = nowMs + periodMs
    this.#look(await images.list(), nowMs)
    const wantedBytes = bytesToFree(await disk())
    if (wantedBytes === 0) return
    const removed = imagesToRemove([...this.#known.values()], wantedBytes, nowMs)
    for (const image of removed) {
      await images.remove(image.id)
      this.#known.delete(image.id)
    }
    const freed = removed.reduce((sum, image) => sum + image.sizeBytes, 0)
    log(`images: the disk is over ${highShare * 100} % full; removed ${removed.length} unused images of ${freed} bytes${freed < wantedBytes ? `, wanted to free ${wantedBytes}` : ''}`)
  }

  /** The disk is full: all that nobody uses go, however young. */
  async collectAll(): Promise<void> {
    const { images, clock } = this.#options
    const nowMs = clock.now()
    this.#look(await images.list(), nowMs)
    const aged = [...this.#known.values()].map((known) => ({ ...known, firstSeenMs: 0 }))
    for (const image of imagesToRemove(aged, Infinity, nowMs)) {
      await images.remove(image.id)
      this.#known.delete(image.id)
    }
  }

  #look(images: readonly RuntimeImage[], nowMs: number): void {
    const inUse = this.#options.inUse()
    this.#known = new Map(images.map((image) => {
      const before = this.#known.get(image.id)
      const used = [image.id, ...image.names].some((name) => inUse.has(name))
      return [image.id, { image, firstSeenMs: before?.firstSeenMs ?? nowMs, lastUsedMs: used ? nowMs : before?.lastUsedMs ?? 0 }]
    }))
  }
}
