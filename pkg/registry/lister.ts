// Lists: selectors, pages that all show the revision of the first one, and lists at a revision.
import type { AnyObject, ListMeta, ObjectList } from '../api/object.ts'
import { apiVersionOf } from '../api/object.ts'
import { badRequest } from '../api/status-error.ts'
import type { ListResult, Store } from '../storage/store.ts'
import { RevisionCompactedError, RevisionInFutureError } from '../storage/store.ts'
import { decodeContinue, encodeContinue } from './continue-token.ts'
import type { Definition } from './definition.ts'
import { checkListOptions, expired, parseRevision, tooLargeRevision } from './list-options.ts'
import { viewOf } from './object-view.ts'
import type { CollectionRequest } from './requests.ts'
import { selectionOf } from './selection.ts'
import { inParts, unsliced, type Slices } from '../util/slices.ts'

const expiredContinue = 'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.'

interface Start {
  /** undefined: the newest state. */
  readonly revision?: number
  /** First key, relative to the prefix. */
  readonly start?: string
}

/** `needed`: a state before that revision is no answer. */
function startOf(options: CollectionRequest['options']): { readonly from: Start; readonly needed: number } {
  if (options.continue) {
    const token = decodeContinue(options.continue)
    if (options.resourceVersion && options.resourceVersion !== '0') throw badRequest('specifying resource version is not allowed when using continue')
    return token.revision < 0 ? { from: { start: token.start }, needed: 0 } : { from: { revision: token.revision, start: token.start }, needed: token.revision }
  }
  const needed = parseRevision(options.resourceVersion, 'list') ?? 0
  if (needed === 0) return { from: {}, needed }
  // Without a match, a limited list at a version means Exact, an unlimited one "not older than".
  const exact = options.resourceVersionMatch ? options.resourceVersionMatch === 'Exact' : (options.limit ?? 0) > 0
  return { from: exact ? { revision: needed } : {}, needed }
}

/** Reads under the prefix from the store, in Kubernetes' errors. */
function read(store: Store, prefix: string, from: Start & { limit?: number }, token: string | undefined): ListResult<AnyObject> {
  try {
    return store.list<AnyObject>(prefix, {
      ...(from.revision === undefined ? {} : { revision: from.revision }),
      ...(from.start === undefined ? {} : { start: prefix + from.start }),
      ...(from.limit === undefined ? {} : { limit: from.limit }),
    })
  } catch (error) {
    if (error instanceof RevisionCompactedError) {
      if (token === undefined) throw expired('The resourceVersion for the provided list is too old.')
      throw expired(expiredContinue, encodeContinue({ revision: -1, start: decodeContinue(token).start }))
    }
    if (error instanceof RevisionInFutureError) throw tooLargeRevision(error.revision, error.currentRevision)
    throw error
  }
}

/** A look at the clock costs as much as an entry. */
const entriesBetweenLooks = 16

export interface Listing {
  readonly slices?: Slices
  /** Waits for a revision, for a while; undefined: what has not come yet is refused at once. */
  readonly reached?: (revision: number) => Promise<void>
}

/** Yields what must be waited for before it can go on: revisions to come, conversions by other programs, and pauses of long lists that are made in slices. */
export function* listObjects(store: Store, definition: Definition, request: CollectionRequest, { slices = unsliced, reached }: Listing = {}): Generator<() => Promise<void>, ObjectList<AnyObject>, void> {
  const { options } = request
  checkListOptions(options)
  const selection = selectionOf(definition, request, options)
  const limit = options.limit && options.limit > 0 ? options.limit : undefined
  const items: AnyObject[] = []
  const begin = startOf(options)
  if (reached && begin.needed > store.revision) yield () => reached(begin.needed)
  if (begin.needed > store.revision) throw tooLargeRevision(begin.needed, store.revision)
  let { from } = begin
  let revision: number
  let metadata: ListMeta
  for (;;) {
    const result = read(store, selection.prefix, limit === undefined ? from : { ...from, limit: selection.selective ? Math.max(limit, 500) : limit }, options.continue)
    revision = result.revision
    const conversion = definition.convert?.ready?.(result.entries.map(({ value }) => value))
    if (conversion) yield conversion
    let lastKey: string | undefined
    let unread = 0
    for (const [index, entry] of result.entries.entries()) {
      if (index % entriesBetweenLooks === 0 && slices.due) yield () => slices.pause()
      if (entry.prepare && slices !== unsliced) {
        const parts = entry.prepare()
        yield () => inParts(parts, slices)
      }
      const object = viewOf(definition, entry)
      if (!selection.selective || selection.matches(object)) items.push(object)
      lastKey = entry.key
      if (items.length === limit) {
        unread = result.entries.length - index - 1
        break
      }
    }
    const remaining = unread + result.remaining
    metadata = { resourceVersion: String(revision) }
    if (remaining === 0 || lastKey === undefined) break
    const start = `${lastKey.slice(selection.prefix.length)}\0`
    if (items.length === limit) {
      metadata.continue = encodeContinue({ revision, start })
      if (!selection.selective) metadata.remainingItemCount = remaining
      break
    }
    from = { revision, start }
  }
  return { kind: definition.listKind, apiVersion: apiVersionOf(definition.resource), metadata, items }
}
