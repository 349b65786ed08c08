// A context for controllers under test: caches that are what the test says, and a client that notes its writes.
import { groupResource, keyOf, keyText, type KubeObject, type ObjectKey, type Resource } from '../api/object.ts'
import { notFound } from '../api/status-error.ts'
import type { Index } from '../client/informer.ts'
import type { ReconcileContext } from '../controller/controller.ts'
import type { ManualClock } from '../util/clock.ts'

export interface TestWrite {
  readonly verb: 'create' | 'update' | 'patch' | 'delete'
  readonly plural: string
  readonly name: string
  readonly subresource?: string
  /** An object or a patch. */
  readonly body?: unknown
}

export class TestContext {
  readonly writes: TestWrite[] = []
  readonly told: string[] = []
  /** Throws to refuse a write. */
  onWrite: (write: TestWrite) => void = () => undefined
  readonly #objects = new Map<string, Map<string, KubeObject>>()
  readonly #clock: ManualClock
  #count = 0

  constructor(clock: ManualClock) {
    this.#clock = clock
  }

  /** What the caches and the server have. */
  put<T extends KubeObject>(resource: Resource<T>, ...objects: T[]): void {
    for (const object of objects) this.#of(resource).set(keyText(keyOf(object)), object)
  }

  remove(resource: Resource, key: ObjectKey): void {
    this.#of(resource).delete(keyText(key))
  }

  get<T extends KubeObject>(resource: Resource<T>, key: ObjectKey): T | undefined {
    return this.#of(resource).get(keyText(key)) as T | undefined
  }

  get context(): ReconcileContext {
    const write = <R>(given: TestWrite, carryOut: () => R): Promise<R> => {
      this.writes.push(given)
      return new Promise((resolve) => {
        this.onWrite(given)
        resolve(carryOut())
      })
    }
    const found = <T extends KubeObject>(resource: Resource<T>, key: ObjectKey): T => {
      const object = this.get(resource, key)
      if (!object) throw notFound(resource, key.name)
      return object
    }
    const client = {
      get: async (resource: Resource, key: ObjectKey) => found(resource, key),
      getSubresource: async (resource: Resource, key: ObjectKey) => found(resource, key),
      list: async (resource: Resource) => ({ items: [...this.#of(resource).values()] }),
      create: (resource: Resource, object: KubeObject) => {
        const name = object.metadata.name ?? `${object.metadata.generateName}${++this.#count}`
        const made = { ...object, metadata: { ...object.metadata, name, uid: `uid-${++this.#count}` } }
        return write({ verb: 'create', plural: resource.plural, name, body: object }, () => (this.put(resource, made), made))
      },
      update: (resource: Resource, object: KubeObject, { subresource }: { subresource?: string } = {}) =>
        write({ verb: 'update', plural: resource.plural, name: object.metadata.name ?? '', body: object, ...(subresource ? { subresource } : {}) }, () => (this.put(resource, object), object)),
      patch: (resource: Resource, key: ObjectKey, { body }: { body: unknown }, { subresource }: { subresource?: string } = {}) =>
        write({ verb: 'patch', plural: resource.plural, name: key.name, body, ...(subresource ? { subresource } : {}) }, () => found(resource, key)),
      delete: (resource: Resource, key: ObjectKey) => write({ verb: 'delete', plural: resource.plural, name: key.name }, () => void this.#of(resource).delete(keyText(key))),
    }
    const informers = {
      for: (resource: Resource) => {
        const list = (namespace?: string): KubeObject[] => [...this.#of(resource).values()].filter(({ metadata }) => !namespace || metadata.namespace === namespace)
        return {
          list, get: (key: ObjectKey) => this.get(resource, key),
          ownedBy: (uid: string) => list().filter(({ metadata }) => metadata.ownerReferences?.some((owner) => owner.uid === uid)),
          byIndex: (index: Index<KubeObject>, value: string) => list().filter((object) => index.values(object).includes(value)),
        }
      },
    }
    const events = { record: (about: KubeObject, { reason, message }: { reason: string; message: string }) => void this.told.push(`${about.metadata.name} ${reason}: ${message}`) }
    return { client, informers, events, clock: this.#clock, signal: new AbortController().signal, watch: () => undefined } as unknown as ReconcileContext
  }

  #of(resource: Resource): Map<string, KubeObject> {
    const name = groupResource(resource)
    const known = this.#objects.get(name) ?? new Map<string, KubeObject>()
    this.#objects.set(name, known)
    return known
  }
}
