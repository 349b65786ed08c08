// What the expressions of admission may name, with types: for the checks that are made when a policy or a webhook is written.
import type { CelScope } from '../api/cel-check.ts'
import { readType } from '../api/cel-declarations.ts'
import { analyseCel } from '../api/cel-front.ts'
import type { Type } from '../api/cel-type.ts'
import { dynType, stringType, structType } from '../api/cel-type.ts'
import type { NamedExpression } from './admission-cel.ts'

const texts = (...names: readonly string[]): Record<string, string> => Object.fromEntries(names.map((name) => [name, 'string']))

/** Fields of the types that requests and namespaces have in expressions. */
const structs: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'kubernetes.GroupVersionKind': texts('group', 'version', 'kind'),
  'kubernetes.GroupVersionResource': texts('group', 'version', 'resource'),
  'kubernetes.UserInfo': { ...texts('username', 'uid'), groups: 'list<string>', extra: 'map<string, list<string>>' },
  'kubernetes.AdmissionRequest': {
    kind: 'kubernetes.GroupVersionKind', resource: 'kubernetes.GroupVersionResource', requestKind: 'kubernetes.GroupVersionKind', requestResource: 'kubernetes.GroupVersionResource',
    ...texts('subResource', 'requestSubResource', 'name', 'namespace', 'operation'), userInfo: 'kubernetes.UserInfo', dryRun: 'bool', options: 'dyn',
  },
  'kubernetes.NamespaceSpec': { finalizers: 'list<string>' },
  'kubernetes.NamespaceCondition': { ...texts('status', 'type', 'message', 'reason'), lastTransitionTime: 'timestamp' },
  'kubernetes.NamespaceStatus': { conditions: 'list<kubernetes.NamespaceCondition>', phase: 'string' },
  'kubernetes.NamespaceMetadata': {
    ...texts('name', 'generateName', 'namespace', 'UID', 'resourceVersion'), labels: 'map<string, string>', annotations: 'map<string, string>', creationTimestamp: 'timestamp',
    deletionGracePeriodSeconds: 'int', deletionTimestamp: 'timestamp', generation: 'int', finalizers: 'list<string>',
  },
  'kubernetes.Namespace': { metadata: 'kubernetes.NamespaceMetadata', spec: 'kubernetes.NamespaceSpec', status: 'kubernetes.NamespaceStatus' },
}

const patchFields: Readonly<Record<string, Type>> = { op: stringType, path: stringType, from: stringType, value: dynType }

export interface AdmissionNames {
  readonly params?: boolean
  /** Messages of validations are not told of it. */
  readonly authorizer?: boolean
  /** The types of `variables`, where there are any. */
  readonly variables?: ReadonlyMap<string, Type>
  /** Objects and patches can be made. */
  readonly patching?: boolean
  /** Types that the objects are known to have. */
  readonly types?: Readonly<Record<string, Type>>
  /** The fields of those types. */
  readonly fields?: CelScope['fields']
}

export function admissionScope({ params = false, authorizer = true, variables, patching = false, types = {}, fields }: AdmissionNames): CelScope {
  const declared: Record<string, Type> = {
    object: dynType, oldObject: dynType, namespaceObject: structType('kubernetes.Namespace'), request: structType('kubernetes.AdmissionRequest'),
    ...(params ? { params: dynType } : {}), ...(variables ? { variables: structType('kubernetes.variables') } : {}),
    ...(authorizer ? { authorizer: structType('kubernetes.authorization.Authorizer'), 'authorizer.requestResource': structType('kubernetes.authorization.ResourceCheck') } : {}),
    ...types,
  }
  return {
    patching,
    made: new Set(Object.keys(structs)),
    variable: (name) => (Object.hasOwn(declared, name) ? declared[name] : undefined),
    fields(struct) {
      if (struct === 'kubernetes.variables' && variables) return (name) => variables.get(name)
      if (patching && (struct === 'Object' || struct.startsWith('Object.'))) return () => dynType
      if (patching && struct === 'JSONPatch') return (name) => (Object.hasOwn(patchFields, name) ? patchFields[name] : undefined)
      if (!Object.hasOwn(structs, struct)) return fields?.(struct)
      const own = structs[struct]!
      return (name) => (Object.hasOwn(own, name) ? readType(own[name]!) : undefined)
    },
  }
}

const plain = new Set(['any', 'bool', 'bytes', 'double', 'duration', 'int', 'null', 'string', 'timestamp', 'uint'])

/** What is kept of the type of a variable's expression. */
function keptType(type: Type): Type {
  if (plain.has(type.kind)) return type
  return type.kind === 'list' || type.kind === 'map' ? { ...type, params: type.params.map(keptType) } : dynType
}

/** The types of a policy's variables; each sees those before it. `before`: so many of them only. */
export function variableTypes(variables: readonly NamedExpression[], names: AdmissionNames, before = variables.length): ReadonlyMap<string, Type> {
  const types = new Map<string, Type>()
  for (const { name = '', expression = '' } of variables.slice(0, before)) {
    const checked = analyseCel(expression, admissionScope({ ...names, variables: types }))
    types.set(name, typeof checked === 'string' ? dynType : keptType(checked.type))
  }
  return types
}

