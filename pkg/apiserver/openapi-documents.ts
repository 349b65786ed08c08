// OpenAPI documents on request: made in slices, told apart by hash, and kept while they are asked for.
import type { Definition } from '../registry/definition.ts'
import { slicesOf, type Slices } from '../util/slices.ts'
import type { DescriptionSource } from './descriptions.ts'
import type { DiscoveredGroup, DiscoveredVersion } from './discovery.ts'
import { documentHash, documentPath, openApiV2, openApiV3 } from './openapi.ts'

/** What is served at one moment. Documents follow from it alone. */
export interface ServedKinds {
  readonly definitions: readonly Definition[]
  readonly groups: readonly DiscoveredGroup[]
}

export interface TaggedBody {
  readonly hash: string
  readonly body: Buffer
}

const mostRecentBytes = 8 << 20

export class OpenApiDocuments {
  readonly #descriptions: DescriptionSource
  readonly #slices: () => Slices
  /** Hashes outlive a change of other kinds. */
  readonly #kindHashes = new WeakMap<Definition, string>()
  readonly #groupHashes = new WeakMap<Definition, { readonly members: readonly Definition[]; readonly hash: string }>()
  readonly #recent = new Map<string, Buffer>()
  readonly #v2 = new WeakMap<ServedKinds, Promise<TaggedBody>>()
  #recentBytes = 0
  #writingV2: Promise<unknown> = Promise.resolve()

  constructor(descriptions: DescriptionSource, slices: () => Slices = slicesOf) {
    this.#descriptions = descriptions
    this.#slices = slices
  }

  /** A group-version's hash: changes with its document, and with no other. */
  async hashOf(version: DiscoveredVersion): Promise<string> {
    return this.#hashOf(version, this.#slices())
  }

  /** The index of version 3, without the group-versions that are left out. */
  async index({ groups }: ServedKinds, shown: (version: DiscoveredVersion) => boolean): Promise<unknown> {
    const slices = this.#slices()
    const paths: Record<string, { serverRelativeURL: string }> = {}
    for (const { group, versions } of groups) {
      for (const member of versions.filter(shown)) {
        const path = documentPath({ group, version: member.version })
        paths[path] = { serverRelativeURL: `/openapi/v3/${path}?hash=${await this.#hashOf(member, slices)}` }
      }
    }
    return { paths }
  }

  /** A group-version's document, of which the hash is known. */
  async version3(definitions: readonly Definition[], hash: string): Promise<Buffer> {
    const known = this.#recent.get(hash)
    if (known) {
      this.#recent.delete(hash)
      this.#recent.set(hash, known)
      return known
    }
    const body = await openApiV3(definitions, this.#descriptions.read(), this.#slices())
    if (!this.#recent.has(hash)) this.#keep(hash, body)
    return body
  }

  async version2Hash({ groups }: ServedKinds): Promise<string> {
    const slices = this.#slices()
    const hashes: string[] = []
    for (const { versions } of groups) for (const version of versions) hashes.push(await this.#hashOf(version, slices))
    return documentHash(hashes.join())
  }

  /** The one document of version 2. One is written at a time: while kinds come and go, all who ask meanwhile share the next. */
  async version2(current: () => ServedKinds): Promise<TaggedBody> {
    for (;;) {
      const state = current()
      const known = this.#v2.get(state)
      if (known) return known
      await this.#writingV2.catch(() => undefined)
      if (current() !== state || this.#v2.has(state)) continue
      const writing = this.#writeV2(state)
      this.#v2.set(state, writing)
      this.#writingV2 = writing
      writing.catch(() => this.#v2.delete(state))
      return writing
    }
  }

  async #writeV2(state: ServedKinds): Promise<TaggedBody> {
    const hash = await this.version2Hash(state)
    return { hash, body: await openApiV2(state.definitions, this.#descriptions.read(), this.#slices()) }
  }

  async #hashOf({ definitions: members, remote }: DiscoveredVersion, slices: Slices): Promise<string> {
    if (remote) return documentHash(JSON.stringify(remote))
    const first = members[0]
    if (!first) return ''
    const known = this.#groupHashes.get(first)
    if (known && known.members.length === members.length && known.members.every((member, index) => member === members[index])) return known.hash
    const source = members.every(({ published }) => published !== undefined) ? await this.#sourceOf(members, slices) : await openApiV3(members, {}, slices)
    const hash = documentHash(source, this.#descriptions.stamp)
    this.#groupHashes.set(first, { members, hash })
    return hash
  }

  /** What custom kinds' document follows from, without making it. */
  async #sourceOf(members: readonly Definition[], slices: Slices): Promise<string> {
    const hashes: string[] = []
    for (const member of members) {
      let hash = this.#kindHashes.get(member)
      if (hash === undefined) {
        const { resource, listKind, verbs, subresources, published } = member
        hash = documentHash(JSON.stringify([resource, listKind, verbs, subresources.map(({ name, verbs: own, kind }) => [name, own, kind]), published]))
        this.#kindHashes.set(member, hash)
        if (slices.due) await slices.pause()
      }
      hashes.push(hash)
    }
    return hashes.join()
  }

  #keep(hash: string, body: Buffer): void {
    this.#recent.set(hash, body)
    this.#recentBytes += body.length
    for (const [oldest, { length }] of this.#recent) {
      if (this.#recentBytes <= mostRecentBytes) break
      this.#recent.delete(oldest)
      this.#recentBytes -= length
    }
  }
}
