// The definitions that are served now: built-in ones and, as CRDs come and go, others.
import type { Definition } from './definition.ts'

const nameOf = ({ resource: { group, version, plural } }: Definition): string => `${group}/${version}/${plural}`

function entryOf<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key)
  if (value === undefined) map.set(key, value = make())
  return value
}

export class DefinitionTable {
  #all: readonly Definition[] = []
  /** By group, version and plural. */
  #byName = new Map<string, Map<string, Map<string, Definition>>>()
  /** The first stored definition of each resource; several versions share their storage. */
  #stored = new Map<string, Map<string, Definition>>()
  readonly #listeners = new Set<() => void>()

  constructor(definitions: readonly Definition[]) {
    this.#set(definitions)
    if (new Set(definitions.map(nameOf)).size < definitions.length) throw new Error('two definitions have the same group, version and plural')
  }

  get(group: string, version: string, plural: string): Definition | undefined {
    return this.#byName.get(group)?.get(version)?.get(plural)
  }

  all(): readonly Definition[] {
    return this.#all
  }

  stored({ group, plural }: { group: string; plural: string }): Definition | undefined {
    return this.#stored.get(group)?.get(plural)
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
    this.#byName = new Map()
    this.#stored = new Map()
    for (const definition of definitions) {
      const { group, version, plural } = definition.resource
      const versions = entryOf(this.#byName, group, () => new Map<string, Map<string, Definition>>())
      entryOf(versions, version, () => new Map<string, Definition>()).set(plural, definition)
      if (definition.storage === undefined) continue
      const stored = entryOf(this.#stored, group, () => new Map<string, Definition>())
      if (!stored.has(plural)) stored.set(plural, definition)
    }
  }

  #tell(): void {
    for (const listener of [...this.#listeners]) listener()
  }
}
