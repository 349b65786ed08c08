// CEL: texts. What cel-go's strings library has and the engine lacks, and regular expressions that no text makes slow.
import type { Environment } from '@marcbachmann/cel-js'
import { RE2JS } from 're2js'
import { functionsOf } from './cel-register.ts'
import { celText } from './cel-values.ts'

const patterns = new Map<string, RE2JS>()

/** Compiled once; a few hundred are kept. */
function re2(pattern: string): RE2JS {
  let compiled = patterns.get(pattern)
  if (!compiled) {
    compiled = RE2JS.compile(pattern)
    if (patterns.size >= 500) patterns.clear()
    patterns.set(pattern, compiled)
  }
  return compiled
}

export function registerCelStrings(environment: Environment): void {
  const add = functionsOf(environment)
  add('string.matchesRe2(string): bool', (text: string, pattern: string) => re2(pattern).matcher(text).find())
  add('matchesRe2(string, string): bool', (text: string, pattern: string) => re2(pattern).matcher(text).find())
  add('string.find(string): string', (text: string, pattern: string) => findAll(text, pattern, 1)[0] ?? '')
  add('string.findAll(string): list<string>', (text: string, pattern: string) => findAll(text, pattern, -1))
  add('string.findAll(string, int): list<string>', (text: string, pattern: string, limit: bigint) => findAll(text, pattern, Number(limit)))
  add('string.charAt(int): string', (text: string, index: bigint) => {
    const points = [...text]
    const at = Number(index)
    if (at < 0 || at > points.length) throw new Error(`index out of range: ${at}`)
    return points[at] ?? ''
  })
  add('string.replace(string, string): string', (text: string, from: string, to: string) => text.replaceAll(from, () => to))
  add('string.replace(string, string, int): string', (text: string, from: string, to: string, count: bigint) => replaceSome(text, from, to, Number(count)))
  add('string.reverse(): string', (text: string) => [...text].reverse().join(''))
  add('string.format(list): string', (text: string, values: unknown[]) => formatted(text, values))
}

function findAll(text: string, pattern: string, limit: number): string[] {
  const found: string[] = []
  const matcher = re2(pattern).matcher(text)
  while ((limit < 0 || found.length < limit) && matcher.find()) found.push(matcher.group() ?? '')
  return found
}

function replaceSome(text: string, from: string, to: string, count: number): string {
  if (count < 0) return text.replaceAll(from, () => to)
  let result = ''
  let rest = text
  for (let done = 0; done < count; done++) {
    const at = rest.indexOf(from)
    if (at < 0) break
    result += rest.slice(0, at) + to
    rest = rest.slice(at + from.length)
  }
  return result + rest
}

/** `%s %d %f %.2f %e %b %o %x %X %%` */
function formatted(text: string, values: readonly unknown[]): string {
  let next = 0
  return text.replace(/%(?:\.(\d+))?([a-zA-Z%])/g, (_all, digits: string | undefined, verb: string) => {
    if (verb === '%') return '%'
    if (next >= values.length) throw new Error(`index ${next} out of range`)
    return clause(verb, digits === undefined ? 6 : Number(digits), values[next++])
  })
}

function clause(verb: string, digits: number, value: unknown): string {
  const number = typeof value === 'bigint' || typeof value === 'number' ? value : undefined
  switch (verb) {
    case 's': return celText(value)
    case 'd': if (number !== undefined) return String(number); break
    case 'f': if (number !== undefined) return Number(number).toFixed(digits); break
    case 'e': if (number !== undefined) return Number(number).toExponential(digits).replace(/e([+-])(\d)$/, 'e$10$2'); break
    case 'b': if (number !== undefined) return number.toString(2); if (typeof value === 'boolean') return value ? '1' : '0'; break
    case 'o': if (number !== undefined) return number.toString(8); break
    case 'x': case 'X': {
      const hex = number !== undefined ? number.toString(16) : typeof value === 'string' || value instanceof Uint8Array ? Buffer.from(value as string).toString('hex') : undefined
      if (hex !== undefined) return verb === 'X' ? hex.toUpperCase() : hex
      break
    }
  }
  throw new Error(`could not parse formatting clause: unrecognized formatting clause "${verb}"`)
}
