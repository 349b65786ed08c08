// The Client contract: how every component talks to the API server, in the process or over HTTPS.
import type { KubeObject, ObjectKey, ObjectList, Resource, WatchEvent } from '../api/object.ts'
import type { DeleteOptions, Patch } from '../api/request.ts'

export interface ListOptions {
  readonly namespace?: string
  readonly labelSelector?: string
  readonly fieldSelector?: string
  readonly resourceVersion?: string
  readonly limit?: number
  readonly continue?: string
}

export interface WatchOptions {
  readonly namespace?: string
  readonly labelSelector?: string
  readonly fieldSelector?: string
  /** Events after this version. Leave it out, with `sendInitialEvents`, to start from the current state. */
  readonly resourceVersion?: string
  /** ADDED for everything there is, then a BOOKMARK annotated `k8s.io/initial-events-end`, then the changes. */
  readonly sendInitialEvents?: boolean
  readonly signal: AbortSignal
}

export interface WriteOptions {
  readonly subresource?: string
  readonly fieldManager?: string
  readonly dryRun?: boolean
  /** Server-side apply only. */
  readonly force?: boolean
}

/**
 * Errors are StatusError. Objects returned are frozen and shared: to change one, build a new one.
 * Objects handed in are not changed, and must not be changed afterwards.
 */
export interface Client {
  get<T extends KubeObject>(resource: Resource<T>, key: ObjectKey): Promise<T>
  list<T extends KubeObject>(resource: Resource<T>, options?: ListOptions): Promise<ObjectList<T>>
  /** Batches of events in revision order. Ends when the signal aborts, or when the server ends the watch: then watch again. */
  watch<T extends KubeObject>(resource: Resource<T>, options: WatchOptions): AsyncIterable<readonly WatchEvent<T>[]>
  /** Namespace and name are the object's own. */
  create<T extends KubeObject>(resource: Resource<T>, object: T, options?: WriteOptions): Promise<T>
  update<T extends KubeObject>(resource: Resource<T>, object: T, options?: WriteOptions): Promise<T>
  patch<T extends KubeObject>(resource: Resource<T>, key: ObjectKey, patch: Patch, options?: WriteOptions): Promise<T>
  /** Resolves with the object when it is still there (finalizers, grace), undefined when it is gone. */
  delete<T extends KubeObject>(resource: Resource<T>, key: ObjectKey, options?: DeleteOptions): Promise<T | undefined>
  deleteCollection<T extends KubeObject>(resource: Resource<T>, options: ListOptions, deletion?: DeleteOptions): Promise<void>
  /** POST to a subresource whose body is another kind: pods/binding, pods/eviction, serviceaccounts/token. */
  createSubresource<R extends KubeObject>(resource: Resource, key: ObjectKey, subresource: string, body: KubeObject): Promise<R>
  /** GET of a subresource whose body may be another kind: scale. */
  getSubresource<R extends KubeObject>(resource: Resource, key: ObjectKey, subresource: string): Promise<R>
}
