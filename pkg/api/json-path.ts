// The JSONPath of CRDs and kubectl: `.spec.replicas`, `.a\.b`, `['a.b']`, `[0]`, `[-1]`, `[1:3]`, `[*]`, `..name`, `[?(@.type=="Ready")]`.
import { isJsonObject } from './json.ts'

type Step =
  | { readonly step: 'field'; readonly name: string }
  | { readonly step: 'slice'; readonly start?: number; readonly end?: number }
  | { readonly step: 'index'; readonly index: number }
  | { readonly step: 'all' | 'recursive' }
  | { readonly step: 'filter'; readonly left: Operand; readonly operator?: string; readonly right?: Operand }

type Operand = { readonly path: readonly Step[] } | { readonly literal: string | number | boolean | null }

/** All values that a path leads to, in order. */
export type JsonPath = (value: unknown) => unknown[]

export class JsonPathError extends Error {
  override name = 'JsonPathError'
}

/** Fails with JsonPathError. The path may stand in braces. */
export function compileJsonPath(text: string): JsonPath {
  const bare = /^\{(.*)\}$/s.exec(text.trim())?.[1] ?? text.trim()
  const steps = new PathReader(bare).read()
  return (value) => follow([value], steps)
}

/** The names of a path of plain fields, such as `.spec.replicas`; undefined for any other path. */
export function fieldsOfPath(text: string): readonly string[] | undefined {
  try {
    const steps = new PathReader(text).read()
    const names = steps.map((step) => (step.step === 'field' ? step.name : undefined))
    return names.every((name) => name !== undefined) && names.length > 0 ? names : undefined
  } catch {
    return undefined
  }
}

