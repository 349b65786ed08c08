// A request on parsed objects and its answer: what the HTTP door decodes to and the in-process door hands over as it is.
import type { AnyObject, KubeObject, ObjectList, WatchEvent } from './object.ts'
import type { Status } from './status-error.ts'

export type Verb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete' | 'deletecollection'

/** Who asks. `extra` holds what an authenticator adds, such as the pod that a token is bound to. */
export interface UserInfo {
  readonly username: string
  readonly uid?: string
  readonly groups: readonly string[]
  readonly extra?: Readonly<Record<string, readonly string[]>>
}

export type PatchType = 'json' | 'merge' | 'strategic' | 'apply'

export interface Patch {
  readonly type: PatchType
  /** Operations for `json`, an object for the others. */
  readonly body: unknown
}

export interface DeleteOptions {
  readonly gracePeriodSeconds?: number
  readonly propagationPolicy?: 'Orphan' | 'Background' | 'Foreground'
  readonly orphanDependents?: boolean
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string }
}

/** Query parameters that have a meaning, parsed. Unknown ones are dropped by the door. */
export interface RequestOptions {
  readonly labelSelector?: string
  readonly fieldSelector?: string
  readonly resourceVersion?: string
  readonly resourceVersionMatch?: string
  readonly limit?: number
  readonly continue?: string
  readonly timeoutSeconds?: number
  readonly allowWatchBookmarks?: boolean
  readonly sendInitialEvents?: boolean
  readonly dryRun?: readonly string[]
  readonly fieldManager?: string
  readonly fieldValidation?: string
  readonly force?: boolean
  readonly delete?: DeleteOptions
}

/** `request`: only for logs that keep what was asked for, too. */
export type AnnotationDetail = 'request'

/** Adds to what the audit log tells of a request. The first value of a key stays. */
export type Annotate = (key: string, value: string, detail?: AnnotationDetail) => void

/** A part of the server that requests spend time in, as audit annotations name it. */
export type Layer =
  | 'authentication' | 'authorization' | 'apf-queue-wait' | 'mutating-webhook' | 'validating-webhook' | 'etcd' | 'transform-response-object' | 'serialize-response-object' | 'response-write'

/** Tells how long a request was in a layer. */
export type Took = (layer: Layer, ms: number) => void

export interface ApiRequest {
  readonly verb: Verb
  readonly user: UserInfo
  readonly group: string
  readonly version: string
  readonly plural: string
  readonly subresource?: string
  readonly namespace?: string
  /** Empty on collections. */
  readonly name?: string
  readonly options: RequestOptions
  /** For create and update (main resource and subresources). Pruned and checked by the door that decoded it. */
  readonly object?: KubeObject
  readonly patch?: Patch
  readonly userAgent?: string
  /** Collects texts for `Warning` headers. */
  readonly warn?: (text: string) => void
  /** undefined while nobody writes an audit log of the request. */
  readonly annotate?: Annotate
  /** Likewise. */
  readonly took?: Took
  /** Ends a watch, or a request that waits. */
  readonly signal?: AbortSignal
}

/** A watch as a stream of batches, each in revision order. Ends when the request's signal aborts or its time is over. */
export type WatchStream = AsyncIterable<readonly WatchEvent<AnyObject>[]>

export type ApiResponse =
  | { readonly type: 'object'; readonly code: number; readonly object: KubeObject }
  | { readonly type: 'list'; readonly code: number; readonly list: ObjectList }
  | { readonly type: 'status'; readonly code: number; readonly status: Status }
  | { readonly type: 'watch'; readonly code: number; readonly events: WatchStream }

/** The core of the API server. Fails only with StatusError. Objects in and out are frozen; no side keeps a right to change them. */
export type Handle = (request: ApiRequest) => Promise<ApiResponse>
