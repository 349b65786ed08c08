// Makes sure that a container's image is there and may be used by its pod: by pull policy, with back-off, a few pulls at a time.
import type { Container, Pod } from '../api/types-pod.ts'
import type { Clock } from '../util/clock.ts'
import { goDuration } from './go-duration.ts'
import type { FoundLogins, ImageCredentials, LoginOwner, OwnedLogin } from './image-credentials.ts'
import { imageNameFault, withDefaultTag } from './image-names.ts'
import type { PulledImages } from './pulled-images.ts'
import { type Rate, RateLimit } from './rate-limit.ts'
import { RestartBackOff } from './restart-back-off.ts'
import type { ImageService, RuntimeImage } from './runtime-service.ts'
import { StartFailure } from './start-failure.ts'
import { WorkGate } from './work-gate.ts'

export type ImageNote = (event: { type: 'Normal' | 'Warning'; reason: string; message: string }) => void

export interface ImagePullerOptions {
  readonly images: ImageService
  readonly credentials: ImageCredentials
  readonly clock: Clock
  /** How many pulls run at a time. */
  readonly parallelPulls: number
  /** How often one may begin; default: without limit. */
  readonly pullRate?: Rate
  /** Without it every pod may use every image that is there. */
  readonly pulled?: PulledImages
  /** A pod has waited so long for a pull, whatever came of it. */
  readonly took?: (podUid: string, ms: number) => void
}

interface Pull {
  readonly pod: Pod
  /** As the pod spells it. */
  readonly image: string
  readonly full: string
  readonly found: FoundLogins
  readonly note: ImageNote
}

interface Pulled {
  readonly image: RuntimeImage
  readonly tookMs: number
}

const settleMs = 5000
const idleRetryMs = 10_000

export class ImagePuller {
  readonly #options: ImagePullerOptions
  readonly #backOff = new RestartBackOff({ baseMs: 10_000, maxMs: 300_000 })
  readonly #lastError = new Map<string, string>()
  readonly #gate: WorkGate
  readonly #limit: RateLimit
  /** Pulls without a login that run, by image: pods that want the same share them. */
  readonly #pulling = new Map<string, Promise<Pulled>>()

  constructor(options: ImagePullerOptions) {
    this.#options = options
    this.#gate = new WorkGate(options.parallelPulls)
    this.#limit = new RateLimit(options.pullRate ?? { perSecond: 0, burst: 1 }, options.clock)
  }

  /** Throws StartFailure while the image is not there for this pod. */
  async ensure(pod: Pod, container: Container, note: ImageNote): Promise<RuntimeImage> {
    const image = container.image ?? ''
    const full = withDefaultTag(image)
    if (full === undefined) {
      const message = `Failed to apply default image tag "${image}": couldn't parse image name "${image}": ${imageNameFault(image)}`
      note({ type: 'Warning', reason: 'InspectFailed', message })
      throw new StartFailure('InvalidImageName', message, this.#options.clock.now() + idleRetryMs)
    }
    const policy = container.imagePullPolicy ?? (full.endsWith(':latest') ? 'Always' : 'IfNotPresent')
    const present = await this.#find(image, full, note)
    let found: Promise<FoundLogins> | undefined
    const logins = (): Promise<FoundLogins> => (found ??= this.#logins(pod, full, note))
    if (policy !== 'Always' && present && await this.#mayUse(full, present, async () => (await logins()).logins)) {
      note({ type: 'Normal', reason: 'Pulled', message: `Container image "${image}" already present on machine and can be accessed by the pod` })
      return present
    }
    if (policy === 'Never') {
      const message = `Container image "${image}" is not present with pull policy of Never`
      note({ type: 'Warning', reason: 'ErrImageNeverPull', message })
      throw new StartFailure('ErrImageNeverPull', message, this.#options.clock.now() + idleRetryMs)
    }
    this.#checkBackOff(pod, image, note)
    return this.#pull({ pod, image, full, found: await logins(), note })
  }

  #mayUse(full: string, present: RuntimeImage, logins: () => Promise<readonly OwnedLogin[]>): Promise<boolean> {
    return this.#options.pulled?.mayUse(full, present.id, logins) ?? Promise.resolve(true)
  }

  async #logins(pod: Pod, full: string, note: ImageNote): Promise<FoundLogins> {
    const found = await this.#options.credentials.find(pod, full)
    if (found.missing.length > 0) {
      note({ type: 'Warning', reason: 'FailedToRetrieveImagePullSecret', message: `Unable to retrieve some image pull secrets (${found.missing.join(', ')}); attempting to pull the image may not succeed.` })
    }
    return found
  }

  async #find(image: string, full: string, note: ImageNote): Promise<RuntimeImage | undefined> {
    try {
      return await this.#options.images.find(full)
    } catch (error) {
      const message = `Failed to inspect image "${image}": ${(error as Error).message}`
      note({ type: 'Warning', reason: 'InspectFailed', message })
      throw new StartFailure('ImageInspectError', message, this.#options.clock.now() + settleMs)
    }
  }

  #checkBackOff(pod: Pod, image: string, note: ImageNote): void {
    const key = backOffKey(pod, image)
    const wait = this.#backOff.wait(key, this.#backOff.notedMs(key), this.#options.clock.now())
    if (!wait) return
    const message = `Back-off pulling image "${image}"`
    note({ type: 'Normal', reason: 'BackOff', message })
    const last = this.#lastError.get(key)
    throw new StartFailure('ImagePullBackOff', last ? `${message}: ErrImagePull: ${last}` : message, wait.untilMs)
  }

