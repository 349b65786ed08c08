// Checks of CustomResourceDefinitions. What all versions have in common is told of at the CRD's root (spec.validation …), as upstream, which holds it there.
import type { KubeObject } from '../../api/object.ts'
import { dnsLabel1035Faults, dnsSubdomainFaults } from '../../api/names.ts'
import { pemBlocks } from '../../api/pem.ts'
import type { JsonSchemaProps } from '../../api/structural-schema.ts'
import type { CustomCondition } from '../../api/types-custom.ts'
import { approvalErrors } from '../custom-approval.ts'
import type { Version } from './custom-version-validation.ts'
import { checkColumns, checkDeprecation, checkScale, checkSchema, checkSelectable } from './custom-version-validation.ts'
import type { Errors } from './rules.ts'
import { checkImmutable, checkOneOf, forbiddenField, invalid, required, same } from './rules.ts'
import type { WebhookClient } from './webhook-client.ts'
import { checkReviewVersions, checkWebhookClient, isKnownReviewVersion } from './webhook-client.ts'

export interface Names {
  plural?: string
  singular?: string
  kind?: string
  listKind?: string
  shortNames?: string[]
  categories?: string[]
}

export interface CustomResourceDefinition extends KubeObject {
  spec: {
    group?: string
    scope?: string
    names: Names
    versions?: Version[]
    conversion?: { strategy?: string; webhook?: { clientConfig?: WebhookClient; conversionReviewVersions?: string[] } }
    preserveUnknownFields?: boolean
  }
  status?: { storedVersions?: string[]; conditions?: unknown[]; acceptedNames?: Names }
}

const shared = ['subresources', 'schema', 'additionalPrinterColumns', 'selectableFields'] as const
type Shared = typeof shared[number]

/** What every version says alike. */
const commonOf = (versions: readonly Version[]): ReadonlySet<Shared> => new Set(shared.filter((field) => versions.every((version) => same(version[field], versions[0]?.[field]))))

/** As the API's own form is shown: what is told at the root is not told of the version. */
const shownVersion = (version: Version, common: ReadonlySet<Shared>): object => ({
  Name: version.name ?? '', Served: version.served ?? false, Storage: version.storage ?? false, Deprecated: version.deprecated ?? false, DeprecationWarning: version.deprecationWarning ?? null,
  Schema: common.has('schema') ? null : version.schema ?? null, Subresources: common.has('subresources') ? null : version.subresources ?? null,
  AdditionalPrinterColumns: common.has('additionalPrinterColumns') ? null : version.additionalPrinterColumns ?? null, SelectableFields: common.has('selectableFields') ? null : version.selectableFields ?? null,
})

interface Parts {
  readonly names: Readonly<Record<Shared, string>>
  readonly wanted: (field: Shared) => boolean
  readonly status: boolean
  readonly old: Version | undefined
}

/** The parts of a version that stand at `path`. */
function checkParts(out: Errors, path: string, version: Version, { names, wanted, status, old }: Parts): void {
  const root: JsonSchemaProps | undefined = version.schema?.openAPIV3Schema
  if (wanted('schema') && root) checkSchema(out, `${path}.${names.schema}.openAPIV3Schema`, root, { status, old: old?.schema?.openAPIV3Schema })
  if (wanted('subresources') && version.subresources?.scale) checkScale(out, `${path}.${names.subresources}.scale`, version.subresources.scale)
  if (wanted('additionalPrinterColumns')) checkColumns(out, `${path}.${names.additionalPrinterColumns}`, version.additionalPrinterColumns ?? [])
  if (wanted('selectableFields') && version.selectableFields?.length) {
    checkSelectable(out, `${path}.${names.selectableFields}`, version.selectableFields, { root: root ?? {}, many: same(version.selectableFields, old?.selectableFields) })
  }
}

const joined = (out: Errors, path: string, value: string, faults: readonly string[], before = ''): void => {
  if (faults.length > 0) out.push(invalid(path, value, before + faults.join(',')))
}

const mixedCase = 'may have mixed case, but should otherwise match: '

