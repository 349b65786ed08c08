// What Go's scanner says of a text that is no JSON. Pure.
import { goQuoted } from '../util/go-text.ts'

type Expected = 'value' | 'firstItem' | 'key' | 'firstKey' | 'colon' | 'after'

const ended = 'unexpected end of JSON input'

/** Go looks at bytes: of a longer character it names the first one. */
function shown(text: string, at: number): string {
  const char = String.fromCharCode(Buffer.from(String.fromCodePoint(text.codePointAt(at) ?? 0))[0] ?? 0)
  return char === "'" ? "'\\''" : char === '"' ? `'"'` : `'${goQuoted(char).slice(1, -1)}'`
}

class Fault {
  readonly text: string

  constructor(text: string, at: number, where: string) {
    this.text = at < text.length ? `invalid character ${shown(text, at)} ${where}` : ended
  }
}

const isDigit = (code: number): boolean => code >= 0x30 && code <= 0x39
const isSpace = (code: number): boolean => code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09

function endOfString(text: string, from: number): number {
  for (let at = from + 1; ; at++) {
    const code = text.charCodeAt(at)
    if (code === 0x22) return at + 1
    // The end of the text as well.
    if (!(code >= 0x20)) throw new Fault(text, at, 'in string literal')
    if (code !== 0x5c) continue
    at++
    if (text[at] === 'u') {
      for (const last = at + 4; at < last; at++) if (!/^[\da-fA-F]$/.test(text[at + 1] ?? '')) throw new Fault(text, at + 1, 'in \\u hexadecimal character escape')
    } else if (at >= text.length || !'bfnrt\\/"'.includes(text[at] ?? '')) throw new Fault(text, at, 'in string escape code')
  }
}

function endOfDigits(text: string, from: number, where: string): number {
  if (!isDigit(text.charCodeAt(from))) throw new Fault(text, from, where)
  let at = from + 1
  while (isDigit(text.charCodeAt(at))) at++
  return at
}

function endOfNumber(text: string, from: number): number {
  let at = text[from] === '-' ? from + 1 : from
  at = text[at] === '0' ? at + 1 : endOfDigits(text, at, 'in numeric literal')
  if (text[at] === '.') at = endOfDigits(text, at + 1, 'after decimal point in numeric literal')
  if (text[at] !== 'e' && text[at] !== 'E') return at
  at++
  return endOfDigits(text, text[at] === '+' || text[at] === '-' ? at + 1 : at, 'in exponent of numeric literal')
}

function endOfWord(text: string, from: number, word: string): number {
  for (let index = 1; index < word.length; index++) {
    if (text[from + index] !== word[index]) throw new Fault(text, from + index, `in literal ${word} (expecting '${word[index] ?? ''}')`)
  }
  return from + word.length
}

/** Where a text, number or word that begins there ends. */
function endOfScalar(text: string, at: number): number {
  const code = text.charCodeAt(at)
  if (code === 0x22) return endOfString(text, at)
  if (code === 0x2d || isDigit(code)) return endOfNumber(text, at)
  const word = ['true', 'false', 'null'].find((one) => one[0] === text[at])
  if (word === undefined) throw new Fault(text, at, 'looking for beginning of value')
  return endOfWord(text, at, word)
}

function scan(text: string): never {
  /** Whether what is open is a list, from without to within. */
  const open: boolean[] = []
  let expected: Expected = 'value'
  for (let at = 0; ; ) {
    while (isSpace(text.charCodeAt(at))) at++
    const char = text[at]
    const isList = open.at(-1)
    if (expected === 'after') {
      if (isList === undefined) throw new Fault(text, at, 'after top-level value')
      if (char === (isList ? ']' : '}')) open.pop()
      else if (char === ',') expected = isList ? 'value' : 'key'
      else throw new Fault(text, at, isList ? 'after array element' : 'after object key:value pair')
      at++
    } else if (expected === 'colon') {
      if (char !== ':') throw new Fault(text, at, 'after object key')
      expected = 'value'
      at++
    } else if ((expected === 'firstKey' && char === '}') || (expected === 'firstItem' && char === ']')) {
      open.pop()
      expected = 'after'
      at++
    } else if (expected === 'key' || expected === 'firstKey') {
      if (char !== '"') throw new Fault(text, at, 'looking for beginning of object key string')
      at = endOfString(text, at)
      expected = 'colon'
    } else if (char === '{' || char === '[') {
      open.push(char === '[')
      expected = char === '[' ? 'firstItem' : 'firstKey'
      at++
    } else {
      at = endOfScalar(text, at)
      expected = 'after'
    }
  }
}

/** Of a text that JSON.parse refuses. */
export function jsonFault(text: string): string {
  try {
    return scan(text)
  } catch (fault) {
    if (fault instanceof Fault) return fault.text
    throw fault
  }
}
