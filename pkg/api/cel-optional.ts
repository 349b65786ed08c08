// CEL's optional values, which the engine makes but does not export, and what may be done with them.
import { Environment } from '@marcbachmann/cel-js'
import { functionsOf, leaveOpen, registerOperator } from './cel-register.ts'
import { equalCel } from './cel-values.ts'

const none = new Environment({ enableOptionalTypes: true }).evaluate('optional.none()', {}) as object
const engineOptional = none.constructor as unknown as { of(value: unknown): unknown }

/** undefined makes the value that is not there. */
export const celOptional = (value: unknown): unknown => engineOptional.of(value)

interface CelOptional {
  hasValue(): boolean
  /** Fails when there is none. */
  value(): unknown
}

export function isOptional(value: unknown): value is CelOptional {
  return typeof value === 'object' && value !== null && value.constructor === none.constructor
}

export function registerCelOptionals(environment: Environment): void {
  const add = functionsOf(environment)
  registerOperator(environment, 'optional<A> == optional<A>', (a: CelOptional, b: CelOptional) =>
    (a.hasValue() && b.hasValue() ? equalCel(a.value(), b.value()) : a.hasValue() === b.hasValue()))
  leaveOpen(environment, 'value', '()')
  add('OptionalNamespace.ofNonZeroValue(A): optional<A>', (_optional: unknown, value: unknown) => celOptional(isZero(value) ? undefined : value))
  add('OptionalNamespace.unwrap(list<optional<A>>): list<A>', (_optional: unknown, list: readonly unknown[]) => present(list))
  add('list<optional<A>>.unwrapOpt(): list<A>', present)
  add('list<A>.first(): optional<A>', (list: readonly unknown[]) => celOptional(list[0]))
  add('list<A>.last(): optional<A>', (list: readonly unknown[]) => celOptional(list.at(-1)))
  add('presentEntries__(map<K, optional<V>>): map<K, V>', (map: object) => {
    const entries = map instanceof Map ? [...map as Map<unknown, unknown>] : Object.entries(map)
    return new Map(entries.flatMap(([key, value]) => present([value]).map((one) => [key, one] as const)))
  })
}

function present(list: readonly unknown[]): unknown[] {
  return list.flatMap((one) => {
    if (!isOptional(one)) throw new Error('no such overload')
    return one.hasValue() ? [one.value()] : []
  })
}

function isZero(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return !value
  if (Array.isArray(value) || value instanceof Uint8Array) return value.length === 0
  return value instanceof Map ? value.size === 0 : Number(value) === 0
}
