// The table of built-in types: text of one group-version at a time into linked Schema values, when first asked for.
import type { Field, ObjectSchema, ScalarFormat, Schema } from './schema.ts'
import type { FieldText, TypeReference, TypeText } from './schema-text.ts'
import { readTypes } from './schema-text.ts'
import { admissionV1 } from './schema/admission-v1.ts'
import { admissionregistrationV1 } from './schema/admissionregistration-v1.ts'
import { admissionregistrationV1beta1 } from './schema/admissionregistration-v1beta1.ts'
import { apiextensionsV1 } from './schema/apiextensions-v1.ts'
import { apiregistrationV1 } from './schema/apiregistration-v1.ts'
import { appsV1 } from './schema/apps-v1.ts'
import { authenticationV1 } from './schema/authentication-v1.ts'
import { authorizationV1 } from './schema/authorization-v1.ts'
import { autoscalingV1 } from './schema/autoscaling-v1.ts'
import { autoscalingV2 } from './schema/autoscaling-v2.ts'
import { batchV1 } from './schema/batch-v1.ts'
import { certificatesV1 } from './schema/certificates-v1.ts'
import { coordinationV1 } from './schema/coordination-v1.ts'
import { coreV1Config } from './schema/core-v1-config.ts'
import { coreV1Container } from './schema/core-v1-container.ts'
import { coreV1Node } from './schema/core-v1-node.ts'
import { coreV1PersistentVolume } from './schema/core-v1-persistent-volume.ts'
import { coreV1Pod } from './schema/core-v1-pod.ts'
import { coreV1Service } from './schema/core-v1-service.ts'
import { coreV1Volume } from './schema/core-v1-volume.ts'
import { discoveryV1 } from './schema/discovery-v1.ts'
import { eventsV1 } from './schema/events-v1.ts'
import { flowcontrolV1 } from './schema/flowcontrol-v1.ts'
import { metaV1 } from './schema/meta-v1.ts'
import { metricsV1beta1 } from './schema/metrics-v1beta1.ts'
import { networkingV1 } from './schema/networking-v1.ts'
import { nodeV1 } from './schema/node-v1.ts'
import { policyV1 } from './schema/policy-v1.ts'
import { rbacV1 } from './schema/rbac-v1.ts'
import { resourceV1 } from './schema/resource-v1.ts'
import { schedulingV1 } from './schema/scheduling-v1.ts'
import { storageV1 } from './schema/storage-v1.ts'

interface Source {
  /** How texts of other groups name it: `core.PodSpec`. */
  readonly alias: string
  readonly group: string
  readonly version: string
  /** OpenAPI name without the type. */
  readonly prefix: string
  readonly texts: readonly string[]
}

const api = (name: string, version: string, group: string, ...texts: string[]): Source => ({
  alias: version === 'v1' ? name : `${name}${version}`, group, version, prefix: `io.k8s.api.${name}.${version}.`, texts,
})

