// How functions are given to the CEL engine: all of ours answer at once.
import type { Environment } from '@marcbachmann/cel-js'

type Handler = (...values: never[]) => unknown
const sync = { async: false }

/** No value is of this type. */
class Never {}
const known = new WeakSet<Environment>()

/**
 * Of a receiver that is only known at run time the engine takes A itself for the type of what such a function gives, and refuses
 * `object.items.sum() > 1`; with a second function of that name it knows that it does not know.
 */
export function leaveOpen(environment: Environment, name: string, parameters: string): void {
  if (!known.has(environment)) environment.registerType('Never', Never)
  known.add(environment)
  environment.registerFunction(`Never.${name}${parameters}: dyn`, () => undefined, sync as never)
}

const ofReceiversItems = /^list<.*A>+\.(\w+)(\(.*\)): .*A/

/** `add('string.reverse(): string', (text: string) => …)` */
export function functionsOf(environment: Environment): (signature: string, handler: Handler) => void {
  return (signature, handler) => {
    environment.registerFunction(signature, handler, sync as never)
    const [, name, parameters] = ofReceiversItems.exec(signature) ?? []
    if (name !== undefined && parameters !== undefined) leaveOpen(environment, name, parameters)
  }
}

/** What `==` and `!=` mean for a type of ours; also within lists and maps. It may be compared with null, which it never is. */
export function registerEquality<T>(environment: Environment, type: string, equal: (a: T, b: T) => boolean): void {
  registerOperator(environment, `${type} == ${type}`, equal)
  registerNullable(environment, type)
}

export function registerNullable(environment: Environment, type: string): void {
  registerOperator(environment, `${type} == null`, () => false)
}

// The engine takes a third argument that its types do not tell of.
export function registerOperator(environment: Environment, signature: string, handler: Handler): void {
  (environment.registerOperator.bind(environment) as unknown as (signature: string, handler: Handler, options: typeof sync) => void)(signature, handler, sync)
}
