// `conform` in parts, for values that are too large for one go: the same result, by the same rules for all that is small in it.
import { kindOf } from './conform-scalar.ts'
import {
  below, conform, fillIn, isDropped, isPlainText, leastOfItem, leastOfKey, leastOfMember, leastOfOne, mostStoredBytes, mostUnknown, newWalk, noteUnknown, pathOf, root, rootField, structural, typed, wrongType, zeroOf, type Conformed, type ConformOptions, type Place, type Walk,
} from './conform.ts'
import { clipped } from './json-text.ts'
import { setKey, type JsonObject } from './json.ts'
import { entityTooLarge } from './status-error.ts'
import type { ListSchema, MapSchema, ObjectSchema, Schema } from './schema.ts'
import type { Parts } from '../util/slices.ts'
import { isHeavy, noteMembers } from '../util/weight.ts'

/** So many small members at once. */
const stride = 128

/** Fails with DecodingError, and with 413 where the object is more than could ever be stored. */
export function* conformParts(value: unknown, schema: ObjectSchema, options: ConformOptions = {}): Parts<Conformed> {
  if (!isHeavy(value)) return conform(value, schema, options)
  const walk = newWalk(options)
  const object = schema.goName === undefined ? yield* structuralParts(value, schema, '', walk) : yield* typedParts(value, schema, root, walk)
  return { object: object as JsonObject, unknown: walk.unknown }
}

function* typedParts(value: unknown, schema: Schema, place: Place, walk: Walk): Parts<unknown> {
  switch (schema.type) {
    case 'object': return yield* schema.goName === undefined ? structuralParts(value, schema, pathOf(place), walk) : typedObject(value, schema, place, walk)
    case 'list': return yield* typedList(value, schema, place, walk)
    case 'map': return yield* typedMap(value, schema, place, walk)
    default: return typed(value, schema, place, walk)
  }
}

/** A place to pause; it goes on only with what may still fit. */
function* fitting(walk: Walk): Parts<void> {
  if (walk.left < 0) throw entityTooLarge(mostStoredBytes)
  yield
}

const isLarge = (value: unknown): boolean => typeof value === 'object' && isHeavy(value)

function* typedList(value: unknown, schema: ListSchema, parent: Place, walk: Walk): Parts<unknown[]> {
  if (!Array.isArray(value)) throw wrongType(value, kindOf(value), schema, parent)
  const { items } = schema
  walk.left -= value.length * leastOfOne
  const result: unknown[] = []
  for (const [index, item] of value.entries()) {
    if (item === null) result.push(zeroOf(items, walk))
    else if (isPlainText(items, item)) result.push(item)
    else if (isLarge(item)) result.push(yield* typedParts(item, items, { parent, key: index }, walk))
    else result.push(typed(item, items, { parent, key: index }, walk))
    if (index % stride === stride - 1) yield* fitting(walk)
  }
  noteMembers(result, result.length)
  return result
}

function* typedMap(value: unknown, schema: MapSchema, parent: Place, walk: Walk): Parts<JsonObject> {
  if (typeof value !== 'object' || Array.isArray(value) || value === null) throw wrongType(value, kindOf(value), schema, parent)
  const result: JsonObject = {}
  const { values } = schema
  let count = 0
  for (const key in value) {
    const item = (value as JsonObject)[key]
    walk.left -= leastOfMember
    if (++count % stride === 0) yield* fitting(walk)
    if (item === undefined) continue
    if (item === null) setKey(result, key, zeroOf(values, walk))
    else if (isPlainText(values, item)) setKey(result, key, item)
    else setKey(result, key, isLarge(item) ? yield* typedParts(item, values, { parent, key }, walk) : typed(item, values, { parent, key }, walk))
  }
  noteMembers(result, count)
  return result
}

function* typedObject(value: unknown, schema: ObjectSchema, parent: Place, walk: Walk): Parts<JsonObject> {
  if (typeof value !== 'object' || Array.isArray(value) || value === null) throw wrongType(value, kindOf(value), schema, parent)
  const result: JsonObject = {}
  const owner = schema.goName ?? ''
  let count = 0
  for (const key in value) {
    const item = (value as JsonObject)[key]
    if (++count % stride === 0) yield
    if (item === undefined) continue
    const field = schema.fields.get(key)
    if (!field) noteUnknown(walk, { parent, key })
    if (!field || item === null) continue
    const place = { parent, key, owner }
    // What is large is not empty, and to ask it may take long.
    if (isLarge(item)) result[key] = yield* typedParts(item, field.schema, place, walk)
    else {
      const child = typed(item, field.schema, place, walk)
      if (!walk.fill || !isDropped(child, field)) result[key] = child
    }
  }
  if (walk.fill) fillIn(result, schema, walk)
  return result
}

/** Within custom resources. */
function* structuralParts(value: unknown, schema: Schema, path: string, walk: Walk): Parts<unknown> {
  if (typeof value !== 'object' || value === null) return path === '' && schema.type === 'object' ? conform(value, schema) : value
  switch (schema.type) {
    case 'object': return yield* schema.goName !== undefined ? typedObject(value, schema, { key: path }, walk) : structuralObject(value, schema, path, walk)
    case 'list': return yield* structuralList(value, schema, path, walk)
    case 'map': return yield* structuralMap(value, schema, path, walk)
    default: return value
  }
}

function* structuralList(value: object, schema: ListSchema, path: string, walk: Walk): Parts<unknown> {
  if (!Array.isArray(value)) return value
  walk.left -= value.length * leastOfItem
  const result: unknown[] = []
  for (const [index, item] of value.entries()) {
    const childPath = `${path}[${index}]`
    result.push(isLarge(item) ? yield* structuralParts(item, schema.items, childPath, walk) : structural(item, schema.items, childPath, walk))
    if (index % stride === stride - 1) yield* fitting(walk)
  }
  return result
}

function* structuralMap(value: object, schema: MapSchema, path: string, walk: Walk): Parts<unknown> {
  if (Array.isArray(value)) return value
  const result: JsonObject = {}
  let count = 0
  for (const key in value) {
    const item = (value as JsonObject)[key]
    const childPath = below(path, key)
    walk.left -= leastOfKey + key.length
    setKey(result, key, isLarge(item) ? yield* structuralParts(item, schema.values, childPath, walk) : structural(item, schema.values, childPath, walk))
    if (++count % stride === 0) yield* fitting(walk)
  }
  noteMembers(result, count)
  return result
}

function* structuralObject(value: object, schema: ObjectSchema, path: string, walk: Walk): Parts<unknown> {
  if (Array.isArray(value)) return path === '' ? conform(value, schema) : value
  const result: JsonObject = {}
  let count = 0
  for (const key in value) {
    const item = (value as JsonObject)[key]
    if (++count % stride === 0) yield* fitting(walk)
    if (item === undefined) continue
    const field = path === '' ? rootField(key) ?? schema.fields.get(key) : schema.fields.get(key)
    if (field || schema.preserveUnknown) walk.left -= leastOfKey + key.length
    const childPath = path === '' ? clipped(key) : below(path, key)
    if (field) setKey(result, key, isLarge(item) ? yield* structuralParts(item, field.schema, childPath, walk) : structural(item, field.schema, childPath, walk))
    else if (schema.preserveUnknown) setKey(result, key, item)
    else if (walk.unknown.length < mostUnknown) walk.unknown.push(childPath)
  }
  return result
}
