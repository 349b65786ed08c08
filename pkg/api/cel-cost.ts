// What an expression can cost at most, estimated before it runs, in the units and by the rules of cel-go.
import type { Checked } from './cel-check.ts'
import type { Range } from './cel-estimates.ts'
import { by, fixed, largest, listCost, mapCost, nothing, ofPattern, ofText, one, plus, structCost, times, union, unknownSize } from './cel-estimates.ts'
import type { Call, Comprehension, Expr, ListExpr, MapExpr, Select } from './cel-syntax.ts'
import { accumulator } from './cel-syntax.ts'
import type { Type } from './cel-type.ts'
import { errorType } from './cel-type.ts'

/** A value whose size is asked for. */
export interface Sized {
  /** How it is reached: a variable, then fields, `@items`, `@keys` and `@values`. */
  readonly path?: readonly string[]
  readonly type: Type
  readonly expr?: Expr
  /** What the expression itself tells of its size. */
  readonly size?: Range
}

export interface CallEstimate {
  readonly cost: Range
  readonly result?: Range
}

export interface CostEstimator {
  sizeOf(value: Sized): Range | undefined
  /** undefined: as cel-go has it. */
  callCost(name: string, overload: string, target: Sized | undefined, args: readonly Sized[]): CallEstimate | undefined
}

export function estimateCost(checked: Checked, estimator: CostEstimator): Range {
  return new Coster(checked, estimator).cost(checked.expr)
}

/** Sizes of what is in a list or map. */
interface Entries {
  readonly of: 'list' | 'map'
  readonly key: Range
  readonly value: Range
}

interface Local {
  readonly path: readonly string[] | undefined
  readonly size?: Range | undefined
  readonly entries?: Entries | undefined
}

const scalarKinds = new Set(['bool', 'double', 'duration', 'int', 'timestamp', 'uint'])

function isScalar({ kind, name, params }: Type): boolean {
  return scalarKinds.has(kind) || (kind === 'opaque' && name === 'optional_type' && isScalar(params[0] ?? errorType))
}

const joined = (a: Entries | undefined, b: Entries | undefined): Entries | undefined => a && b && { of: a.of, key: union(a.key, b.key), value: union(a.value, b.value) }

const empty: Range = { min: largest, max: 0n }

class Coster {
  readonly #checked: Checked
  readonly #estimator: CostEstimator
  readonly #costs = new Map<Expr, Range>()
  readonly #paths = new Map<Expr, readonly string[] | undefined>()
  readonly #sizes = new Map<Expr, Range>()
  readonly #entries = new Map<Expr, Entries>()
  readonly #locals = new Map<string, Local[]>()

  constructor(checked: Checked, estimator: CostEstimator) {
    this.#checked = checked
    this.#estimator = estimator
  }

  cost(expr: Expr): Range {
    let cost = this.#costs.get(expr)
    if (!cost) this.#costs.set(expr, cost = this.#costOf(expr))
    return cost
  }

