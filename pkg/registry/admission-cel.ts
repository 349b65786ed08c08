// Expressions of admission: what they may name, compiled once, and the values that a request gives them.
import type { CelEnvironment, CelProgram } from '../api/cel.ts'
import { celEnvironment, compileCel } from '../api/cel.ts'
import { anyValue } from '../api/cel-schema.ts'
import type { AnyObject } from '../api/object.ts'
import { registerAuthorizer } from './admission-authorizer.ts'

export interface NamedExpression {
  readonly name?: string
  readonly expression?: string
}

let requests: CelEnvironment | undefined

/** object, oldObject, request, namespaceObject and authorizer, and more names of any type. */
export function admissionEnvironment(...more: readonly string[]): CelEnvironment {
  if (!requests) {
    requests = celEnvironment()
    for (const name of ['object', 'oldObject', 'request', 'namespaceObject']) requests.registerVariable(name, 'dyn')
    registerAuthorizer(requests)
  }
  const environment = requests.clone()
  for (const name of more) environment.registerVariable(name, 'dyn')
  return environment
}

/** Fails with CelCompileError. */
export function compileCondition(environment: CelEnvironment, expression: string): CelProgram {
  return compileCel(environment, expression)
}

export interface RequestValues {
  readonly object?: Readonly<AnyObject>
  readonly old?: Readonly<AnyObject>
  readonly namespaceObject?: AnyObject
  readonly request: Readonly<Record<string, unknown>>
}

const values = new WeakMap<object, unknown>()

/** Frozen objects are converted once. */
function valueOf(object: object | undefined): unknown {
  if (object === undefined) return null
  if (!Object.isFrozen(object)) return anyValue(object)
  if (!values.has(object)) values.set(object, anyValue(object))
  return values.get(object)
}

/** As expressions name them; absent objects are null. */
export function celVariables({ object, old, namespaceObject, request }: RequestValues): Record<string, unknown> {
  return { object: valueOf(object), oldObject: valueOf(old), namespaceObject: valueOf(namespaceObject), request: anyValue(request) }
}
