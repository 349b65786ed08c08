// The Authorizer contract: who may do what.
import type { UserInfo } from '../api/request.ts'
import type { NonResourceRule, PolicyRule, ResourceRule } from '../api/types-auth.ts'

/** A request for a resource. `verb` is the API's word (get, list, watch, create, …) or a special one (impersonate, bind, escalate). */
export interface ResourceAttributes {
  readonly user: UserInfo
  readonly verb: string
  readonly group: string
  readonly version?: string
  readonly resource: string
  readonly subresource?: string
  readonly namespace?: string
  readonly name?: string
  /** Of a list, a watch or a deletion of a collection. */
  readonly fieldSelector?: string
}

/** A request for a path that is no resource. `verb` is the lower-case HTTP method. */
export interface PathAttributes {
  readonly user: UserInfo
  readonly verb: string
  readonly path: string
}

export type Attributes = ResourceAttributes | PathAttributes

export interface Decision {
  readonly allowed: boolean
  /** Why, where there is something to say; shown to clients. */
  readonly reason?: string
}

export interface UserRules {
  readonly resourceRules: ResourceRule[]
  readonly nonResourceRules: NonResourceRule[]
  readonly rules: PolicyRule[]
  /** What could not be found out. */
  readonly faults: readonly string[]
  /** The user may do more than that. */
  readonly incomplete?: true
}

/** Promises: `authorize` answers at once, and sees a role or binding one turn of the event loop after its write was answered. */
export interface Authorizer {
  authorize(attributes: Attributes): Decision
  /** What the user may do in the namespace ('' asks for cluster-wide rules only). */
  rulesFor(user: UserInfo, namespace: string): UserRules
}
