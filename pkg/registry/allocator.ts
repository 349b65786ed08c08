// The Allocator contract: hands out what must be unique over all objects of a kind (addresses, ports) inside a write.
import type { AnyObject } from '../api/object.ts'
import type { Store } from '../storage/store.ts'
import type { Clock } from '../util/clock.ts'
import type { Definition } from './definition.ts'

/**
 * An allocator knows what is taken from a watch on the store, and from the reservations of writes that are not settled.
 * `allocate` is called inside the transaction, after validation. It fills the draft in or throws a StatusError;
 * the function it returns ends its reservations and is called when the write is durable (the watch has told by then) or refused.
 */
export interface Allocator {
  readonly resource: { readonly group: string; readonly plural: string }
  /**
   * Reads what is there and follows it from now on. Synchronous, so that no write comes in between.
   * `prefixOf` tells where objects of another kind are; undefined for kinds that are not served.
   */
  start(store: Store, prefix: string, prefixOf?: (resource: { readonly group: string; readonly plural: string }) => string | undefined): void
  stop(): void
  allocate(draft: AnyObject, old: AnyObject | undefined, context: { readonly definition: Definition; readonly clock: Clock }): () => void
}
