// CustomResourceDefinition: a kind that users add.
import type { KubeObject } from '../../api/object.ts'
import { ruleErrors } from '../../api/cel-rules.ts'
import { equalJson } from '../../api/json.ts'
import { compileJsonPath, fieldsOfPath } from '../../api/json-path.ts'
import { unknownFormats } from '../../api/structural-formats.ts'
import { structuralErrors } from '../../api/structural-rules.ts'
import type { JsonSchemaProps } from '../../api/structural-schema.ts'
import type { CustomCondition, CustomScale } from '../../api/types-custom.ts'
import { cleanupFinalizer } from '../../api/types-custom.ts'
import { approvalErrors } from '../custom-approval.ts'
import { withCondition } from '../custom-names.ts'
import { timestamp } from '../object-metadata.ts'
import { defaultColumns } from './columns.ts'
import { define, named } from './define.ts'
import { checkDnsLabel1035, checkDnsSubdomain, checkImmutable, checkOneOf, duplicate, forbiddenField, invalid, notSupported, required, tooMany } from './rules.ts'
import type { Errors } from './rules.ts'
import type { WebhookClient } from './webhook-client.ts'
import { checkReviewVersions, checkWebhookClient } from './webhook-client.ts'

interface Version {
  name?: string
  served?: boolean
  storage?: boolean
  deprecated?: boolean
  deprecationWarning?: string
  schema?: { openAPIV3Schema?: JsonSchemaProps }
  subresources?: { status?: object; scale?: Partial<CustomScale> }
  selectableFields?: { jsonPath?: string }[]
  additionalPrinterColumns?: { name?: string; type?: string; jsonPath?: string; format?: string }[]
}

