// The contract of a controller: what it reconciles, what it watches, and the loop body; the runner does the rest.
import type { KubeObject, ObjectKey, Resource } from '../api/object.ts'
import type { Client } from '../client/client.ts'
import type { Informers } from '../client/informer.ts'
import type { EventRecorder } from '../client/events.ts'
import type { Clock } from '../util/clock.ts'

/** Where a change of a secondary kind leads: keys of the kind that the controller is for. */
export interface Trigger<W extends KubeObject = KubeObject> {
  readonly resource: Resource<W>
  keys(object: W, context: ReconcileContext): readonly ObjectKey[]
}

/** Ties a secondary kind to its keys with its type checked. */
export function watches<W extends KubeObject>(resource: Resource<W>, keys: Trigger<W>['keys']): Trigger {
  return { resource, keys } as Trigger
}

export interface ReconcileContext {
  /** Its writes are noted: the key runs again only after the informers have seen them. */
  readonly client: Client
  readonly informers: Informers
  readonly events: EventRecorder
  readonly clock: Clock
  readonly signal: AbortSignal
  /** From now on changes of this kind lead to keys, too; for kinds that come and go while the controller runs. What is there is told as new. */
  watch(trigger: Trigger): void
}

/** When to look at the key again although nothing has changed; undefined means never. */
export interface ReconcileResult {
  readonly requeueAfterMs?: number
}

export interface Controller<T extends KubeObject = KubeObject> {
  readonly name: string
  /** Of its events; `<name>-controller` unless told. */
  readonly eventSource?: string
  /** One key is reconciled by one run at a time. */
  readonly for: Resource<T>
  /** Kinds whose controller owner is a `for` object: their changes lead to the owner. */
  readonly owns?: readonly Resource[]
  readonly watches?: readonly Trigger[]
  /** How many keys run at once. */
  readonly concurrency?: number
  /**
   * Brings the world closer to what the object wants. Called with the key only when the object is gone.
   * Throwing means: try again with back-off (Conflict and NotFound are expected and retried quietly).
   */
  reconcile(key: ObjectKey, object: T | undefined, context: ReconcileContext): Promise<ReconcileResult | void>
}

/** Types a controller's definition. */
export function controller<T extends KubeObject>(definition: Controller<T>): Controller {
  return definition as unknown as Controller
}
