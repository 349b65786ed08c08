// Small definitions and a registry on the memory store, for the registry's own tests.
import type { AnyObject, KubeObject } from '../api/object.ts'
import type { RequestOptions, UserInfo } from '../api/request.ts'
import type { ObjectSchema, Schema } from '../api/schema.ts'
import { MemoryStore } from '../storage/memory-store.ts'
import { ManualClock } from '../util/clock.ts'
import type { Definition } from './definition.ts'
import type { RegistryOptions } from './registry.ts'
import { Registry } from './registry.ts'

const text: Schema = { type: 'scalar', format: 'string' }
const whole: Schema = { type: 'scalar', format: 'int32' }

export function objectSchema(fields: Record<string, Schema>, preserveUnknown = false): ObjectSchema {
  return {
    type: 'object', ...(preserveUnknown ? { preserveUnknown } : {}),
    fields: new Map(Object.entries(fields).map(([name, schema], index) => [name, { name, number: index + 1, schema }])),
  }
}

const metadata = objectSchema({}, true)

export function testDefinition(plural: string, kind: string, more: Partial<Definition> = {}): Definition {
  return {
    resource: { group: '', version: 'v1', plural, kind, namespaced: true },
    singular: kind.toLowerCase(), listKind: `${kind}List`, shortNames: [], categories: [], verbs: [],
    schema: objectSchema({ kind: text, apiVersion: text, metadata, data: { type: 'map', values: text } }),
    storage: plural, columns: [], subresources: [], ...more,
  }
}

export const configMaps = testDefinition('configmaps', 'ConfigMap')

export const widgets = testDefinition('widgets', 'Widget', {
  resource: { group: 'example.com', version: 'v1', plural: 'widgets', kind: 'Widget', namespaced: true },
  schema: objectSchema({
    kind: text, apiVersion: text, metadata,
    spec: objectSchema({ size: whole, colour: text, parts: { type: 'list', items: objectSchema({ name: text, count: whole }), patchStrategy: 'merge', patchMergeKey: 'name' } }),
    status: objectSchema({ phase: text }),
  }),
  subresources: [{ name: 'status', verbs: ['get', 'update', 'patch'] }],
  defaults(draft) {
    const widget = draft as AnyObject & { spec?: { size?: number } }
    widget.spec ??= {}
    widget.spec.size ??= 1
  },
  validate(object) {
    const { size } = object.spec as { size: number }
    return size < 0 ? [{ field: 'spec.size', reason: 'FieldValueInvalid', text: `Invalid value: ${size}: must not be negative` }] : []
  },
  fields: { 'status.phase': (object) => (object.status as { phase?: string } | undefined)?.phase ?? '' },
})

/** Waits like a pod: 30 seconds unless asked otherwise, at once when it is on no node. */
export const pods = testDefinition('pods', 'Pod', {
  schema: objectSchema({ kind: text, apiVersion: text, metadata, spec: objectSchema({}, true), status: objectSchema({}, true) }),
  subresources: [{ name: 'status', verbs: ['get', 'update', 'patch'] }],
  gracePeriodSeconds: (object, asked) => ((object.spec as { nodeName?: string }).nodeName ? asked ?? 30 : 0),
})

export const events = testDefinition('events', 'Event', { volatile: { ttlSeconds: 3600 }, defaultPropagation: 'none' })

export const namespaces = testDefinition('namespaces', 'Namespace', {
  resource: { group: '', version: 'v1', plural: 'namespaces', kind: 'Namespace', namespaced: false },
  schema: objectSchema({ kind: text, apiVersion: text, metadata, spec: objectSchema({}, true), status: objectSchema({}, true) }),
  generation: false,
})

export const user: UserInfo = { username: 'tester', groups: ['system:masters'] }

export function asking(options: RequestOptions = {}): { user: UserInfo; options: RequestOptions } {
  return { user, options }
}

export interface Fixture {
  readonly registry: Registry
  readonly store: MemoryStore
  readonly clock: ManualClock
  /** Creates in namespace `default`. */
  create(definition: Definition, object: Partial<KubeObject> & Record<string, unknown>, options?: RequestOptions): Promise<AnyObject>
}

export function fixture(more: Partial<RegistryOptions> = {}): Fixture {
  const store = new MemoryStore()
  const clock = new ManualClock()
  const registry = new Registry({ store, clock, definitions: [configMaps, widgets, pods, events, namespaces], ...more })
  return {
    registry, store, clock,
    create: async (definition, object, options = {}) => await registry.create(definition, {
      ...asking(options), object: { metadata: {}, ...object }, ...(definition.resource.namespaced ? { namespace: 'default' } : {}),
    }) as AnyObject,
  }
}

/** The status of a failure, or a failed test. */
export async function failure(work: () => unknown): Promise<{ code?: number; reason?: string; message?: string; details?: unknown; metadata: { continue?: string } }> {
  try {
    await work()
  } catch (error) {
    const { status } = error as { status?: never }
    if (status) return status
    throw error
  }
  throw new Error('it did not fail')
}