  #costOf(expr: Expr): Range {
    const name = this.#checked.identifier(expr)
    if (name !== undefined) {
      const local = this.#local(name)
      this.#paths.set(expr, local ? local.path : [name])
      return one
    }
    switch (expr.kind) {
      case 'literal': case 'ident': return nothing
      case 'select': return this.#select(expr)
      case 'call': return this.#call(expr)
      case 'list': return this.#list(expr)
      case 'map': return this.#map(expr)
      case 'struct': return plus(...expr.fields.map(({ value }) => this.cost(value)), structCost)
      case 'loop': return isBinding(expr) ? this.#binding(expr) : this.#loop(expr)
    }
  }

  #local(name: string): Local | undefined {
    return this.#locals.get(name)?.at(-1)
  }

  #push(name: string, local: Local): void {
    const stack = this.#locals.get(name)
    if (stack) stack.push(local)
    else this.#locals.set(name, [local])
  }

  #pop(name: string): void {
    this.#locals.get(name)?.pop()
  }

  #path(expr: Expr): readonly string[] | undefined {
    const local = expr.kind === 'ident' ? this.#local(this.#checked.identifier(expr) ?? expr.name) : undefined
    return local ? local.path : this.#paths.get(expr)
  }

  #under(expr: Expr, part: string): readonly string[] {
    return [...this.#path(expr) ?? [], part]
  }

  #sized(expr: Expr): Sized {
    const path = this.#path(expr)
    const size = this.#size(expr)
    return { type: this.#checked.typeOf(expr), expr, ...(path && path[0] !== accumulator ? { path } : {}), ...(size ? { size } : {}) }
  }

  #size(expr: Expr): Range | undefined {
    const known = this.#sizes.get(expr) ?? literalSize(expr)
    if (known) return known
    const path = this.#path(expr)
    const type = this.#checked.typeOf(expr)
    const told = this.#estimator.sizeOf({ type, expr, ...(path ? { path } : {}) })
    if (told) {
      this.#sizes.set(expr, told)
      return told
    }
    if (isScalar(type)) return one
    return expr.kind === 'ident' ? this.#local(this.#checked.identifier(expr) ?? expr.name)?.size : undefined
  }

  #sizeOrAny(expr: Expr): Range {
    return this.#size(expr) ?? unknownSize
  }

  #entriesOf(expr: Expr): Entries | undefined {
    return this.#entries.get(expr) ?? (expr.kind === 'ident' ? this.#local(this.#checked.identifier(expr) ?? expr.name)?.entries : undefined)
  }

  #setEntries(expr: Expr, entries: Entries | undefined): void {
    if (entries) this.#entries.set(expr, entries)
  }

  #select(expr: Select): Range {
    const { operand, field, test } = expr
    const cost = this.cost(operand)
    if (test) return cost
    this.#paths.set(expr, this.#under(operand, field))
    return ['map', 'struct', 'param'].includes(this.#checked.typeOf(operand).kind) ? plus(cost, one) : cost
  }

  #call(expr: Call): Range {
    const { args } = expr
    const { name, target } = this.#checked.functionName(expr)
    if (name === 'dyn' && args[0]) {
      const cost = this.cost(args[0])
      this.#copySizes(expr, args[0])
      return plus(one, cost)
    }
    const costs: Range[] = []
    const sized: Sized[] = []
    for (const argument of args) {
      costs.push(this.cost(argument))
      sized.push(this.#sized(argument))
    }
    const overloads = this.#checked.overloads(expr)
    if (overloads.length === 0) return nothing
    const ofTarget = target ? this.cost(target) : nothing
    const receiver = target && this.#sized(target)
    let cost = empty
    let result: Range | undefined
    for (const overload of overloads) {
      const found = this.#functionCost(expr, { name, overload, target: receiver, args: sized, costs })
      cost = union(cost, found.cost)
      if (found.result) result = result ? union(result, found.result) : found.result
      if ((overload === 'index_list' || overload === 'index_map') && args[0]) {
        result = this.#entriesOf(args[0])?.value
        this.#paths.set(expr, this.#under(args[0], overload === 'index_list' ? '@items' : '@values'))
      }
      result ??= this.#size(expr)
    }
    if (result) this.#sizes.set(expr, result)
    return plus(ofTarget, cost)
  }

  #copySizes(to: Expr, from: Expr): void {
    const size = this.#size(from)
    if (size) this.#sizes.set(to, size)
    this.#setEntries(to, this.#entriesOf(from))
  }

  #functionCost(expr: Call, call: CallParts): CallEstimate {
    const { name, overload, target, args, costs } = call
    const told = this.#estimator.callCost(name, overload, target, args)
    const all = (): Range => plus(...costs)
    if (told) return { ...told, cost: plus(told.cost, all()) }
    switch (overload) {
      case 'logical_or': case 'logical_and':
        return { cost: { min: costs[0]?.min ?? 0n, max: all().max } }
      case 'conditional': {
        this.#setEntries(expr, joined(this.#entriesOf(expr.args[1]!), this.#entriesOf(expr.args[2]!)))
        return { cost: plus(costs[0] ?? nothing, union(costs[1] ?? nothing, costs[2] ?? nothing)), result: union(sizeOf(args[1]), sizeOf(args[2])) }
      }
      case 'add_string': case 'add_bytes': case 'add_list': {
        this.#setEntries(expr, joined(this.#entriesOf(expr.args[0]!), this.#entriesOf(expr.args[1]!)))
        const result = plus(sizeOf(args[0]), sizeOf(args[1]))
        return { cost: plus(overload === 'add_list' ? one : by(result, ofText), all()), result }
      }
      default: {
        const own = ownCost(call)
        return own ? { ...own, cost: plus(own.cost, all()) } : { cost: plus(one, all()) }
      }
    }
  }

  #list(expr: ListExpr): Range {
    let cost = nothing
    let sizes: Range = expr.items.length === 0 ? nothing : empty
    for (const item of expr.items) {
      cost = plus(cost, this.cost(item))
      sizes = union(sizes, this.#sizeOrAny(item))
    }
    this.#setEntries(expr, { of: 'list', key: one, value: sizes })
    return plus(cost, listCost)
  }

  #map(expr: MapExpr): Range {
    let cost = nothing
    let [keys, values]: [Range, Range] = expr.entries.length === 0 ? [nothing, nothing] : [empty, empty]
    for (const { key, value } of expr.entries) {
      cost = plus(cost, this.cost(key), this.cost(value))
      keys = union(keys, this.#sizeOrAny(key))
      values = union(values, this.#sizeOrAny(value))
    }
    this.#setEntries(expr, { of: 'map', key: keys, value: values })
    return plus(cost, mapCost)
  }

  #loop(expr: Comprehension): Range {
    const { range, init, accu, variable, second, condition, step, result } = expr
    const start = plus(this.cost(range), this.cost(init))
    this.#pushValue(accu, init)
    this.#pushIterated(expr)
    const each = plus(this.cost(condition), this.cost(step))
    this.#pop(variable)
    if (second !== undefined) this.#pop(second)
    const ofResult = this.cost(result)
    this.#pop(accu)
    const count = this.#sizeOrAny(range)
    if (init.kind === 'literal') this.#sizes.set(expr, this.#sizeOrAny(init))
    else if (init.kind === 'list' || init.kind === 'map') {
      this.#sizes.set(expr, count)
      this.#setEntries(expr, this.#entriesOf(step))
    }
    return plus(start, ofResult, times(count, each))
  }

  #pushValue(name: string, expr: Expr): void {
    this.#push(name, { path: this.#path(expr), size: this.#size(expr), entries: this.#entriesOf(expr) })
  }

  #pushIterated({ range, variable, second }: Comprehension): void {
    const entries = this.#entriesOf(range)
    const isList = (entries?.of ?? this.#checked.typeOf(range).kind) === 'list'
    if (second === undefined) {
      this.#push(variable, { path: this.#under(range, isList ? '@items' : '@keys'), size: isList ? entries?.value : entries?.key })
      return
    }
    this.#push(variable, { path: this.#under(range, isList ? '@indices' : '@keys'), size: entries?.key })
    this.#push(second, { path: this.#under(range, isList ? '@items' : '@values'), size: entries?.value })
  }

  /** What is bound is looked at once, whatever the loop says. */
  #binding(expr: Comprehension): Range {
    const cost = plus(this.cost(expr.range), this.cost(expr.init))
    this.#pushValue(expr.accu, expr.init)
    const ofResult = this.cost(expr.result)
    this.#pop(expr.accu)
    this.#copySizes(expr, expr.result)
    return plus(cost, ofResult)
  }
}

