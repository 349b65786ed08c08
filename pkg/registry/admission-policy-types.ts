// Type checking of a policy's expressions against the kinds that it is about: what its status tells of them.
import type { CelEnvironment } from '../api/cel.ts'
import { CelCompileError, celEnvironment } from '../api/cel.ts'
import { CelTypes } from '../api/cel-schema.ts'
import { apiVersionOf } from '../api/object.ts'
import { objectMetaSchema } from '../api/schema-table.ts'
import type { Schema } from '../api/schema.ts'
import type { JsonSchemaProps } from '../api/structural-schema.ts'
import { registerAuthorizer } from './admission-authorizer.ts'
import { compileCondition } from './admission-cel.ts'
import type { Policy } from './admission-policy-compile.ts'
import type { Definition } from './definition.ts'

export interface ExpressionWarning {
  readonly fieldRef: string
  readonly warning: string
}

const mostKinds = 10

/** The kinds that the policy names outright, in order. */
function namedKinds({ spec }: Policy, definitions: readonly Definition[]): Definition[] {
  const found = new Set<Definition>()
  for (const { apiGroups = [], apiVersions = [], resources = [] } of spec?.matchConstraints?.resourceRules ?? []) {
    if ([apiGroups, apiVersions, resources].some((names) => names.includes('*'))) continue
    for (const definition of definitions) {
      const { group, version, plural } = definition.resource
      if (apiGroups.includes(group) && apiVersions.includes(version) && resources.includes(plural)) found.add(definition)
    }
  }
  return [...found].slice(0, mostKinds).sort((a, b) => (kindText(a) < kindText(b) ? -1 : 1))
}

const kindText = ({ resource: { group, version, kind } }: Definition): string => `${group}/${version}, Kind=${kind}`

const bySchema = new WeakMap<Schema, JsonSchemaProps>()
const anything: JsonSchemaProps = {}

/** A built-in schema as a CRD would state it. What is within itself is anything. */
function propsOf(schema: Schema, above: ReadonlySet<Schema> = new Set()): JsonSchemaProps {
  const known = bySchema.get(schema)
  if (known) return known
  if (above.has(schema)) return anything
  const props = statedProps(schema, (inner) => propsOf(inner, new Set([...above, schema])))
  bySchema.set(schema, props)
  return props
}

function statedProps(schema: Schema, inner: (schema: Schema) => JsonSchemaProps): JsonSchemaProps {
  switch (schema.type) {
    case 'any': return anything
    case 'list': return { type: 'array', items: inner(schema.items) }
    case 'map': return { type: 'object', additionalProperties: inner(schema.values) }
    case 'object': return { type: 'object', properties: Object.fromEntries([...schema.fields].map(([name, field]) => [name, inner(field.schema)])) }
    case 'scalar': break
  }
  switch (schema.format) {
    case 'string': case 'duration': return { type: 'string' }
    case 'boolean': return { type: 'boolean' }
    case 'int32': case 'int64': case 'uint32': case 'uint64': return { type: 'integer' }
    case 'double': return { type: 'number' }
    case 'bytes': return { type: 'string', format: 'byte' }
    case 'time': case 'micro-time': return { type: 'string', format: 'date-time' }
    case 'quantity': case 'int-or-string': return { 'x-kubernetes-int-or-string': true }
  }
}

/** A whole object of the kind. */
function wholeProps({ published, schema }: Definition): JsonSchemaProps {
  if (!published) return propsOf(schema)
  const { properties = {} } = published as JsonSchemaProps
  const text: JsonSchemaProps = { type: 'string' }
  return { type: 'object', properties: { ...properties, apiVersion: text, kind: text, metadata: propsOf(objectMetaSchema()) } }
}

/** One for each kind. Kinds share the types of what they have in common, such as pod templates: to declare types is what takes time. */
function typedEnvironments(kinds: readonly Definition[], params: Definition | undefined): CelEnvironment[] {
  const shared = celEnvironment()
  const types = new CelTypes(shared)
  const typeName = (of: Definition): string => types.typeOf(wholeProps(of), false).name
  const names = kinds.map(typeName)
  if (params) shared.registerVariable('params', typeName(params))
  for (const other of ['request', 'namespaceObject']) shared.registerVariable(other, 'dyn')
  registerAuthorizer(shared)
  return names.map((name) => {
    const environment = shared.clone()
    environment.registerVariable('object', name)
    environment.registerVariable('oldObject', name)
    return environment
  })
}

const nameable = /^(bool|int|uint|double|string|bytes|obj\d+|google\.protobuf\.(Timestamp|Duration)|(list|map)<.*>)$/

/** Adds `variables`, with the types that their expressions have; of one that is wrong, any. */
function withVariables(environment: CelEnvironment, { spec }: Policy): CelEnvironment {
  const fields: Record<string, string> = {}
  let current = environment.clone()
  const declare = (count: number): void => {
    current = environment.clone()
    current.registerType(`variables${count}`, { ctor: class extends Map<string, unknown> {}, fields: { ...fields } } as never)
    current.registerVariable('variables', `variables${count}`)
  }
  declare(0)
  for (const [index, { name = '', expression = '' }] of (spec?.variables ?? []).entries()) {
    const found = attempt(current, expression)
    fields[name] = 'type' in found && nameable.test(found.type) ? found.type : 'dyn'
    declare(index + 1)
  }
  return current
}

function attempt(environment: CelEnvironment, expression: string): { readonly type: string } | { readonly fault: string } {
  try {
    return { type: compileCondition(environment, expression).type }
  } catch (error) {
    if (!(error instanceof CelCompileError)) throw error
    return { fault: error.message.replace(/^compilation failed: /, '') }
  }
}

/** Pure. Expressions that compile for any object, but not for those of a kind that the policy is about. */
export function typeWarnings(policy: Policy, definitions: readonly Definition[]): ExpressionWarning[] {
  const { apiVersion, kind } = policy.spec?.paramKind ?? {}
  const params = definitions.find(({ resource }) => resource.kind === kind && apiVersionOf(resource) === apiVersion)
  const kinds = namedKinds(policy, definitions)
  const environments = typedEnvironments(kinds, params).map((environment) => withVariables(environment, policy))
  const warnings: ExpressionWarning[] = []
  const check = (fieldRef: string, expression: string | undefined): void => {
    const faults = kinds.flatMap((kind, index) => {
      const found = expression ? attempt(environments[index]!, expression) : undefined
      return found && 'fault' in found ? [`${kindText(kind)}: ${found.fault}`] : []
    })
    if (faults.length > 0) warnings.push({ fieldRef, warning: faults.join('\n') })
  }
  for (const [index, { expression, messageExpression }] of (policy.spec?.validations ?? []).entries()) {
    check(`spec.validations[${index}].expression`, expression)
    check(`spec.validations[${index}].messageExpression`, messageExpression)
  }
  return warnings
}