  async #pull(pull: Pull): Promise<RuntimeImage> {
    const { clock } = this.#options
    const { pod, image, note } = pull
    const key = backOffKey(pod, image)
    note({ type: 'Normal', reason: 'Pulling', message: `Pulling image "${image}"` })
    const startMs = clock.monotonic()
    try {
      const pulled = await this.#shared(pull)
      const waitedMs = Math.round(clock.monotonic() - startMs)
      note({ type: 'Normal', reason: 'Pulled', message: `Successfully pulled image "${image}" in ${goDuration(pulled.tookMs)} (${goDuration(waitedMs)} including waiting). Image size: ${pulled.image.sizeBytes} bytes.` })
      this.#backOff.forget(key)
      this.#lastError.delete(key)
      return pulled.image
    } catch (error) {
      const words = (error as Error).message
      note({ type: 'Warning', reason: 'Failed', message: `Failed to pull image "${image}": ${words}` })
      this.#backOff.next(key, clock.now())
      this.#lastError.set(key, words)
      throw new StartFailure('ErrImagePull', words, clock.now() + settleMs)
    } finally {
      this.#options.took?.(pod.metadata.uid ?? '', clock.monotonic() - startMs)
    }
  }

  #shared(pull: Pull): Promise<Pulled> {
    // A pull with a login is its own: what one pod may see another may not.
    if (pull.found.logins.length > 0) return this.#one(pull)
    const running = this.#pulling.get(pull.full)
    if (running) return running
    const started = this.#one(pull).finally(() => this.#pulling.delete(pull.full))
    this.#pulling.set(pull.full, started)
    return started
  }

  #one({ full, found }: Pull): Promise<Pulled> {
    const { images, clock, pulled } = this.#options
    return this.#gate.run(0, async () => {
      await this.#limit.wait()
      const startMs = clock.monotonic()
      pulled?.begin(full)
      try {
        const owner = await this.#firstThatWorks(full, found.logins)
        const image = await images.find(full)
        if (!image) throw new Error(`image ${full} is not there after it was pulled`)
        pulled?.pulled(full, image.id, owner)
        return { image, tookMs: Math.round(clock.monotonic() - startMs) }
      } catch (error) {
        pulled?.ended(full)
        throw error
      }
    })
  }

  /** Whose login it was. */
  async #firstThatWorks(full: string, logins: readonly OwnedLogin[]): Promise<LoginOwner> {
    const problems: string[] = []
    for (const { login, owner } of logins.length > 0 ? logins : [{ login: undefined, owner: undefined }]) {
      try {
        await this.#options.images.pull(full, login)
        return owner
      } catch (error) {
        const { message } = error as Error
        if (!problems.includes(message)) problems.push(message)
      }
    }
    throw new Error(problems.length === 1 ? problems[0] : `[${problems.join(', ')}]`)
  }
}

const backOffKey = (pod: Pod, image: string): string => `${pod.metadata.uid}_${image}`