interface CallParts {
  readonly name: string
  readonly overload: string
  readonly target: Sized | undefined
  readonly args: readonly Sized[]
  readonly costs: readonly Range[]
}

const sizeOf = (value: Sized | undefined): Range => value?.size ?? unknownSize

/** Of the functions of CEL itself that look through what they are given. */
function ownCost({ overload, target, args }: CallParts): CallEstimate | undefined {
  const first = sizeOf(args[0])
  switch (overload) {
    case 'string_format': return target && { cost: by(sizeOf(target), ofText) }
    case 'string_to_bytes': return { cost: by(first, ofText), result: { min: first.min, max: wrapped(first.max * 4n) } }
    case 'bytes_to_string': return { cost: by(first, ofText), result: { min: first.min / 4n, max: first.max } }
    case 'strings_quote': return { cost: by(first, ofText), result: { min: wrapped(first.min + 2n), max: wrapped(first.max * 2n + 2n) } }
    case 'starts_with_string': case 'ends_with_string': return { cost: by(first, ofText) }
    case 'in_list': return { cost: by(sizeOf(args[1]), 1) }
    case 'matches_string': return target && { cost: times(by(plus(sizeOf(target), one), ofText), by(first, ofPattern)) }
    case 'contains_string': return target && { cost: times(by(sizeOf(target), ofText), by(first, ofText)) }
    default: return comparing.has(overload) ? { cost: comparisonCost(first, sizeOf(args[1])) } : undefined
  }
}

/** These products are not kept from overflowing. */
const wrapped = (value: bigint): bigint => BigInt.asUintN(64, value)

const comparing = new Set(['equals', 'not_equals', ...['less', 'greater', 'less_equals', 'greater_equals'].flatMap((word) => [`${word}_string`, `${word}_bytes`])])

function comparisonCost(a: Range, b: Range): Range {
  const max = a.max < b.max ? a.max : b.max
  return by({ min: max > 0n ? 1n : 0n, max }, ofText)
}

function literalSize(expr: Expr): Range | undefined {
  switch (expr.kind) {
    case 'literal': return fixed(expr.type === 'string' ? [...expr.value as string].length : expr.type === 'bytes' ? (expr.value as Uint8Array).length : 1)
    case 'list': return fixed(expr.items.length)
    case 'map': return fixed(expr.entries.length)
    default: return undefined
  }
}

function isBinding({ range, condition, accu }: Comprehension): boolean {
  return range.kind === 'list' && range.items.length === 0 && condition.kind === 'literal' && condition.value === false && accu !== accumulator
}
