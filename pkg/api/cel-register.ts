// How functions are given to the CEL engine: all of ours answer at once.
import type { Environment } from '@marcbachmann/cel-js'

type Handler = (...values: never[]) => unknown
const sync = { async: false }

/** `add('string.reverse(): string', (text: string) => …)` */
export function functionsOf(environment: Environment): (signature: string, handler: Handler) => void {
  return (signature, handler) => void environment.registerFunction(signature, handler, sync as never)
}

/** What `==` and `!=` mean for a type of ours; also within lists and maps. */
export function registerEquality<T>(environment: Environment, type: string, equal: (a: T, b: T) => boolean): void {
  // The engine takes a third argument that its types do not tell of.
  const register = environment.registerOperator.bind(environment) as unknown as (signature: string, handler: Handler, options: typeof sync) => void
  register(`${type} == ${type}`, equal, sync)
}
