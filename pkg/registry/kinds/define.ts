// Makes a Definition of what a kind's file states and what the table of resources and the schema table know.
import type { AnyObject, KubeObject, Resource } from '../../api/object.ts'
import { apiVersionOf } from '../../api/object.ts'
import type { BuiltinResource } from '../../api/resources.ts'
import { findResource } from '../../api/resources.ts'
import type { ObjectSchema } from '../../api/schema.ts'
import { schemaOf } from '../../api/schema-table.ts'
import type { Definition, DefinitionInput, RuleContext, Subresource } from '../definition.ts'
import { defaultColumns } from './columns.ts'
import { gatedFields } from './gated-fields.ts'

/** What a kind's file states: rules, and the status that a new object has. */
export interface KindInput<T extends KubeObject> extends DefinitionInput<T> {
  /** The status of a new object, for kinds with a status subresource; `{}` when left out. */
  initialStatus?(draft: T): unknown
}

/**
 * The complete definition. Names, verbs, categories and the list of subresources come from the table of resources;
 * the schema is looked up at its first use, so that building all definitions stays cheap.
 */
export function define<T extends KubeObject>(resource: Resource<T>, input: KindInput<NoInfer<T>> = {}): Definition {
  const facts = factsOf(resource.group, resource.version, resource.plural)
  const { initialStatus, ...stated } = input
  const definition: Definition<T> = {
    resource,
    singular: facts.singular,
    listKind: facts.listKind,
    shortNames: facts.shortNames,
    categories: facts.categories,
    verbs: facts.verbs,
    columns: defaultColumns,
    finalizers: 'with-domain',
    ...(facts.verbs.includes('watch') ? { storage: resource.group === '' ? resource.plural : `${resource.group}/${resource.plural}` } : {}),
    ...stated,
    ...prepared(resource, { ...stated, prepareCreate: creation(facts, stated, initialStatus), subresources: subresourcesOf(facts, stated.subresources ?? []) }),
    get schema() {
      return linkedSchema(resource)
    },
  }
  return definition as unknown as Definition
}

function linkedSchema({ group, version, kind }: Resource): ObjectSchema {
  const schema = schemaOf(group, version, kind)
  if (!schema) throw new Error(`schema table: expected ${group}/${version} ${kind}, found none`)
  return schema
}

function factsOf(group: string, version: string, plural: string): BuiltinResource {
  const facts = findResource(group, version, plural)
  if (!facts) throw new Error(`table of resources: expected ${group}/${version} ${plural}, found none`)
  return facts
}

/** The handle of a kind without interfaces, from the table. */
export function named<T extends KubeObject>(apiVersion: string, plural: string): Resource<T> {
  const [version = '', group = ''] = apiVersion.split('/').reverse()
  const { resource } = factsOf(group, version, plural)
  if (apiVersionOf(resource) !== apiVersion) throw new Error(`not an API version: ${apiVersion}`)
  return resource as Resource<T>
}

/** A kind with a status subresource starts with its own status, whatever the client sent. */
function creation<T extends KubeObject>(
  facts: BuiltinResource, stated: DefinitionInput<T>, initialStatus: KindInput<T>['initialStatus'],
): Definition<T>['prepareCreate'] {
  if (!facts.subresources.some(({ name }) => name === 'status')) return stated.prepareCreate
  return (draft: T, context: RuleContext) => {
    const target = draft as KubeObject & { status?: unknown }
    target.status = initialStatus?.(draft) ?? {}
    stated.prepareCreate?.(draft, context)
  }
}

/** What the kind's file makes of an object that is to be stored, less what is behind features that are off. */
function prepared<T extends KubeObject>(
  { group, plural }: Resource<T>, { prepareCreate, prepareUpdate, subresources }: Pick<Definition<T>, 'prepareCreate' | 'prepareUpdate' | 'subresources'>,
): Pick<Definition<T>, 'prepareCreate' | 'prepareUpdate' | 'subresources'> {
  const gated = gatedFields(group, plural)
  if (!gated) return { prepareCreate, prepareUpdate, subresources }
  type Prepare = NonNullable<Definition<T>['prepareUpdate']>
  const after = (prepare: Prepare | undefined, drop: 'update' | 'updateStatus'): Prepare => (draft, old, context) => {
    prepare?.(draft, old, context)
    gated[drop](draft as unknown as AnyObject, old as unknown as AnyObject)
  }
  return {
    prepareCreate(draft, context) {
      prepareCreate?.(draft, context)
      gated.create(draft as unknown as AnyObject)
    },
    prepareUpdate: after(prepareUpdate, 'update'),
    subresources: subresources.map((one) => ({ ...one, prepareUpdate: after(one.prepareUpdate, one.name === 'status' ? 'updateStatus' : 'update') })),
  }
}

/** All subresources of the table, each with the rules that the kind's file gives it. */
function subresourcesOf<T extends KubeObject>(facts: BuiltinResource, stated: readonly Subresource<T>[]): Subresource<T>[] {
  return facts.subresources.map((subresource) => ({ ...subresource, ...stated.find(({ name }) => name === subresource.name) }))
}

/** A status that is written without anything of the metadata: what newer kinds have. */
export const bareStatus = <T extends KubeObject>(stored: T, body: KubeObject): T => {
  const { labels: _labels, annotations: _annotations, finalizers: _finalizers, ownerReferences: _owners, ...identity } = body.metadata
  const { labels, annotations, finalizers, ownerReferences } = stored.metadata
  const kept = Object.fromEntries(Object.entries({ labels, annotations, finalizers, ownerReferences }).filter(([, value]) => value !== undefined))
  return { ...stored, metadata: { ...identity, ...kept }, status: (body as KubeObject & { status?: unknown }).status }
}

/** What a kind's file says of one subresource; its verbs come from the table. */
export function subresource<T extends KubeObject>(name: string, rules: Omit<Subresource<T>, 'name' | 'verbs' | 'kind'>): Subresource<T> {
  return { name, ...rules } as Subresource<T>
}
