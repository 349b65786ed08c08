// Checks of an applied configuration against the schema: fields that are not declared, wrong types, items that stand twice.
import { mostToTell } from './field-error.ts'
import { ListItemError, fieldStep, itemStep, pathText, stepText } from './field-paths.ts'
import type { Step } from './field-set.ts'
import { isJsonObject } from './json.ts'
import type { ListSchema, ScalarSchema, Schema } from './schema.ts'
import { childSchema } from './typed-shape.ts'

/** Texts with paths, such as `.spec.foo: field not declared in schema`. */
export function typedFaults(schema: Schema, value: unknown): readonly string[] {
  const faults = new Faults()
  check(schema, value, [], faults)
  return faults.texts
}

/** No more than are told. */
class Faults {
  readonly texts: string[] = []
  #left = mostToTell

  get isFull(): boolean {
    return this.#left < 0
  }

  push(text: string): void {
    if (this.isFull) return
    this.texts.push(text)
    this.#left -= text.length
  }
}

/** All faults as one text. */
export const faultsText = (faults: readonly string[]): string =>
  faults.length === 1 ? faults[0] ?? '' : `errors:\n${faults.map((fault) => `  ${fault}`).join('\n')}`

function check(schema: Schema, value: unknown, path: readonly Step[], faults: Faults): void {
  if (value === null || value === undefined || faults.isFull) return
  const fault = (text: string): void => void faults.push(path.length === 0 ? text : `${pathText(path)}: ${text}`)
  switch (schema.type) {
    case 'any': return
    case 'scalar': {
      const text = scalarFault(schema, value)
      if (text) fault(text)
      return
    }
    case 'list':
      if (!Array.isArray(value)) return fault(`expected list, got ${shown(value)}`)
      return checkList(schema, value, path, faults)
    case 'object': case 'map':
      if (!isJsonObject(value)) return fault(`expected map, got ${shown(value)}`)
      for (const key of Object.keys(value).sort()) {
        if (faults.isFull) return
        const below = [...path, fieldStep(key)]
        if (schema.type === 'object' && !schema.fields.has(key) && !schema.preserveUnknown) faults.push(`${pathText(below)}: field not declared in schema`)
        else check(childSchema(schema, key), value[key], below, faults)
      }
  }
}

function checkList(schema: ListSchema, list: readonly unknown[], path: readonly Step[], faults: Faults): void {
  const seen = new Set<Step>()
  const keyed = schema.listType === 'map' || schema.listType === 'set'
  for (const [index, item] of list.entries()) {
    if (faults.isFull) return
    let step: Step = `i:${index}`
    try {
      if (keyed) step = itemStep(schema, item)
    } catch (error) {
      if (!(error instanceof ListItemError)) throw error
      faults.push(`${pathText(path)}: element ${index}: ${error.message}`)
      continue
    }
    if (seen.has(step)) faults.push(`${pathText(path)}: duplicate entries for key ${stepText(step)}`)
    seen.add(step)
    check(schema.items, item, [...path, step], faults)
  }
}

function scalarFault({ format }: ScalarSchema, value: unknown): string | undefined {
  switch (format) {
    case 'string': case 'bytes':
      return typeof value === 'string' ? undefined : `expected string, got &value.valueUnstructured{Value:${shown(value)}}`
    case 'boolean':
      return typeof value === 'boolean' ? undefined : `expected boolean, got &value.valueUnstructured{Value:${shown(value)}}`
    case 'int32': case 'int64': case 'uint32': case 'uint64': case 'double':
      return typeof value === 'number' || typeof value === 'bigint' ? undefined : `expected numeric (int or float), got ${goType(value)}`
    default:
      return typeof value === 'object' ? `expected scalar, got ${goType(value)}` : undefined
  }
}

const shown = (value: unknown): string => JSON.stringify(value)

function goType(value: unknown): string {
  if (Array.isArray(value)) return '[]interface {}'
  if (typeof value === 'object') return 'map[string]interface {}'
  return typeof value === 'boolean' ? 'bool' : typeof value
}

/** Paths of the lists, maps and structs in a value that have one owner only: to set one of their parts would remove the others. */
export function atomicPaths(schema: Schema, value: unknown, path: readonly Step[] = []): string[] {
  if (isJsonObject(value) && (schema.type === 'object' || schema.type === 'map')) {
    const below = Object.keys(value).flatMap((key) => atomicPaths(childSchema(schema, key), value[key], [...path, fieldStep(key)]))
    return schema.mapType === 'atomic' ? [pathText(path), ...below] : below
  }
  if (!Array.isArray(value) || schema.type !== 'list') return []
  const below = value.flatMap((item: unknown, index) => atomicPaths(schema.items, item, [...path, `i:${index}`]))
  return schema.listType === 'map' || schema.listType === 'set' ? below : [pathText(path), ...below]
}
