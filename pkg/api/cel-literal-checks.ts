// Checks of literals in expressions that have types: patterns, durations, times, lists and maps of one type, and format strings.
import { RE2JS } from 're2js'
import type { Checked } from './cel-check.ts'
import type { CelFault, Expr, Literal } from './cel-syntax.ts'
import type { Type, TypeKind } from './cel-type.ts'
import { equivalentTypes, typeText } from './cel-type.ts'
import { parseGoDuration } from './go-duration.ts'

interface Visit {
  readonly checked: Checked
  readonly faults: CelFault[]
  readonly seen: Set<Expr>
}

/** All of it, as cel-go's validators tell it. */
export function literalFaults(checked: Checked): CelFault[] {
  const visit: Visit = { checked, faults: [], seen: new Set() }
  walk(checked.expr, visit, false)
  return visit.faults
}

/** `formatting`: within the arguments of `format`, whose lists may mix types. */
function walk(expr: Expr, visit: Visit, formatting: boolean): void {
  if (visit.seen.has(expr)) return
  visit.seen.add(expr)
  switch (expr.kind) {
    case 'literal': case 'ident': return
    case 'select': return void (visit.checked.identifier(expr) ?? walk(expr.operand, visit, formatting))
    case 'call': {
      const { name, target } = visit.checked.functionName(expr)
      checkCall(name, expr.args[0], visit)
      if (name === 'format') checkFormat(expr, visit)
      const inside = formatting || name === 'format'
      if (target) walk(target, visit, inside)
      for (const argument of expr.args) walk(argument, visit, inside)
      return
    }
    case 'list':
      if (!formatting) checkItems(expr, visit)
      for (const item of expr.items) walk(item, visit, formatting)
      return
    case 'map':
      if (!formatting) checkEntries(expr, visit)
      for (const { key, value } of expr.entries) {
        walk(key, visit, formatting)
        walk(value, visit, formatting)
      }
      return
    case 'struct':
      for (const { value } of expr.fields) walk(value, visit, formatting)
      return
    case 'loop':
      for (const part of [expr.range, expr.init, expr.condition, expr.step, expr.result]) walk(part, visit, formatting)
  }
}

const longestTime = 253_402_300_799

function isTimestamp(value: unknown): boolean {
  if (typeof value === 'bigint') return value >= -62_135_596_800n && value <= BigInt(longestTime)
  if (typeof value !== 'string') return true
  const [, year, month, day, hour, minute, second, zone] = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:[.,]\d+)?(Z|[+-]\d\d:\d\d)$/.exec(value) ?? []
  if (zone === undefined) return false
  const [y, m, d, h, min, s] = [year, month, day, hour, minute, second].map(Number) as [number, number, number, number, number, number]
  const days = [31, y % 4 === 0 && (y % 100 !== 0 || y % 400 === 0) ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
  return y > 0 && m >= 1 && m <= 12 && d >= 1 && d <= (days[m - 1] ?? 0) && h < 24 && min < 60 && s < 60
}

function isPattern(value: unknown): boolean {
  if (typeof value !== 'string') return true
  try {
    RE2JS.compile(value)
    return true
  } catch {
    return false
  }
}

const literalTests: Readonly<Record<string, (value: unknown) => boolean>> = {
  duration: (value) => typeof value !== 'string' || parseGoDuration(value) !== undefined,
  timestamp: isTimestamp,
  matches: isPattern,
}

function checkCall(name: string, argument: Expr | undefined, { faults }: Visit): void {
  if (argument?.kind !== 'literal' || !Object.hasOwn(literalTests, name)) return
  if (!literalTests[name]!(argument.value)) faults.push({ at: argument.at, text: `invalid ${name} argument` })
}

const mismatch = (at: number, wanted: Type, found: Type): CelFault => ({ at, text: `expected type '${typeText(wanted)}' but found '${typeText(found)}'` })

function checkItems(expr: Extract<Expr, { kind: 'list' }>, { checked, faults }: Visit): void {
  let first: Type | undefined
  for (const [index, item] of expr.items.entries()) {
    const own = checked.typeOf(item)
    const type = expr.optionals.has(index) ? own.params[0] ?? own : own
    first ??= type
    if (equivalentTypes(first, type)) continue
    faults.push(mismatch(item.at, first, type))
    return
  }
}

