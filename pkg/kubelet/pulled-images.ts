// Who may use which image that this kubelet pulled: a pod must show a login that once got it, unless the image came without one.
// What of images that it did not pull, the policy says. Kept in files, for the next kubelet.
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { formatTime } from '../api/times.ts'
import { repositoryOf } from '../containerd/image-name.ts'
import type { Clock } from '../util/clock.ts'
import type { AccountRef, LoginOwner, OwnedLogin, SecretRef } from './image-credentials.ts'

interface ImageAccess {
  readonly nodePodsAccessible?: boolean
  readonly kubernetesSecrets?: readonly SecretRef[]
  readonly kubernetesServiceAccounts?: readonly AccountRef[]
}

/** In the words of the kubelet's ImagePulledRecord. */
interface PulledRecord {
  readonly lastUpdatedTime: string
  readonly imageRef: string
  /** By repository: the same image may be behind several names, each with its own rights. */
  readonly credentialMapping: Readonly<Record<string, ImageAccess>>
}

/** Whether images that came another way are everybody's, or those on a list are, or nobody's until a pull. */
export type PreloadedPolicy = 'NeverVerifyPreloadedImages' | 'NeverVerifyAllowlistedImages' | 'AlwaysVerify'

export interface PulledImagesOptions {
  readonly policy: PreloadedPolicy
  /** As `imagePattern` makes them. */
  readonly allowlist?: readonly string[]
  readonly directory: string
  readonly clock: Clock
}

/** Of the records' times. */
const timePrecisionMs = 1000

const version = { kind: 'ImagePulledRecord', apiVersion: 'kubelet.config.k8s.io/v1beta1' }

/** Invariant: from before a pull until its record is written its intent is there, so that a crash between makes nobody's image everybody's. */
export class PulledImages {
  readonly #options: PulledImagesOptions
  readonly #records = new Map<string, PulledRecord>()
  readonly #intents = new Map<string, number>()

  constructor(options: PulledImagesOptions) {
    this.#options = options
    for (const name of ['pulled', 'pulling']) mkdirSync(join(options.directory, name), { recursive: true, mode: 0o700 })
    for (const record of this.#read<PulledRecord>('pulled')) this.#records.set(record.imageRef, record)
    for (const { image } of this.#read<{ image: string }>('pulling')) this.#intents.set(image, 0)
  }

  /** Pure but for asking for the pod's logins, which is done only when they decide. */
  async mayUse(image: string, imageRef: string, loginsOf: () => Promise<readonly OwnedLogin[]>): Promise<boolean> {
    const record = this.#records.get(imageRef)
    if (!record) return !this.#intents.has(image) && this.#isOpen(image)
    const access = record.credentialMapping[repositoryOf(image)]
    if (access?.nodePodsAccessible) return true
    const { kubernetesSecrets: known = [], kubernetesServiceAccounts: accounts = [] } = access ?? {}
    if (known.length === 0 && accounts.length === 0) return false
    return (await loginsOf()).some(({ owner }) => {
      if (!owner) return false
      if ('account' in owner) return accounts.some((each) => sameRef(each, owner.account))
      return known.some((each) => each.credentialHash === owner.secret.credentialHash || sameRef(each, owner.secret))
    })
  }

  /** Whether everybody may have it when it was there before. */
  #isOpen(image: string): boolean {
    const { policy, allowlist = [] } = this.#options
    if (policy !== 'NeverVerifyAllowlistedImages') return policy === 'NeverVerifyPreloadedImages'
    const repository = repositoryOf(image)
    return allowlist.some((pattern) => (pattern.endsWith('/*') ? repository.startsWith(pattern.slice(0, -1)) : repository === pattern))
  }

  begin(image: string): void {
    const count = this.#intents.get(image) ?? 0
    if (count === 0) this.#write('pulling', image, { kind: 'ImagePullIntent', apiVersion: version.apiVersion, image })
    this.#intents.set(image, count + 1)
  }

  /** `owner` undefined: it came without a login, or with one of the node's. */
  pulled(image: string, imageRef: string, owner: LoginOwner): void {
    const before = this.#records.get(imageRef)
    const repository = repositoryOf(image)
    const record: PulledRecord = {
      lastUpdatedTime: formatTime(this.#options.clock.now()), imageRef,
      credentialMapping: { ...before?.credentialMapping, [repository]: withOwner(before?.credentialMapping[repository], owner) },
    }
    this.#records.set(imageRef, record)
    this.#write('pulled', imageRef, { ...version, ...record })
    this.ended(image)
  }

  /** The pull failed. */
  ended(image: string): void {
    const count = (this.#intents.get(image) ?? 1) - 1
    if (count > 0) return void this.#intents.set(image, count)
    this.#intents.delete(image)
    rmSync(this.#path('pulling', image), { force: true })
  }

  /** Forgets images that are gone, of those known at this time: what was pulled while others looked is not among what they saw. */
  keepOnly(imageRefs: ReadonlySet<string>, atMs: number): void {
    for (const [imageRef, { lastUpdatedTime }] of [...this.#records]) {
      if (imageRefs.has(imageRef) || Date.parse(lastUpdatedTime) + timePrecisionMs > atMs) continue
      this.#records.delete(imageRef)
      rmSync(this.#path('pulled', imageRef), { force: true })
    }
  }

  #path(kind: 'pulled' | 'pulling', key: string): string {
    return join(this.#options.directory, kind, `sha256-${createHash('sha256').update(key).digest('hex')}`)
  }

  #write(kind: 'pulled' | 'pulling', key: string, record: object): void {
    const path = this.#path(kind, key)
    writeFileSync(`${path}.new`, JSON.stringify(record), { mode: 0o600 })
    renameSync(`${path}.new`, path)
  }

  #read<T>(kind: 'pulled' | 'pulling'): T[] {
    const directory = join(this.#options.directory, kind)
    return readdirSync(directory).filter((name) => /^sha256-[0-9a-f]{64}$/.test(name)).map((name) => JSON.parse(readFileSync(join(directory, name), 'utf8')) as T)
  }
}

/** Pure. In full, as images are compared. Throws what was expected. */
export function imagePattern(text: string): string {
  const [, path = '', folder = ''] = /^([^*@\s]+?)(\/\*)?$/.exec(text) ?? []
  const name = path.slice(path.lastIndexOf('/') + 1)
  if (path === '' || name.includes(':') && path.includes('/')) throw new Error(`expected an image without tag and digest, or a folder of images that ends in /*, found ${JSON.stringify(text)}`)
  // As the folder of an image, so that a registry alone is one.
  return folder ? repositoryOf(`${path}/x`).replace(/x$/, '*') : repositoryOf(path)
}

const sameRef = (a: AccountRef, b: AccountRef): boolean => a.uid === b.uid && a.namespace === b.namespace && a.name === b.name

function withOwner(before: ImageAccess | undefined, owner: LoginOwner): ImageAccess {
  if (before?.nodePodsAccessible || !owner) return { nodePodsAccessible: true }
  if ('account' in owner) return { ...before, kubernetesServiceAccounts: [...(before?.kubernetesServiceAccounts ?? []).filter((each) => !sameRef(each, owner.account)), owner.account] }
  return { ...before, kubernetesSecrets: [...(before?.kubernetesSecrets ?? []).filter((each) => !sameRef(each, owner.secret)), owner.secret] }
}
