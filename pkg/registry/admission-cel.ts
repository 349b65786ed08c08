// Expressions of admission: what they may name, compiled once, and the values that a request gives them.
import type { CelEnvironment, CelProgram } from '../api/cel.ts'
import { CelCompileError, celEnvironment, compileCel } from '../api/cel.ts'
import { anyValue } from '../api/cel-schema.ts'
import type { AnyObject } from '../api/object.ts'
import type { UserInfo } from '../api/request.ts'
import type { Authorize } from './admission.ts'
import type { ResourceQuery } from './admission-authorizer.ts'
import { authorizerValue, registerAuthorizer } from './admission-authorizer.ts'
import type { ReviewFacts } from './admission-review.ts'
import { reviewRequest } from './admission-review.ts'
import type { EvaluationContext } from './evaluation.ts'

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

/** An expression whose program is made when it is first needed: some are dear to make. */
export class LateExpression {
  readonly text: string
  readonly #environment: () => CelEnvironment
  readonly #compile: typeof compileCel
  #program: CelProgram | string | undefined

  constructor(environment: () => CelEnvironment, text: string, compile: typeof compileCel = compileCel) {
    this.text = text
    this.#environment = environment
    this.#compile = compile
  }

  /** Where none could be made, what is wrong with the expression. */
  get program(): CelProgram | string {
    return (this.#program ??= this.#made())
  }

  #made(): CelProgram | string {
    try {
      return this.#compile(this.#environment(), this.text)
    } catch (error) {
      if (!(error instanceof CelCompileError)) throw error
      return error.message
    }
  }
}

/** Fails with CelCompileError. */
export function compileCondition(environment: CelEnvironment, expression: string): CelProgram {
  return compileCel(environment, expression)
}

/** What expressions see of a request, as plain data. */
export interface ExpressionSubject {
  readonly object?: Readonly<AnyObject>
  readonly old?: Readonly<AnyObject>
  readonly namespaceObject?: AnyObject
  readonly request: Readonly<Record<string, unknown>>
  readonly user: UserInfo
  /** What is asked for, in the authorizer's words. */
  readonly requested: ResourceQuery
}

export type Variables = Readonly<Record<string, unknown>>

const values = new WeakMap<object, unknown>()
const known = new WeakMap<ExpressionSubject, { readonly authorize: Authorize | undefined; readonly variables: Variables }>()

/** Frozen objects are converted once. */
function valueOf(object: object | undefined): unknown {
  if (object === undefined) return null
  if (!Object.isFrozen(object)) return anyValue(object)
  if (!values.has(object)) values.set(object, anyValue(object))
  return values.get(object)
}

/** Nothing is made of what no expression asks for. */
function lately<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined
  return () => (made ??= { value: make() }).value
}

/** With members of their own beside those that are not made yet. */
export function withVariables(variables: Variables, more: Record<string, unknown>): Record<string, unknown> {
  return Object.create(variables, Object.fromEntries(Object.entries(more).map(([name, value]) => [name, { value }]))) as Record<string, unknown>
}

/** As expressions name them; absent objects are null. */
export function celVariables(subject: ExpressionSubject, { authorize }: EvaluationContext): Variables {
  const made = known.get(subject)
  if (made && made.authorize === authorize) return made.variables
  const { user, requested } = subject
  const object = lately(() => valueOf(subject.object))
  const oldObject = lately(() => valueOf(subject.old))
  const namespaceObject = lately(() => valueOf(subject.namespaceObject))
  const request = lately(() => anyValue(subject.request))
  const variables = {
    get object() { return object() }, get oldObject() { return oldObject() }, get namespaceObject() { return namespaceObject() }, get request() { return request() },
    authorizer: authorizerValue(user, requested, authorize),
  }
  known.set(subject, { authorize, variables })
  return variables
}

/** Whose facts are those of a review without its objects. */
export function expressionSubject(facts: ReviewFacts, namespaceObject: AnyObject | undefined): ExpressionSubject {
  const { object, old, user, definition: { resource }, subresource, namespace, name } = facts
  return {
    ...(object ? { object } : {}), ...(old ? { old } : {}), ...(namespaceObject ? { namespaceObject } : {}), user,
    request: reviewRequest({ ...facts, object: undefined, old: undefined }),
    requested: { group: resource.group, resource: resource.plural, name, ...(subresource ? { subresource } : {}), ...(namespace ? { namespace } : {}) },
  }
}
