// CEL's optional values, which the engine makes but does not export.
import { Environment } from '@marcbachmann/cel-js'

const maker = new Environment({ enableOptionalTypes: true }).registerVariable('value', 'dyn')
const some = maker.parse('optional.of(value)')
const none: unknown = maker.evaluate('optional.none()', {})

/** undefined makes the value that is not there. */
export function celOptional(value: unknown): unknown {
  return value === undefined ? none : some({ value })
}

interface CelOptional {
  hasValue(): boolean
  /** Fails when there is none. */
  value(): unknown
}

export function isOptional(value: unknown): value is CelOptional {
  return typeof value === 'object' && value !== null && value.constructor === (none as object).constructor
}
