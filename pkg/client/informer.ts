// The Informer contract: a kind's objects, kept current by one watch and shared by everyone in the process.
import type { KubeObject, ObjectKey, Resource } from '../api/object.ts'

export interface InformerChange<T> {
  /** undefined when the object was deleted. */
  readonly object?: T
  /** undefined when the object is new. */
  readonly previous?: T
}

/**
 * Promises: objects are frozen; `get` and `list` never wait; a listener sees every object at least once after it
 * subscribes (as a change without `previous`) and then every later state that it did not miss while the watch was down,
 * always ending at the newest. Not promised: every intermediate state.
 */
export interface Informer<T extends KubeObject> {
  /** True once the first full state is in. */
  readonly synced: boolean
  /** Resolves when `synced` becomes true. */
  whenSynced(): Promise<void>
  /** The newest resourceVersion that this informer has seen, as a number; 0 before the first. */
  readonly revision: number
  /** Resolves once `holds` is true; it is looked at now and after every batch of changes. Resolves too when the informer stops. */
  until(holds: () => boolean): Promise<void>
  get(key: ObjectKey): T | undefined
  list(namespace?: string): readonly T[]
  /** Objects that have this uid among their ownerReferences. */
  ownedBy(uid: string): readonly T[]
  /** Objects for which `index` gives `value`; the index is made on first use and kept current. */
  byIndex(index: Index<T>, value: string): readonly T[]
  /** Calls back for what is there and for each change. Returns the function that unsubscribes. */
  onChange(listener: (change: InformerChange<T>) => void): () => void
  /** The same, where there may be much: what is there is told in slices, and `told` resolves when all of it was, or when the informer or this subscription ends. */
  follow(listener: (change: InformerChange<T>) => void): Following
}

export interface Following {
  readonly told: Promise<void>
  end(): void
}

/** A named way to find objects; equal names must mean equal functions. */
export interface Index<T> {
  readonly name: string
  values(object: T): readonly string[]
}

/** Makes each informer on first use, and one only for each resource. */
export interface Informers {
  for<T extends KubeObject>(resource: Resource<T>): Informer<T>
  /** Resolves when every informer made so far has synced. */
  whenSynced(): Promise<void>
  stop(): Promise<void>
}
