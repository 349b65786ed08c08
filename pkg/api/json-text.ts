// JSON text from clients: values, Go's words for bad syntax, and keys in the order of the text with the duplicates among them.
import { parseLossless } from '../util/lossless-json.ts'
import { jsonFault } from './json-fault.ts'
import type { Parts } from '../util/slices.ts'

/** The text is no JSON. */
export class JsonSyntaxError extends Error {
  override name = 'JsonSyntaxError'
}

export function parseJson(text: string): unknown {
  if (text.length > longText) checkDepth(text)
  try {
    return parseLossless(text)
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    throw new JsonSyntaxError(jsonFault(text))
  }
}

/** Above it a look at the nesting comes first: the parser takes its time with what is nothing but brackets. */
const longText = 256 * 1024

function checkDepth(text: string): void {
  let depth = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === 0x22) at = endOfString(text, at)
    else if (code === 0x7b || code === 0x5b) {
      if (++depth > maxDepth) throw new JsonSyntaxError('exceeded max depth')
    } else if (code === 0x7d || code === 0x5d) depth--
  }
}

export interface KeyOccurrence {
  /** `spec.containers[0].image` */
  readonly path: string
  readonly duplicate: boolean
}

interface Frame {
  /** Keys seen so far; undefined in a list. */
  readonly keys: Set<string> | undefined
  readonly path: string
  index: number
  /** Path of the member that is read next or now. */
  member: string
  /** In an object: the next string is a key. */
  expectsKey: boolean
}

/** Deeper values would exhaust the stack of whoever walks them. */
export const maxDepth = 500

const longestPath = 1024

/** Nobody is told more of a path; what is below a path of that length has the same. */
export const clipped = (path: string): string => (path.length > longestPath ? path.slice(0, longestPath) : path)

/** A step below a path. Texts of a thousand characters are not made for nothing. */
export const below = (path: string, step: string): string => (path.length >= longestPath ? path : clipped(`${path}${step}`))

/** Every key of a text that `parseJson` accepts, in its order. Fails if the text is nested too deeply. */
export function keysOf(text: string): KeyOccurrence[] {
  const scan = new KeyScan(text)
  scan.upTo(text.length)
  return scan.found
}

/** Whether an object of the text, whose value is given, has a key twice. Fails if the text is nested too deeply. Much quicker than a look at each key. */
export function hasDuplicateKeys(text: string, value: unknown): boolean {
  let members = 0
  let depth = 0
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case 0x22: at = closingQuote(text, at); break
      case 0x3a: members++; break
      case 0x7b: case 0x5b:
        if (depth++ > maxDepth) throw new JsonSyntaxError('exceeded max depth')
        break
      case 0x7d: case 0x5d: depth--; break
    }
  }
  return members !== membersOf(value)
}

/** Of all objects in it. */
function membersOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  let count = 0
  if (Array.isArray(value)) {
    for (const item of value) count += membersOf(item)
    return count
  }
  for (const key in value) count += 1 + membersOf((value as Record<string, unknown>)[key])
  return count
}

/** Like `keysOf`, in parts. */
export function* keysInParts(text: string): Parts<KeyOccurrence[]> {
  const scan = new KeyScan(text)
  for (let end = longScan; end < text.length; end += longScan) {
    scan.upTo(end)
    yield
  }
  scan.upTo(text.length)
  return scan.found
}

const longScan = 32 * 1024

class KeyScan {
  readonly found: KeyOccurrence[] = []
  readonly #text: string
  readonly #stack: Frame[] = []
  #top: Frame | undefined
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  upTo(end: number): void {
    const text = this.#text
    let top = this.#top
    let at = this.#at
    for (; at < end; at++) {
      switch (text.charCodeAt(at)) {
        case 0x22: {
          const end = endOfString(text, at)
          if (top?.keys && top.expectsKey) {
            const raw = text.slice(at, end + 1)
            const key = raw.includes('\\') ? (JSON.parse(raw) as string) : raw.slice(1, -1)
            top.member = top.path === '' ? clipped(key) : below(top.path, `.${key}`)
            this.found.push({ path: top.member, duplicate: top.keys.has(key) })
            top.keys.add(key)
            top.expectsKey = false
          }
          at = end
          break
        }
        case 0x7b: top = this.#open(top, false); break
        case 0x5b: top = this.#open(top, true); break
        case 0x7d: case 0x5d: top = this.#stack.pop(); break
        case 0x2c:
          if (top?.keys) top.expectsKey = true
          else if (top) top.member = below(top.path, `[${++top.index}]`)
          break
      }
    }
    this.#top = top
    this.#at = at
  }

  #open(top: Frame | undefined, list: boolean): Frame {
    if (this.#stack.length >= maxDepth) throw new JsonSyntaxError('exceeded max depth')
    const path = top ? top.member : ''
    if (top) this.#stack.push(top)
    return { keys: list ? undefined : new Set(), path, index: 0, member: list ? `${path}[0]` : path, expectsKey: !list }
  }
}

function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === 0x5c) at++
    else if (code === 0x22) return at
  }
  return text.length
}

/** Like `endOfString`, of a text that is JSON: quicker where strings are long. */
function closingQuote(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); ; end = text.indexOf('"', end + 1)) {
    let before = end - 1
    while (text.charCodeAt(before) === 0x5c) before--
    if ((end - before) % 2 === 1) return end
  }
}
