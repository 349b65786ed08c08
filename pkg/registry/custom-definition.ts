// A CRD as definitions: one value for each served version, by which custom kinds are served like built-in ones.
import type { AnyObject } from '../api/object.ts'
import { apiVersionOf } from '../api/object.ts'
import { forbidden } from '../api/status-error.ts'
import type { CustomNames, CustomResourceDefinition } from '../api/types-custom.ts'
import { customColumns, selectableField } from './custom-columns.ts'
import { customScaleSubresource, statusSubresource } from './custom-subresources.ts'
import type { ConvertObjects } from './conversions.ts'
import { CustomVersionRules } from './custom-version.ts'
import type { Definition } from './definition.ts'
import { OutsideVersion } from './outside-version.ts'

const verbs = ['delete', 'deletecollection', 'get', 'list', 'patch', 'create', 'update', 'watch'] as const

/** Where a CRD's objects live, whatever their version. */
export const customStorage = ({ spec }: CustomResourceDefinition): string => `${spec.group}/${spec.names.plural}`

/**
 * `names` are those that the CRD was given; while `terminating` says so, nothing can be created. `outside` converts, where the CRD states a webhook.
 * Nothing is compiled yet when this returns: most kinds are seldom used.
 */
export function customDefinitions(crd: CustomResourceDefinition, names: CustomNames, { terminating, outside }: { terminating: () => boolean; outside?: ConvertObjects }): Definition[] {
  const versions = new Map(crd.spec.versions.map((version) => [version.name, new CustomVersionRules(version)]))
  const stored = [...versions.values()].find(({ stated }) => stated.storage)
  if (!stored) return []
  return [...versions.values()].filter(({ stated }) => stated.served).map((rules) => customDefinition(crd, names, { rules, stored, versions, terminating, ...(outside ? { outside } : {}) }))
}

interface Versions {
  readonly rules: CustomVersionRules
  readonly stored: CustomVersionRules
  readonly versions: ReadonlyMap<string, CustomVersionRules>
  readonly terminating: () => boolean
  readonly outside?: ConvertObjects
}

function customDefinition(crd: CustomResourceDefinition, names: CustomNames, context: Versions): Definition {
  const { rules, terminating, outside } = context
  const { stated, props } = rules
  const { group, scope } = crd.spec
  const { status, scale } = stated.subresources ?? {}
  const validate: NonNullable<Definition['validate']> = (object, old) => rules.validate(object, old).errors
  const deprecation = stated.deprecated ? stated.deprecationWarning ?? `${group}/${stated.name} ${names.kind} is deprecated` : undefined
  return {
    resource: { group, version: stated.name, plural: names.plural, kind: names.kind, namespaced: scope === 'Namespaced' },
    singular: names.singular ?? '', listKind: names.listKind ?? `${names.kind}List`,
    shortNames: names.shortNames ?? [], categories: names.categories ?? [], verbs,
    get schema() {
      return rules.schema
    },
    custom: stated,
    published: props as Readonly<Record<string, unknown>>,
    storage: customStorage(crd),
    convert: outside ? new OutsideVersion({ group, ...context, convert: outside }) : conversionOf(group, context),
    defaults: (draft) => rules.default(draft),
    prepareCreate(draft) {
      if (terminating()) throw forbidden({ group, plural: names.plural }, draft.metadata.name ?? '', 'create not allowed while custom resource definition is terminating')
      if (status) delete draft.status
    },
    validate,
    warnings: finalizerWarnings,
    ...(deprecation ? { deprecation } : {}),
    columns: customColumns(stated.additionalPrinterColumns),
    fields: Object.fromEntries((stated.selectableFields ?? []).map(({ jsonPath }) => selectableField(jsonPath))),
    subresources: [...(status ? [statusSubresource(validate)] : []), ...(scale ? [customScaleSubresource(scale, validate)] : [])],
    requireVersionOnUpdate: true,
  }
}

const standardFinalizers: ReadonlySet<string> = new Set(['orphan', 'foregroundDeletion', 'kubernetes'])

/** A name without a path may be another writer's, too. */
function finalizerWarnings({ metadata }: AnyObject, old?: AnyObject): string[] {
  const fresh = new Set((metadata.finalizers ?? []).filter((finalizer) => !finalizer.includes('/') && !standardFinalizers.has(finalizer) && !old?.metadata.finalizers?.includes(finalizer)))
  return [...fresh].sort().map((finalizer) => `metadata.finalizers: ${JSON.stringify(finalizer)}: prefer a domain-qualified finalizer name ${finalizer.includes('.') ? 'including a path (/) ' : ''}to avoid accidental conflicts with other finalizer writers`)
}

/**
 * Objects are stored in the storage version of the day they were written, and shown in any, by their apiVersion alone (strategy None).
 * What is read gets the defaults of the version it was stored in, and only has what the asked version knows.
 */
function conversionOf(group: string, { rules, stored, versions }: Versions): NonNullable<Definition['convert']> {
  /** Values that are known to be as this version wants them. */
  const settled = new WeakSet()
  return {
    fromStored(object) {
      if (settled.has(object)) return object
      const from = versions.get(object.apiVersion?.split('/')[1] ?? '') ?? stored
      const draft = from.prune(object)
      from.default(draft)
      return from === rules ? draft : rules.prune(draft)
    },
    toStored(draft) {
      const apiVersion = apiVersionOf({ group, version: stored.stated.name })
      if (rules !== stored) return { ...stored.prune(draft), apiVersion } as AnyObject
      settled.add(draft)
      return draft
    },
  }
}
