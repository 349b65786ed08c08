// Type checking of a policy's expressions against the kinds that it is about: what its status tells of them.
import type { CelScope } from '../api/cel-check.ts'
import type { Declared } from '../api/cel-declared.ts'
import { declaredType, scopeOf } from '../api/cel-declared.ts'
import { analyseCel } from '../api/cel-front.ts'
import { apiVersionOf } from '../api/object.ts'
import { objectMetaSchema } from '../api/schema-table.ts'
import type { Schema } from '../api/schema.ts'
import type { JsonSchemaProps } from '../api/structural-schema.ts'
import type { Policy } from './admission-policy-compile.ts'
import type { AdmissionNames } from './admission-scope.ts'
import { admissionScope, variableTypes } from './admission-scope.ts'
import type { Definition } from './definition.ts'
import type { Evaluations, Task } from './evaluation.ts'

export interface ExpressionWarning {
  readonly fieldRef: string
  readonly warning: string
}

const mostKinds = 10

/** The kinds that the policy names outright, in order. */
function namedKinds({ spec }: Pick<Policy, 'spec'>, definitions: readonly Definition[]): Definition[] {
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
const anything: JsonSchemaProps = { 'x-kubernetes-int-or-string': true }

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

/** A policy and the kinds that it is about. */
interface TypesInput {
  readonly policy: Pick<Policy, 'spec'>
  readonly kinds: readonly KindProps[]
  readonly params?: KindProps
}

interface KindProps {
  /** With its group and version. */
  readonly text: string
  readonly kind: string
  readonly props: JsonSchemaProps
}

const kindProps = (definition: Definition): KindProps => ({ text: kindText(definition), kind: definition.resource.kind, props: wholeProps(definition) })

/** A kind's objects in expressions; nothing is checked where they have no type. */
const declaredKind = ({ kind, props }: KindProps): Declared | undefined => declaredType(props, false, `${kind}Object`)

/** What expressions may name when their object is of the kind, with variables of the types that their expressions have. */
function kindScope({ spec }: TypesInput['policy'], kind: Declared, params: Declared | undefined): CelScope {
  const roots = params ? [kind, params] : [kind]
  const { fields } = scopeOf({}, roots)
  const names: AdmissionNames = { types: { object: kind.type, oldObject: kind.type, ...(params ? { params: params.type } : {}) }, fields }
  return admissionScope({ ...names, variables: variableTypes(spec?.variables ?? [], names) })
}

const kindsOfPolicies = {}

export const typesTask: Task<object, TypesInput, ExpressionWarning[]> = { name: 'types', run: (_about, input) => warningsOf(input) }

/** Expressions that compile for any object, but not for those of a kind that the policy is about. */
export function typeWarnings({ spec }: Pick<Policy, 'spec'>, definitions: readonly Definition[], evaluations: Evaluations): ExpressionWarning[] {
  const { apiVersion, kind } = spec?.paramKind ?? {}
  const params = definitions.find(({ resource }) => resource.kind === kind && apiVersionOf(resource) === apiVersion)
  return evaluations.run(typesTask, kindsOfPolicies, { policy: { spec }, kinds: namedKinds({ spec }, definitions).map(kindProps), ...(params ? { params: kindProps(params) } : {}) })
}

function warningsOf({ policy, kinds, params }: TypesInput): ExpressionWarning[] {
  const ofParams = params && declaredKind(params)
  const scopes = kinds.flatMap((kind) => {
    const declared = declaredKind(kind)
    return declared ? [{ text: kind.text, scope: kindScope(policy, declared, ofParams) }] : []
  })
  const warnings: ExpressionWarning[] = []
  const check = (fieldRef: string, expression: string | undefined): void => {
    const faults = scopes.flatMap(({ text, scope }) => {
      const found = expression ? analyseCel(expression, scope) : undefined
      return typeof found === 'string' ? [`${text}: ${found}\n`] : []
    })
    if (faults.length > 0) warnings.push({ fieldRef, warning: faults.join('\n') })
  }
  for (const [index, { expression, messageExpression }] of (policy.spec?.validations ?? []).entries()) {
    check(`spec.validations[${index}].expression`, expression)
    check(`spec.validations[${index}].messageExpression`, messageExpression)
  }
  return warnings
}