interface CustomResourceDefinition extends KubeObject {
  spec: {
    group?: string
    scope?: string
    names: { plural?: string; singular?: string; kind?: string; listKind?: string; shortNames?: string[]; categories?: string[] }
    versions?: Version[]
    conversion?: { strategy?: string; webhook?: { clientConfig?: WebhookClient; conversionReviewVersions?: string[] } }
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

function deprecationFault({ deprecated, deprecationWarning: text }: Version): string | undefined {
  if (text === undefined) return undefined
  if (!deprecated) return 'can only be set for deprecated versions'
  if (Buffer.byteLength(text) > 256) return 'must be <= 256 characters long'
  if (text.trim() === '') return 'must not be an empty string'
  const unprintable = text.search(/[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/u)
  return unprintable < 0 ? undefined : `must only contain printable UTF-8 characters; non-printable character found at index ${unprintable}`
}

const columnTypes = ['boolean', 'date', 'integer', 'number', 'string']

function checkVersion(out: Errors, path: string, version: Version, old: Version | undefined): void {
  if (!version.name) out.push(required(`${path}.name`))
  else checkDnsLabel1035(out, `${path}.name`, version.name)
  const fault = deprecationFault(version)
  if (fault !== undefined) out.push(invalid(`${path}.deprecationWarning`, version.deprecationWarning, fault))
  const root = version.schema?.openAPIV3Schema
  if (!root) out.push(required(`${path}.schema.openAPIV3Schema`, 'schemas are required'))
  else if (!equalJson(root, old?.schema?.openAPIV3Schema)) {
    const errors = structuralErrors(root, `${path}.schema.openAPIV3Schema`)
    out.push(...errors, ...(errors.length > 0 ? [] : ruleErrors(root, `${path}.schema.openAPIV3Schema`)))
  }
  if (version.subresources?.scale) checkScale(out, `${path}.subresources.scale`, version.subresources.scale)
  for (const [index, column] of (version.additionalPrinterColumns ?? []).entries()) {
    const at = `${path}.additionalPrinterColumns[${index}]`
    if (!column.name) out.push(required(`${at}.name`))
    checkOneOf(out, `${at}.type`, column.type, columnTypes)
    if (!column.jsonPath) out.push(required(`${at}.jsonPath`))
    else checkPath(out, `${at}.jsonPath`, column.jsonPath)
  }
  checkSelectableFields(out, `${path}.selectableFields`, version)
}

function checkConversion(out: Errors, conversion: CustomResourceDefinition['spec']['conversion']): void {
  const { strategy, webhook } = conversion ?? {}
  if (strategy === 'Webhook') {
    if (webhook?.clientConfig) checkWebhookClient(out, 'spec.conversion.webhook.clientConfig', webhook.clientConfig)
    else out.push(required('spec.conversion.webhook.clientConfig', 'required when strategy is set to Webhook'))
    checkReviewVersions(out, 'spec.conversion.webhook.conversionReviewVersions', webhook?.conversionReviewVersions ?? [])
  } else if (webhook) {
    out.push(forbiddenField('spec.conversion.webhook', 'should not be set when strategy is not set to Webhook'))
  }
}

function checkPath(out: Errors, path: string, value: string): void {
  try {
    compileJsonPath(value)
    if (!value.startsWith('.')) out.push(invalid(path, value, 'must be a simple json path starting with .'))
  } catch (error) {
    out.push(invalid(path, value, (error as Error).message))
  }
}

function checkScale(out: Errors, path: string, { specReplicasPath, statusReplicasPath, labelSelectorPath }: Partial<CustomScale>): void {
  const check = (name: string, value: string | undefined, roots: readonly string[], text: string): void => {
    if (!value) {
      if (name !== 'labelSelectorPath') out.push(required(`${path}.${name}`))
    } else if (fieldsOfPath(value) === undefined) out.push(invalid(`${path}.${name}`, value, 'must be a simple json path starting with .'))
    else if (!roots.some((root) => value.startsWith(root))) out.push(invalid(`${path}.${name}`, value, text))
  }
  check('specReplicasPath', specReplicasPath, ['.spec.'], 'should be a json path under .spec')
  check('statusReplicasPath', statusReplicasPath, ['.status.'], 'should be a json path under .status')
  check('labelSelectorPath', labelSelectorPath, ['.status.', '.spec.'], 'should be a json path under either .spec or .status')
}

const scalarTypes = ['string', 'boolean', 'integer']

function checkSelectableFields(out: Errors, path: string, { selectableFields = [], schema }: Version): void {
  if (selectableFields.length > 8) out.push(tooMany(path, selectableFields.length, 8))
  const seen = new Set<string>()
  for (const [index, { jsonPath = '' }] of selectableFields.entries()) {
    const at = `${path}[${index}].jsonPath`
    const names = fieldsOfPath(jsonPath)
    if (!jsonPath) out.push(required(at))
    else if (!names || !jsonPath.startsWith('.')) out.push(invalid(at, jsonPath, 'is an invalid path: must be a simple json path starting with .'))
    else if (names[0] === 'metadata') out.push(invalid(at, jsonPath, 'must not point to fields in metadata'))
    else {
      let property: JsonSchemaProps | undefined = schema?.openAPIV3Schema
      for (const name of names) property = property?.properties?.[name]
      if (!property) out.push(invalid(at, jsonPath, 'is an invalid path: does not refer to a valid field'))
      else if (!scalarTypes.includes(property.type ?? '')) out.push(invalid(at, jsonPath, `must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.`))
    }
    if (seen.has(jsonPath)) out.push(duplicate(at, jsonPath))
    seen.add(jsonPath)
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

function validate(crd: CustomResourceDefinition, old?: CustomResourceDefinition): Errors {
  const { metadata, spec } = crd
  const out: Errors = []
  // What was let in stays.
  if (!old || approvalErrors(old).length === 0) out.push(...approvalErrors(crd))
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
    checkVersion(out, `spec.versions[${index}]`, version, old?.spec.versions?.find(({ name }) => name === version.name))
    if (version.name && seen.has(version.name)) out.push(duplicate(`spec.versions[${index}].name`, version.name))
    seen.add(version.name ?? '')
  }
  if (versions.length > 0 && versions.filter(({ storage }) => storage).length !== 1) {
    out.push(invalid('spec.versions', versions.map(({ name: version }) => version), 'must have exactly one version marked as storage version'))
  }
  checkOneOf(out, 'spec.conversion.strategy', spec.conversion?.strategy, ['None', 'Webhook'])
  checkConversion(out, spec.conversion)
  if (spec.preserveUnknownFields) out.push(invalid('spec.preserveUnknownFields', true, 'cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead'))
  if (!old) return out
  for (const [index, stored] of (old.status?.storedVersions ?? []).entries()) {
    if (!seen.has(stored)) out.push(invalid(`status.storedVersions[${index}]`, stored, `missing from spec.versions; ${stored} was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in ${stored} and removes ${stored} from status.storedVersions`))
  }
  if (((old.status?.conditions ?? []) as CustomCondition[]).some(({ type, status }) => type === 'Established' && status === 'True')) {
    checkImmutable(out, 'spec.scope', spec.scope, old.spec.scope)
    checkImmutable(out, 'spec.names.kind', spec.names.kind, old.spec.names.kind)
  }
  checkImmutable(out, 'spec.group', spec.group, old.spec.group)
  checkImmutable(out, 'spec.names.plural', spec.names.plural, old.spec.names.plural)
  return out
}

const storageVersion = ({ spec }: CustomResourceDefinition): string[] => (spec.versions ?? []).flatMap(({ name, storage }) => (storage && name ? [name] : []))

/** What nobody checks of the texts that the kind's objects hold. */
const formatsOf = (crd: CustomResourceDefinition | undefined): Set<string> =>
  new Set((crd?.spec.versions ?? []).flatMap(({ schema }) => [...unknownFormats(schema?.openAPIV3Schema ?? {})]))

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
  warnings(crd, old) {
    const before = formatsOf(old)
    return [...formatsOf(crd)].filter((format) => !before.has(format)).map((format) => `unrecognized format ${JSON.stringify(format)}`)
  },
  columns: defaultColumns,
})