function checkNames(out: Errors, path: string, { plural = '', singular = '', kind = '', listKind = '', shortNames = [], categories = [] }: Names): void {
  for (const [field, value] of Object.entries({ plural, singular })) if (value !== '') joined(out, `${path}.${field}`, value, dnsLabel1035Faults(value))
  for (const [field, value] of Object.entries({ kind, listKind })) if (value !== '') joined(out, `${path}.${field}`, value, dnsLabel1035Faults(value.toLowerCase()), mixedCase)
  for (const [index, name] of shortNames.entries()) joined(out, `${path}.shortNames[${index}]`, name, dnsLabel1035Faults(name))
  if (kind !== '' && kind === listKind) out.push(invalid(`${path}.listKind`, listKind, 'kind and listKind may not be the same'))
  for (const [index, name] of categories.entries()) joined(out, `${path}.categories[${index}]`, name, dnsLabel1035Faults(name))
}

const atRoot: Parts['names'] = { schema: 'validation', subresources: 'subresources', additionalPrinterColumns: 'additionalPrinterColumns', selectableFields: 'selectableFields' }
const atVersion: Parts['names'] = { ...atRoot, schema: 'schema' }

function checkVersions(out: Errors, { spec }: CustomResourceDefinition, common: ReadonlySet<Shared>, oldOf: (name: string | undefined) => Version | undefined): void {
  const versions = spec.versions ?? []
  for (const [index, version] of versions.entries()) {
    const path = `spec.versions[${index}]`
    const name = version.name ?? ''
    joined(out, `${path}.name`, name, dnsLabel1035Faults(name))
    checkDeprecation(out, `${path}.deprecationWarning`, version)
    checkParts(out, path, version, { names: atVersion, wanted: (field) => !common.has(field), status: version.subresources?.status !== undefined, old: oldOf(name) })
  }
  const shown = spec.versions ? versions.map((version) => shownVersion(version, common)) : null
  if (new Set(versions.map(({ name }) => name)).size < versions.length) out.push(invalid('spec.versions', shown, 'must contain unique version names'))
  if (versions.filter(({ storage }) => storage).length !== 1) out.push(invalid('spec.versions', shown, 'must have exactly one version marked as storage version'))
  const first = versions[0]?.name ?? ''
  if (first !== '') joined(out, 'spec.version', first, dnsLabel1035Faults(first))
}

function hasDefaults(props: JsonSchemaProps | undefined): boolean {
  if (typeof props !== 'object') return false
  const within = [...Object.values(props.properties ?? {}), ...(typeof props.additionalProperties === 'object' ? [props.additionalProperties] : []), ...(props.items ? [props.items] : [])]
  return props.default !== undefined || within.some(hasDefaults)
}

function isEstablished(crd: CustomResourceDefinition): boolean {
  return ((crd.status?.conditions ?? []) as CustomCondition[]).some(({ type, status }) => type === 'Established' && status === 'True')
}

const hasCertificates = (bundle: string): boolean => pemBlocks(Buffer.from(bundle, 'base64').toString('latin1')).some(({ type }) => type === 'CERTIFICATE')

/** A bundle that can't be read is let be until the CRD is established, and where it was unreadable before. */
function checkBundle(out: Errors, path: string, bundle: string, old: CustomResourceDefinition | undefined): void {
  if (bundle === '' || !old || !isEstablished(old) || hasCertificates(bundle)) return
  const before = old.spec.conversion?.webhook?.clientConfig?.caBundle ?? ''
  if (before === '' || hasCertificates(before)) out.push(invalid(path, bundle, 'unable to load root certificates: unable to parse bytes as PEM block'))
}

function checkConversion(out: Errors, { spec }: CustomResourceDefinition, old: CustomResourceDefinition | undefined): void {
  const { strategy, webhook } = spec.conversion ?? {}
  const path = 'spec.conversion'
  if (spec.preserveUnknownFields && strategy !== 'None') out.push(invalid(`${path}.strategy`, strategy ?? '', 'must be None if spec.preserveUnknownFields is true'))
  checkOneOf(out, `${path}.strategy`, strategy, ['None', 'Webhook'])
  const client = webhook?.clientConfig
  const versions = webhook?.conversionReviewVersions ?? []
  if (strategy === 'Webhook') {
    if (client) {
      checkWebhookClient(out, `${path}.webhookClientConfig`, client)
      checkBundle(out, `${path}.webhookClientConfig.caBundle`, client.caBundle ?? '', old)
    } else out.push(required(`${path}.webhookClientConfig`, 'required when strategy is set to Webhook'))
    const before = old?.spec.conversion?.webhook?.conversionReviewVersions ?? []
    checkReviewVersions(out, `${path}.conversionReviewVersions`, versions, { lenient: before.length > 0 && !before.some(isKnownReviewVersion) })
    return
  }
  const text = 'should not be set when strategy is not set to Webhook'
  if (client) out.push(forbiddenField(`${path}.webhookClientConfig`, text))
  if (versions.length > 0) out.push(forbiddenField(`${path}.conversionReviewVersions`, text))
}

