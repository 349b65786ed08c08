// The suite's generic test of a kind (framework/conformance): create, get, update, status, every kind of patch, list and removal, with watches that follow.
import type { AnyObject, KubeObject, ObjectKey, Resource } from '../../../pkg/api/object.ts'
import type { Patch } from '../../../pkg/api/request.ts'
import { client, eventually, existing, http } from '../framework.ts'
import { getSubresource, pathOf, updateWith } from '../operations.ts'

export interface ResourceWalk {
  readonly resource: Resource<AnyObject>
  readonly initial: Readonly<Record<string, unknown>>
  readonly update: (object: AnyObject) => AnyObject
  readonly updateStatus?: (object: AnyObject) => AnyObject
  /** Each changes the initial object as `update` does. */
  readonly patches: readonly Patch[]
  /** Each changes the updated object as `updateStatus` does. */
  readonly statusPatches?: readonly Patch[]
}

const label = 'e2e-test.kubernetes.io'

export async function walkResource(namespace: string, { resource, initial, update, updateStatus, patches, statusPatches = [] }: ResourceWalk): Promise<void> {
  const { resources } = (await http<{ resources: { name: string }[] }>('GET', `/apis/${resource.group}/${resource.version}`)).json()
  expect(resources.map(({ name }) => name)).toContain(resource.plural)

  const name = resource.namespaced ? 'test' : `test-${namespace}`
  const key: ObjectKey = resource.namespaced ? { namespace, name } : { name }
  const labelSelector = `${label}=${namespace}`
  const desired: AnyObject = {
    apiVersion: `${resource.group}/${resource.version}`, kind: resource.kind, metadata: { ...key, labels: { [label]: namespace } }, ...initial,
  }
  const followers = [new Follower(resource, { labelSelector }), ...(resource.namespaced ? [new Follower(resource, { labelSelector, namespace })] : [])]
  const verify = async (actual: AnyObject, wanted: AnyObject, events: RegExp): Promise<void> => {
    expect(actual).toMatchObject({ ...wanted, metadata: { name: key.name, ...(key.namespace ? { namespace: key.namespace } : {}) } })
    expect(actual.metadata.resourceVersion).toMatch(/^[1-9][0-9]*$/)
    for (const follower of followers) await follower.verify(actual, events)
  }
  const remove = async (last: AnyObject): Promise<void> => {
    await client.delete(resource, key)
    await eventually(async () => (await existing(client.get(resource, key))) === undefined, `${name} is gone`)
    for (const follower of followers) await follower.verifyGone(last)
  }
  const complete = (patch: Patch, { metadata, apiVersion, kind }: AnyObject): Patch => {
    if (patch.type === 'json') return patch
    const body = patch.body as Partial<KubeObject>
    const identity = { name: metadata.name, uid: metadata.uid, ...(metadata.namespace ? { namespace: metadata.namespace } : {}) }
    return { type: patch.type, body: { ...body, apiVersion, kind, metadata: { ...body.metadata, ...identity } } }
  }
  const optionsOf = ({ type }: Patch, subresource?: string) => ({ ...(type === 'apply' ? { fieldManager: 'test-apply', force: true } : {}), ...(subresource ? { subresource } : {}) })

  try {
    for (const follower of followers) await follower.synced()
    const answer = await http<AnyObject>('POST', `${pathOf(resource, { namespace })}?fieldValidation=Strict`, { body: desired })
    expect(answer.status).toBe(201)
    let object = answer.json()
    await verify(object, desired, /^add,(update,)*$/)
    const createdVersion = BigInt(object.metadata.resourceVersion ?? '')
    await verify(await client.get(resource, key), desired, /^(update,)*$/)

    object = await updateWith(resource, key, update)
    const updated = update(desired)
    await verify(object, updated, /^(update,)+$/)
    expect(BigInt(object.metadata.resourceVersion ?? '')).toBeGreaterThan(createdVersion)

    if (updateStatus) {
      const withStatus = updateStatus(updated)
      object = await updateWith(resource, key, updateStatus, 'status')
      await verify(object, withStatus, /^(update,)+$/)
      await verify(await getSubresource(resource, key, 'status'), withStatus, /^(update,)*$/)
    }
    for (const patch of patches) {
      await remove(object)
      const created = await client.create(resource, desired)
      object = await client.patch(resource, key, complete(patch, created), optionsOf(patch))
      await verify(object, updated, /^add,(update,)+$/)
    }
    for (const patch of statusPatches) {
      await remove(object)
      await client.create(resource, desired)
      const changed = await updateWith(resource, key, update)
      object = await client.patch(resource, key, complete(patch, changed), optionsOf(patch, 'status'))
      await verify(object, updateStatus?.(updated) ?? updated, /^add,(update,)+$/)
    }
    for (const place of resource.namespaced ? [{}, { namespace }] : [{}]) {
      expect((await client.list(resource, { ...place, labelSelector })).items.map(({ metadata }) => metadata.uid)).toEqual([object.metadata.uid])
    }
    await client.deleteCollection(resource, { labelSelector, ...(resource.namespaced ? { namespace } : {}) })
    await eventually(async () => (await existing(client.get(resource, key))) === undefined, `${name} is gone`)
    for (const follower of followers) await follower.verifyGone(object)
  } finally {
    for (const follower of followers) follower.stop()
    if (await existing(client.get(resource, key))) await client.delete(resource, key)
  }
}

