// Strategic merge patches: lists merge by the keys that the schema names, and directives delete, replace, order and retain.
import { kindOf } from './conform-scalar.ts'
import { goKind, goPrint } from './go-print.ts'
import { isJsonObject, setKey } from './json.ts'
import type { JsonObject } from './json.ts'
import { rejectedPatch } from './patch-merge.ts'
import type { ListSchema, ObjectSchema, Schema } from './schema.ts'
import { StatusError, badRequest } from './status-error.ts'

const directive = '$patch'
const retainKeys = '$retainKeys'
const orderPrefix = '$setElementOrder/'
const deletePrefix = '$deleteFromPrimitiveList/'

/** What Go's library fails with unforeseen: an error of the server, though the patch is at fault. */
const failure = (text: string): Error => new StatusError(500, '', text)
const badOrder = (): Error => badRequest('invalid patch format of setElementOrder list')
const badDeletion = (): Error => badRequest('invalid patch format of primitive list')
const badRetain = (): Error => badRequest('invalid patch format of retainKeys')
const noMergeKey = (item: unknown, key: string): Error => failure(`map: ${goPrint(item)} does not contain declared merge key: ${key}`)
const badKind = (expected: string, found: unknown): Error =>
  failure(`expected a ${expected}, but received a ${goKind(found)}`)

/** The patched object. Neither argument is changed; the result shares what did not change with the original. Fails with 400 or 422. */
export function strategicMerge(original: JsonObject, patch: unknown, schema: ObjectSchema): JsonObject {
  if (!isJsonObject(patch)) throw badRequest(`json: cannot unmarshal ${kindOf(patch)} into Go value of type map[string]interface {}`)
  return mergeObject(original, patch, schema)
}

function mergeObject(original: JsonObject, patch: JsonObject, schema: Schema | undefined): JsonObject {
  if (Object.hasOwn(patch, directive)) return directed(patch)
  const result = retained(original, patch)
  for (const name of touchedFields(patch)) {
    const value = mergeField(name, result, patch, memberSchema(schema, name))
    if (value === undefined) delete result[name]
    else setKey(result, name, value)
  }
  return result
}

function directed(patch: JsonObject): JsonObject {
  const { [directive]: what, ...rest } = patch
  if (what === 'replace') return rest
  if (what === 'delete') return {}
  throw failure(`unknown patch type: ${goPrint(what)} in map: ${goPrint(patch)}`)
}

/** A shallow copy of the original with only the keys that the patch retains. */
function retained(original: JsonObject, patch: JsonObject): JsonObject {
  if (!Object.hasOwn(patch, retainKeys)) return { ...original }
  const keys = patch[retainKeys]
  if (!Array.isArray(keys)) throw badRetain()
  for (const [name, value] of Object.entries(patch)) {
    const isDirective = name === retainKeys || name.startsWith(orderPrefix) || name.startsWith(deletePrefix)
    if (!isDirective && value !== null && !keys.includes(name)) throw rejectedPatch('patch content doesn\'t match retainKeys list')
  }
  return Object.fromEntries(Object.entries(original).filter(([name]) => keys.includes(name)))
}

/** Fields that the patch names, plainly or in a directive. */
function touchedFields(patch: JsonObject): Set<string> {
  const names = new Set<string>()
  for (const key of Object.keys(patch)) {
    if (key === retainKeys) continue
    else if (key.startsWith(orderPrefix)) names.add(key.slice(orderPrefix.length))
    else if (key.startsWith(deletePrefix)) names.add(key.slice(deletePrefix.length))
    else names.add(key)
  }
  return names
}

function memberSchema(schema: Schema | undefined, name: string): Schema | undefined {
  if (schema?.type === 'object') return schema.fields.get(name)?.schema
  return schema?.type === 'map' ? schema.values : undefined
}

/** The next value of one field; undefined removes it. */
function mergeField(name: string, original: JsonObject, patch: JsonObject, schema: Schema | undefined): unknown {
  const before = Object.hasOwn(original, name) ? original[name] : undefined
  let value: unknown = before
  if (Object.hasOwn(patch, name)) value = mergeValue(before, patch[name], schema)
  if (Object.hasOwn(patch, orderPrefix + name)) value = ordered(before, value, patch[name], patch[orderPrefix + name], schema)
  if (Object.hasOwn(patch, deletePrefix + name)) value = withoutPrimitives(value, patch[deletePrefix + name])
  return value
}

function mergeValue(original: unknown, patch: unknown, schema: Schema | undefined): unknown {
  if (patch === null) return undefined
  if (isJsonObject(original) && isJsonObject(patch)) return mergeObject(original, patch, schema)
  if (Array.isArray(original) && Array.isArray(patch)) {
    return isMerging(schema) ? mergeList(original, patch, schema) : patch
  }
  return clean(patch)
}

function isMerging(schema: Schema | undefined): schema is ListSchema {
  return schema?.type === 'list' && schema.patchStrategy?.split(',').includes('merge') === true
}

const removed = Symbol('removed')

/** A new value without nulls and directives; `undefined` if it is a directive itself. */
function clean(value: unknown): unknown {
  const result = cleaned(value)
  return result === removed ? undefined : result
}

