// What the suite demands of resource versions, held against every answer: they are numbers above zero, never go back, and rise with each change.
import { isDeepStrictEqual } from 'node:util'
import { apiVersionOf, type KubeObject, type ObjectKey, type ObjectList, type Resource } from '../../pkg/api/object.ts'
import type { Patch } from '../../pkg/api/request.ts'
import { builtinResources } from '../../pkg/api/resources.ts'
import type { ListOptions, WriteOptions } from '../../pkg/client/client.ts'
import { HttpsClient } from '../../pkg/client/https-client.ts'

const mostBits = 128n
/** What a custom resource shows depends on its definition, too, which may change. */
const builtIn = new Set(builtinResources.map(({ resource }) => `${apiVersionOf(resource)} ${resource.kind}`))

/** As HaveValidResourceVersion of the original. */
export function versionOf({ metadata: { name, resourceVersion = '' } }: KubeObject): bigint {
  if (!/^[1-9]\d*$/.test(resourceVersion) || BigInt(resourceVersion) >> mostBits > 0n) throw new Error(`${name}: expected a resource version above zero, found ${JSON.stringify(resourceVersion)}`)
  return BigInt(resourceVersion)
}

export class VersionWatch {
  readonly #last = new Map<string, KubeObject>()

  /** Throws when the answer can't follow the ones before. What has no uid is not stored. */
  saw<T extends KubeObject>(object: T): T {
    const { uid, name } = object.metadata
    if (uid === undefined || object.kind === 'Status') return object
    const version = versionOf(object)
    const type = `${object.apiVersion} ${object.kind}`
    const key = `${type} ${uid}`
    const before = this.#last.get(key)
    if (before) {
      const last = versionOf(before)
      if (version < last) throw new Error(`${object.kind} ${name}: resource version ${version} after ${last}`)
      if (version === last && builtIn.has(type) && !isDeepStrictEqual(object, before)) throw new Error(`${object.kind} ${name}: changed without a larger resource version than ${version}`)
    }
    this.#last.set(key, object)
    return object
  }
}

/** Looks at what is answered one after the other; what is under way at the same time may come in any order. */
export class VersionedClient extends HttpsClient {
  readonly #watch = new VersionWatch()
  #underWay = 0

  override get<T extends KubeObject>(resource: Resource<T>, key: ObjectKey): Promise<T> {
    return this.#seen(() => super.get(resource, key))
  }

  override async list<T extends KubeObject>(resource: Resource<T>, options?: ListOptions): Promise<ObjectList<T>> {
    const list = await super.list(resource, options)
    for (const item of list.items) if (item.metadata.uid !== undefined) versionOf(item)
    return list
  }

  override create<T extends KubeObject>(resource: Resource<T>, object: T, options?: WriteOptions): Promise<T> {
    return options?.dryRun ? super.create(resource, object, options) : this.#seen(() => super.create(resource, object, options))
  }

  override update<T extends KubeObject>(resource: Resource<T>, object: T, options?: WriteOptions): Promise<T> {
    return options?.dryRun ? super.update(resource, object, options) : this.#seen(() => super.update(resource, object, options))
  }

  override patch<T extends KubeObject>(resource: Resource<T>, key: ObjectKey, patch: Patch, options?: WriteOptions): Promise<T> {
    return options?.dryRun ? super.patch(resource, key, patch, options) : this.#seen(() => super.patch(resource, key, patch, options))
  }

  async #seen<T extends KubeObject>(ask: () => Promise<T>): Promise<T> {
    const alone = this.#underWay++ === 0
    let object: T
    try {
      object = await ask()
    } finally {
      this.#underWay--
    }
    return alone ? this.#watch.saw(object) : object
  }
}
