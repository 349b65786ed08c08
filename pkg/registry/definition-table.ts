// The definitions that are served now: built-in ones and, as CRDs come and go, others.
import type { Definition } from './definition.ts'

const nameOf = ({ resource: { group, version, plural } }: Definition): string => `${group}/${version}/${plural}`
const resourceOf = ({ group, plural }: { group: string; plural: string }): string => `${group}/${plural}`

export class DefinitionTable {
  #all: readonly Definition[] = []
  #byName = new Map<string, Definition>()
  /** The first stored definition of each resource; several versions share their storage. */
  #stored = new Map<string, Definition>()
  readonly #listeners = new Set<() => void>()

  constructor(definitions: readonly Definition[]) {
    this.#set(definitions)
    if (this.#byName.size < definitions.length) throw new Error('two definitions have the same group, version and plural')
  }

  get(group: string, version: string, plural: string): Definition | undefined {
    return this.#byName.get(`${group}/${version}/${plural}`)
  }

  all(): readonly Definition[] {
    return this.#all
  }

  stored(resource: { group: string; plural: string }): Definition | undefined {
    return this.#stored.get(resourceOf(resource))
  }

  /** Many at once. A definition of the same name is replaced where it stands. */
  change(added: readonly Definition[], removed: readonly Definition[]): void {
    const fresh = new Map(added.map((definition) => [nameOf(definition), definition]))
    const gone = new Set(removed.map(nameOf))
    const kept = this.#all.flatMap((definition) => {
      const name = nameOf(definition)
      const replacement = fresh.get(name)
      fresh.delete(name)
      return replacement ? [replacement] : gone.has(name) ? [] : [definition]
    })
    this.#set([...kept, ...fresh.values()])
    this.#tell()
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  #set(definitions: readonly Definition[]): void {
    this.#all = definitions
    this.#byName = new Map(definitions.map((definition) => [nameOf(definition), definition]))
    this.#stored = new Map()
    for (const definition of definitions) {
      const resource = resourceOf(definition.resource)
      if (definition.storage !== undefined && !this.#stored.has(resource)) this.#stored.set(resource, definition)
    }
  }

  #tell(): void {
    for (const listener of [...this.#listeners]) listener()
  }
}
