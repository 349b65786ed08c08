// Reads long JSON text in parts: the same values and the same faults as `parseJson`, which reads it in one go.
import { exactInteger } from '../util/lossless-json.ts'
import type { Parts } from '../util/slices.ts'
import { noteMembers } from '../util/weight.ts'
import { setKey, type JsonObject } from './json.ts'
import { JsonSyntaxError, maxDepth, parseJson } from './json-text.ts'
import { checkMembers } from './members.ts'

export interface ReadJson {
  readonly value: unknown
  /** Some key stands twice in its object. */
  readonly hasDuplicates: boolean
}

/** So many values, or characters of texts, are read between two places to pause. */
const stride = 1024
const longText = 64 * 1024

/** What may come next. `after` is as far as a text must be imagined to stand where the reader stands. */
type Expected = 'value' | 'item' | 'firstItem' | 'key' | 'firstKey' | 'colon' | 'member' | 'afterItem' | 'afterMember' | 'end'

const before: Readonly<Record<Expected, string>> = {
  value: '', item: '[0,', firstItem: '[', key: '{"a":0,', firstKey: '{', colon: '{"a"', member: '{"a":', afterItem: '[0 ', afterMember: '{"a":0 ', end: '0 ',
}

const number = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?$/

class Reader {
  readonly #text: string
  readonly #stack: (JsonObject | unknown[])[] = []
  /** The keys under which the containers of the stack stand, how many values there are around them, and members of their objects. */
  readonly #keys: string[] = []
  readonly #counts: number[] = []
  #count = 0
  readonly #sizes: number[] = []
  #size = 0
  #top: JsonObject | unknown[] | undefined
  #key = ''
  #at = 0
  #value: unknown
  #expected: Expected = 'value'
  hasDuplicates = false

  constructor(text: string) {
    this.#text = text
  }

  /** Fails with JsonSyntaxError. */
  *read(): Parts<unknown> {
    for (let steps = 0; this.#expected !== 'end'; ) {
      const from = this.#at
      this.#step()
      // A long text counts as many.
      steps += this.#at - from > longText ? stride : 1
      if (steps < stride) continue
      steps = 0
      yield
    }
    this.#skipSpace()
    if (this.#at < this.#text.length) this.#fail()
    return this.#value
  }

  #step(): void {
    this.#skipSpace()
    const code = this.#text.charCodeAt(this.#at)
    switch (this.#expected) {
      case 'firstItem': if (code === 0x5d) return this.#close(); return this.#read(code)
      case 'value': case 'item': case 'member': return this.#read(code)
      case 'firstKey': if (code === 0x7d) return this.#close(); return this.#readKey(code)
      case 'key': return this.#readKey(code)
      case 'colon': return this.#pass(code === 0x3a, 'member')
      case 'afterItem': if (code === 0x5d) return this.#close(); return this.#pass(code === 0x2c, 'item')
      case 'afterMember': if (code === 0x7d) return this.#close(); return this.#pass(code === 0x2c, 'key')
      case 'end': return undefined
    }
  }

