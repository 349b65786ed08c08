// The JSON text of a large object, made in parts: what is large in it is written once and kept, for all that it will be part of.
import type { Parts } from '../util/slices.ts'
import { isHeavy } from '../util/weight.ts'
import { setKey, type JsonObject } from './json.ts'
import type { KubeObject, ManagedFieldsEntry } from './object.ts'
import { keepText, objectText } from './object-text.ts'

const stride = 128

/** Of a frozen object: `objectText` is quick from then on, of this and of all that share its large members. */
export function* prepareText(object: object): Parts<string> {
  const { metadata } = object as Partial<KubeObject>
  const members = [...Object.entries(object).filter(([key]) => key !== 'metadata').map(([, value]) => value as unknown), ...Object.values(metadata ?? {}) as unknown[]]
  for (const member of members) if (member !== metadata?.managedFields) yield* keptParts(member)
  for (const { fieldsV1 } of (metadata?.managedFields ?? []) as readonly ManagedFieldsEntry[]) yield* keptParts(fieldsV1)
  yield
  return objectText(object)
}

function* keptParts(value: unknown): Parts<void> {
  if (typeof value === 'object' && value !== null && isHeavy(value)) keepText(value, yield* textParts(value))
}

/** What JSON.stringify writes. */
export function* textParts(value: object): Parts<string> {
  return Array.isArray(value) ? `[${yield* itemTexts(value)}]` : `{${yield* memberTexts(value as JsonObject)}}`
}

function* itemTexts(list: readonly unknown[]): Parts<string> {
  const texts: string[] = []
  let small: unknown[] = []
  const flush = (): void => {
    if (small.length > 0) texts.push(JSON.stringify(small).slice(1, -1))
    small = []
  }
  for (const item of list) {
    if (typeof item === 'object' && item !== null && isHeavy(item)) {
      flush()
      texts.push(yield* textParts(item))
    } else if (small.push(item) === stride) {
      flush()
      yield
    }
  }
  flush()
  return texts.join(',')
}

function* memberTexts(object: JsonObject): Parts<string> {
  const texts: string[] = []
  let small: JsonObject = {}
  let count = 0
  const flush = (): void => {
    const text = JSON.stringify(small).slice(1, -1)
    if (text !== '') texts.push(text)
    small = {}
    count = 0
  }
  for (const key in object) {
    const member = object[key]
    if (typeof member === 'object' && member !== null && isHeavy(member)) {
      flush()
      texts.push(`${JSON.stringify(key)}:${yield* textParts(member)}`)
    } else {
      setKey(small, key, member)
      if (++count < stride) continue
      flush()
      yield
    }
  }
  flush()
  return texts.join(',')
}
