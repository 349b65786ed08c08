// The definitions that are served now: built-in ones and, as CRDs come and go, others.
import type { Definition } from './definition.ts'

const nameOf = ({ resource: { group, version, plural } }: Definition): string => `${group}/${version}/${plural}`

function entryOf<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key)
  if (value === undefined) map.set(key, value = make())
  return value
}

export class DefinitionTable {
  /** In order, by name; a definition of the same name takes the place of the one before. */
  readonly #ordered = new Map<string, Definition>()
  /** By group, version and plural. */
  readonly #byName = new Map<string, Map<string, Map<string, Definition>>>()
  /** The first stored definition of each resource; several versions share their storage. */
  readonly #stored = new Map<string, Map<string, Definition>>()
  readonly #listeners = new Set<() => void>()
  #all: readonly Definition[] | undefined

  constructor(definitions: readonly Definition[]) {
    for (const definition of definitions) this.#add(definition)
    if (this.#ordered.size < definitions.length) throw new Error('two definitions have the same group, version and plural')
  }

  get(group: string, version: string, plural: string): Definition | undefined {
    return this.#byName.get(group)?.get(version)?.get(plural)
  }

  /** The same array until something changes. */
  all(): readonly Definition[] {
    return (this.#all ??= [...this.#ordered.values()])
  }

  stored({ group, plural }: { group: string; plural: string }): Definition | undefined {
    return this.#stored.get(group)?.get(plural)
  }

  /** Costs what changes: thousands may come and go one by one. A definition of the same name is replaced where it stands. */
  change(added: readonly Definition[], removed: readonly Definition[]): void {
    const fresh = new Set(added.map(nameOf))
    for (const definition of removed) if (!fresh.has(nameOf(definition))) this.#remove(definition)
    for (const definition of added) this.#add(definition)
    this.#all = undefined
    for (const listener of [...this.#listeners]) listener()
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  #add(definition: Definition): void {
    const name = nameOf(definition)
    const before = this.#ordered.get(name)
    const { group, version, plural } = definition.resource
    this.#ordered.set(name, definition)
    entryOf(entryOf(this.#byName, group, () => new Map<string, Map<string, Definition>>()), version, () => new Map<string, Definition>()).set(plural, definition)
    const stored = entryOf(this.#stored, group, () => new Map<string, Definition>())
    if (before && stored.get(plural) === before) this.#findStored(stored, definition.resource)
    else if (definition.storage !== undefined && !stored.has(plural)) stored.set(plural, definition)
  }

  #remove({ resource }: Definition): void {
    const { group, version, plural } = resource
    const versions = this.#byName.get(group)
    const definition = versions?.get(version)?.get(plural)
    if (!definition) return
    this.#ordered.delete(nameOf(definition))
    versions?.get(version)?.delete(plural)
    const stored = this.#stored.get(group)
    if (stored?.get(plural) === definition) this.#findStored(stored, resource)
  }

  /** After the one that was stored went, or became another. */
  #findStored(stored: Map<string, Definition>, { group, plural }: Definition['resource']): void {
    stored.delete(plural)
    for (const definition of this.#ordered.values()) {
      if (definition.storage === undefined || definition.resource.plural !== plural || definition.resource.group !== group) continue
      stored.set(plural, definition)
      return
    }
  }
}
