// A kind is data: everything the server must know to serve it. Built-in kinds are files in kinds/; a CRD makes the same value at run time.
import type { AnyObject, KubeObject, Resource } from '../api/object.ts'
import type { FieldError } from '../api/field-error.ts'
import type { ObjectSchema } from '../api/schema.ts'
import type { UserInfo, Verb } from '../api/request.ts'
import type { CustomVersion } from '../api/types-custom.ts'
import type { Clock } from '../util/clock.ts'
import type { Conversions } from './conversions.ts'
import type { Evaluations } from './evaluation.ts'

/** One column of `kubectl get`. Ages and the like get the time from the context. */
export interface Column<T extends KubeObject = AnyObject> {
  readonly name: string
  readonly type?: 'string' | 'integer' | 'number' | 'boolean' | 'date'
  /** OpenAPI format; `name` for the Name column. */
  readonly format?: string
  readonly description?: string
  /** 1 shows it with `-o wide` only. */
  readonly priority?: number
  value(object: T, context: { now: number }): string | number | bigint | boolean | null
}

/** A subresource that reads and writes (a part of) the same stored object. */
export interface Subresource<T extends KubeObject = AnyObject> {
  readonly name: string
  readonly verbs: readonly Verb[]
  /** Another kind's name where the body is not the kind itself (Scale, Eviction …), for discovery and decoding. */
  readonly kind?: { readonly group: string; readonly version: string; readonly kind: string }
  /** What GET answers, and what a patch begins with; the object itself when left out. */
  view?(object: T): KubeObject
  /** Fails where GET has no answer, though there is something to begin with. */
  checkView?(object: T): void
  /** Builds the next state from the stored state and the request's body: which fields this subresource may write. Neither argument is changed. */
  merge?(stored: T, body: KubeObject): T
  /** After `merge` and mutating admission, as `prepareUpdate` of the kind. May change the draft. */
  prepareUpdate?(draft: T, old: T, context: RuleContext): void
  validate?(object: T, old: T): FieldError[]
  /** Faults are told as the object's own, though the body is of another kind. */
  readonly invalidAsWhole?: boolean
  /** Texts for Warning headers. */
  warnings?(object: T, old: T): string[]
}

/** Stored form to a version's form and back. What another program converts is Awaiting until it has; `made` is what a write has had converted. */
export interface Conversion {
  fromStored(object: AnyObject, made?: Conversions): AnyObject
  toStored(object: AnyObject, made?: Conversions): AnyObject
  /** Where another program converts: what brings these stored objects into this version, or undefined when all of them are. */
  ready?(stored: readonly AnyObject[]): (() => Promise<void>) | undefined
  /** Where another program converts: false in versions other than the storage version. */
  readonly stored?: boolean
  /** Where another program converts: an object of this version in another one. */
  toVersion?(object: Readonly<AnyObject>, apiVersion: string, made: Conversions): AnyObject
}

/** What a rule may know beside the object. */
export interface RuleContext {
  readonly user: UserInfo
  readonly clock: Clock
  readonly warn: (text: string) => void
  /** Every kind that is served. */
  definitions(): readonly Definition[]
  readonly evaluations: Evaluations
}

export interface Definition<T extends KubeObject = AnyObject> {
  readonly resource: Resource<T>
  readonly singular: string
  readonly listKind: string
  readonly shortNames: readonly string[]
  readonly categories: readonly string[]
  readonly verbs: readonly Verb[]
  readonly schema: ObjectSchema
  /** OpenAPI v3 schema as a CRD states it; what /openapi shows instead of `schema`. */
  readonly published?: Readonly<Record<string, unknown>>
  /** What a CRD states of this version, by which alone `validate` judges, of subresources too. */
  readonly custom?: CustomVersion
  /**
   * Where objects live: `/registry/<storage>/[namespace/]name`. Two versions of a kind share it.
   * undefined: nothing is stored (reviews, bindings); `create` of the registry is then given by the API server.
   */
  readonly storage?: string
  /** Where the stored version is another. */
  readonly convert?: Conversion
  /** Volatile kinds (leases, events) are written within a budget instead of at once. `ttlSeconds` lets objects expire. */
  readonly volatile?: { readonly ttlSeconds?: number }

  /** Fills in what the client left out, on a draft that it may change. Runs on create, update, patch; idempotent. */
  defaults?(draft: T): void
  /** On create, after mutating admission: drop status, set initial state. May change the draft. */
  prepareCreate?(draft: T, context: RuleContext): void
  /** On update of the main resource: keep what clients may not write here. May change the draft. `status` is kept already if there is a status subresource. */
  prepareUpdate?(draft: T, old: T, context: RuleContext): void
  /** All errors of the object; `old` on update. Metadata is checked by the registry. */
  validate?(object: T, old?: T): FieldError[]
  /** A Warning header on whatever is asked of this version, reads included. */
  readonly deprecation?: string
  /** Texts for Warning headers. */
  warnings?(object: T, old?: T): string[]
  /** False: metadata.generation is not kept for this kind. Default: true for kinds with a spec. */
  readonly generation?: boolean
  /** How names are checked; default is DNS subdomain. */
  readonly names?: 'dns-subdomain' | 'dns-label' | 'dns-label-1035' | 'path-segment'
  /** Whether finalizers must have a domain, as those of most built-in kinds do; default is any. */
  readonly finalizers?: 'with-domain' | 'any'

  readonly columns: readonly Column<T>[]
  /** The order of a table's rows, where it is not that of the list. */
  rowOrder?(a: T, b: T): number
  /** Conditions of the object's row in a table, by which clients tell finished pods apart. */
  rowConditions?(object: T): readonly { readonly type: string; readonly status: string; readonly reason?: string; readonly message?: string }[]
  /** Field selectors beside metadata.name and metadata.namespace. */
  readonly fields?: Readonly<Record<string, (object: T) => string>>
  readonly subresources: readonly Subresource<T>[]

  /** PUT of a missing object creates it. */
  readonly allowCreateOnUpdate?: boolean
  /** PUT must carry a resourceVersion. */
  readonly requireVersionOnUpdate?: boolean
  /** Grace of a DELETE in seconds; undefined or 0 deletes at once. Pods only, so far. */
  gracePeriodSeconds?(object: T, asked: number | undefined): number
  /** On the first DELETE, on a draft whose members may be replaced but not changed: what must happen before the object goes, as finalizers, and what tells of it. */
  prepareDelete?(draft: T, context: RuleContext): void
  /** What a DELETE without a policy does to dependents. */
  readonly defaultPropagation?: 'Orphan' | 'Background' | 'none'
}

/** What a kind's file states; the rest follows from the table of resources and the schema. */
export type DefinitionInput<T extends KubeObject> = Partial<Omit<Definition<T>, 'resource'>>
