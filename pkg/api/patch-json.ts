// JSON patches (RFC 6902): each operation takes time by what it changes, not by the size of the object.
import { kindOf } from './conform-scalar.ts'
import { equalJson, isJsonObject, setKey, thaw } from './json.ts'
import type { JsonObject } from './json.ts'
import { rejectedPatch } from './patch-merge.ts'
import { StatusError, badRequest } from './status-error.ts'

const maxOperations = 10_000
/** What the copies of one patch may come to: a few of them that double would fill any memory. */
const maxCopiedBytes = 3 * 1024 * 1024

interface Operation {
  readonly op: string
  readonly path: string
  readonly from: string
  readonly value: unknown
}

/** Where a path ends: the member of an object, or the item of a list, that it names. */
interface Place {
  readonly in: JsonObject | unknown[]
  readonly key: string
}

interface Run {
  document: unknown
  copiedBytes: number
}

/** The patched object. Neither argument is changed. Fails with 400, 413 or 422. */
export function jsonPatch(original: JsonObject, patch: unknown): JsonObject {
  return changed(original, patch, thaw)
}

/** The same of an object that may be changed for it. */
export function jsonPatchOwn(own: JsonObject, patch: unknown): JsonObject {
  return changed(own, patch, (document) => document)
}

function changed(original: JsonObject, patch: unknown, draft: (original: JsonObject) => JsonObject): JsonObject {
  if (!Array.isArray(patch)) throw badRequest(`error decoding patch: json: cannot unmarshal ${kindOf(patch)} into Go value of type []handlers.jsonPatchOp`)
  if (patch.length > maxOperations) {
    throw new StatusError(413, 'RequestEntityTooLarge', `Request entity is too large: The allowed maximum operations in a JSON patch is ${maxOperations}, got ${patch.length}`)
  }
  const operations = patch.map(readOperation)
  const run: Run = { document: draft(original), copiedBytes: 0 }
  for (const operation of operations) actions[operation.op]?.(run, operation)
  if (!isJsonObject(run.document)) throw rejectedPatch('expected the patched document to be an object')
  return run.document
}

function readOperation(operation: unknown): Operation {
  if (!isJsonObject(operation)) throw badRequest(`error decoding patch: json: cannot unmarshal ${kindOf(operation)} into Go value of type handlers.jsonPatchOp`)
  const { op, path, from, value = null } = operation
  if (typeof op !== 'string' || !Object.hasOwn(actions, op)) throw rejectedPatch(`Unexpected kind: ${typeof op === 'string' ? op : 'unknown'}`)
  if (typeof path !== 'string') throw rejectedPatch(`${op} operation: missing path`)
  if ((op === 'move' || op === 'copy') && typeof from !== 'string') throw rejectedPatch(`${op} operation: missing from`)
  return { op, path, from: typeof from === 'string' ? from : '', value }
}

const actions: Readonly<Record<string, (run: Run, operation: Operation) => void>> = {
  add(run, { path, value }) {
    add(placeOf(run.document, path) ?? missing('add operation does not apply: doc is missing path', `"${path}"`), thaw(value), `error in add for path: '${path}'`)
  },
  remove(run, { path }) {
    remove(placeOf(run.document, path) ?? missing('remove operation does not apply: doc is missing path', `"${path}"`), `error in remove for path: '${path}'`)
  },
  replace(run, { path, value }) {
    if (path === '') {
      run.document = thaw(value)
      return
    }
    const place = placeOf(run.document, path)
    if (!place) return missing('replace operation does not apply: doc is missing path', path)
    if (read(place) === undefined) missing('replace operation does not apply: doc is missing key', path)
    if (Array.isArray(place.in)) place.in[indexOf(place.key, place.in.length)] = thaw(value)
    else setKey(place.in, place.key, thaw(value))
  },
  move(run, { path, from }) {
    const source = placeOf(run.document, from) ?? missing('move operation does not apply: doc is missing from path', from)
    const value = remove(source, `error in move for path: '${from}'`)
    add(placeOf(run.document, path) ?? missing('move operation does not apply: doc is missing destination path', path), value, `error in move for path: '${path}'`)
  },
  copy(run, { path, from }) {
    const value = read(placeOf(run.document, from) ?? missing('copy operation does not apply: doc is missing from path', from))
    if (value === undefined) throw rejectedPatch(`error in copy for from: '${from}': missing value`)
    const place = placeOf(run.document, path) ?? missing('copy operation does not apply: doc is missing destination path', path)
    run.copiedBytes += JSON.stringify(value).length
    if (run.copiedBytes > maxCopiedBytes) {
      throw rejectedPatch(`Unable to complete the copy, the accumulated size increase of copy is ${run.copiedBytes}, exceeding the limit ${maxCopiedBytes}`)
    }
    add(place, thaw(value), 'error while adding value during copy')
  },
  test(run, { path, value }) {
    const found = path === '' ? run.document : read(placeOf(run.document, path) ?? missing('test operation does not apply: is missing path', path))
    if (!equalJson(found ?? null, value)) throw rejectedPatch(`testing value ${path} failed: test failed`)
  },
}

function missing(text: string, path: string): never {
  throw rejectedPatch(`${text}: ${path}: missing value`)
}

/** undefined when what the path leads through is not there. */
function placeOf(document: unknown, path: string): Place | undefined {
  const steps = path.split('/').slice(1).map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
  const key = steps.pop()
  if (key === undefined) return undefined
  let at = document
  for (const step of steps) {
    if (typeof at !== 'object' || at === null) return undefined
    at = read({ in: at as Place['in'], key: step })
  }
  return typeof at === 'object' && at !== null ? { in: at as Place['in'], key } : undefined
}

/** A whole number counts from the end when it is negative; NaN for anything that is no index of so many items. */
function indexOf(key: string, items: number): number {
  const index = /^[+-]?\d+$/.test(key) ? Number(key) : NaN
  return index >= items || index < -items ? NaN : index < 0 ? index + items : index
}

function read({ in: within, key }: Place): unknown {
  if (Array.isArray(within)) return within[indexOf(key, within.length)]
  return Object.hasOwn(within, key) ? within[key] : undefined
}

function add({ in: within, key }: Place, value: unknown, where: string): void {
  if (!Array.isArray(within)) return setKey(within, key, value)
  const index = key === '-' ? within.length : indexOf(key, within.length + 1)
  if (Number.isNaN(index)) throw rejectedPatch(`${where}: Unable to access invalid index: ${key}: invalid index referenced`)
  within.splice(index, 0, value)
}

function remove(place: Place, where: string): unknown {
  const { in: within, key } = place
  const value = read(place)
  if (Array.isArray(within)) {
    const index = indexOf(key, within.length)
    if (Number.isNaN(index)) throw rejectedPatch(`${where}: Unable to access invalid index: ${key}: invalid index referenced`)
    within.splice(index, 1)
  } else {
    if (value === undefined) throw rejectedPatch(`${where}: Unable to remove nonexistent key: ${key}: missing value`)
    delete within[key]
  }
  return value
}
