// A Client that notes what it wrote, so that the runner can wait until the informers have seen it.
import type { KubeObject, ObjectKey, Resource, WatchEvent } from '../api/object.ts'
import type { DeleteOptions, Patch } from '../api/request.ts'
import type { Client, ListOptions, WatchOptions, WriteOptions } from '../client/client.ts'
import type { Informers } from '../client/informer.ts'

export class NotingClient implements Client {
  readonly #client: Client
  readonly #informers: Informers
  readonly #watched: (resource: Resource) => boolean
  // Each resolves when the informer of the written kind has caught up.
  readonly #pending: (() => Promise<void>)[] = []

  /** Only writes to kinds for which `watched` holds are waited for: nobody reads the others from a cache. */
  constructor(client: Client, informers: Informers, watched: (resource: Resource) => boolean) {
    this.#client = client
    this.#informers = informers
    this.#watched = watched
  }

  /** Resolves when the informers show every write made so far, or something newer. */
  async seen(): Promise<void> {
    await Promise.all(this.#pending.splice(0).map((caughtUp) => caughtUp()))
  }

  get<T extends KubeObject>(resource: Resource<T>, key: ObjectKey): Promise<T> {
    return this.#client.get(resource, key)
  }

  list: Client['list'] = (resource, options) => this.#client.list(resource, options)

  watch<T extends KubeObject>(resource: Resource<T>, options: WatchOptions): AsyncIterable<readonly WatchEvent<T>[]> {
    return this.#client.watch(resource, options)
  }

  async create<T extends KubeObject>(resource: Resource<T>, object: T, options?: WriteOptions): Promise<T> {
    return this.#note(resource, await this.#client.create(resource, object, options), options)
  }

  async update<T extends KubeObject>(resource: Resource<T>, object: T, options?: WriteOptions): Promise<T> {
    return this.#note(resource, await this.#client.update(resource, object, options), options)
  }

  async patch<T extends KubeObject>(resource: Resource<T>, key: ObjectKey, patch: Patch, options?: WriteOptions): Promise<T> {
    return this.#note(resource, await this.#client.patch(resource, key, patch, options), options)
  }

  async delete<T extends KubeObject>(resource: Resource<T>, key: ObjectKey, options?: DeleteOptions): Promise<T | undefined> {
    const cached = this.#watched(resource) ? this.#informers.for(resource).get(key) : undefined
    const left = await this.#client.delete(resource, key, options)
    if (cached) {
      const informer = this.#informers.for(resource)
      const goneOrGoing = (): boolean => {
        const now = informer.get(key)
        return !now || now.metadata.uid !== cached.metadata.uid || now.metadata.deletionTimestamp !== undefined
      }
      this.#pending.push(() => informer.until(goneOrGoing))
    }
    return left
  }

  deleteCollection<T extends KubeObject>(resource: Resource<T>, options: ListOptions, deletion?: DeleteOptions): Promise<void> {
    return this.#client.deleteCollection(resource, options, deletion)
  }

  createSubresource<R extends KubeObject>(resource: Resource, key: ObjectKey, subresource: string, body: KubeObject): Promise<R> {
    return this.#client.createSubresource(resource, key, subresource, body)
  }

  getSubresource<R extends KubeObject>(resource: Resource, key: ObjectKey, subresource: string): Promise<R> {
    return this.#client.getSubresource(resource, key, subresource)
  }

  #note<T extends KubeObject>(resource: Resource<T>, written: T, options: WriteOptions | undefined): T {
    const revision = Number(written.metadata.resourceVersion ?? 0)
    if (!options?.dryRun && revision > 0 && this.#watched(resource)) {
      const informer = this.#informers.for(resource)
      this.#pending.push(() => informer.until(() => informer.revision >= revision))
    }
    return written
  }
}
