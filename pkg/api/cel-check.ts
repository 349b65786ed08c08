// The type checker of expressions in CEL: the types of all parts, the overloads that calls may mean, and what does not fit, in cel-go's words.
import type { Call, CelFault, Comprehension, Expr, ListExpr, MapExpr, Select, Struct } from './cel-syntax.ts'
import { overloadsOf, typeNamed } from './cel-declarations.ts'
import type { Type } from './cel-type.ts'
import {
  boolType, bytesType, doubleType, dynType, errorType, intType, isDyn, isDynOrError, isOptionalType, listOf, mapOf, mostGeneral, nullType, optionalOf, paramType, sameType, stringType,
  Substitutions, typeOfType, typeText, uintType, withoutOptional,
} from './cel-type.ts'

/** What an expression may name. */
export interface CelScope {
  /** Names may have dots. */
  variable(name: string): Type | undefined
  /** The type of a field, or undefined; `fields` is undefined when there is no such type. */
  fields(struct: string): ((name: string) => Type | undefined) | undefined
  /** Objects can be made of the type. */
  readonly made?: ReadonlySet<string>
  /** There are the functions for patches, and the types `Object` and `JSONPatch`. */
  readonly patching?: boolean
  /** There is `cel.bind`. */
  readonly binding?: boolean
}

export interface Checked {
  readonly expr: Expr
  readonly type: Type
  readonly typeOf: (expr: Expr) => Type
  /** What a call may mean; empty when that is not known. */
  readonly overloads: (call: Expr) => readonly string[]
  /** The full name of a function without receiver, where it is written as if it had one. */
  readonly functionName: (call: Call) => { readonly name: string; readonly target?: Expr }
  /** Names of variables, and of types that are written with dots, for what they stand. */
  readonly identifier: (expr: Expr) => string | undefined
  readonly names: ReadonlySet<string>
}

export function checkCel(expr: Expr, scope: CelScope): { readonly checked: Checked; readonly faults: readonly CelFault[] } {
  const checker = new Checker(scope)
  checker.check(expr)
  return { checked: checker.result(expr), faults: checker.faults }
}

const literalTypes = { bool: boolType, int: intType, uint: uintType, double: doubleType, string: stringType, bytes: bytesType, null: nullType } as const

interface LocalScope {
  readonly types: ReadonlyMap<string, Type>
  readonly outer?: LocalScope | undefined
}

class Checker {
  readonly faults: CelFault[] = []
  readonly #scope: CelScope
  readonly #substitutions = new Substitutions()
  readonly #types = new Map<Expr, Type>()
  readonly #overloads = new Map<Expr, string[]>()
  readonly #functions = new Map<Expr, string>()
  readonly #identifiers = new Map<Expr, string>()
  readonly #names = new Set<string>()
  #local: LocalScope | undefined
  #count = 0

  constructor(scope: CelScope) {
    this.#scope = scope
  }

  result(expr: Expr): Checked {
    const typeOf = (part: Expr): Type => this.#substitutions.resolve(this.#types.get(part) ?? errorType, false)
    return {
      expr, type: typeOf(expr), typeOf, names: this.#names,
      overloads: (call) => this.#overloads.get(call) ?? [],
      functionName: (call) => {
        const name = this.#functions.get(call)
        return name === undefined ? { name: call.name, ...(call.target ? { target: call.target } : {}) } : { name }
      },
      identifier: (part) => this.#identifiers.get(part),
    }
  }

  check(expr: Expr): Type {
    const known = this.#types.get(expr)
    if (known) return known
    const type = this.#typeOf(expr)
    this.#types.set(expr, type)
    return type
  }

