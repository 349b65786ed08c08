// Answers as JSON, as indented JSON and as YAML: made of the JSON of objects, piece by piece.
import { CORE_SCHEMA, NOT_RESOLVED, defineScalarTag, dump } from 'js-yaml'
import { integerOf, parseLossless } from '../util/lossless-json.ts'

/** A value whose last member is a list that may be long. */
export interface Listed<T = unknown> {
  /** The other members, as JSON. */
  readonly head: string
  readonly name: string
  readonly items: readonly T[]
  /** An item as JSON. */
  readonly text: (item: T) => string | Buffer
}

/** Bytes that are kept elsewhere come several at a time, for each step costs something. */
export type Piece = string | readonly Buffer[]
export type Pieces = Generator<Piece, void>

export interface Writing {
  /** `json`: a value that is no list. */
  readonly whole: (json: string) => Pieces
  readonly pieces: <T>(listed: Listed<T>) => Pieces
}

const comma = Buffer.from(',')
const bytesAtOnce = 32 * 1024

export const plainJson: Writing = {
  *whole(json) {
    yield json
    yield '\n'
  },
  *pieces({ head, name, items, text }) {
    yield `${head.slice(0, -1)},${JSON.stringify(name)}:[`
    let bytes: Buffer[] = []
    let length = 0
    for (let index = 0; index < items.length; index++) {
      const item = text(items[index]!)
      if (typeof item === 'string') {
        yield index > 0 ? `,${item}` : item
        continue
      }
      if (index > 0) bytes.push(comma)
      bytes.push(item)
      if ((length += item.length) < bytesAtOnce) continue
      yield bytes
      bytes = []
      length = 0
    }
    if (bytes.length > 0) yield bytes
    yield ']}\n'
  },
}

/** As JSON.stringify indents by two spaces; without an end of line, as Go's. */
export const prettyJson: Writing = {
  whole: (json) => indented(json, 0),
  *pieces({ head, name, items, text }) {
    yield `${[...indented(head, 0)].join('').slice(0, -2)},\n  ${JSON.stringify(name)}: [`
    for (let index = 0; index < items.length; index++) {
      yield index > 0 ? ',\n    ' : '\n    '
      yield* indented(text(items[index]!).toString(), 2)
    }
    yield items.length > 0 ? '\n  ]\n}' : ']\n}'
  },
}

export const yaml: Writing = {
  whole: (json) => inYaml(json, { lead: '', indent: '' }),
  *pieces({ head, name, items, text }) {
    yield* inYaml(head, { lead: '', indent: '' })
    yield `${name}:${items.length === 0 ? ' []\n' : '\n'}`
    for (const item of items) yield* inYaml(text(item).toString(), { lead: '- ', indent: '  ' })
  },
}

/** Deeper values stay as they are: little text would become very much of it. */
const deepestIndent = 64

/** So much text between two pauses. */
const pieceLength = 8 * 1024

function* indented(text: string, outer: number): Pieces {
  let piece = ''
  let depth = outer
  let from = 0
  let pauseAt = pieceLength
  const line = (): string => `\n${'  '.repeat(depth)}`
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case quoteMark: at = endOfString(text, at); break
      case openBrace: case openBracket:
        if (isClosing(text.charCodeAt(at + 1))) at++
        else if (++depth <= deepestIndent) {
          piece += text.slice(from, at + 1) + line()
          from = at + 1
        }
        break
      case closeBrace: case closeBracket:
        if (depth-- > deepestIndent) break
        piece += text.slice(from, at) + line()
        from = at
        break
      case commaMark:
        if (depth > deepestIndent) break
        piece += text.slice(from, at + 1) + line()
        from = at + 1
        break
      case colon:
        if (depth > deepestIndent) break
        piece += `${text.slice(from, at + 1)} `
        from = at + 1
        break
    }
    if (at < pauseAt) continue
    pauseAt = at + pieceLength
    yield piece
    piece = ''
  }
  yield piece + text.slice(from)
}

// As the schema's own, and bigints besides.
const integerTag = defineScalarTag<bigint>('tag:yaml.org,2002:int', {
  identify: (value) => typeof value === 'bigint' || (Number.isInteger(value) && !Object.is(value, -0)), represent: (value) => String(typeof value === 'number' ? integerOf(value) : value),
  // Texts that look like numbers, to any reader, are quoted.
  implicit: true, implicitFirstChars: ['-', '+', ...'0123456789'], resolve: (source) => (/^[-+]?(?:0b[01_]+|0o?[0-7_]+|0x[\da-fA-F_]+|\d[\d_]*)$/.test(source) ? 0n : NOT_RESOLVED),
})
const options = { noRefs: true, schema: CORE_SCHEMA.withTags([integerTag]) }

function* inYaml(text: string, margin: Margin): Pieces {
  const ends = new Map<number, number>()
  if (text.length > pieceLength) yield* findContainers(text, ends)
  yield* new YamlText(text, ends).value(0, text.length, margin)
}

