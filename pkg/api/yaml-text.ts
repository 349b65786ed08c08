// YAML as kubectl reads it: YAML 1.1 booleans and octals, merge keys, no dates; with the duplicate keys that strict validation reports.
import {
  CORE_SCHEMA, EVENT_ID, NOT_RESOLVED, YAMLException, boolYaml11Tag, constructFromEvents, defineScalarTag, getScalarValue, mergeTag, parseEvents,
} from 'js-yaml'
import type { Event } from 'js-yaml'
import { JsonSyntaxError, clipped, keysOf, parseJson } from './json-text.ts'
import { exactInteger } from '../util/lossless-json.ts'

/** The text is no YAML. */
export class YamlSyntaxError extends Error {
  override name = 'YamlSyntaxError'
}

export interface YamlDocument {
  readonly value: unknown
  /** `line 11: key "foo" already set in map`, in the order of the text. */
  readonly duplicates: readonly string[]
}

const integerPattern = /^[-+]?(?:0b[01_]+|0o?[0-7_]+|0x[0-9a-fA-F_]+|[1-9][0-9_]*|0)$/

/** 0777 and 0o777 are octal, 1_000 is a thousand, 12:30 is text. */
const integerTag = defineScalarTag<number | bigint>('tag:yaml.org,2002:int', {
  implicit: true,
  implicitFirstChars: ['-', '+', ...'0123456789'],
  identify: () => false,
  resolve: (source) => {
    if (!integerPattern.test(source)) return NOT_RESOLVED
    const negative = source.startsWith('-')
    const digits = source.replace(/^[-+]/, '').replaceAll('_', '')
    const value = /^0[0-7]/.test(digits) ? Number.parseInt(digits, 8) : Number(digits)
    return Number.isNaN(value) ? NOT_RESOLVED : exactInteger(`${negative ? '-' : ''}${digits}`, negative ? -value : value)
  },
})

/** Kubernetes keeps the decoded bytes as text. */
const binaryTag = defineScalarTag<string>('tag:yaml.org,2002:binary', {
  identify: () => false,
  resolve: (source) => Buffer.from(source.replace(/\s/g, ''), 'base64').toString('utf8'),
})

const schema = CORE_SCHEMA.withTags([boolYaml11Tag, integerTag, mergeTag, binaryTag])

/** Aliases may make a small text a huge value; this bounds the value's JSON. */
const longestJson = 3 * 1024 * 1024

/** Of several documents only the first counts. */
export function readYaml(text: string): YamlDocument {
  const json = plainJson(text)
  if (json) return json
  const documents = readDocuments(text, firstOf)
  return { value: documents.values[0] ?? null, duplicates: documents.duplicates }
}

/** What most programs send as YAML, and is quicker to read. */
function plainJson(text: string): YamlDocument | undefined {
  if (!text.startsWith('{')) return undefined
  try {
    const value = parseJson(text)
    return keysOf(text).some(({ duplicate }) => duplicate) ? undefined : { value, duplicates: [] }
  } catch (error) {
    if (error instanceof JsonSyntaxError) return undefined
    throw error
  }
}

/** All documents of a stream, without the empty ones. */
export function readYamlStream(text: string): unknown[] {
  return readDocuments(text).values.filter((value) => value !== null && value !== undefined)
}

function firstOf(events: Event[]): Event[] {
  const end = events.findIndex(({ type }, index) => index > 0 && type === EVENT_ID.DOCUMENT)
  return end < 0 ? events : events.slice(0, end)
}

function readDocuments(text: string, choose = (events: Event[]): Event[] => events): { values: unknown[]; duplicates: string[] } {
  try {
    const events = choose(parseEvents(text, {}))
    const values = constructFromEvents(events, { source: text, schema, json: true })
    if (events.some((event) => event.type === EVENT_ID.ALIAS)) checkSize(values, { left: longestJson })
    return { values, duplicates: duplicatesOf(text, events) }
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error
    throw new YamlSyntaxError(`yaml: ${error.mark ? `line ${error.mark.line + 1}: ` : ''}${error.reason}`)
  }
}

function checkSize(value: unknown, room: { left: number }, within = new Set<object>()): void {
  // A text with its quotes and a comma, the brackets of a container, its keys like texts.
  room.left -= typeof value === 'string' ? value.length + 3 : 2
  if (room.left < 0) throw new YamlSyntaxError('yaml: document contains excessive aliasing')
  if (typeof value !== 'object' || value === null) return
  if (within.has(value)) throw new YamlSyntaxError('yaml: anchor value contains itself')
  within.add(value)
  if (Array.isArray(value)) for (const item of value) checkSize(item, room, within)
  else {
    for (const key in value) {
      room.left -= key.length + 3
      checkSize((value as Record<string, unknown>)[key], room, within)
    }
  }
  within.delete(value)
}

/** Whether little of it may stand for much. */
export const hasAliases = (text: Buffer): boolean => text.includes('&') && text.includes('*')

interface Frame {
  readonly keys: Set<string> | undefined
  expectsKey: boolean
}

/** More than anybody is told of. */
const mostDuplicates = 1000

function duplicatesOf(text: string, events: readonly Event[]): string[] {
  const found: string[] = []
  const stack: Frame[] = []
  const lineAt = lineCounter(text)
  const nodeDone = (): void => {
    const top = stack.at(-1)
    if (top?.keys) top.expectsKey = !top.expectsKey
  }
  for (const event of events) {
    switch (event.type) {
      case EVENT_ID.DOCUMENT: case EVENT_ID.SEQUENCE: stack.push({ keys: undefined, expectsKey: false }); break
      case EVENT_ID.MAPPING: stack.push({ keys: new Set(), expectsKey: true }); break
      case EVENT_ID.SCALAR: {
        const top = stack.at(-1)
        if (top?.keys && top.expectsKey) {
          const key = getScalarValue(text, event)
          if (top.keys.has(key) && key !== '<<' && found.length < mostDuplicates) found.push(`line ${lineAt(event.valueStart)}: key ${JSON.stringify(clipped(key))} already set in map`)
          top.keys.add(key)
        }
        nodeDone()
        break
      }
      case EVENT_ID.ALIAS: nodeDone(); break
      case EVENT_ID.POP: stack.pop(); nodeDone(); break
    }
  }
  return found
}

/** The lines of places that come in the order of the text. */
function lineCounter(text: string): (offset: number) => number {
  let line = 1
  let next = text.indexOf('\n')
  return (offset) => {
    for (; next >= 0 && next < offset; next = text.indexOf('\n', next + 1)) line++
    return line
  }
}
