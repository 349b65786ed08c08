// The objects of one kind with their indexes: by namespace, by owner's uid, and by what callers ask for.
import { keyOf, keyText, type KubeObject, type ObjectKey } from '../api/object.ts'
import type { Index } from './informer.ts'

const byNamespace: Index<KubeObject> = { name: '\0namespace', values: (object) => [object.metadata.namespace ?? ''] }
const byOwner: Index<KubeObject> = { name: '\0owner', values: (object) => object.metadata.ownerReferences?.map((owner) => owner.uid) ?? [] }

/** One index. Invariant: `objects` of a value are exactly the cached objects that have it; `list` is made on demand. */
interface Shelf<T> {
  readonly objects: Map<string, T>
  list?: readonly T[]
}

export class ObjectCache<T extends KubeObject> {
  readonly #objects = new Map<string, T>()
  readonly #indexes = new Map<string, { index: Index<T>; shelves: Map<string, Shelf<T>> }>()
  #list: readonly T[] | undefined

  get size(): number {
    return this.#objects.size
  }

  get(key: ObjectKey): T | undefined {
    return this.#objects.get(keyText(key))
  }

  keys(): IterableIterator<string> {
    return this.#objects.keys()
  }

  at(keyText: string): T | undefined {
    return this.#objects.get(keyText)
  }

  list(namespace?: string): readonly T[] {
    if (namespace !== undefined && namespace !== '') return this.byIndex(byNamespace, namespace)
    return (this.#list ??= [...this.#objects.values()])
  }

  ownedBy(uid: string): readonly T[] {
    return this.byIndex(byOwner, uid)
  }

  byIndex(index: Index<T>, value: string): readonly T[] {
    let made = this.#indexes.get(index.name)
    if (!made) {
      made = { index, shelves: new Map() }
      this.#indexes.set(index.name, made)
      for (const [key, object] of this.#objects) shelve(made, key, object)
    }
    const shelf = made.shelves.get(value)
    return shelf ? (shelf.list ??= [...shelf.objects.values()]) : []
  }

  /** Returns what stood there before. */
  put(object: T): T | undefined {
    const key = keyText(keyOf(object))
    const previous = this.#objects.get(key)
    for (const made of this.#indexes.values()) {
      if (previous) unshelve(made, key, previous)
      shelve(made, key, object)
    }
    this.#objects.set(key, object)
    this.#list = undefined
    return previous
  }

  remove(key: string): T | undefined {
    const previous = this.#objects.get(key)
    if (!previous) return undefined
    for (const made of this.#indexes.values()) unshelve(made, key, previous)
    this.#objects.delete(key)
    this.#list = undefined
    return previous
  }
}

function shelve<T>(made: { index: Index<T>; shelves: Map<string, Shelf<T>> }, key: string, object: T): void {
  for (const value of made.index.values(object)) {
    let shelf = made.shelves.get(value)
    if (!shelf) made.shelves.set(value, (shelf = { objects: new Map() }))
    shelf.objects.set(key, object)
    shelf.list = undefined
  }
}

function unshelve<T>(made: { index: Index<T>; shelves: Map<string, Shelf<T>> }, key: string, object: T): void {
  for (const value of made.index.values(object)) {
    const shelf = made.shelves.get(value)
    if (!shelf) continue
    shelf.objects.delete(key)
    shelf.list = undefined
    if (shelf.objects.size === 0) made.shelves.delete(value)
  }
}
