// The garbage collector: owners that wait, and kinds that go and come again.
import { keyOf, keyText, type KubeObject, type ObjectKey, type Resource } from '../api/object.ts'
import { notFound } from '../api/status-error.ts'
import type { Client } from '../client/client.ts'
import type { Informer, InformerChange, Informers } from '../client/informer.ts'
import { ManualClock } from '../util/clock.ts'
import { GarbageCollector } from './garbage-collector.ts'

const things: Resource = { group: 'example.com', version: 'v1', kind: 'Thing', plural: 'things', namespaced: true }
type Listener = (change: InformerChange<KubeObject>) => void

/** A server and an informer of things; `replace` is what a CRD does that goes and comes. */
class Things {
  readonly objects = new Map<string, KubeObject>()
  readonly patched: string[] = []
  #listeners = new Set<Listener>()
  informer = this.#informer()

  #informer(): Informer<KubeObject> {
    const listeners = this.#listeners = new Set()
    return {
      whenSynced: () => Promise.resolve(),
      follow: (listener: Listener) => {
        listeners.add(listener)
        for (const object of this.objects.values()) listener({ object })
        return { told: Promise.resolve(), end: () => void listeners.delete(listener) }
      },
    } as unknown as Informer<KubeObject>
  }

  replace(): void {
    this.objects.clear()
    this.informer = this.#informer()
  }

  put(object: KubeObject): void {
    const previous = this.objects.get(keyText(keyOf(object)))
    this.objects.set(keyText(keyOf(object)), object)
    for (const listener of this.#listeners) listener({ object, ...(previous ? { previous } : {}) })
  }

  remove(name: string): void {
    const previous = this.objects.get(keyText({ namespace: 'a', name }))!
    this.objects.delete(keyText({ namespace: 'a', name }))
    for (const listener of this.#listeners) listener({ previous })
  }

  readonly client = {
    get: async (_: Resource, key: ObjectKey) => {
      const found = this.objects.get(keyText(key))
      if (!found) throw notFound(things, key.name)
      return found
    },
    delete: async (_: Resource, { name }: ObjectKey) => this.remove(name),
    patch: async (_: Resource, key: ObjectKey, { body: { metadata } }: { body: { metadata: object } }) => {
      this.patched.push(key.name)
      const found = this.objects.get(keyText(key))!
      this.put({ ...found, metadata: { ...found.metadata, ...metadata } })
    },
  } as unknown as Client
}

const thing = (name: string, owner?: string, metadata: KubeObject['metadata'] = {}): KubeObject => ({
  apiVersion: 'example.com/v1', kind: 'Thing',
  metadata: { namespace: 'a', name, uid: `uid-${name}`, ...(owner ? { ownerReferences: [{ apiVersion: 'example.com/v1', kind: 'Thing', name: owner, uid: `uid-${owner}`, blockOwnerDeletion: true }] } : {}), ...metadata },
})
const deletionTimestamp = '2026-01-01T00:00:00Z'

let server: Things
let collector: GarbageCollector
const clock = new ManualClock()
const settled = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
}
beforeEach(async () => {
  server = new Things()
  collector = new GarbageCollector({ client: server.client, informers: { for: () => server.informer } as unknown as Informers, clock, resources: () => [things], log: (text) => { throw new Error(text) } })
  await collector.start()
})
afterEach(() => collector.stop())

it('lets an owner go when a dependent that is being deleted itself does not name it any more', async () => {
  server.put(thing('owner', undefined, { deletionTimestamp, finalizers: ['foregroundDeletion'] }))
  const held = thing('held', 'owner', { deletionTimestamp, finalizers: ['example.com/held'] })
  server.put(held)
  await settled()
  server.put(thing('owner', undefined, { deletionTimestamp, finalizers: ['foregroundDeletion'], labels: { looked: 'at' } }))
  await settled()
  expect(server.patched).toEqual([])
  server.put({ ...held, metadata: { ...held.metadata, ownerReferences: [] } })
  await settled()
  expect(server.patched).toEqual(['owner'])
})

it('follows a kind that went and came again, and forgets what went with it', async () => {
  server.put(thing('owner'))
  server.replace()
  await collector.resourcesChanged()
  server.put(thing('orphan', 'owner'))
  await settled()
  expect([...server.objects.keys()]).toEqual([])
})