function checkSpec(out: Errors, crd: CustomResourceDefinition, old: CustomResourceDefinition | undefined): void {
  const { group = '', scope, names, versions = [], preserveUnknownFields } = crd.spec
  const groupFaults = dnsSubdomainFaults(group)
  if (group === '') out.push(required('spec.group'))
  else if (groupFaults.length > 0) joined(out, 'spec.group', group, groupFaults)
  else if (!group.includes('.')) out.push(invalid('spec.group', group, 'should be a domain with at least one dot'))
  checkOneOf(out, 'spec.scope', scope, ['Cluster', 'Namespaced'])
  for (const [index, { schema }] of versions.entries()) if (!schema?.openAPIV3Schema) out.push(required(`spec.versions[${index}].schema.openAPIV3Schema`))
  if (preserveUnknownFields && versions.some(({ schema }) => hasDefaults(schema?.openAPIV3Schema))) out.push(invalid('spec.preserveUnknownFields', true, 'must be false in order to use defaults in the schema'))
  const common = commonOf(versions)
  const oldOf = (name: string | undefined): Version | undefined => old?.spec.versions?.find((version) => version.name === name)
  checkVersions(out, crd, common, oldOf)
  for (const field of ['plural', 'singular', 'kind', 'listKind'] as const) if (!names[field]) out.push(required(`spec.names.${field}`))
  checkNames(out, 'spec.names', names)
  const [first] = versions
  if (first) {
    const status = versions.some(({ subresources }) => subresources?.status !== undefined)
    checkParts(out, 'spec', first, { names: atRoot, wanted: (field) => common.has(field), status, old: oldOf(first.name) })
  }
  checkConversion(out, crd, old)
}

function checkStored(out: Errors, { spec, status }: CustomResourceDefinition): void {
  const known = new Set((spec.versions ?? []).map(({ name }) => name))
  for (const [index, stored] of (status?.storedVersions ?? []).entries()) {
    if (!known.has(stored)) out.push(invalid(`status.storedVersions[${index}]`, stored, `missing from spec.versions; ${stored} was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in ${stored} and removes ${stored} from status.storedVersions`))
  }
}

export function definitionErrors(crd: CustomResourceDefinition, old?: CustomResourceDefinition): Errors {
  const { metadata, spec, status } = crd
  const out: Errors = []
  if (!old && metadata.name !== `${spec.names.plural ?? ''}.${spec.group ?? ''}`) out.push(invalid('metadata.name', metadata.name, 'must be spec.names.plural+"."+spec.group'))
  checkSpec(out, crd, old)
  if (old) {
    if (isEstablished(old)) {
      checkImmutable(out, 'spec.scope', spec.scope, old.spec.scope)
      checkImmutable(out, 'spec.names.kind', spec.names.kind, old.spec.names.kind)
    }
    checkImmutable(out, 'spec.group', spec.group, old.spec.group)
    checkImmutable(out, 'spec.names.plural', spec.names.plural, old.spec.names.plural)
  }
  checkNames(out, 'status.acceptedNames', status?.acceptedNames ?? {})
  checkStored(out, crd)
  // What was let in stays.
  if (!old || approvalErrors(old).length === 0) out.push(...approvalErrors(crd))
  if (spec.preserveUnknownFields && !old?.spec.preserveUnknownFields) out.push(invalid('spec.preserveUnknownFields', true, 'cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead'))
  return out
}

/** Of a write to the status, only the names are looked at. */
export function definitionStatusErrors({ status }: CustomResourceDefinition): Errors {
  const out: Errors = []
  checkNames(out, 'status.acceptedNames', status?.acceptedNames ?? {})
  return out
}
