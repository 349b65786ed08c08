// The registry: reads and writes of every kind over the store, with the kinds' rules, admission and allocation.
import type { KubeObject, ObjectList } from '../api/object.ts'
import type { WatchStream } from '../api/request.ts'
import type { Store } from '../storage/store.ts'
import type { Clock } from '../util/clock.ts'
import type { AdmissionPlugin } from './admission.ts'
import type { Definition } from './definition.ts'
import type { CollectionRequest, CreateRequest, DeleteRequest, DeleteResult, GetRequest, PatchRequest, UpdateRequest, WatchRequest, WriteResult } from './requests.ts'

export interface RegistryOptions {
  readonly store: Store
  readonly definitions: readonly Definition[]
  /** In order. */
  readonly admission?: readonly AdmissionPlugin[]
  readonly clock: Clock
}

/**
 * Promises: fails only with StatusError (or the store's own failure); objects handed in are not changed; objects handed
 * out are frozen, in the definition's version, with apiVersion, kind and resourceVersion. `get` and `list` show durable state.
 */
export class Registry {
  constructor(_options: RegistryOptions) {
    throw new Error('contract only: the implementation follows in the next commit')
  }

  declare definition: (group: string, version: string, plural: string) => Definition | undefined
  /** In discovery order. */
  declare definitions: () => readonly Definition[]
  /** Adds or replaces a definition (CRDs). */
  declare define: (definition: Definition) => void
  declare undefine: (definition: Definition) => void
  /** Calls back after each define and undefine. Returns the function that unsubscribes. */
  declare onDefinitionsChange: (listener: () => void) => () => void

  declare get: (definition: Definition, request: GetRequest) => KubeObject
  declare list: (definition: Definition, request: CollectionRequest) => ObjectList
  /** Throws at once when the options are wrong. */
  declare watch: (definition: Definition, request: WatchRequest) => WatchStream
  declare create: (definition: Definition, request: CreateRequest) => Promise<KubeObject>
  declare update: (definition: Definition, request: UpdateRequest) => Promise<WriteResult>
  declare patch: (definition: Definition, request: PatchRequest) => Promise<WriteResult>
  declare delete: (definition: Definition, request: DeleteRequest) => Promise<DeleteResult>
  declare deleteCollection: (definition: Definition, request: CollectionRequest) => Promise<ObjectList>
  /** Ends watches and timers. The store stays open. */
  declare stop: () => void
}

/** JSON bytes of an object or event that the registry handed out, made once. Exported from object-view.ts. */
export type Encoded = (object: object) => Buffer
