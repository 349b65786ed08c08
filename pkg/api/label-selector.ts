// Label selectors: from query text or from a LabelSelector object to a matcher.
import { labelValueFaults, qualifiedNameFaults } from './names.ts'
import { badRequest } from './status-error.ts'

export type LabelOperator = '=' | '==' | '!=' | 'in' | 'notin' | 'exists' | '!' | 'gt' | 'lt'

export interface LabelRequirement {
  readonly key: string
  readonly operator: LabelOperator
  /** Sorted, without duplicates. */
  readonly values: readonly string[]
}

type Labels = Readonly<Record<string, string>> | undefined

/** All requirements must hold; none means everything. `nothing` matches no object at all. */
export class LabelMatcher {
  readonly requirements: readonly LabelRequirement[]
  readonly nothing: boolean

  constructor(requirements: readonly LabelRequirement[], nothing = false) {
    this.requirements = requirements
    this.nothing = nothing
  }

  /** Whether it matches every object. */
  get empty(): boolean {
    return !this.nothing && this.requirements.length === 0
  }

  matches(labels: Labels): boolean {
    return !this.nothing && this.requirements.every((requirement) => holds(requirement, labels))
  }

  /** The text form, such as `Scale` shows. */
  toString(): string {
    return this.requirements.map(requirementText).join(',')
  }
}

export const everyLabel = new LabelMatcher([])
export const noLabel = new LabelMatcher([], true)

function holds({ key, operator, values }: LabelRequirement, labels: Labels): boolean {
  const value = labels && Object.hasOwn(labels, key) ? labels[key] : undefined
  switch (operator) {
    case '=': case '==': case 'in': return value !== undefined && values.includes(value)
    case '!=': case 'notin': return value === undefined || !values.includes(value)
    case 'exists': return value !== undefined
    case '!': return value === undefined
    case 'gt': case 'lt': return compares(operator, value, values[0])
  }
}

const integer = /^[-+]?\d+$/

function compares(operator: 'gt' | 'lt', value: string | undefined, bound: string | undefined): boolean {
  if (value === undefined || bound === undefined || !integer.test(value) || !integer.test(bound)) return false
  return operator === 'gt' ? BigInt(unsigned(value)) > BigInt(unsigned(bound)) : BigInt(unsigned(value)) < BigInt(unsigned(bound))
}

const unsigned = (text: string): string => (text.startsWith('+') ? text.slice(1) : text)

function requirementText({ key, operator, values }: LabelRequirement): string {
  switch (operator) {
    case 'exists': return key
    case '!': return `!${key}`
    case 'in': case 'notin': return `${key} ${operator} (${values.join(',')})`
    case 'gt': return `${key}>${values[0]}`
    case 'lt': return `${key}<${values[0]}`
    default: return `${key}${operator}${values[0] ?? ''}`
  }
}

const byKey = (a: LabelRequirement, b: LabelRequirement): number => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)
const sorted = (values: Iterable<string>): string[] => [...new Set(values)].sort()

/** Why a requirement cannot be, or undefined. */
export function requirementFault({ key, operator, values }: LabelRequirement): string | undefined {
  const faults: string[] = []
  const keyFaults = qualifiedNameFaults(key)
  if (keyFaults.length > 0) faults.push(`key: Invalid value: ${JSON.stringify(key)}: ${keyFaults.join('; ')}`)
  const wrong = (detail: string): void => void faults.push(`values: Invalid value: ${JSON.stringify(values)}: ${detail}`)
  if ((operator === 'in' || operator === 'notin') && values.length === 0) wrong("for 'in', 'notin' operators, values set can't be empty")
  if ((operator === '=' || operator === '==' || operator === '!=') && values.length !== 1) wrong('exact-match compatibility requires one single value')
  if ((operator === 'exists' || operator === '!') && values.length > 0) wrong('values set must be empty for exists and does not exist')
  if (operator === 'gt' || operator === 'lt') {
    if (values.length !== 1) wrong("for 'Gt', 'Lt' operators, exactly one value is required")
    values.forEach((value, index) => {
      if (!integer.test(value)) faults.push(`values[${index}]: Invalid value: ${JSON.stringify(value)}: for 'Gt', 'Lt' operators, the value must be an integer`)
    })
  }
  values.forEach((value, index) => {
    const valueFaults = labelValueFaults(value)
    if (valueFaults.length > 0) faults.push(`values[${index}][${key}]: Invalid value: ${JSON.stringify(value)}: ${valueFaults.join('; ')}`)
  })
  return faults.length === 0 ? undefined : faults.length === 1 ? faults[0] : `[${faults.join(', ')}]`
}

interface Token {
  readonly kind: 'word' | 'symbol' | 'end'
  readonly text: string
}

const tokenPattern = /[ \t\r\n]*(?:(==|!=|[=!(),<>])|([^ \t\r\n=!(),<>]+))/y

