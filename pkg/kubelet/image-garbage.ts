// Removes images that no container uses: when the disk fills up, those first that have been unused for longest; and those that have been so for too long.
import type { Clock } from '../util/clock.ts'
import type { FileSystemUsage } from './machine-usage.ts'
import type { ImageService, RuntimeImage } from './runtime-service.ts'

export interface GarbageLimits {
  /** Above this share of the disk images are removed, until it is below the lower one. */
  readonly highPercent: number
  readonly lowPercent: number
  /** Younger ones stay. */
  readonly leastAgeMs: number
  /** What has been unused for longer goes, however empty the disk is; 0 for no such limit. */
  readonly mostUnusedMs: number
}

export const defaultGarbageLimits: GarbageLimits = { highPercent: 85, lowPercent: 80, leastAgeMs: 120_000, mostUnusedMs: 0 }
const periodMs = 300_000

export interface KnownImage {
  readonly image: RuntimeImage
  readonly firstSeenMs: number
  /** 0 when no container was seen with it. */
  readonly lastUsedMs: number
}

/** Pure. How many bytes are to be freed; 0 while there is room. */
export function bytesToFree({ capacityBytes, availableBytes }: FileSystemUsage, { highPercent, lowPercent }: GarbageLimits): number {
  if (highPercent >= 100 || capacityBytes - availableBytes < capacityBytes * highPercent / 100) return 0
  return Math.max(0, Math.ceil(capacityBytes * (100 - lowPercent) / 100) - availableBytes)
}

/** Pure. Kept are images in use, pinned ones, and those that have just come. */
export function imagesToRemove(known: readonly KnownImage[], wantedBytes: number, { nowMs, limits }: { nowMs: number; limits: GarbageLimits }): RuntimeImage[] {
  const removable = known.filter(({ image, firstSeenMs, lastUsedMs }) => !image.pinned && lastUsedMs < nowMs && nowMs - firstSeenMs >= limits.leastAgeMs)
  const chosen: RuntimeImage[] = []
  let freed = 0
  for (const { image, firstSeenMs, lastUsedMs } of removable.sort((a, b) => a.lastUsedMs - b.lastUsedMs || a.firstSeenMs - b.firstSeenMs)) {
    const tooOld = limits.mostUnusedMs > 0 && nowMs - Math.max(firstSeenMs, lastUsedMs) > limits.mostUnusedMs
    if (freed >= wantedBytes && !tooOld) continue
    chosen.push(image)
    freed += image.sizeBytes
  }
  return chosen
}

export interface ImageGarbageOptions {
  readonly images: Pick<ImageService, 'list' | 'remove' | 'pinned'>
  readonly limits: GarbageLimits
  readonly clock: Clock
  readonly disk: () => Promise<FileSystemUsage>
  /** Names and ids of the images of all containers, also ended ones. */
  readonly inUse: () => ReadonlySet<string>
  /** Told of all images that were there at a time, less what has gone since. */
  readonly onCollected?: (ids: ReadonlySet<string>, atMs: number) => void
  /** About the node: what could not be freed, and what went wrong twice. */
  readonly record?: (event: { type: 'Warning'; reason: string; message: string }) => void
  readonly log: (text: string) => void
}

export class ImageGarbage {
  readonly #options: ImageGarbageOptions
  #known = new Map<string, KnownImage>()
  #nextMs = 0
  #failed = false

  constructor(options: ImageGarbageOptions) {
    this.#options = options
  }

  /** To be called now and then: looks every five minutes. */
  async collect(): Promise<void> {
    const nowMs = this.#options.clock.now()
    if (nowMs < this.#nextMs) return
    this.#nextMs = nowMs + periodMs
    try {
      await this.#collect(nowMs)
      this.#failed = false
    } catch (error) {
      const { message } = error as Error
      // Once may be chance.
      if (this.#failed) this.#options.record?.({ type: 'Warning', reason: 'ImageGCFailed', message })
      this.#failed = true
      this.#options.log(`images: ${message}`)
    }
  }

  async #collect(nowMs: number): Promise<void> {
    const { disk, limits, log, record } = this.#options
    await this.#look(nowMs)
    const usage = await disk()
    if (usage.capacityBytes === 0) {
      const message = 'invalid capacity 0 on image filesystem'
      record?.({ type: 'Warning', reason: 'InvalidDiskCapacity', message })
      throw new Error(message)
    }
    const wantedBytes = bytesToFree(usage, limits)
    const removed = imagesToRemove([...this.#known.values()], wantedBytes, { nowMs, limits })
    await this.#remove(removed, nowMs)
    const freed = removed.reduce((sum, image) => sum + image.sizeBytes, 0)
    if (wantedBytes > 0) log(`images: the disk is over ${limits.highPercent} % full; removed ${removed.length} unused images of ${freed} bytes${freed < wantedBytes ? `, wanted to free ${wantedBytes}` : ''}`)
    else if (removed.length > 0) log(`images: removed ${removed.length} images of ${freed} bytes that were long unused`)
    if (freed >= wantedBytes) return
    const message = `Failed to garbage collect required amount of images. Attempted to free ${wantedBytes} bytes, but only found ${freed} bytes eligible to free.`
    record?.({ type: 'Warning', reason: 'FreeDiskSpaceFailed', message })
    throw new Error(message)
  }

  /** The disk is full: all that nobody uses go, however young. */
  async collectAll(): Promise<void> {
    const { clock, limits } = this.#options
    const nowMs = clock.now()
    await this.#look(nowMs)
    const aged = [...this.#known.values()].map((known) => ({ ...known, firstSeenMs: 0 }))
    await this.#remove(imagesToRemove(aged, Infinity, { nowMs, limits }), nowMs)
  }

  async #remove(chosen: readonly RuntimeImage[], nowMs: number): Promise<void> {
    for (const image of chosen) {
      await this.#options.images.remove(image.id)
      this.#known.delete(image.id)
    }
    this.#options.onCollected?.(new Set(this.#known.keys()), nowMs)
  }

  async #look(nowMs: number): Promise<void> {
    const { images } = this.#options
    const pinned = await images.pinned?.() ?? new Set()
    const all = await images.list()
    const inUse = this.#options.inUse()
    this.#known = new Map(all.map((image) => {
      const before = this.#known.get(image.id)
      const used = [image.id, ...image.names].some((name) => inUse.has(name))
      const kept = image.names.some((name) => pinned.has(name)) ? { ...image, pinned: true } : image
      return [image.id, { image: kept, firstSeenMs: before?.firstSeenMs ?? nowMs, lastUsedMs: used ? nowMs : before?.lastUsedMs ?? 0 }]
    }))
  }
}
