// Answers as YAML and as indented JSON, for people: long lists item by item, in slices.
import { CORE_SCHEMA, NOT_RESOLVED, defineScalarTag, dump } from 'js-yaml'
import type { Slices } from '../util/slices.ts'

/** One that may have a long list as its last member. */
export interface Listed {
  readonly value: object
  /** Texts of the list's items, each as `make` writes it. */
  readonly list?: { readonly name: string; readonly items: (make: (item: unknown) => string) => Promise<readonly string[]> }
}

// As the schema's own, and bigints besides.
const integerTag = defineScalarTag<bigint>('tag:yaml.org,2002:int', {
  identify: (value) => typeof value === 'bigint' || (Number.isInteger(value) && !Object.is(value, -0)), represent: (value) => String(BigInt(value as number | bigint)),
  // Texts that look like numbers, to any reader, are quoted.
  implicit: true, implicitFirstChars: ['-', '+', ...'0123456789'], resolve: (source) => (/^[-+]?(?:0b[01_]+|0o?[0-7_]+|0x[\da-fA-F_]+|\d[\d_]*)$/.test(source) ? 0n : NOT_RESOLVED),
})
const options = { noRefs: true, schema: CORE_SCHEMA.withTags([integerTag]) }

export type WriteText = (answer: Listed) => Promise<string>

export const writeYaml: WriteText = async ({ value, list }) => {
  const head = dump(value, options)
  if (!list) return head
  const items = await list.items((item) => dump([item], options))
  return `${head}${list.name}:${items.length === 0 ? ' []\n' : `\n${items.join('')}`}`
}

export const writePretty: WriteText = async ({ value, list }) => {
  const head = JSON.stringify(value, null, 2)
  if (!list) return head
  const items = await list.items((item) => `    ${JSON.stringify(item, null, 2).replaceAll('\n', '\n    ')}`)
  return `${head.slice(0, -2)},\n  ${JSON.stringify(list.name)}: ${items.length === 0 ? '[]' : `[\n${items.join(',\n')}\n  ]`}\n}`
}

/** A list's items, made one by one. */
export async function inSlices<T, R>(items: readonly T[], make: (item: T) => R, slices: Slices): Promise<R[]> {
  const made: R[] = []
  for (const item of items) {
    made.push(make(item))
    if (slices.due) await slices.pause()
  }
  return made
}
