// Answers as JSON, as indented JSON and as YAML: long lists item by item.
import { CORE_SCHEMA, NOT_RESOLVED, defineScalarTag, dump } from 'js-yaml'
import { parseLossless } from '../util/lossless-json.ts'

/** A value whose last member is a list that may be long. */
export interface Listed<T = unknown> {
  /** The other members, as JSON. */
  readonly head: string
  readonly name: string
  readonly items: readonly T[]
  /** An item as JSON. */
  readonly text: (item: T) => string | Buffer
}

export type Piece = string | Buffer

export interface Writing {
  /** `json`: a value that is no list. */
  readonly whole: (json: string | Buffer) => string | Buffer
  readonly pieces: <T>(listed: Listed<T>) => Generator<Piece, void>
}

const comma = Buffer.from(',')

export const plainJson: Writing = {
  whole: (json) => json,
  *pieces({ head, name, items, text }) {
    yield `${head.slice(0, -1)},${JSON.stringify(name)}:[`
    for (let index = 0; index < items.length; index++) {
      if (index > 0) yield comma
      yield text(items[index]!)
    }
    yield ']}'
  },
}

const parsed = (json: string | Buffer): unknown => parseLossless(json.toString())
const indented = (value: unknown): string => JSON.stringify(value, null, 2)

export const prettyJson: Writing = {
  whole: (json) => indented(parsed(json)),
  *pieces({ head, name, items, text }) {
    yield `${indented(parsed(head)).slice(0, -2)},\n  ${JSON.stringify(name)}: [`
    for (let index = 0; index < items.length; index++) {
      yield `${index > 0 ? ',' : ''}\n    ${indented(parsed(text(items[index]!))).replaceAll('\n', '\n    ')}`
    }
    yield items.length > 0 ? '\n  ]\n}' : ']\n}'
  },
}

// As the schema's own, and bigints besides.
const integerTag = defineScalarTag<bigint>('tag:yaml.org,2002:int', {
  identify: (value) => typeof value === 'bigint' || (Number.isInteger(value) && !Object.is(value, -0)), represent: (value) => String(BigInt(value as number | bigint)),
  // Texts that look like numbers, to any reader, are quoted.
  implicit: true, implicitFirstChars: ['-', '+', ...'0123456789'], resolve: (source) => (/^[-+]?(?:0b[01_]+|0o?[0-7_]+|0x[\da-fA-F_]+|\d[\d_]*)$/.test(source) ? 0n : NOT_RESOLVED),
})
const options = { noRefs: true, schema: CORE_SCHEMA.withTags([integerTag]) }

export const yaml: Writing = {
  whole: (json) => dump(parsed(json), options),
  *pieces({ head, name, items, text }) {
    yield `${dump(parsed(head), options)}${name}:${items.length === 0 ? ' []\n' : '\n'}`
    for (const item of items) yield dump([parsed(text(item))], options)
  },
}
