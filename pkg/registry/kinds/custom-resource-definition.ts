// CustomResourceDefinition: a kind that users add.
import type { KubeObject } from '../../api/object.ts'
import type { CustomCondition } from '../../api/types-custom.ts'
import { cleanupFinalizer } from '../../api/types-custom.ts'
import { withCondition } from '../custom-names.ts'
import { timestamp } from '../object-metadata.ts'
import { defaultColumns } from './columns.ts'
import { define, named } from './define.ts'
import { checkDnsLabel1035, checkDnsSubdomain, checkImmutable, checkOneOf, duplicate, invalid, notSupported, required } from './rules.ts'
import type { Errors } from './rules.ts'

interface Version {
  name?: string
  served?: boolean
  storage?: boolean
  schema?: { openAPIV3Schema?: { type?: string; 'x-kubernetes-preserve-unknown-fields'?: boolean } }
  additionalPrinterColumns?: { name?: string; type?: string; jsonPath?: string; format?: string }[]
}

interface CustomResourceDefinition extends KubeObject {
  spec: {
    group?: string
    scope?: string
    names: { plural?: string; singular?: string; kind?: string; listKind?: string; shortNames?: string[]; categories?: string[] }
    versions?: Version[]
    conversion?: { strategy?: string; webhook?: { clientConfig?: { service?: { port?: number } }; conversionReviewVersions?: string[] } }
    preserveUnknownFields?: boolean
  }
  status?: { storedVersions?: string[]; conditions?: unknown[]; acceptedNames?: object }
}

function defaults(draft: CustomResourceDefinition): void {
  draft.spec ??= { names: {} }
  const { spec } = draft
  spec.names ??= {}
  if (spec.names.kind) {
    spec.names.singular ||= spec.names.kind.toLowerCase()
    spec.names.listKind ||= `${spec.names.kind}List`
  }
  spec.conversion ??= { strategy: 'None' }
  const service = spec.conversion.webhook?.clientConfig?.service
  if (service) service.port ??= 443
}

const columnTypes = ['boolean', 'date', 'integer', 'number', 'string']

function checkVersion(out: Errors, path: string, version: Version): void {
  if (!version.name) out.push(required(`${path}.name`))
  else checkDnsLabel1035(out, `${path}.name`, version.name)
  const root = version.schema?.openAPIV3Schema
  if (!root) out.push(required(`${path}.schema.openAPIV3Schema`, 'schemas are required'))
  else if (root.type === undefined || root.type === '') {
    out.push(required(`${path}.schema.openAPIV3Schema.type`, 'must not be empty at the root'))
  } else if (root.type !== 'object') out.push(invalid(`${path}.schema.openAPIV3Schema.type`, root.type, 'must be object at the root'))
  for (const [index, column] of (version.additionalPrinterColumns ?? []).entries()) {
    const at = `${path}.additionalPrinterColumns[${index}]`
    if (!column.name) out.push(required(`${at}.name`))
    checkOneOf(out, `${at}.type`, column.type, columnTypes)
    if (!column.jsonPath) out.push(required(`${at}.jsonPath`))
  }
}

function checkNames(out: Errors, names: CustomResourceDefinition['spec']['names']): void {
  if (!names.plural) out.push(required('spec.names.plural'))
  else checkDnsLabel1035(out, 'spec.names.plural', names.plural)
  if (names.singular) checkDnsLabel1035(out, 'spec.names.singular', names.singular)
  if (!names.kind) out.push(required('spec.names.kind'))
  else checkDnsLabel1035(out, 'spec.names.kind', names.kind.toLowerCase())
  for (const [index, name] of (names.shortNames ?? []).entries()) checkDnsLabel1035(out, `spec.names.shortNames[${index}]`, name)
  for (const [index, name] of (names.categories ?? []).entries()) checkDnsLabel1035(out, `spec.names.categories[${index}]`, name)
  if (names.kind && names.kind === names.listKind) out.push(invalid('spec.names.listKind', names.listKind, 'kind and listKind may not be the same'))
}