/** Where the containers end that are too long for one piece, by where they begin. */
function* findContainers(text: string, ends: Map<number, number>): Pieces {
  const open: number[] = []
  let pauseAt = pieceLength
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case quoteMark: at = endOfString(text, at); break
      case openBrace: case openBracket: open.push(at); break
      case closeBrace: case closeBracket: {
        const start = open.pop() ?? 0
        if (at - start >= pieceLength) ends.set(start, at + 1)
        break
      }
    }
    if (at < pauseAt) continue
    pauseAt = at + pieceLength
    yield ''
  }
}

/** What stands before the first line of a value, and before the others. */
interface Margin {
  readonly lead: string
  readonly indent: string
}

class YamlText {
  readonly #text: string
  readonly #ends: ReadonlyMap<number, number>

  constructor(text: string, ends: ReadonlyMap<number, number>) {
    this.#text = text
    this.#ends = ends
  }

  /** The value between two places. */
  value(start: number, end: number, margin: Margin): Pieces {
    return this.#ends.has(start) ? this.#container(start, end, margin) : this.#dumped(this.#text.slice(start, end), margin)
  }

  *#dumped(json: string, margin: Margin): Pieces {
    yield shifted(dump(parseLossless(json), options), margin)
  }

  /** Short members are written together, long ones by themselves. */
  *#container(start: number, end: number, { lead, indent }: Margin): Pieces {
    const isList = this.#text.charCodeAt(start) === openBracket
    let margin = { lead, indent }
    let from = start + 1
    for (let at = start + 1; at < end - 1;) {
      const value = isList ? at : endOfString(this.#text, at) + 2
      const next = this.#endOf(value)
      const isLong = next - value > pieceLength
      const to = isLong ? at - 1 : next
      if (to > from && (isLong || next - from > pieceLength || next === end - 1)) {
        const members = this.#text.slice(from, to)
        yield* this.#dumped(isList ? `[${members}]` : `{${members}}`, margin)
        margin = { lead: indent, indent }
        from = next + 1
      }
      if (isLong) {
        yield* this.#long(isList ? undefined : this.#text.slice(at, value - 1), value, next, margin)
        margin = { lead: indent, indent }
        from = next + 1
      }
      at = next + 1
    }
  }

  *#long(key: string | undefined, start: number, end: number, { lead, indent }: Margin): Pieces {
    const before = key === undefined ? '-' : keyOf(key)
    if (indent.length >= deepestIndent) yield shifted(`${before} ${this.#text.slice(start, end)}\n`, { lead, indent })
    else if (this.#text.charCodeAt(start) === quoteMark) yield shifted(`${before} ${textOf(this.#text.slice(start, end)).replace(/\n(?=[^\n])/g, '\n  ')}`, { lead, indent })
    else if (key === undefined) yield* this.value(start, end, { lead: `${lead}- `, indent: `${indent}  ` })
    else {
      yield shifted(`${before}\n`, { lead, indent })
      yield* this.value(start, end, { lead: `${indent}  `, indent: `${indent}  ` })
    }
  }

  /** Where a value ends. */
  #endOf(start: number): number {
    const text = this.#text
    const known = this.#ends.get(start)
    if (known !== undefined) return known
    if (text.charCodeAt(start) === quoteMark) return endOfString(text, start) + 1
    let depth = 0
    for (let at = start; ; at++) {
      switch (text.charCodeAt(at)) {
        case quoteMark: at = endOfString(text, at); break
        case openBrace: case openBracket: depth++; break
        case closeBrace: case closeBracket:
          if (depth === 0) return at
          if (--depth === 0) return at + 1
          break
        case commaMark: if (depth === 0) return at
      }
    }
  }
}

const shifted = (lines: string, { lead, indent }: Margin): string => lead + (indent === '' ? lines : lines.replace(/\n(?=[^\n])/g, `\n${indent}`))

/** `key:`, or `? key` and `:` for one that is too long for that. */
const keyOf = (json: string): string => dump({ [JSON.parse(json) as string]: null }, options).slice(0, -' null\n'.length)

/** What may stand in a literal: lines of what everybody takes for printable. */
const literal = /^[!-~\u00a1-\ud7ff][\n\t -~\u00a1-\u2027\u202a-\ud7ff]*$/

/** A text as a scalar, with the end of its line: a literal, or quoted. Its lines but the first are two to the left of where they belong. */
function textOf(json: string): string {
  const value = json.includes('\\') ? JSON.parse(json) as string : ''
  if (!value.includes('\n') || !literal.test(value)) return `${json}\n`
  const chomped = value.endsWith('\n\n') ? '|+' : value.endsWith('\n') ? '|' : '|-'
  return `${chomped}\n${value}${value.endsWith('\n') ? '' : '\n'}`
}

const quoteMark = 0x22
const commaMark = 0x2c
const colon = 0x3a
const openBracket = 0x5b
const closeBracket = 0x5d
const openBrace = 0x7b
const closeBrace = 0x7d

const isClosing = (code: number): boolean => code === closeBrace || code === closeBracket

function endOfString(text: string, start: number): number {
  for (let at = start + 1; ; at++) {
    const code = text.charCodeAt(at)
    if (code === 0x5c) at++
    else if (code === quoteMark || Number.isNaN(code)) return at
  }
}