const sources: readonly Source[] = [
  { alias: 'meta', group: 'meta.k8s.io', version: 'v1', prefix: 'io.k8s.apimachinery.pkg.apis.meta.v1.', texts: [metaV1] },
  api('core', 'v1', '', coreV1Pod, coreV1Container, coreV1Volume, coreV1PersistentVolume, coreV1Node, coreV1Service, coreV1Config),
  { alias: 'apiregistration', group: 'apiregistration.k8s.io', version: 'v1', prefix: 'io.k8s.kube-aggregator.pkg.apis.apiregistration.v1.', texts: [apiregistrationV1] },
  api('apps', 'v1', 'apps', appsV1),
  api('events', 'v1', 'events.k8s.io', eventsV1),
  api('authentication', 'v1', 'authentication.k8s.io', authenticationV1),
  api('authorization', 'v1', 'authorization.k8s.io', authorizationV1),
  api('autoscaling', 'v2', 'autoscaling', autoscalingV2),
  api('autoscaling', 'v1', 'autoscaling', autoscalingV1),
  api('batch', 'v1', 'batch', batchV1),
  api('certificates', 'v1', 'certificates.k8s.io', certificatesV1),
  api('networking', 'v1', 'networking.k8s.io', networkingV1),
  api('policy', 'v1', 'policy', policyV1),
  api('rbac', 'v1', 'rbac.authorization.k8s.io', rbacV1),
  api('storage', 'v1', 'storage.k8s.io', storageV1),
  api('admission', 'v1', 'admission.k8s.io', admissionV1),
  api('admissionregistration', 'v1', 'admissionregistration.k8s.io', admissionregistrationV1),
  api('admissionregistration', 'v1beta1', 'admissionregistration.k8s.io', admissionregistrationV1beta1),
  { alias: 'apiextensions', group: 'apiextensions.k8s.io', version: 'v1', prefix: 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.', texts: [apiextensionsV1] },
  api('scheduling', 'v1', 'scheduling.k8s.io', schedulingV1),
  api('coordination', 'v1', 'coordination.k8s.io', coordinationV1),
  api('node', 'v1', 'node.k8s.io', nodeV1),
  api('discovery', 'v1', 'discovery.k8s.io', discoveryV1),
  api('flowcontrol', 'v1', 'flowcontrol.apiserver.k8s.io', flowcontrolV1),
  api('resource', 'v1', 'resource.k8s.io', resourceV1),
  { alias: 'metrics', group: 'metrics.k8s.io', version: 'v1beta1', prefix: 'io.k8s.metrics.pkg.apis.metrics.v1beta1.', texts: [metricsV1beta1] },
]

const scalar = (format: ScalarFormat): Schema => ({ type: 'scalar', format })

const plain: Readonly<Record<string, Schema>> = {
  string: scalar('string'), boolean: scalar('boolean'), int32: scalar('int32'), int64: scalar('int64'), double: scalar('double'),
  bytes: scalar('bytes'), quantity: scalar('quantity'), intOrString: scalar('int-or-string'),
  time: scalar('time'), microTime: scalar('micro-time'), duration: scalar('duration'),
  raw: { type: 'any', wire: 'raw' }, json: { type: 'any', wire: 'json' },
  propsOrBool: { type: 'any', wire: 'props-or-bool' }, propsOrArray: { type: 'any', wire: 'props-or-array' },
  propsOrStrings: { type: 'any', wire: 'props-or-strings' },
}

/** A schema under construction. Others may already point at it, so it is filled in place. */
type Draft = { -readonly [K in keyof ObjectSchema]: ObjectSchema[K] } & { fields: Map<string, Field> }

const typeMeta: readonly Field[] = ['apiVersion', 'kind'].map((name) => ({ name, number: 0, schema: plain['string'] as Schema, omitEmpty: true }))

/** The types of one source by short name, linked. The result is a cache of a pure function of the texts above. */
const linked = new Map<Source, ReadonlyMap<string, ObjectSchema>>()

function typesOf(source: Source): ReadonlyMap<string, ObjectSchema> {
  const known = linked.get(source)
  if (known) return known
  const texts = source.texts.flatMap(readTypes)
  const drafts = new Map<string, Draft>(texts.map((type) => [type.name, {
    type: 'object', name: source.prefix + type.name, goName: type.name, fields: new Map(), ...(type.atomic ? { mapType: 'atomic' } : {}),
  }]))
  linked.set(source, drafts)
  const filled = new Set<string>()
  const byName = new Map(texts.map((type) => [type.name, type]))
  const fill = (name: string): void => {
    const type = byName.get(name)
    const draft = drafts.get(name)
    if (!type || !draft || filled.has(name)) return
    filled.add(name)
    // An inline's fields are copied, so it must be complete first.
    for (const field of type.fields) if (field.name === '') fill(field.type.base)
    fillType(draft, type, source)
  }
  for (const { name } of texts) fill(name)
  return drafts
}

function fillType(draft: Draft, type: TypeText, source: Source): void {
  if (type.kind) for (const field of typeMeta) draft.fields.set(field.name, field)
  const inlines: { number: number; schema: ObjectSchema }[] = []
  for (const text of type.fields) {
    if (text.name !== '') {
      draft.fields.set(text.name, linkField(text, source))
      continue
    }
    const schema = objectNamed(text.type.base, source)
    inlines.push({ number: text.number, schema })
    for (const field of schema.fields.values()) draft.fields.set(field.name, field)
  }
  if (inlines.length > 0) draft.inlines = inlines
}

function linkField(text: FieldText, source: Source): Field {
  return {
    name: text.name, number: text.number, schema: linkSchema(text, text.type, 0, source),
    ...(text.required ? { required: true } : {}), ...(text.type.pointer ? { pointer: true } : {}),
    ...(text.omitEmpty ? { omitEmpty: true } : {}), ...(text.default !== undefined ? { default: text.default } : {}),
    ...(text.patchStrategy && text.type.containers[0]?.kind !== 'list' ? { patchStrategy: text.patchStrategy } : {}),
  }
}

function linkSchema(text: FieldText, type: TypeReference, depth: number, source: Source): Schema {
  const container = type.containers[depth]
  if (!container) {
    const schema = plain[type.base] ?? objectNamed(type.base, source)
    return type.mapType && schema.type === 'object' ? { ...schema, mapType: type.mapType } : schema
  }
  const inner = linkSchema(text, type, depth + 1, source)
  if (container.kind === 'map') {
    return { type: 'map', values: inner, ...(container.mark === 'atomic' || container.mark === 'granular' ? { mapType: container.mark } : {}) }
  }
  const keyed = container.mark !== '' && container.mark !== 'set'
  return {
    type: 'list', items: inner, listType: keyed ? 'map' : container.mark === 'set' ? 'set' : 'atomic',
    ...(keyed ? { listMapKeys: container.mark.split(',') } : {}),
    ...(depth === 0 && text.patchStrategy ? { patchStrategy: text.patchStrategy } : {}),
    ...(depth === 0 && text.patchMergeKey ? { patchMergeKey: text.patchMergeKey } : {}),
  }
}

function objectNamed(base: string, home: Source): ObjectSchema {
  const dot = base.indexOf('.')
  const source = dot < 0 ? home : sources.find((candidate) => candidate.alias === base.slice(0, dot))
  const schema = source && typesOf(source).get(base.slice(dot + 1))
  if (!schema) throw new Error(`schema table: expected a type named ${base}, used in ${home.prefix}, found none`)
  return schema
}

/** The schema of a built-in kind, by the group of URLs (`''`, `apps`, `rbac.authorization.k8s.io`). */
export function schemaOf(group: string, version: string, kind: string): ObjectSchema | undefined {
  const source = sources.find((candidate) => candidate.group === group && candidate.version === version)
  const schema = source && typesOf(source).get(kind)
  return schema?.fields.get('apiVersion')?.number === 0 ? schema : undefined
}

/** Any built-in type by its OpenAPI name: `io.k8s.api.core.v1.PodSpec`. */
export function definitionNamed(name: string): ObjectSchema | undefined {
  const source = sources.find((candidate) => name.startsWith(candidate.prefix))
  return source && typesOf(source).get(name.slice(source.prefix.length))
}

/** OpenAPI name of a kind of a built-in group, such as `io.k8s.api.apps.v1.`; undefined for other groups. */
export function definitionPrefix(group: string, version: string): string | undefined {
  return sources.find((candidate) => candidate.group === group && candidate.version === version)?.prefix
}

/** All types of one built-in group-version, also those that are only parts of others. */
export function definitionsOf(group: string, version: string): ReadonlyMap<string, ObjectSchema> {
  const source = sources.find((candidate) => candidate.group === group && candidate.version === version)
  return source ? typesOf(source) : new Map<string, ObjectSchema>()
}

export const objectMetaSchema = (): ObjectSchema => required('io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta')
export const deleteOptionsSchema = (): ObjectSchema => required('io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions')

function required(name: string): ObjectSchema {
  const schema = definitionNamed(name)
  if (!schema) throw new Error(`schema table: ${name} is missing`)
  return schema
}
