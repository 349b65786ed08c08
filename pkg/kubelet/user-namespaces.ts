// Which users of the node are those of pods with users of their own: a range for each pod, remembered in its directory.
import { open, mkdir, readdir, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import type { IdRange } from './runtime-service.ts'

export interface UserNamespacesOptions {
  /** The directory of the pods' directories. */
  readonly pods: string
  /** What is to be shared out; see `checkIds`. */
  readonly ids: IdRange
  readonly idsPerPod: number
}

interface Given {
  readonly range: IdRange
  /** Resolves when it outlasts us. */
  readonly written: Promise<void>
}

const fileName = 'userns'

/** Invariant: no two pods have an id in common, whoever gave them: an earlier kubelet, too. */
export class UserNamespaces {
  readonly #options: UserNamespacesOptions
  readonly #given = new Map<string, Given>()
  /** Where to look first: what has just become free is used last. */
  #next = 0

  private constructor(options: UserNamespacesOptions) {
    this.#options = options
  }

  /** With what pods have already. Throws for a pod whose users cannot be told: another pod might get them, too. */
  static async load(options: UserNamespacesOptions): Promise<UserNamespaces> {
    const namespaces = new UserNamespaces(options)
    for (const uid of await readdir(options.pods)) {
      const text = await readFile(join(options.pods, uid, fileName), 'utf8').catch(missing)
      if (text !== undefined) namespaces.#record(uid, text)
    }
    return namespaces
  }

  /** The pod's range; it gets one if it has none. */
  async of(uid: string): Promise<IdRange> {
    const given = this.#given.get(uid) ?? this.#give(uid)
    try {
      await given.written
    } catch (error) {
      if (this.#given.get(uid) === given) this.#given.delete(uid)
      throw new Error(`create user namespace: ${(error as Error).message}`, { cause: error })
    }
    return given.range
  }

  /** To be called when nothing of the pod is left. */
  release(uid: string): void {
    this.#given.delete(uid)
  }

  #give(uid: string): Given {
    const { ids, idsPerPod: length } = this.#options
    const count = Math.floor(ids.length / length)
    const taken = new Set([...this.#given.values()].map(({ range }) => range.first))
    for (let tried = 0; tried < count; tried++) {
      const index = (this.#next + tried) % count
      const first = ids.first + index * length
      if (taken.has(first)) continue
      this.#next = index + 1
      const range = { first, length }
      const given = { range, written: this.#write(uid, range) }
      this.#given.set(uid, given)
      return given
    }
    throw new Error('create user namespace: could not find an empty slot to allocate a user namespace')
  }

  async #write(uid: string, { first, length }: IdRange): Promise<void> {
    const directory = join(this.#options.pods, uid)
    const mappings = [{ hostId: first, containerId: 0, length }]
    await mkdir(directory, { recursive: true, mode: 0o750 })
    const temporary = join(directory, `.${fileName}`)
    await durably(temporary, 'w', (file) => file.writeFile(JSON.stringify({ uidMappings: mappings, gidMappings: mappings })))
    await rename(temporary, join(directory, fileName))
    await durably(directory, 'r', async () => undefined)
  }

  #record(uid: string, text: string): void {
    const { ids, idsPerPod } = this.#options
    const failed = (message: string): Error => new Error(`record pod mappings for existing pod "${uid}": ${message}`)
    let range: IdRange
    try {
      range = parseRange(text)
    } catch (error) {
      throw failed((error as Error).message)
    }
    const { first, length } = range
    if (length !== idsPerPod) throw failed(`wrong user namespace length ${length}`)
    if (first % length !== 0) throw failed(`wrong user namespace offset specified ${first}`)
    if (first < ids.first || first + length > ids.first + ids.length) throw failed(`id ${first} is out of range`)
    if ([...this.#given.values()].some((given) => given.range.first === first)) throw failed(`range picked for pod "${uid}" already taken`)
    this.#given.set(uid, { range, written: Promise.resolve() })
  }
}

async function durably(path: string, flags: string, work: (file: Awaited<ReturnType<typeof open>>) => Promise<void>): Promise<void> {
  const file = await open(path, flags, 0o600)
  try {
    await work(file)
    await file.sync()
  } finally {
    await file.close()
  }
}

interface Mapping {
  readonly hostId: number
  readonly containerId: number
  readonly length: number
}

/** Pure: the one range that a file as kubelets write it tells of. */
export function parseRange(text: string): IdRange {
  const { uidMappings = [], gidMappings = [] } = JSON.parse(text) as { uidMappings?: Mapping[]; gidMappings?: Mapping[] }
  const [users, more] = uidMappings
  const [groups] = gidMappings
  if (!users || more) throw new Error('invalid user namespace configuration: no more than one mapping allowed.')
  if (gidMappings.length !== 1 || !groups || JSON.stringify([users.hostId, users.containerId, users.length]) !== JSON.stringify([groups.hostId, groups.containerId, groups.length])) {
    throw new Error('invalid user namespace configuration: GID and UID mapping should be identical')
  }
  if (users.containerId !== 0) throw new Error('invalid user namespace configuration: UID 0 must be mapped')
  return { first: users.hostId, length: users.length }
}

function missing(error: NodeJS.ErrnoException): undefined {
  // A file beside the pods' directories is none of theirs.
  if (error.code !== 'ENOENT' && error.code !== 'ENOTDIR') throw error
}
