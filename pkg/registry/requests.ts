// What callers hand to the registry and what they get back.
import type { KubeObject } from '../api/object.ts'
import type { Annotate, DeleteOptions, Patch, RequestOptions, Took, UserInfo } from '../api/request.ts'
import type { Status } from '../api/status-error.ts'

/** Who asks, with which query parameters. */
export interface Asking {
  readonly user: UserInfo
  readonly options: RequestOptions
  /** Takes texts for Warning headers. */
  readonly warn?: (text: string) => void
  /** Takes what the audit log is to tell, too. */
  readonly annotate?: Annotate
  readonly took?: Took
}

export interface CollectionRequest extends Asking {
  /** Left out: all namespaces, or a cluster-scoped kind. */
  readonly namespace?: string
}

export interface CreateRequest extends CollectionRequest {
  /** Decoded and pruned; not changed by the registry. Its name may be left to `generateName`. */
  readonly object: KubeObject
}

export interface GetRequest {
  readonly namespace?: string
  readonly name: string
  readonly subresource?: string
  /** Only `resourceVersion` counts. */
  readonly options?: RequestOptions
}

export interface UpdateRequest extends Asking {
  readonly namespace?: string
  readonly name: string
  readonly subresource?: string
  readonly object: KubeObject
}

export interface PatchRequest extends Asking {
  readonly namespace?: string
  readonly name: string
  readonly subresource?: string
  readonly patch: Patch
}

/** The DELETE body stands in `options.delete`. */
export interface DeleteRequest extends Asking {
  readonly namespace?: string
  readonly name: string
}

export interface WatchRequest {
  readonly namespace?: string
  /** Watches one object; the same as the field selector `metadata.name`. */
  readonly name?: string
  readonly options: RequestOptions
  readonly signal?: AbortSignal
}

export interface WriteResult {
  readonly object: KubeObject
  /** True answers 201. */
  readonly created: boolean
}

export interface DeleteResult {
  /** False while finalizers or the grace period keep the object. */
  readonly gone: boolean
  /** The object as it stands, or its last state. */
  readonly object: KubeObject
  /** What a DELETE answers when the object is gone. */
  readonly status: Status
}

export type { DeleteOptions }
