// Programs that know logins for registries, as the kubelet's CredentialProviderConfig names them: asked over their standard input, their answers kept for a while.
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { loadAll } from 'js-yaml'
import { parseGoDuration } from '../api/go-duration.ts'
import { serviceAccounts } from '../api/types-config.ts'
import type { Pod } from '../api/types-pod.ts'
import type { Client } from '../client/client.ts'
import type { Clock } from '../util/clock.ts'
import type { AccountRef, OwnedLogin } from './image-credentials.ts'
import { imageMatches, loginsFor, registryOf } from './registry-login.ts'
import type { TokenSource } from './volume-payload.ts'

interface TokenAttributes {
  readonly serviceAccountTokenAudience: string
  readonly cacheType: 'ServiceAccount' | 'Token'
  readonly requireServiceAccount: boolean
  readonly requiredServiceAccountAnnotationKeys?: readonly string[]
  readonly optionalServiceAccountAnnotationKeys?: readonly string[]
}

export interface CredentialProvider {
  readonly name: string
  readonly matchImages: readonly string[]
  readonly defaultCacheDuration: string
  readonly apiVersion: string
  readonly args?: readonly string[]
  readonly env?: readonly { readonly name: string; readonly value: string }[]
  readonly tokenAttributes?: TokenAttributes
}

const apiVersions = ['credentialprovider.kubelet.k8s.io/v1', 'credentialprovider.kubelet.k8s.io/v1beta1', 'credentialprovider.kubelet.k8s.io/v1alpha1']
const configVersions = ['kubelet.config.k8s.io/v1', 'kubelet.config.k8s.io/v1beta1', 'kubelet.config.k8s.io/v1alpha1']

/** Throws an Error that names what is wrong. */
export function parseCredentialProviders(text: string): CredentialProvider[] {
  const config = loadAll(text)[0] as { apiVersion?: string; kind?: string; providers?: CredentialProvider[] } | null | undefined
  if (config?.kind !== 'CredentialProviderConfig' || !configVersions.includes(config.apiVersion ?? '')) {
    throw new Error(`expected a CredentialProviderConfig of ${configVersions[0]}, found ${JSON.stringify(config?.kind)} of ${JSON.stringify(config?.apiVersion)}`)
  }
  const providers = config.providers ?? []
  if (providers.length === 0) throw new Error('at least 1 item in plugins is required')
  const names = new Set<string>()
  for (const provider of providers) {
    const where = `provider ${JSON.stringify(provider.name ?? '')}`
    if (!provider.name || /[/\s]|^\.\.?$/.test(provider.name)) throw new Error(`${where}: the name is that of a program, without a path`)
    if (names.has(provider.name)) throw new Error(`${where}: the name is there twice`)
    names.add(provider.name)
    if (!apiVersions.includes(provider.apiVersion)) throw new Error(`${where}: apiVersion ${JSON.stringify(provider.apiVersion)} is not one of ${apiVersions.join(', ')}`)
    if (!Array.isArray(provider.matchImages) || provider.matchImages.length === 0) throw new Error(`${where}: matchImages is required`)
    if (milliseconds(provider.defaultCacheDuration) === undefined) throw new Error(`${where}: defaultCacheDuration ${JSON.stringify(provider.defaultCacheDuration)} is no duration`)
  }
  return providers
}

const milliseconds = (duration: unknown): number | undefined => (typeof duration === 'string' ? parseGoDuration(duration) : undefined)

interface ProviderAnswer {
  readonly apiVersion?: string
  readonly kind?: string
  readonly cacheKeyType?: 'Image' | 'Registry' | 'Global'
  readonly cacheDuration?: string
  readonly auth?: Readonly<Record<string, { readonly username?: string; readonly password?: string }>>
}

type Auths = NonNullable<ProviderAnswer['auth']>

export interface CredentialProvidersOptions {
  readonly providers: readonly CredentialProvider[]
  readonly binDirectory: string
  readonly client: Client
  readonly clock: Clock
  readonly tokens: TokenSource
  readonly log: (text: string) => void
}

const answerTimeoutMs = 60_000
const mostOutputBytes = 1 << 20

export class CredentialProviders {
  readonly #options: CredentialProvidersOptions
  readonly #cache = new Map<string, { auth: Auths; untilMs: number }>()
  /** Questions that run: who asks the same waits for the same answer. */
  readonly #asking = new Map<string, Promise<Auths>>()

  constructor(options: CredentialProvidersOptions) {
    this.#options = options
  }