class PathReader {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  read(): Step[] {
    const steps: Step[] = []
    if (this.#text[0] === '$' || this.#text[0] === '@') this.#at = 1
    else if (/^[A-Za-z_]/.test(this.#text)) steps.push({ step: 'field', name: this.#name() })
    while (this.#at < this.#text.length) this.#next(steps)
    return steps
  }

  #next(steps: Step[]): void {
    const recursive = this.#text.startsWith('..', this.#at)
    if (recursive) {
      steps.push({ step: 'recursive' })
      this.#at += 1
    }
    const char = this.#text[this.#at]
    if (char === '[') return void steps.push(this.#bracket())
    if (char !== '.') throw this.#error()
    this.#at++
    if (this.#text[this.#at] === '[' || (!recursive && this.#at === this.#text.length)) return
    if (this.#text[this.#at] === '*') {
      this.#at++
      return void steps.push({ step: 'all' })
    }
    steps.push({ step: 'field', name: this.#name() })
  }

  #name(): string {
    let name = ''
    while (this.#at < this.#text.length && !/[.[\]{}\s]/.test(this.#text[this.#at] ?? '')) {
      if (this.#text[this.#at] === '\\') this.#at++
      name += this.#text[this.#at++] ?? ''
    }
    if (name === '') throw this.#error()
    return name
  }

  #bracket(): Step {
    const end = this.#closing()
    const inner = this.#text.slice(this.#at + 1, end).trim()
    this.#at = end + 1
    if (inner === '*') return { step: 'all' }
    const quoted = /^'((?:[^'\\]|\\.)*)'$|^"((?:[^"\\]|\\.)*)"$/.exec(inner)
    if (quoted) return { step: 'field', name: (quoted[1] ?? quoted[2] ?? '').replace(/\\(.)/g, '$1') }
    if (/^-?\d+$/.test(inner)) return { step: 'index', index: Number(inner) }
    const slice = /^(-?\d+)?:(-?\d+)?$/.exec(inner)
    if (slice) return { step: 'slice', ...(slice[1] ? { start: Number(slice[1]) } : {}), ...(slice[2] ? { end: Number(slice[2]) } : {}) }
    const filter = /^\?\s*\((.*)\)$/s.exec(inner)
    if (filter) return filterOf(filter[1] ?? '')
    throw this.#error()
  }

  /** Where the bracket at the current place ends; quotes and brackets inside it count. */
  #closing(): number {
    let depth = 0
    let quote = ''
    for (let at = this.#at; at < this.#text.length; at++) {
      const char = this.#text[at] ?? ''
      if (quote !== '') {
        if (char === '\\') at++
        else if (char === quote) quote = ''
      } else if (char === '"' || char === "'") quote = char
      else if (char === '[') depth++
      else if (char === ']' && --depth === 0) return at
    }
    throw new JsonPathError(`unterminated array in ${this.#text}`)
  }

  #error(): JsonPathError {
    return new JsonPathError(`unrecognized character in ${this.#text} at ${this.#at}`)
  }
}

const operators = ['==', '!=', '<=', '>=', '<', '>']

function filterOf(text: string): Step {
  const at = operatorAt(text)
  if (!at) return { step: 'filter', left: operandOf(text) }
  return { step: 'filter', left: operandOf(text.slice(0, at.index)), operator: at.operator, right: operandOf(text.slice(at.index + at.operator.length)) }
}

function operatorAt(text: string): { index: number; operator: string } | undefined {
  let quote = ''
  for (let index = 0; index < text.length; index++) {
    const char = text[index] ?? ''
    if (quote !== '') {
      if (char === quote) quote = ''
      continue
    }
    if (char === '"' || char === "'") quote = char
    const operator = operators.find((candidate) => text.startsWith(candidate, index))
    if (operator) return { index, operator }
  }
  return undefined
}

function operandOf(text: string): Operand {
  const bare = text.trim()
  const quoted = /^'(.*)'$|^"(.*)"$/s.exec(bare)
  if (quoted) return { literal: (quoted[1] ?? quoted[2] ?? '').replace(/\\(.)/g, '$1') }
  if (/^-?\d+(\.\d+)?$/.test(bare)) return { literal: Number(bare) }
  if (bare === 'true' || bare === 'false') return { literal: bare === 'true' }
  if (bare === 'null') return { literal: null }
  return { path: new PathReader(bare).read() }
}

function follow(values: unknown[], steps: readonly Step[]): unknown[] {
  let current = values
  for (const step of steps) {
    const next: unknown[] = []
    for (const value of current) take(value, step, next)
    current = next
  }
  return current
}

function take(value: unknown, step: Step, out: unknown[]): void {
  switch (step.step) {
    case 'field':
      if (isJsonObject(value) && Object.hasOwn(value, step.name)) out.push(value[step.name])
      return
    case 'index': {
      const item: unknown = Array.isArray(value) ? value.at(step.index) : undefined
      if (item !== undefined) out.push(item)
      return
    }
    case 'slice':
      if (Array.isArray(value)) out.push(...value.slice(step.start, step.end) as unknown[])
      return
    case 'all': return void out.push(...members(value))
    case 'recursive': return descend(value, out)
    case 'filter': return void out.push(...members(value).filter((member) => holds(member, step)))
  }
}

const members = (value: unknown): unknown[] => (Array.isArray(value) ? value as unknown[] : isJsonObject(value) ? Object.values(value) : [])

function descend(value: unknown, out: unknown[]): void {
  out.push(value)
  for (const member of members(value)) descend(member, out)
}

function holds(member: unknown, { left, operator, right }: Step & { step: 'filter' }): boolean {
  const a = valueOf(left, member)
  if (operator === undefined || right === undefined) return a !== undefined
  const b = valueOf(right, member)
  if (operator === '==') return a === b
  if (operator === '!=') return a !== b
  if (!(typeof a === 'number' && typeof b === 'number') && !(typeof a === 'string' && typeof b === 'string')) return false
  switch (operator) {
    case '<': return a < b
    case '>': return a > b
    case '<=': return a <= b
    default: return a >= b
  }
}

const valueOf = (operand: Operand, member: unknown): unknown => ('literal' in operand ? operand.literal : follow([member], operand.path)[0])