interface Noted {
  readonly type: 'add' | 'update' | 'delete'
  readonly uid: string
  readonly version: bigint
}

/** What an informer would hold and tell. */
class Follower {
  readonly #ending = new AbortController()
  readonly #objects = new Map<string, AnyObject>()
  #events: Noted[] = []
  #synced = false
  #version = 0n
  #failure: unknown

  constructor(resource: Resource<AnyObject>, place: { readonly labelSelector: string; readonly namespace?: string }) {
    this.#run(resource, place).catch((error: unknown) => { this.#failure = error })
  }

  async #run(resource: Resource<AnyObject>, place: { readonly labelSelector: string; readonly namespace?: string }): Promise<void> {
    for await (const batch of client.watch(resource, { ...place, sendInitialEvents: true, signal: this.#ending.signal })) {
      for (const { type, object } of batch) {
        const { uid = '', resourceVersion = '' } = object.metadata
        if (type === 'BOOKMARK') this.#synced = true
        else if (type === 'DELETED') this.#objects.delete(uid)
        else this.#objects.set(uid, object)
        if (type === 'ADDED' || type === 'MODIFIED' || type === 'DELETED') {
          this.#events.push({ type: ({ ADDED: 'add', MODIFIED: 'update', DELETED: 'delete' } as const)[type], uid, version: BigInt(resourceVersion) })
        }
      }
    }
  }

  async synced(): Promise<void> {
    await this.#until(() => this.#synced, 'the watch is in step')
    expect([...this.#objects.values()]).toEqual([])
    expect(this.#events).toEqual([])
  }

  /** The object is all there is, and this is how it came about since the last look. */
  async verify({ metadata: { uid = '' } }: AnyObject, events: RegExp): Promise<void> {
    await this.#until(() => this.#objects.size === 1 && this.#objects.has(uid) && events.test(this.#types()), () => `${events} for ${uid} after ${this.#types()}`)
    this.#take(uid)
  }

  async verifyGone({ metadata: { uid = '' } }: AnyObject): Promise<void> {
    await this.#until(() => this.#objects.size === 0 && /^(update,)*delete,$/.test(this.#types()), () => `a delete event after ${this.#types()}`)
    this.#take(uid)
  }

  stop(): void {
    this.#ending.abort()
  }

  #types(): string {
    return this.#events.map(({ type }) => `${type},`).join('')
  }

  #take(uid: string): void {
    for (const event of this.#events) {
      expect(event.uid).toBe(uid)
      expect(event.version).toBeGreaterThanOrEqual(this.#version)
      this.#version = event.version
    }
    this.#events = []
  }

  async #until(holds: () => boolean, what: string | (() => string)): Promise<void> {
    await eventually(() => {
      if (this.#failure !== undefined) throw this.#failure
      return holds()
    }, what, 30_000)
  }
}