function validate({ metadata, spec }: CustomResourceDefinition, old?: CustomResourceDefinition): Errors {
  const out: Errors = []
  const name = `${spec.names.plural ?? ''}.${spec.group ?? ''}`
  if (metadata.name !== name) out.push(invalid('metadata.name', metadata.name, 'must be spec.names.plural+"."+spec.group'))
  if (!spec.group) out.push(required('spec.group'))
  else {
    checkDnsSubdomain(out, 'spec.group', spec.group)
    if (!spec.group.includes('.')) out.push(invalid('spec.group', spec.group, 'should be a domain with at least one dot'))
  }
  if (spec.scope !== 'Cluster' && spec.scope !== 'Namespaced') out.push(spec.scope ? notSupported('spec.scope', spec.scope, ['Cluster', 'Namespaced']) : required('spec.scope'))
  checkNames(out, spec.names)
  const versions = spec.versions ?? []
  if (versions.length === 0) out.push(required('spec.versions', 'must have exactly one version marked as storage version'))
  const seen = new Set<string>()
  for (const [index, version] of versions.entries()) {
    checkVersion(out, `spec.versions[${index}]`, version)
    if (version.name && seen.has(version.name)) out.push(duplicate(`spec.versions[${index}].name`, version.name))
    seen.add(version.name ?? '')
  }
  if (versions.length > 0 && versions.filter(({ storage }) => storage).length !== 1) {
    out.push(invalid('spec.versions', versions.map(({ name: version }) => version), 'must have exactly one version marked as storage version'))
  }
  checkOneOf(out, 'spec.conversion.strategy', spec.conversion?.strategy, ['None', 'Webhook'])
  if (spec.conversion?.strategy === 'Webhook' && !spec.conversion.webhook?.clientConfig) out.push(required('spec.conversion.webhook.clientConfig', 'required when strategy is set to Webhook'))
  if (spec.preserveUnknownFields) out.push(invalid('spec.preserveUnknownFields', true, 'cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead'))
  if (!old) return out
  for (const [index, stored] of (old.status?.storedVersions ?? []).entries()) {
    if (!seen.has(stored)) out.push(invalid(`status.storedVersions[${index}]`, stored, 'missing from spec.versions; an existing stored version must remain served or be migrated first'))
  }
  if ((old.status?.conditions ?? []).length > 0) {
    checkImmutable(out, 'spec.scope', spec.scope, old.spec.scope)
    checkImmutable(out, 'spec.names.kind', spec.names.kind, old.spec.names.kind)
  }
  checkImmutable(out, 'spec.group', spec.group, old.spec.group)
  checkImmutable(out, 'spec.names.plural', spec.names.plural, old.spec.names.plural)
  return out
}

const storageVersion = ({ spec }: CustomResourceDefinition): string[] => (spec.versions ?? []).flatMap(({ name, storage }) => (storage && name ? [name] : []))

export default define(named<CustomResourceDefinition>('apiextensions.k8s.io/v1', 'customresourcedefinitions'), {
  requireVersionOnUpdate: true,
  initialStatus: (draft) => ({ conditions: [], acceptedNames: { plural: '', kind: '' }, storedVersions: storageVersion(draft) }),
  defaults,
  prepareUpdate(draft, old) {
    // A version that becomes the stored one is remembered until objects in the others are gone.
    const stored = old.status?.storedVersions ?? []
    const added = storageVersion(draft).filter((version) => !stored.includes(version))
    if (added.length > 0) draft.status = { ...old.status, storedVersions: [...stored, ...added] }
  },
  prepareDelete(draft, { clock }) {
    const finalizers = draft.metadata.finalizers ?? []
    if (!finalizers.includes(cleanupFinalizer)) draft.metadata.finalizers = [...finalizers, cleanupFinalizer]
    const condition = {
      type: 'Terminating', status: 'True', reason: 'InstanceDeletionPending',
      message: 'CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon',
    }
    draft.status = { ...draft.status, conditions: withCondition((draft.status?.conditions ?? []) as CustomCondition[], condition, timestamp(clock.now())) }
  },
  validate,
  columns: defaultColumns,
})