  #typeOf(expr: Expr): Type {
    switch (expr.kind) {
      case 'literal': return literalTypes[expr.type]
      case 'ident': return this.#ident(expr)
      case 'select': return this.#select(expr)
      case 'call': return this.#call(expr)
      case 'list': return this.#list(expr)
      case 'map': return this.#map(expr)
      case 'struct': return this.#struct(expr)
      case 'loop': return this.#loop(expr)
    }
  }

  #fault(at: number, text: string): Type {
    this.faults.push({ at, text })
    return errorType
  }

  #fresh(): Type {
    return paramType(`_var${this.#count++}`)
  }

  #localType(name: string): Type | undefined {
    for (let scope = this.#local; scope; scope = scope.outer) {
      const type = scope.types.get(name)
      if (type) return type
    }
    return undefined
  }

  #globalType(name: string): Type | undefined {
    const variable = this.#scope.variable(name)
    if (variable) return variable
    const type = typeNamed(name)
    return type && typeOfType(type)
  }

  #ident(expr: Extract<Expr, { kind: 'ident' }>): Type {
    const name = expr.name.replace(/^\./, '')
    const local = expr.name.startsWith('.') ? undefined : this.#localType(name)
    const type = local ?? this.#globalType(name)
    if (!type) return this.#fault(expr.at, `undeclared reference to '${expr.name}' (in container '')`)
    this.#identifiers.set(expr, name)
    if (!local) this.#names.add(name)
    return type
  }

  #qualified(expr: Expr): string[] | undefined {
    const names: string[] = []
    let at = expr
    while (at.kind === 'select') {
      if (at.test) return undefined
      names.unshift(at.field)
      at = at.operand
    }
    return at.kind === 'ident' ? [at.name, ...names] : undefined
  }

  #select(expr: Select): Type {
    const names = this.#qualified(expr)
    const first = names?.[0] ?? ''
    if (names && (first.startsWith('.') || !this.#localType(first))) {
      const name = names.join('.').replace(/^\./, '')
      const type = this.#globalType(name)
      if (type) {
        this.#identifiers.set(expr, name)
        this.#names.add(name)
        return type
      }
    }
    const type = this.#field(expr, expr.operand, expr.field, false)
    return expr.test ? boolType : this.#substitutions.resolve(type)
  }

  #field(expr: Expr, operand: Expr, field: string, optional: boolean): Type {
    const given = this.#substitutions.resolve(this.check(operand))
    const type = withoutOptional(given)
    const found = this.#fieldOf(expr, type, field)
    return optional || isOptionalType(given) ? optionalOf(found) : found
  }

  #fieldOf(expr: Expr, type: Type, field: string): Type {
    switch (type.kind) {
      case 'map': return type.params[1] ?? dynType
      case 'struct': return this.#declared(expr.at, type.name, field)
      case 'param':
        this.#substitutions.assignable(dynType, type)
        return dynType
      default:
        if (!isDynOrError(type)) this.#fault(expr.at, `type '${typeText(type)}' does not support field selection`)
        return dynType
    }
  }

  #declared(at: number, struct: string, field: string): Type {
    const fields = this.#scope.fields(struct)
    if (!fields) return this.#fault(at, `unexpected failed resolution of '${struct}'`)
    return fields(field) ?? this.#fault(at, `undefined field '${field}'`)
  }

  #call(expr: Call): Type {
    if (expr.name === '_?._') return this.#optionalField(expr)
    for (const argument of expr.args) this.check(argument)
    const { target } = expr
    if (!target) return this.#function(expr, expr.name.replace(/^\./, ''), undefined) ?? this.#undeclared(expr)
    const prefix = this.#qualified(target)
    const full = prefix && `${prefix.join('.').replace(/^\./, '')}.${expr.name}`
    if (full !== undefined && overloadsOf(full, this.#scope.patching)) {
      this.#functions.set(expr, full)
      return this.#function(expr, full, undefined) ?? errorType
    }
    this.check(target)
    return this.#function(expr, expr.name, target) ?? this.#undeclared(expr)
  }

  #undeclared({ at, name }: Call): Type {
    return this.#fault(at, `undeclared reference to '${name}' (in container '')`)
  }

  #optionalField(expr: Call): Type {
    const [operand, name] = expr.args
    if (!operand || name?.kind !== 'literal') return errorType
    const type = this.#substitutions.resolve(this.#field(expr, operand, String(name.value), true))
    this.#overloads.set(expr, ['select_optional_field'])
    return type
  }

  #function(expr: Call, name: string, target: Expr | undefined): Type | undefined {
    const overloads = overloadsOf(name, this.#scope.patching)
    if (!overloads) return undefined
    const parts = target ? [target, ...expr.args] : expr.args
    const types = parts.map((part) => this.#types.get(part) ?? errorType)
    if (name === '_&&_' || name === '_||_') return this.#logical(expr, types, overloads[0]?.id ?? '')
    const ids: string[] = []
    let result: Type | undefined
    for (const overload of overloads) {
      if (overload.member !== Boolean(target) || overload.params.length !== types.length) continue
      const instance = overload.generic ? this.#instance(overload.params, overload.result) : overload
      if (!this.#substitutions.allAssignable(types, instance.params)) continue
      ids.push(overload.id)
      const found = this.#substitutions.resolve(instance.result)
      if (!result) result = found
      else if (!isDyn(result) && !sameType(found, result)) result = dynType
    }
    if (!result) {
      const texts = types.map((type) => typeText(this.#substitutions.resolve(type, false)))
      const applied = target ? `${texts[0] ?? ''}.(${texts.slice(1).join(', ')})` : `(${texts.join(', ')})`
      return this.#fault(expr.at, `found no matching overload for '${name}' applied to '${applied}'`)
    }
    this.#overloads.set(expr, ids)
    return result
  }

  #logical(expr: Call, types: readonly Type[], id: string): Type {
    let wrong = false
    for (const [index, type] of types.entries()) {
      if (this.#substitutions.assignable(type, boolType)) continue
      wrong = true
      this.#fault(expr.args[index]?.at ?? expr.at, `expected type 'bool' but found '${typeText(type)}'`)
    }
    this.#overloads.set(expr, [id])
    return wrong ? errorType : boolType
  }

  /** With parameters of its own. */
  #instance(params: readonly Type[], result: Type): { params: Type[]; result: Type } {
    const fresh = new Map<string, Type>()
    const renamed = (type: Type): Type => {
      if (type.kind !== 'param') return type.params.length === 0 ? type : { ...type, params: type.params.map(renamed) }
      let own = fresh.get(type.name)
      if (!own) fresh.set(type.name, own = this.#fresh())
      return own
    }
    return { params: params.map(renamed), result: renamed(result) }
  }

  /** What stands where something optional is wanted. */
  #unwrapped(expr: Expr, type: Type): Type {
    if (!isOptionalType(type) && !isDyn(type)) this.#fault(expr.at, `expected type '${typeText(optionalOf(type))}' but found '${typeText(type)}'`)
    return withoutOptional(type)
  }

  /** What mixes types is of any; where that is no good, it is told of later. */
  #joined(before: Type | undefined, type: Type): Type {
    if (!before) return type
    return this.#substitutions.assignable(before, type) ? mostGeneral(before, type) : dynType
  }

  #list(expr: ListExpr): Type {
    let joined: Type | undefined
    for (const [index, item] of expr.items.entries()) {
      const type = this.check(item)
      joined = this.#joined(joined, expr.optionals.has(index) ? this.#unwrapped(item, type) : type)
    }
    return listOf(joined ?? this.#fresh())
  }

  #map(expr: MapExpr): Type {
    let keys: Type | undefined
    let values: Type | undefined
    for (const { key, value, optional } of expr.entries) {
      keys = this.#joined(keys, this.check(key))
      const type = this.check(value)
      values = this.#joined(values, optional ? this.#unwrapped(value, type) : type)
    }
    return mapOf(keys ?? this.#fresh(), values ?? this.#fresh())
  }

  #struct(expr: Struct): Type {
    const name = expr.name.replace(/^\./, '')
    const made = this.#scope.made?.has(name) === true || (this.#scope.patching === true && this.#scope.fields(name) !== undefined)
    if (!made) {
      if (!typeNamed(name)) return this.#fault(expr.at, `undeclared reference to '${expr.name}' (in container '')`)
      for (const { value } of expr.fields) this.check(value)
      return this.#fault(expr.at, `'${name}' is not a message type`)
    }
    for (const { at, name: field, value, optional } of expr.fields) {
      const given = this.check(value)
      const type = optional ? this.#unwrapped(value, given) : given
      const wanted = this.#declared(at, name, field)
      if (!this.#substitutions.assignable(wanted, type)) this.#fault(at, `expected type of field '${field}' is '${typeText(wanted)}' but provided type is '${typeText(type)}'`)
    }
    return { kind: 'struct', name, params: [] }
  }

  #loop(expr: Comprehension): Type {
    const range = this.#substitutions.resolve(this.check(expr.range))
    const accu = this.check(expr.init)
    const [first, second] = this.#iterated(expr, range)
    const outer = this.#local
    const ofAccu: LocalScope = { types: new Map([[expr.accu, accu]]), outer }
    const own = new Map([[expr.variable, first]])
    if (expr.second !== undefined) own.set(expr.second, second)
    this.#local = { types: own, outer: ofAccu }
    this.check(expr.condition)
    this.#assert(expr.condition, boolType)
    this.check(expr.step)
    this.#assert(expr.step, accu)
    this.#local = ofAccu
    const result = this.check(expr.result)
    this.#local = outer
    return this.#substitutions.resolve(result)
  }

  #iterated(expr: Comprehension, range: Type): [Type, Type] {
    const both = expr.second !== undefined
    const [key = dynType, value = dynType] = range.params
    switch (range.kind) {
      case 'list': return both ? [intType, key] : [key, key]
      case 'map': return [key, value]
      case 'dyn': case 'any': case 'error': case 'param':
        this.#substitutions.assignable(dynType, range)
        return [dynType, dynType]
      default:
        this.#fault(expr.range.at, `expression of type '${typeText(range)}' cannot be range of a comprehension (must be list, map, or dynamic)`)
        return [errorType, errorType]
    }
  }

  #assert(expr: Expr, type: Type): void {
    const found = this.#types.get(expr) ?? errorType
    if (!this.#substitutions.assignable(type, found)) this.#fault(expr.at, `expected type '${typeText(type)}' but found '${typeText(found)}'`)
  }
}
