// The types of CEL as its checker sees them: how they are written, and which fits where.

export type TypeKind =
  | 'dyn' | 'any' | 'error' | 'null' | 'bool' | 'int' | 'uint' | 'double' | 'string' | 'bytes' | 'duration' | 'timestamp'
  | 'list' | 'map' | 'struct' | 'opaque' | 'type' | 'param'

export interface Type {
  readonly kind: TypeKind
  /** As programs name it. */
  readonly name: string
  readonly params: readonly Type[]
}

const simple = (kind: TypeKind, name: string = kind): Type => ({ kind, name, params: [] })

export const dynType = simple('dyn')
export const anyType = simple('any', 'google.protobuf.Any')
export const errorType = simple('error', '*error*')
export const nullType = simple('null', 'null_type')
export const boolType = simple('bool')
export const intType = simple('int')
export const uintType = simple('uint')
export const doubleType = simple('double')
export const stringType = simple('string')
export const bytesType = simple('bytes')
export const durationType = simple('duration', 'google.protobuf.Duration')
export const timestampType = simple('timestamp', 'google.protobuf.Timestamp')
export const typeType = simple('type')

export const listOf = (item: Type): Type => ({ kind: 'list', name: 'list', params: [item] })
export const mapOf = (key: Type, value: Type): Type => ({ kind: 'map', name: 'map', params: [key, value] })
export const structType = (name: string): Type => ({ kind: 'struct', name, params: [] })
export const opaqueType = (name: string, ...params: readonly Type[]): Type => ({ kind: 'opaque', name, params })
export const optionalOf = (type: Type): Type => opaqueType('optional_type', type)
export const paramType = (name: string): Type => ({ kind: 'param', name, params: [] })
export const typeOfType = (type: Type): Type => ({ kind: 'type', name: 'type', params: [type] })

const shortNames: Readonly<Partial<Record<TypeKind, string>>> = { any: 'any', duration: 'duration', error: '!error!', null: 'null', timestamp: 'timestamp' }

/** As faults tell it. */
export function typeText(type: Type): string {
  const { kind, name, params } = type
  return shortNames[kind] ?? (params.length === 0 ? name : `${name}(${params.map(typeText).join(', ')})`)
}

/** As `must evaluate to …` tells it. */
export const fullTypeText = ({ name, params }: Type): string => (params.length === 0 ? name : `${name}(${params.map(fullTypeText).join(', ')})`)

export const isDyn = ({ kind }: Type): boolean => kind === 'dyn' || kind === 'any'
export const isDynOrError = (type: Type): boolean => type.kind === 'error' || isDyn(type)
export const isOptionalType = ({ kind, name }: Type): boolean => kind === 'opaque' && name === 'optional_type'
export const withoutOptional = (type: Type): Type => (isOptionalType(type) ? type.params[0] ?? dynType : type)

export function sameType(a: Type, b: Type): boolean {
  return a === b || (a.kind === b.kind && a.name === b.name && a.params.length === b.params.length && a.params.every((param, index) => sameType(param, b.params[index]!)))
}

/** Such as for the items of a list: the names of type parameters do not matter, and dyn is anything. */
export function equivalentTypes(a: Type, b: Type): boolean {
  return a.kind === b.kind && a.name === b.name && a.params.length === b.params.length && a.params.every((param, index) => equivalentTypes(param, b.params[index]!))
}

function equalOrLessSpecific(a: Type, b: Type): boolean {
  if (isDyn(a) || a.kind === 'param') return true
  if (isDyn(b) || b.kind === 'param' || a.kind !== b.kind) return false
  switch (a.kind) {
    case 'opaque': case 'list': case 'map':
      return a.name === b.name && a.params.length === b.params.length && a.params.every((param, index) => equalOrLessSpecific(param, b.params[index]!))
    case 'type': return true
    default: return sameType(a, b)
  }
}

export const mostGeneral = (a: Type, b: Type): Type => (equalOrLessSpecific(a, b) ? a : b)

const nullable: ReadonlySet<TypeKind> = new Set(['opaque', 'struct', 'any', 'duration', 'timestamp', 'null'])

/** What type parameters stand for, as far as it is known. */
export class Substitutions {
  readonly #known = new Map<string, Type>()
  /** What to put back when an attempt fails. */
  readonly #log: (readonly [name: string, before: Type | undefined])[] = []

  /** Whether a value of type b may stand where a is wanted; what is learnt of parameters is kept if so. */
  assignable(a: Type, b: Type): boolean {
    return this.#attempt(() => this.#fits(a, b))
  }

  allAssignable(a: readonly Type[], b: readonly Type[]): boolean {
    return this.#attempt(() => this.#allFit(a, b))
  }

  /** `open`: parameters of which nothing is known stay; they become dyn otherwise. */
  resolve(type: Type, open = true): Type {
    const known = type.kind === 'param' ? this.#known.get(type.name) : undefined
    if (known) return this.resolve(known, open)
    if (type.kind === 'param') return open ? type : dynType
    if (type.params.length === 0) return type
    const params = type.params.map((param) => this.resolve(param, open))
    return params.every((param, index) => param === type.params[index]) ? type : { ...type, params }
  }

  #attempt(test: () => boolean): boolean {
    const start = this.#log.length
    const holds = test()
    while (!holds && this.#log.length > start) {
      const [name, before] = this.#log.pop()!
      if (before) this.#known.set(name, before)
      else this.#known.delete(name)
    }
    this.#log.length = start
    return holds
  }

  #add(name: string, type: Type): void {
    this.#log.push([name, this.#known.get(name)])
    this.#known.set(name, type)
  }

  #allFit(a: readonly Type[], b: readonly Type[]): boolean {
    return a.length === b.length && a.every((type, index) => this.#fits(type, b[index]!))
  }

  #fits(a: Type, b: Type): boolean {
    if (b.kind === 'param') {
      const { valid, known } = this.#stands(a, b)
      if (valid) return true
      if (known) return false
    }
    if (a.kind === 'param') return this.#stands(b, a).valid
    if (isDynOrError(a) || isDynOrError(b)) return true
    if (a.kind === 'null') return nullable.has(b.kind)
    if (b.kind === 'null') return nullable.has(a.kind)
    switch (a.kind) {
      case 'type': return b.kind === 'type'
      case 'opaque': case 'list': case 'map': return a.kind === b.kind && a.name === b.name && this.#allFit(a.params, b.params)
      default: return a.kind === b.kind && a.name === b.name
    }
  }

  /** Whether the parameter may stand for the type. */
  #stands(type: Type, param: Type): { valid: boolean; known: boolean } {
    if (sameType(type, param)) return { valid: true, known: true }
    const known = this.#known.get(param.name)
    if (known) {
      if (sameType(type, known)) return { valid: true, known: true }
      if (!this.#fits(type, known)) return { valid: false, known: true }
      const wider = mostGeneral(type, known)
      if (this.#absent(param, wider)) this.#add(param.name, wider)
      return { valid: true, known: true }
    }
    if (!this.#absent(param, type)) return { valid: false, known: false }
    this.#add(param.name, type)
    return { valid: true, known: false }
  }

  /** No type is within itself. */
  #absent(param: Type, within: Type): boolean {
    if (sameType(param, within)) return false
    if (within.kind !== 'param') return within.params.every((inner) => this.#absent(param, inner))
    const known = this.#known.get(within.name)
    return !known || this.#absent(param, known)
  }
}