function cleaned(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(cleaned).filter((item) => item !== removed)
  if (!isJsonObject(value)) return value
  if (Object.hasOwn(value, directive)) return removed
  const result: JsonObject = {}
  for (const [name, item] of Object.entries(value)) {
    // Directives have nothing to act on in a value that is new.
    if (item === null || name === retainKeys || name.startsWith(orderPrefix) || name.startsWith(deletePrefix)) continue
    const child = cleaned(item)
    if (child !== removed) setKey(result, name, child)
  }
  return result
}

function withoutPrimitives(value: unknown, deleted: unknown): unknown {
  if (!Array.isArray(deleted)) throw badDeletion()
  if (value === undefined) return undefined
  if (!Array.isArray(value)) throw badKind('slice', value)
  const gone = new Set<unknown>(deleted)
  return value.filter((item) => !gone.has(item))
}

function mergeList(original: readonly unknown[], patch: readonly unknown[], schema: ListSchema): unknown[] {
  const key = schema.patchMergeKey
  if (key === undefined) return mergePrimitives(original, patch)
  const plain: JsonObject[] = []
  const deleted = new Set<unknown>()
  let replace = false
  for (const item of patch) {
    if (Array.isArray(item)) throw rejectedPatch('lists of lists are not supported')
    if (!isJsonObject(item)) throw badKind('map', item)
    switch (item[directive]) {
      case undefined: plain.push(item); break
      case 'delete': deleted.add(keyOf(item, key)); break
      case 'replace': replace = true; break
      case 'merge': throw failure('merging lists cannot yet be specified in the patch')
      default: throw failure(`unknown patch type: ${goPrint(item[directive])} in map: ${goPrint(item)}`)
    }
  }
  if (replace) return plain
  const identity = (item: unknown): unknown => keyOf(item, key)
  const items = deleted.size === 0 ? [...original] : original.filter((item) => !deleted.has(identity(item)))
  const before = items.map(identity)
  const place = positions(before)
  for (const item of plain) {
    const value = identity(item)
    const index = place.get(value)
    if (index === undefined) place.set(value, items.push(clean(item)) - 1)
    else items[index] = mergeObject(items[index] as JsonObject, item, schema.items)
  }
  return arrange(items, plain.map(identity), before, identity)
}

function keyOf(item: unknown, key: string): unknown {
  if (!isJsonObject(item)) throw badKind('map', item)
  if (!Object.hasOwn(item, key)) throw noMergeKey(item, key)
  return item[key]
}

function mergePrimitives(original: readonly unknown[], patch: readonly unknown[]): unknown[] {
  const same = (item: unknown): unknown => item
  return arrange([...new Set([...original, ...patch])], patch, original, same)
}

/** Brings a list into the order that the patch asks for in full; what only the server has keeps its place among the rest. */
function ordered(original: unknown, merged: unknown, patchList: unknown, order: unknown, schema: Schema | undefined): unknown {
  if (!Array.isArray(order)) throw badOrder()
  if (merged === undefined) return undefined
  if (!Array.isArray(merged)) throw badKind('slice', merged)
  const key = isMerging(schema) ? schema.patchMergeKey : undefined
  const identity = (item: unknown): unknown => (key === undefined ? item : keyOf(item, key))
  const wanted = order.map(identity)
  if (Array.isArray(patchList)) checkOrder(patchList, order, identity)
  return arrange(merged, wanted, Array.isArray(original) ? original.map(identity) : [], identity)
}

/** The patch's own elements must stand in the order that it asks for. */
function checkOrder(patchList: readonly unknown[], order: readonly unknown[], identity: (item: unknown) => unknown): void {
  const wanted = order.map(identity)
  if (patchList.length === 0 || wanted.length === 0) return
  let at = 0
  for (const item of patchList) {
    if (isJsonObject(item) && Object.hasOwn(item, directive)) continue
    const found = wanted.indexOf(identity(item), at)
    if (found < 0) throw failure(`The order in patch list:\n${goPrint(patchList)}\n doesn't match $setElementOrder list:\n${goPrint(order)}\n`)
    at = found
  }
}

/** Items that the patch names in its order, the server's own in theirs, one list fed into the other by the original positions. */
function arrange(items: readonly unknown[], wanted: readonly unknown[], before: readonly unknown[], identity: (item: unknown) => unknown): unknown[] {
  const position = positions(wanted)
  const place = positions(before)
  const named = sortBy(items.filter((item) => position.has(identity(item))), (item) => position.get(identity(item)))
  const own = sortBy(items.filter((item) => !position.has(identity(item))), (item) => place.get(identity(item)))
  const result: unknown[] = []
  let next = 0
  for (const item of named) {
    const at = place.get(identity(item))
    while (at !== undefined && next < own.length && (place.get(identity(own[next])) ?? Infinity) < at) result.push(own[next++])
    result.push(item)
  }
  return [...result, ...own.slice(next)]
}

function positions(identities: readonly unknown[]): Map<unknown, number> {
  const result = new Map<unknown, number>()
  identities.forEach((identity, index) => { if (!result.has(identity)) result.set(identity, index) })
  return result
}

function sortBy(items: unknown[], rank: (item: unknown) => number | undefined): unknown[] {
  return items.sort((a, b) => (rank(a) ?? Infinity) - (rank(b) ?? Infinity) || 0)
}
