// Makes sure that a container's image is there, by its pull policy and with back-off.
import { secrets as secretsResource } from '../api/types-config.ts'
import type { Container, Pod } from '../api/types-pod.ts'
import type { Client } from '../client/client.ts'
import type { Clock } from '../util/clock.ts'
import { goDuration } from './go-duration.ts'
import { RestartBackOff } from './restart-back-off.ts'
import type { ImageService, RegistryLogin, RuntimeImage } from './runtime-service.ts'
import { registryLogins } from './registry-login.ts'
import { StartFailure } from './start-failure.ts'

export type ImageNote = (event: { type: 'Normal' | 'Warning'; reason: string; message: string }) => void

export interface ImagePullerOptions {
  readonly images: ImageService
  readonly client: Client
  readonly clock: Clock
}

const settleMs = 5000
const idleRetryMs = 10_000

export class ImagePuller {
  readonly #options: ImagePullerOptions
  readonly #backOff = new RestartBackOff({ baseMs: 10_000, maxMs: 300_000 })
  readonly #lastError = new Map<string, string>()
  /** Pulls that run, by image: pods that want the same share them. */
  readonly #pulling = new Map<string, Promise<string>>()

  constructor(options: ImagePullerOptions) {
    this.#options = options
  }

  /** Throws StartFailure while the image is not there. */
  async ensure(pod: Pod, container: Container, note: ImageNote): Promise<RuntimeImage> {
    const image = container.image ?? ''
    const full = withDefaultTag(image)
    if (full === undefined) {
      const message = `Failed to apply default image tag "${image}": couldn't parse image name "${image}": invalid reference format`
      note({ type: 'Warning', reason: 'InspectFailed', message })
      throw new StartFailure('InvalidImageName', message, this.#options.clock.now() + idleRetryMs)
    }
    const policy = container.imagePullPolicy ?? (full.endsWith(':latest') ? 'Always' : 'IfNotPresent')
    const present = await this.#find(image, full, note)
    if (policy !== 'Always' && present) {
      note({ type: 'Normal', reason: 'Pulled', message: `Container image "${image}" already present on machine and can be accessed by the pod` })
      return present
    }
    if (policy === 'Never') {
      const message = `Container image "${image}" is not present with pull policy of Never`
      note({ type: 'Warning', reason: 'ErrImageNeverPull', message })
      throw new StartFailure('ErrImageNeverPull', message, this.#options.clock.now() + idleRetryMs)
    }
    return this.#pull(pod, { image, full }, note)
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

  async #pull(pod: Pod, { image, full }: { image: string; full: string }, note: ImageNote): Promise<RuntimeImage> {
    const { clock, images } = this.#options
    const key = `${pod.metadata.uid}_${image}`
    const wait = this.#backOff.wait(key, this.#backOff.notedMs(key), clock.now())
    if (wait) {
      const message = `Back-off pulling image "${image}"`
      note({ type: 'Normal', reason: 'BackOff', message })
      const last = this.#lastError.get(key)
      throw new StartFailure('ImagePullBackOff', last ? `${message}: ErrImagePull: ${last}` : message, wait.untilMs)
    }
    note({ type: 'Normal', reason: 'Pulling', message: `Pulling image "${image}"` })
    const startMs = clock.monotonic()
    try {
      await this.#shared(full, await this.#logins(pod, full))
      const pulled = await images.find(full)
      if (!pulled) throw new Error(`image ${full} is not there after it was pulled`)
      const took = goDuration(Math.round(clock.monotonic() - startMs))
      note({ type: 'Normal', reason: 'Pulled', message: `Successfully pulled image "${image}" in ${took} (${took} including waiting). Image size: ${pulled.sizeBytes} bytes.` })
      this.#backOff.forget(key)
      this.#lastError.delete(key)
      return pulled
    } catch (error) {
      const words = (error as Error).message
      note({ type: 'Warning', reason: 'Failed', message: `Failed to pull image "${image}": ${words}` })
      this.#backOff.next(key, clock.now())
      this.#lastError.set(key, words)
      throw new StartFailure('ErrImagePull', words, clock.now() + settleMs)
    }
  }

  #shared(full: string, logins: readonly (RegistryLogin | undefined)[]): Promise<string> {
    // A pull with a login is its own: what one pod may see another may not.
    if (logins.some((login) => login !== undefined)) return this.#firstThatWorks(full, logins)
    const running = this.#pulling.get(full)
    if (running) return running
    const started = this.#options.images.pull(full).finally(() => this.#pulling.delete(full))
    this.#pulling.set(full, started)
    return started
  }

  async #firstThatWorks(full: string, logins: readonly (RegistryLogin | undefined)[]): Promise<string> {
    const problems: unknown[] = []
    for (const login of logins) {
      try {
        return await this.#options.images.pull(full, login)
      } catch (error) {
        problems.push(error)
      }
    }
    throw problems[0]
  }

  async #logins(pod: Pod, full: string): Promise<(RegistryLogin | undefined)[]> {
    const logins: RegistryLogin[] = []
    for (const { name = '' } of pod.spec.imagePullSecrets ?? []) {
      // A missing pull secret is no error: the pull may do without.
      const secret = await this.#options.client.get(secretsResource, { namespace: pod.metadata.namespace ?? '', name }).catch(() => undefined)
      if (secret) logins.push(...registryLogins(secret, full))
    }
    return logins.length > 0 ? logins : [undefined]
  }
}

const component = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*'
const domain = '(?:(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])(?:\\.(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9]))*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?'
const reference = new RegExp(`^(?:${domain}/)?${component}(?:/${component})*(:[\\w][\\w.-]{0,127})?(@[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,})?$`)

/** With `:latest` where neither tag nor digest is given; undefined when it is no image name. */
export function withDefaultTag(image: string): string | undefined {
  const match = reference.exec(image)
  if (!match) return undefined
  return match[1] || match[2] ? image : `${image}:latest`
}