  #pass(fits: boolean, next: Expected): void {
    if (!fits) this.#fail()
    this.#at++
    this.#expected = next
  }

  #read(code: number): void {
    switch (code) {
      case 0x7b: return this.#open({}, 'firstKey')
      case 0x5b: return this.#open([], 'firstItem')
      case 0x22: return this.#add(this.#string())
      case 0x74: return this.#word('true', true)
      case 0x66: return this.#word('false', false)
      case 0x6e: return this.#word('null', null)
      default: return this.#number()
    }
  }

  #readKey(code: number): void {
    if (code !== 0x22) this.#fail()
    this.#key = this.#string()
    this.#expected = 'colon'
  }

  #open(container: JsonObject | unknown[], expected: Expected): void {
    if (this.#stack.length >= maxDepth) throw new JsonSyntaxError('exceeded max depth')
    if (this.#top) this.#stack.push(this.#top)
    else this.#stack.push([])
    this.#keys.push(this.#key)
    this.#counts.push(this.#count)
    this.#sizes.push(this.#size)
    this.#count = this.#size = 0
    this.#top = container
    this.#at++
    this.#expected = expected
  }

  #close(): void {
    const closed = this.#top
    if (closed) noteMembers(closed, this.#count)
    this.#count = (this.#counts.pop() ?? 0) + this.#count
    this.#size = this.#sizes.pop() ?? 0
    this.#at++
    this.#top = this.#stack.pop()
    this.#key = this.#keys.pop() ?? ''
    if (this.#stack.length === 0) this.#top = undefined
    this.#add(closed)
  }

  /** A whole value has been read. */
  #add(value: unknown): void {
    const top = this.#top
    this.#count++
    if (top === undefined) {
      this.#value = value
      this.#expected = 'end'
    } else if (Array.isArray(top)) {
      top.push(value)
      this.#expected = 'afterItem'
    } else {
      if (Object.hasOwn(top, this.#key)) this.hasDuplicates = true
      else checkMembers(++this.#size)
      setKey(top, this.#key, value)
      this.#expected = 'afterMember'
    }
  }

  #string(): string {
    const text = this.#text
    const start = this.#at
    for (let at = start + 1; at < text.length; at++) {
      const code = text.charCodeAt(at)
      if (code === 0x22) {
        this.#at = at + 1
        // Short ones are copied, so that none keeps the whole text.
        return at - start <= 12 ? text.slice(start + 1, at) : JSON.parse(text.slice(start, at + 1)) as string
      }
      if (code === 0x5c || code < 0x20) return this.#oddString(start, at)
    }
    this.#fail(start)
  }

  /** One with escapes, or with what must not stand in it. */
  #oddString(start: number, from: number): string {
    const text = this.#text
    for (let at = from; at < text.length; at++) {
      const code = text.charCodeAt(at)
      if (code === 0x5c) at++
      else if (code === 0x22) {
        this.#at = at + 1
        try {
          return JSON.parse(text.slice(start, at + 1)) as string
        } catch {
          this.#fail(start)
        }
      } else if (code < 0x20) this.#fail(start)
    }
    this.#fail(start)
  }

  #word(word: string, value: unknown): void {
    if (!this.#text.startsWith(word, this.#at)) this.#fail()
    this.#at += word.length
    this.#add(value)
  }

  #number(): void {
    const text = this.#text
    let end = this.#at
    for (; end < text.length; end++) {
      const code = text.charCodeAt(end)
      // - + . digits e E
      if (!((code >= 0x30 && code <= 0x39) || code === 0x2d || code === 0x2b || code === 0x2e || code === 0x65 || code === 0x45)) break
    }
    const token = text.slice(this.#at, end)
    if (!number.test(token)) this.#fail()
    const value = Number(token)
    this.#at = end
    this.#add(token.length < 16 ? value : exactInteger(token, value))
  }

  #skipSpace(): void {
    for (;; this.#at++) {
      const code = this.#text.charCodeAt(this.#at)
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return
    }
  }

  /** What is wrong here is told by the parser of short texts, for a text that begins just before. */
  #fail(at = this.#at): never {
    parseJson(`${before[this.#expected]}${this.#text.slice(at)}`)
    throw new JsonSyntaxError('unexpected end of JSON input')
  }
}

/** Fails with JsonSyntaxError, and with 413 where an object has too many members. */
export function* readJsonParts(text: string): Parts<ReadJson> {
  const reader = new Reader(text)
  const value = yield* reader.read()
  return { value, hasDuplicates: reader.hasDuplicates }
}

/** The value alone; undefined for what must be read in one go, which also tells what is wrong with it. */
export function* readStored(text: string): Parts<unknown> {
  try {
    return (yield* readJsonParts(text)).value
  } catch {
    return undefined
  }
}
