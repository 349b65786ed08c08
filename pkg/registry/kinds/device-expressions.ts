// Checks of expressions that select devices: their types, and what they cost at most.
import type { CelEnvironment } from '../../api/cel.ts'
import { CelCompileError, celEnvironment, compileCel } from '../../api/cel.ts'
import { estimateCost } from '../../api/cel-cost.ts'
import { libraryEstimator } from '../../api/cel-cost-library.ts'
import type { Declared } from '../../api/cel-declared.ts'
import { scopeOf } from '../../api/cel-declared.ts'
import { analyseCel } from '../../api/cel-front.ts'
import type { Type } from '../../api/cel-type.ts'
import { anyType, fullTypeText, mapOf, stringType, structType } from '../../api/cel-type.ts'
import type { Errors } from './rules.ts'
import { forbiddenField, invalid, tooLong } from './rules.ts'

let environment: CelEnvironment | undefined

class Device {}

/** Expressions see one device, with maps of maps by domain and name. */
function deviceEnvironment(): CelEnvironment {
  environment ??= celEnvironment()
    .registerType('kubernetes.DRADevice', { ctor: Device, fields: { driver: 'string', attributes: 'map<string, map<string, dyn>>', capacity: 'map<string, map<string, kubernetes.Quantity>>' } } as never)
    .registerVariable('device', 'kubernetes.DRADevice')
  return environment
}

const scalar = (type: Type, characters = 0): Declared => ({ type, most: characters, least: 0 })
const mapped = (keys: number, items: Declared): Declared => ({ type: mapOf(stringType, items.type), most: 32, least: 2, keys: scalar(stringType, keys), items })
const twice = (items: Declared): Declared => mapped(63, mapped(32, items))

/** A device as expressions see it, with how long its texts can be. */
const device: Declared = {
  type: structType('kubernetes.DRADevice'), most: 0, least: 2,
  fields: new Map([
    ['driver', scalar(stringType, 63)],
    ['attributes', twice(scalar(anyType, 64))], ['capacity', twice(scalar(structType('kubernetes.Quantity')))],
  ]),
}
const scope = scopeOf({ device: device.type }, [device], { binding: true })
const mostCost = 1_000_000n
const longest = 10 * 1024

/** What the expression costs at most, of a device as large as can be; or what is wrong with it. */
export function deviceCost(expression: string): bigint | string {
  const checked = analyseCel(expression, scope)
  if (typeof checked === 'string') return `compilation failed: ${checked}`
  const { kind } = checked.type
  if (kind !== 'bool' && kind !== 'any') return `must evaluate to bool or the unknown type, not ${fullTypeText(checked.type)}`
  return estimateCost(checked, libraryEstimator(device, 'device')).max
}

export function checkDeviceExpression(out: Errors, path: string, expression: string): void {
  if (Buffer.byteLength(expression) > longest) return void out.push(tooLong(path, longest))
  const cost = deviceCost(expression)
  if (typeof cost === 'string') return void out.push(invalid(path, expression, cost))
  if (cost > mostCost) return void out.push(forbiddenField(path, 'too complex, exceeds cost limit'))
  try {
    compileCel(deviceEnvironment(), expression)
  } catch (error) {
    if (!(error instanceof CelCompileError)) throw error
    out.push(invalid(path, expression, error.message))
  }
}
