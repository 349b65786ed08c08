// CEL: texts. What cel-go's strings library has and the engine lacks or counts otherwise, and regular expressions that no text makes slow.
import type { Environment } from '@marcbachmann/cel-js'
import { Duration } from '@marcbachmann/cel-js/evaluator'
import { formatted } from './cel-format-text.ts'
import { functionsOf } from './cel-register.ts'
import { celText } from './cel-values.ts'
import { goDurationParts } from './go-duration.ts'
import { Pattern } from './pattern.ts'

const patterns = new Map<string, Pattern>()

/** Compiled once; a few hundred are kept. */
function patternOf(pattern: string): Pattern {
  let compiled = patterns.get(pattern)
  if (!compiled) {
    compiled = new Pattern(pattern)
    if (patterns.size >= 500) patterns.clear()
    patterns.set(pattern, compiled)
  }
  return compiled
}

class StringsNamespace {}

const billion = 1_000_000_000n

/** Names that end in `__` take the place of the engine's own functions (`replacedCalls`). */
export function registerCelStrings(environment: Environment): void {
  const add = functionsOf(environment)
  add('string.matches__(string): bool', (text: string, pattern: string) => patternOf(pattern).test(text))
  add('matches__(string, string): bool', (text: string, pattern: string) => patternOf(pattern).test(text))
  add('string.find(string): string', (text: string, pattern: string) => patternOf(pattern).find(text, 1)[0] ?? '')
  add('string.findAll(string): list<string>', (text: string, pattern: string) => patternOf(pattern).find(text, Infinity))
  add('string.findAll(string, int): list<string>', (text: string, pattern: string, limit: bigint) => patternOf(pattern).find(text, limit < 0n ? Infinity : Number(limit)))
  add('string.charAt(int): string', (text: string, index: bigint) => {
    const points = [...text]
    return points[within(index, points.length)] ?? ''
  })
  add('string.substring__(int): string', (text: string, start: bigint) => substring(text, start))
  add('string.substring__(int, int): string', substring)
  add('string.indexOf__(string): int', (text: string, wanted: string) => indexOf(text, wanted, 0n))
  add('string.indexOf__(string, int): int', indexOf)
  add('string.lastIndexOf__(string): int', (text: string, wanted: string) => {
    const length = [...text].length
    return wanted === '' ? BigInt(length) : length === 0 ? -1n : lastIndexOf(text, wanted, BigInt(length - 1))
  })
  add('string.lastIndexOf__(string, int): int', lastIndexOf)
  add('string.lowerAscii__(): string', (text: string) => text.replace(/[A-Z]+/g, (some) => some.toLowerCase()))
  add('string.upperAscii__(): string', (text: string) => text.replace(/[a-z]+/g, (some) => some.toUpperCase()))
  // What JavaScript takes for space is not quite what Go does.
  add('string.trim__(): string', (text: string) => text.replace(/^\p{White_Space}+/u, '').replace(/(?<!\p{White_Space})\p{White_Space}+$/u, ''))
  add('string.split__(string): list<string>', (text: string, separator: string) => split(text, separator))
  add('string.split__(string, int): list<string>', (text: string, separator: string, limit: bigint) => {
    const parts = split(text, separator)
    const count = Number(limit)
    return count < 0 || parts.length <= count ? parts : count === 0 ? [] : [...parts.slice(0, count - 1), parts.slice(count - 1).join(separator)]
  })
  add('string.replace(string, string): string', (text: string, from: string, to: string) => replaceSome(text, from, to, -1))
  add('string.replace(string, string, int): string', (text: string, from: string, to: string, count: bigint) => replaceSome(text, from, to, Number(count)))
  add('string.reverse(): string', (text: string) => [...text].reverse().join(''))
  add('string.format(list): string', (text: string, values: unknown[]) => formatted(text, values))
  environment.registerType('StringsNamespace', StringsNamespace)
  environment.registerConstant('strings', 'StringsNamespace', new StringsNamespace())
  add('StringsNamespace.quote(string): string', (_strings: unknown, text: string) => quoted(text))
  add('duration__(string): google.protobuf.Duration', durationOf)
  add('string(google.protobuf.Timestamp): string', celText)
  add('string(google.protobuf.Duration): string', celText)
}

const unitNanos: Readonly<Record<string, bigint>> = { ns: 1n, us: 1_000n, µs: 1_000n, μs: 1_000n, ms: 1_000_000n, s: billion, m: 60n * billion, h: 3600n * billion }

/** The engine's own takes the cube of the length for a text that is no duration. */
function durationOf(text: string): Duration {
  const found = goDurationParts(text)
  if (!found) throw new Error(`invalid duration string: ${text}`)
  let nanos = 0n
  for (const [number, unit] of found.parts) {
    const [whole = '', fraction = ''] = number.split('.')
    const one = unitNanos[unit] ?? 0n
    nanos += BigInt(whole) * one + BigInt(fraction.slice(0, 13).padEnd(13, '0')) * one / 10n ** 13n
  }
  return found.isNegative ? new Duration(-(nanos / billion), -Number(nanos % billion)) : new Duration(nanos / billion, Number(nanos % billion))
}

function within(index: bigint, length: number): number {
  if (index < 0n || index > BigInt(length)) throw new Error(`index out of range: ${index}`)
  return Number(index)
}

function substring(text: string, start: bigint, end?: bigint): string {
  if (end !== undefined && start > end) throw new Error(`invalid substring range. start: ${start}, end: ${end}`)
  const points = [...text]
  return points.slice(within(start, points.length), within(end ?? BigInt(points.length), points.length)).join('')
}

/** Counts characters, where JavaScript counts halves of some. */
const pointsBefore = (text: string, unit: number): bigint => (unit < 0 ? -1n : BigInt([...text.slice(0, unit)].length))

function indexOf(text: string, wanted: string, from: bigint): bigint {
  if (wanted === '') return from
  if (from < 0n) throw new Error(`index out of range: ${from}`)
  return pointsBefore(text, text.indexOf(wanted, [...text].slice(0, Number(from)).join('').length))
}

function lastIndexOf(text: string, wanted: string, from: bigint): bigint {
  if (wanted === '') return from
  if (from < 0n) throw new Error(`index out of range: ${from}`)
  const points = [...text]
  if (from >= BigInt(points.length)) return -1n
  return pointsBefore(text, text.lastIndexOf(wanted, points.slice(0, Number(from)).join('').length))
}

const split = (text: string, separator: string): string[] => (separator === '' ? [...text] : text.split(separator))

function replaceSome(text: string, from: string, to: string, count: number): string {
  // Nothing stands before each character, and at the end.
  const parts = from === '' ? ['', ...text] : text.split(from)
  const done = count < 0 ? parts.length - 1 : Math.min(count, parts.length - 1)
  const rest = parts.slice(done).join(from)
  if (from !== '') return [...parts.slice(0, done), rest].join(to)
  const all = count < 0 || count > parts.length - 1
  return parts.slice(1, done + 1).map((point) => to + point).join('') + parts.slice(done + 1).join('') + (all ? to : '')
}

const escapes: Readonly<Record<string, string>> = {
  '\x07': '\\a', '\b': '\\b', '\f': '\\f', '\n': '\\n', '\r': '\\r', '\t': '\\t', '\v': '\\v', '\\': '\\\\', '"': '\\"',
}

const quoted = (text: string): string => `"${text.toWellFormed().replace(/[\x07\b\f\n\r\t\v\\"]/g, (char) => escapes[char] ?? char)}"`