function tokensOf(text: string): Token[] {
  const tokens: Token[] = []
  tokenPattern.lastIndex = 0
  for (let match = tokenPattern.exec(text); match; match = tokenPattern.exec(text)) {
    tokens.push(match[1] !== undefined ? { kind: 'symbol', text: match[1] } : { kind: 'word', text: match[2] ?? '' })
  }
  return [...tokens, { kind: 'end', text: '' }]
}

const failed = (detail: string): Error => badRequest(`unable to parse requirement: ${detail}`)

/** Reads `a=b,c in (d,e),!f`. Fails with 400. */
export function parseLabelSelector(text: string): LabelMatcher {
  if (text === '') return everyLabel
  const tokens = tokensOf(text)
  const requirements: LabelRequirement[] = []
  let at = 0
  const peek = (): Token => tokens[at] ?? { kind: 'end', text: '' }
  const next = (): Token => tokens[at++] ?? { kind: 'end', text: '' }

  const readValues = (): string[] => {
    const open = next()
    if (open.text !== '(') throw failed(`found '${open.text}' expected: '('`)
    const values: string[] = []
    // Commas stand between values, and what is missing beside one is an empty value.
    for (let expectsValue = true; ;) {
      const token = next()
      if (token.kind === 'word' && expectsValue) {
        values.push(token.text)
        expectsValue = false
      } else if (token.text === ',' || token.text === ')') {
        if (expectsValue) values.push('')
        if (token.text === ')') return sorted(values)
        expectsValue = true
      } else {
        throw failed(`found '${token.text}', expected: ${expectsValue ? "',', or identifier" : "',' or ')'"}`)
      }
    }
  }

  const readExact = (): string[] => {
    const token = peek()
    if (token.kind === 'end' || token.text === ',') return ['']
    at++
    if (token.kind !== 'word') throw failed(`found '${token.text}', expected: identifier`)
    return [token.text]
  }

  const readRequirement = (): LabelRequirement => {
    const absent = peek().text === '!'
    if (absent) at++
    const key = next()
    if (key.kind !== 'word') throw failed(`found '${key.text}', expected: identifier`)
    const faults = qualifiedNameFaults(key.text)
    if (faults.length > 0) throw failed(`<nil>: Invalid value: ${JSON.stringify(key.text)}: ${faults.join('; ')}`)
    if (absent) return { key: key.text, operator: '!', values: [] }
    if (peek().kind === 'end' || peek().text === ',') return { key: key.text, operator: 'exists', values: [] }
    const operator = next()
    switch (operator.text) {
      case 'in': case 'notin': return { key: key.text, operator: operator.text, values: readValues() }
      case '=': case '==': case '!=': return { key: key.text, operator: operator.text, values: readExact() }
      case '>': return { key: key.text, operator: 'gt', values: readExact() }
      case '<': return { key: key.text, operator: 'lt', values: readExact() }
      default: throw failed(`found '${operator.text}', expected: in, notin, =, ==, !=, gt, lt`)
    }
  }

  while (peek().kind !== 'end') {
    if (peek().kind !== 'word' && peek().text !== '!') throw badRequest(`found '${peek().text}', expected: !, identifier, or 'end of string'`)
    const requirement = readRequirement()
    const fault = requirementFault(requirement)
    if (fault) throw failed(fault)
    requirements.push(requirement)
    const separator = next()
    if (separator.kind === 'end') break
    if (separator.text !== ',') throw badRequest(`found '${separator.text}', expected: ',' or 'end of string'`)
    if (peek().kind !== 'word' && peek().text !== '!') throw badRequest(`found '${peek().text}', expected: identifier after ','`)
  }
  return new LabelMatcher(requirements.sort(byKey))
}

/** The wire form of a selector, as meta/v1 has it. */
export interface SelectorObject {
  readonly matchLabels?: Readonly<Record<string, string>>
  readonly matchExpressions?: readonly { readonly key: string; readonly operator: string; readonly values?: readonly string[] }[]
}

const operators: Readonly<Record<string, LabelOperator>> = { In: 'in', NotIn: 'notin', Exists: 'exists', DoesNotExist: '!', Gt: 'gt', Lt: 'lt' }

/** A LabelSelector object: missing matches nothing, empty matches everything, an unknown operator matches nothing (validation refuses it). */
export function selectorMatcher(selector: SelectorObject | null | undefined): LabelMatcher {
  if (!selector) return noLabel
  const requirements: LabelRequirement[] = Object.entries(selector.matchLabels ?? {}).map(([key, value]) => ({ key, operator: '=', values: [value] }))
  for (const { key, operator, values } of selector.matchExpressions ?? []) {
    const known = Object.hasOwn(operators, operator) ? operators[operator] : undefined
    if (!known) return noLabel
    requirements.push({ key, operator: known, values: sorted(values ?? []) })
  }
  return new LabelMatcher(requirements.sort(byKey))
}

/** Plain `selector: {a: b}` of Services and ReplicationControllers: empty matches everything here, so callers check for an empty one first. */
export function mapMatcher(labels: Readonly<Record<string, string>> | undefined): LabelMatcher {
  return selectorMatcher({ matchLabels: labels ?? {} })
}