  /** A provider that fails is told of in the log; the pull goes on without it. */
  async logins(pod: Pod, image: string): Promise<OwnedLogin[]> {
    const found = await Promise.all(this.#options.providers.filter(({ matchImages }) => matchImages.some((pattern) => imageMatches(pattern, image))).map(async (provider) => {
      try {
        return await this.#loginsOf(provider, pod, image)
      } catch (error) {
        this.#options.log(`credential provider ${provider.name}: ${(error as Error).message}`)
        return []
      }
    }))
    return found.flat()
  }

  async #loginsOf(provider: CredentialProvider, pod: Pod, image: string): Promise<OwnedLogin[]> {
    const account = provider.tokenAttributes ? await this.#account(pod, provider.tokenAttributes) : undefined
    if (provider.tokenAttributes && account === undefined) return []
    const auth = this.#cached(provider, account, image) ?? await this.#ask(provider, account, image)
    const ref = account && { uid: account.uid, namespace: account.namespace, name: account.name }
    return loginsFor(auth, image).map(({ username = '', password = '' }) => ({ login: { username, password }, owner: ref && { account: ref } }))
  }

  #cached(provider: CredentialProvider, account: KnownAccount | undefined, image: string): Auths | undefined {
    const nowMs = this.#options.clock.now()
    for (const type of ['Image', 'Registry', 'Global'] as const) {
      const entry = this.#cache.get(cacheKey(provider, account, type, image))
      if (entry && entry.untilMs > nowMs) return entry.auth
    }
    return undefined
  }

  #ask(provider: CredentialProvider, account: KnownAccount | undefined, image: string): Promise<Auths> {
    const key = cacheKey(provider, account, 'Image', image)
    const running = this.#asking.get(key)
    if (running) return running
    const asked = this.#answer(provider, account, image).finally(() => this.#asking.delete(key))
    this.#asking.set(key, asked)
    return asked
  }

  async #answer(provider: CredentialProvider, account: KnownAccount | undefined, image: string): Promise<Auths> {
    const { clock } = this.#options
    const answer = await this.#run(provider, {
      kind: 'CredentialProviderRequest', apiVersion: provider.apiVersion, image,
      ...(account ? { serviceAccountToken: account.token, serviceAccountAnnotations: account.annotations } : {}),
    })
    if (answer.apiVersion !== provider.apiVersion) throw new Error(`it answered as ${JSON.stringify(answer.apiVersion)}, not as ${provider.apiVersion}`)
    const type = answer.cacheKeyType
    if (type !== 'Image' && type !== 'Registry' && type !== 'Global') throw new Error(`cacheKeyType ${JSON.stringify(type)} is none of Image, Registry and Global`)
    const auth = answer.auth ?? {}
    const keepMs = milliseconds(answer.cacheDuration ?? provider.defaultCacheDuration) ?? 0
    if (keepMs > 0) this.#cache.set(cacheKey(provider, account, type, image), { auth, untilMs: clock.now() + keepMs })
    return auth
  }

  #run({ name, args = [], env = [] }: CredentialProvider, request: object): Promise<ProviderAnswer> {
    return new Promise((resolve, reject) => {
      const own = Object.fromEntries(env.map((each) => [each.name, each.value]))
      const child = execFile(join(this.#options.binDirectory, name), [...args], { env: { ...process.env, ...own }, timeout: answerTimeoutMs, maxBuffer: mostOutputBytes }, (error, stdout, stderr) => {
        if (error) return reject(new Error(`${error.message.split('\n')[0]}${stderr ? `: ${stderr.trim()}` : ''}`))
        try {
          resolve(JSON.parse(stdout) as ProviderAnswer)
        } catch {
          reject(new Error(`it answered no JSON: ${stdout.slice(0, 200)}`))
        }
      })
      child.stdin?.on('error', () => undefined)
      child.stdin?.end(JSON.stringify(request))
    })
  }

  /** undefined when the provider is not for pods of this account. */
  async #account(pod: Pod, wanted: TokenAttributes): Promise<KnownAccount | undefined> {
    const { client, tokens } = this.#options
    const namespace = pod.metadata.namespace ?? ''
    const name = pod.spec.serviceAccountName
    if (!name) return undefined
    const { metadata } = await client.get(serviceAccounts, { namespace, name })
    const has = (key: string): boolean => metadata.annotations?.[key] !== undefined
    const required = wanted.requiredServiceAccountAnnotationKeys ?? []
    if (!required.every(has)) return undefined
    const keys = [...required, ...(wanted.optionalServiceAccountAnnotationKeys ?? []).filter(has)]
    const { token } = await tokens.token(pod, { audience: wanted.serviceAccountTokenAudience, path: '' })
    return {
      namespace, name, uid: metadata.uid ?? '', token, annotations: Object.fromEntries(keys.map((key) => [key, metadata.annotations?.[key] ?? ''])),
      cacheKey: wanted.cacheType === 'Token' ? token : JSON.stringify([namespace, name, metadata.uid, keys.map((key) => [key, metadata.annotations?.[key]])]),
    }
  }
}

interface KnownAccount extends AccountRef {
  readonly token: string
  readonly annotations: Readonly<Record<string, string>>
  readonly cacheKey: string
}

function cacheKey(provider: CredentialProvider, account: KnownAccount | undefined, type: 'Image' | 'Registry' | 'Global', image: string): string {
  return JSON.stringify([provider.name, account?.cacheKey ?? '', type, type === 'Image' ? image : type === 'Registry' ? registryOf(image) : ''])
}
