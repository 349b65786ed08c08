// Every list and every map of every built-in kind, long: once short enough to be worked on in one go, once of 600 KB.
import type { ListSchema, MapSchema, ObjectSchema, ScalarFormat, Schema } from '../../pkg/api/schema.ts'
import type { Definition } from '../../pkg/registry/definition.ts'
import { builtinDefinitions } from '../../pkg/registry/kinds.ts'
import type { Api, HoldInput, Reply } from './hold-inputs.ts'

type Long = ListSchema | MapSchema
type Step = { readonly key: string } | 'items' | 'values'

/** Where a list or a map is. */
interface Place {
  readonly path: readonly Step[]
  readonly schema: Long
}

const deepest = 12

function isKnown(schema: Schema, path: readonly Step[]): boolean {
  const goName = schema.type === 'object' ? schema.goName : undefined
  const keys = path.flatMap((step) => (typeof step === 'string' ? [] : [step.key]))
  return (goName === 'PodSpec' && keys.length > 1) || ((goName === 'Container' || goName === 'EphemeralContainer') && keys.at(-1) !== 'containers')
}

function* placesOf(schema: Schema, path: readonly Step[], within: readonly Schema[]): Generator<Place> {
  // Types may contain themselves; of pods' templates one is enough, and of containers the first list.
  if (within.includes(schema) || path.length > deepest || isKnown(schema, path)) return
  const inside = [...within, schema]
  if (schema.type === 'object') {
    for (const [key, field] of schema.fields) if (path.length > 0 || (key !== 'metadata' && key !== 'status')) yield* placesOf(field.schema, [...path, { key }], inside)
  } else if (schema.type === 'list' || schema.type === 'map') {
    yield { path, schema }
    yield* placesOf(schema.type === 'list' ? schema.items : schema.values, [...path, schema.type === 'list' ? 'items' : 'values'], inside)
  }
}

/** What an item differs in; all say the same where it is undefined. */
type Index = number | undefined

function scalar(format: ScalarFormat, index: Index): unknown {
  switch (format) {
    case 'boolean': return true
    case 'int32': case 'int64': case 'uint32': case 'uint64': case 'double': case 'int-or-string': return (index ?? 0) % 60_000 + 1
    case 'bytes': return 'YWJj'
    case 'quantity': return `${(index ?? 0) + 1}`
    case 'time': return '2030-01-01T00:00:00Z'
    case 'micro-time': return '2030-01-01T00:00:00.000000Z'
    case 'duration': return '1s'
    case 'string': return `v${index ?? ''}`
  }
}

/** Refused early when what they name is not there. */
const looked = new Set(['namespace', 'resourceVersion', 'uid', 'serviceAccountName', 'serviceAccount', 'priorityClassName', 'runtimeClassName', 'priority', 'nodeName'])

function item(schema: Schema, index: Index): unknown {
  switch (schema.type) {
    case 'scalar': return schema.enum?.[0] ?? scalar(schema.format, index)
    case 'any': return {}
    case 'list': return []
    case 'map': return {}
    case 'object': return Object.fromEntries([...schema.fields].flatMap(([key, field]) => (field.schema.type === 'scalar' && !looked.has(key) ? [[key, item(field.schema, index)]] : [])))
  }
}

/** An object in which the list is so long; all on the way to it has one item. */
function around({ path, schema }: Place, root: ObjectSchema, made: unknown): object {
  const build = (at: Schema, rest: readonly Step[]): unknown => {
    const [step, ...further] = rest
    if (step === undefined) return made
    if (at.type === 'list') return [build(at.items, further)]
    if (at.type === 'map') return { k: build(at.values, further) }
    const { key } = step as { key: string }
    const field = (at as ObjectSchema).fields.get(key)!
    return { ...item(at, undefined) as object, [key]: build(field.schema, further) }
  }
  void schema
  const object = build(root, path) as Record<string, unknown>
  delete object.kind
  delete object.apiVersion
  return object
}

const lightValues = 1900
const longCharacters = 600_000
const mostItems = 30_000

function long({ schema }: Place, size: 'light' | 'long', same: boolean): unknown {
  const one = item(schema.type === 'list' ? schema.items : schema.values, 12_345)
  const values = typeof one === 'object' && one !== null ? Object.keys(one).length + 1 : 1
  const count = size === 'light' ? Math.floor(lightValues / values) : Math.min(mostItems, Math.floor(longCharacters / (JSON.stringify(one).length + (schema.type === 'map' ? 9 : 1))))
  if (schema.type === 'map') return Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${index}`, item(schema.values, same ? undefined : index)]))
  return Array.from({ length: count }, (_, index) => item(schema.items, same ? undefined : index))
}

const nameOf = (path: readonly Step[]): string => path.map((step) => (step === 'items' ? '[]' : step === 'values' ? '{}' : `.${step.key}`)).join('').slice(1)

function collection({ resource: { group, version, plural, namespaced } }: Definition): string {
  const root = group === '' ? `/api/${version}` : `/apis/${group}/${version}`
  return `${root}/${namespaced ? 'namespaces/default/' : ''}${plural}`
}

const told = ({ code, text }: Reply): string => (code < 400 ? String(code) : `${code} ${(JSON.parse(text) as { message?: string }).message?.slice(0, 80)}`)

function inputOf(definition: Definition, place: Place, size: 'light' | 'long', same: boolean): HoldInput {
  const path = collection(definition)
  const { resource: { group, version, kind } } = definition
  const object = (name: string): object => ({ ...around(place, definition.schema, long(place, size, same)), apiVersion: group === '' ? version : `${group}/${version}`, kind, metadata: { name } })
  return {
    // Made before it is measured.
    act: () => {
      const body = JSON.stringify(object('long'))
      return async (api: Api) => {
        const created = await api.call('POST', `${path}?dryRun=All`, body)
        if (!definition.verbs.includes('patch')) return told(created)
        const applied = await api.call('PATCH', `${path}/long?dryRun=All&fieldManager=a`, body, { 'content-type': 'application/apply-patch+yaml' })
        return `${told(created)}; ${told(applied)}`
      }
    },
    settleMs: 20,
  }
}

/** By kind and field: `pods.v1 spec.containers, light`. */
export function listInputs(): Record<string, HoldInput> {
  const inputs: Record<string, HoldInput> = {}
  for (const definition of builtinDefinitions()) {
    if (!definition.verbs.includes('create')) continue
    const { plural, version, group } = definition.resource
    for (const place of placesOf(definition.schema, [], [])) {
      for (const [size, same] of [['light', false], ['light', true], ['long', false]] as const) {
        inputs[`${plural}.${version}${group && `.${group}`} ${nameOf(place.path)}, ${size}${same ? ', all the same' : ''}`] = inputOf(definition, place, size, same)
      }
    }
  }
  return inputs
}