function checkEntries(expr: Extract<Expr, { kind: 'map' }>, { checked, faults }: Visit): void {
  let firstKey: Type | undefined
  let firstValue: Type | undefined
  for (const { key, value, optional } of expr.entries) {
    const keyType = checked.typeOf(key)
    const own = checked.typeOf(value)
    const valueType = optional ? own.params[0] ?? own : own
    firstKey ??= keyType
    firstValue ??= valueType
    if (!equivalentTypes(firstKey, keyType)) faults.push(mismatch(key.at, firstKey, keyType))
    if (!equivalentTypes(firstValue, valueType)) faults.push(mismatch(value.at, firstValue, valueType))
  }
}

interface Clause {
  readonly kinds: readonly TypeKind[]
  readonly text: string
}

const onlyIntegers: readonly TypeKind[] = ['int', 'uint']
const clauses: Readonly<Record<string, Clause>> = {
  s: {
    kinds: ['list', 'map', 'int', 'uint', 'double', 'bool', 'string', 'timestamp', 'bytes', 'duration', 'type', 'null'],
    text: 'string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, durations, and timestamps',
  },
  d: { kinds: onlyIntegers, text: 'decimal clause can only be used on integers' },
  f: { kinds: ['double', 'string'], text: 'fixed-point clause can only be used on doubles' },
  e: { kinds: ['double', 'string'], text: 'scientific clause can only be used on doubles' },
  b: { kinds: [...onlyIntegers, 'bool'], text: 'only integers and bools can be formatted as binary' },
  x: { kinds: [...onlyIntegers, 'string', 'bytes'], text: 'only integers, byte buffers, and strings can be formatted as hex' },
  o: { kinds: onlyIntegers, text: 'octal clause can only be used on integers' },
}

/** Literal format strings with a literal list. */
function checkFormat(expr: Extract<Expr, { kind: 'call' }>, { checked, faults }: Visit): void {
  const { target, args: [list] } = expr
  if (target?.kind !== 'literal' || target.type !== 'string' || list?.kind !== 'list') return
  const fault = formatFault(target, list.items, checked)
  if (fault) faults.push({ at: fault.at ?? expr.at, text: fault.text })
}

function formatFault(format: Literal, items: readonly Expr[], checked: Checked): { readonly at?: number; readonly text: string } | undefined {
  const text = String(format.value)
  let asked = 0
  for (let at = text.indexOf('%'); at >= 0; at = text.indexOf('%', at)) {
    if (text[at + 1] === '%') {
      at += 2
      continue
    }
    const item = items[asked++]
    if (at + 1 >= text.length) return { text: 'unexpected end of string' }
    if (!item) return { text: `index ${asked - 1} out of range` }
    const [found = '', precision] = /^%(\.\d*)?/.exec(text.slice(at)) ?? []
    const letter = String.fromCodePoint(text.codePointAt(at + found.length) ?? 0)
    if (precision !== undefined && at + found.length >= text.length) return { text: 'could not parse formatting clause: error while parsing precision: could not find end of precision specifier' }
    if (precision === '.') return { text: 'could not parse formatting clause: error while parsing precision: error while converting precision to integer: strconv.Atoi: parsing "": invalid syntax' }
    const clause = clauses[letter === 'X' ? 'x' : letter]
    if (!clause) return { text: `could not parse formatting clause: unrecognized formatting clause "${letter}"` }
    const bad = letter === 's' ? unshown(item, clause, checked) : fits(item, clause, checked) ? undefined : item
    if (bad) return { at: bad.at, text: `error during formatting: ${clause.text}, was given ${checked.typeOf(bad).name}` }
    at += found.length + letter.length
  }
  return items.length > asked ? { text: `too many arguments supplied to string.format (expected ${asked}, got ${items.length})` } : undefined
}

function fits(item: Expr, { kinds }: Clause, checked: Checked): boolean {
  const { kind } = checked.typeOf(item)
  return kind === 'dyn' || kinds.includes(kind)
}

/** The part that can't be shown as text. */
function unshown(item: Expr, clause: Clause, checked: Checked): Expr | undefined {
  if (!fits(item, clause, checked)) return item
  const parts = item.kind === 'list' ? item.items : item.kind === 'map' ? item.entries.flatMap(({ key, value }) => [key, value]) : []
  for (const part of parts) {
    const bad = unshown(part, clause, checked)
    if (bad) return bad
  }
  return undefined
}

