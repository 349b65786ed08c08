// What CustomResourceDefinitions may not say: the change of a valid one, and each error at the path that upstream tells it at.
import { Door } from './door.suite.ts'
import { changed, created, faults, partFaults, type Json } from './kind.suite.ts'

type Case = [title: string, change: Json, expected: string[]]

const kind = 'customresourcedefinitions.apiextensions.k8s.io/v1'
const schema = (properties: Json, more: Json = {}): Json => ({ openAPIV3Schema: { type: 'object', properties, ...more } })
const v1: Json = { name: 'v1', served: true, storage: true, schema: schema({ spec: { type: 'object', properties: { size: { type: 'integer' }, parts: { type: 'array', items: { type: 'string' } } } } }) }
const v2: Json = { name: 'v2', served: true, storage: false, schema: schema({ other: { type: 'string' } }) }
const good: Json = { metadata: { name: 'widgets.example.com' }, spec: { group: 'example.com', scope: 'Namespaced', names: { plural: 'widgets', kind: 'Widget' }, versions: [v1] } }
const versions = (...list: Json[]): Json => ({ spec: { versions: list } })
const one = (change: Json): Json => versions(changed(v1, change))
const dns1035 = "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')"
const dns1123 = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
const mixed = 'may have mixed case, but should otherwise match: '
const shown = (name: string, storage: boolean, more = ''): string => `{"Name":"${name}","Served":true,"Storage":${storage},"Deprecated":false,"DeprecationWarning":null,${more || '"Schema":null,"Subresources":null,"AdditionalPrinterColumns":null,"SelectableFields":null'}}`

describe('a definition', () => {
  it.each<Case>([
    ['that is good', {}, []],
    ['with another name', { metadata: { name: 'x' } }, ['metadata.name: Invalid value: "x": must be spec.names.plural+"."+spec.group']],
    ['of nothing', { metadata: { name: '.' }, spec: { group: null, scope: null, names: null, versions: null } }, [
      'spec.group: Required value', 'spec.scope: Required value', 'spec.versions: Invalid value: null: must have exactly one version marked as storage version',
      'spec.names.plural: Required value', 'spec.names.singular: Required value', 'spec.names.kind: Required value', 'spec.names.listKind: Required value',
    ]],
    ['of a group in capitals', { metadata: { name: 'widgets.A' }, spec: { group: 'A', scope: 'World' } }, [`spec.group: Invalid value: "A": ${dns1123}`, 'spec.scope: Unsupported value: "World": supported values: "Cluster", "Namespaced"']],
    ['of a group without a dot', { metadata: { name: 'widgets.example' }, spec: { group: 'example' } }, ['spec.group: Invalid value: "example": should be a domain with at least one dot']],
    ['with names', { metadata: { name: 'Ws.example.com' }, spec: { names: { plural: 'Ws', singular: 'W', kind: 'W_', listKind: 'W_', shortNames: ['w', 'W'], categories: ['All'] } } }, [
      `spec.names.plural: Invalid value: "Ws": ${dns1035}`, `spec.names.singular: Invalid value: "W": ${dns1035}`, `spec.names.kind: Invalid value: "W_": ${mixed}${dns1035}`, `spec.names.listKind: Invalid value: "W_": ${mixed}${dns1035}`,
      `spec.names.shortNames[1]: Invalid value: "W": ${dns1035}`, 'spec.names.listKind: Invalid value: "W_": kind and listKind may not be the same', `spec.names.categories[0]: Invalid value: "All": ${dns1035}`,
    ]],
    ['without a schema', one({ schema: null }), ['spec.versions[0].schema.openAPIV3Schema: Required value']],
    ['with a version in capitals', one({ name: 'V1' }), [`spec.versions[0].name: Invalid value: "V1": ${dns1035}`, `spec.version: Invalid value: "V1": ${dns1035}`]],
    ['with a version twice, both stored', versions(v1, v1), [
      `spec.versions: Invalid value: [${shown('v1', true)},${shown('v1', true)}]: must contain unique version names`, `spec.versions: Invalid value: [${shown('v1', true)},${shown('v1', true)}]: must have exactly one version marked as storage version`,
    ]],
    ['that stores nothing', one({ storage: false }), [`spec.versions: Invalid value: [${shown('v1', false)}]: must have exactly one version marked as storage version`]],
    ['with a warning', one({ deprecationWarning: 'old' }), ['spec.versions[0].deprecationWarning: Invalid value: "old": can only be set for deprecated versions']],
    ['with a wrong warning', one({ deprecated: true, deprecationWarning: 'ä\n' }), ['spec.versions[0].deprecationWarning: Invalid value: "ä\\n": must only contain printable UTF-8 characters; non-printable character found at index 2']],
    ['that keeps what it does not know', { spec: { preserveUnknownFields: true, conversion: { strategy: 'Webhook' } } }, [
      'spec.conversion.strategy: Invalid value: "Webhook": must be None if spec.preserveUnknownFields is true', 'spec.conversion.webhookClientConfig: Required value: required when strategy is set to Webhook',
      'spec.conversion.conversionReviewVersions: Required value', 'spec.preserveUnknownFields: Invalid value: true: cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead',
    ]],
    ['with another conversion', { spec: { conversion: { strategy: 'Magic', webhook: { clientConfig: { url: 'https://x' }, conversionReviewVersions: ['v1'] } } } }, [
      'spec.conversion.strategy: Unsupported value: "Magic": supported values: "None", "Webhook"', 'spec.conversion.webhookClientConfig: Forbidden: should not be set when strategy is not set to Webhook',
      'spec.conversion.conversionReviewVersions: Forbidden: should not be set when strategy is not set to Webhook',
    ]],
    ['with a webhook', { spec: { conversion: { strategy: 'Webhook', webhook: { clientConfig: { url: 'http://x', caBundle: 'eA==' }, conversionReviewVersions: ['v3'] } } } }, [
      'spec.conversion.webhookClientConfig.url: Invalid value: "http": \'https\' is the only allowed URL scheme; desired format: https://host[/path]', 'spec.conversion.conversionReviewVersions: Invalid value: ["v3"]: must include at least one of v1, v1beta1',
    ]],
    ['of a protected group', { metadata: { name: 'widgets.x.k8s.io' }, spec: { group: 'x.k8s.io' } }, ['metadata.annotations[api-approved.kubernetes.io]: Required value: protected groups must have approval annotation "api-approved.kubernetes.io", see https://github.com/kubernetes/enhancements/pull/1111']],
  ])('%s', (_, change, expected) => {
    expect(faults(kind, changed(good, change))).toEqual(expected)
  })
})

describe('what all versions have in common is told of at the root', () => {
  const wrong = schema({ a: {} })
  const at = 'openAPIV3Schema.properties[a].type: Required value: must not be empty for specified object fields'

  it.each<Case>([
    ['a schema', versions({ ...v1, schema: wrong }, { ...v2, schema: wrong }), [`spec.validation.${at}`]],
    ['schemas that differ', versions({ ...v1, schema: wrong }, v2), [`spec.versions[0].schema.${at}`]],
    ['columns', one({ additionalPrinterColumns: [{}, { name: 'A', type: 'text', format: 'long', jsonPath: 'spec' }] }), [
      'spec.additionalPrinterColumns[0].name: Required value', 'spec.additionalPrinterColumns[0].type: Required value: must be one of boolean,date,integer,number,string', 'spec.additionalPrinterColumns[0].JSONPath: Required value',
      'spec.additionalPrinterColumns[1].type: Invalid value: "text": must be one of boolean,date,integer,number,string',
      'spec.additionalPrinterColumns[1].format: Invalid value: "long": must be one of byte,date,date-time,double,float,int32,int64,password', 'spec.additionalPrinterColumns[1].JSONPath: Invalid value: "spec": must be a simple json path starting with .',
    ]],
    ['columns that differ', versions(v1, { ...v2, additionalPrinterColumns: [{ type: 'string', jsonPath: '.a' }] }), ['spec.versions[1].additionalPrinterColumns[0].name: Required value']],
    ['scales', one({ subresources: { scale: { specReplicasPath: '.status.a', labelSelectorPath: '.metadata.a' } } }), [
      'spec.subresources.scale.specReplicasPath: Invalid value: ".status.a": should be a json path under .spec', 'spec.subresources.scale.statusReplicasPath: Required value',
      'spec.subresources.scale.labelSelectorPath: Invalid value: ".metadata.a": should be a json path under either .spec or .status',
    ]],
    ['selectable fields', one({ selectableFields: [{}, { jsonPath: '.spec.size' }, { jsonPath: '.spec.size' }, { jsonPath: '.spec.parts' }, { jsonPath: '.spec.none' }, { jsonPath: '.spec.parts[0]' }] }), [
      'spec.selectableFields[0].jsonPath: Required value', 'spec.selectableFields[2].jsonPath: Duplicate value: ".spec.size"',
      'spec.selectableFields[3].jsonPath: Invalid value: ".spec.parts": must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.',
      'spec.selectableFields[4].jsonPath: Invalid value: ".spec.none": is an invalid path: does not refer to a valid field', 'spec.selectableFields[5].jsonPath: Invalid value: ".spec.parts[0]": is an invalid path: array notation is not allowed',
    ]],
    ['roots with a status', versions({ ...v1, subresources: { status: {} }, schema: schema({}, { anyOf: [{}] }) }), [expect.stringMatching(/^spec\.validation\.openAPIV3Schema: Invalid value: .*: only \[Description Type .* XValidations\] fields are allowed at the root of the schema if the status subresource is enabled$/) as unknown as string]],
    ['roots that may be null', one({ schema: schema({}, { nullable: true }) }), ['spec.validation.openAPIV3Schema.nullable: Forbidden: nullable cannot be true at the root']],
    ['rules', one({ schema: schema({ a: { type: 'string', 'x-kubernetes-validations': [{ rule: 'self' }] } }) }), [
      'spec.validation.openAPIV3Schema.properties[a].x-kubernetes-validations[0].rule: Invalid value: {"Rule":"self","Message":"","MessageExpression":"","Reason":null,"FieldPath":"","OptionalOldSelf":null}: cel expression must evaluate to a bool',
    ]],
  ])('%s', (_, change, expected) => {
    expect(faults(kind, changed(good, change))).toEqual(expected)
  })
})

describe('later', () => {
  const established = { ...created(kind, good), status: { conditions: [{ type: 'Established', status: 'True' }], acceptedNames: {}, storedVersions: ['v1'] } }

  it('names stay, and the kind when it is established', () => {
    const change = { spec: { group: 'other.com', scope: 'Cluster', names: { plural: 'gadgets', kind: 'Gadget', listKind: 'Gadgets' } } }
    expect(faults(kind, changed(good, change), created(kind, good))).toEqual(['spec.group: Invalid value: "other.com": field is immutable', 'spec.names.plural: Invalid value: "gadgets": field is immutable'])
    expect(faults(kind, { ...changed(good, change), status: established.status }, established)).toEqual([
      'spec.scope: Invalid value: "Cluster": field is immutable', 'spec.names.kind: Invalid value: "Gadget": field is immutable', 'spec.group: Invalid value: "other.com": field is immutable', 'spec.names.plural: Invalid value: "gadgets": field is immutable',
    ])
  })

  it('a version that was stored stays', () => {
    expect(faults(kind, { ...changed(good, versions({ ...v2, storage: true })), status: established.status }, established)).toEqual([
      'status.storedVersions[0]: Invalid value: "v1": missing from spec.versions; v1 was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in v1 and removes v1 from status.storedVersions',
    ])
  })

  it('a schema that was let in stays, while another is looked at', () => {
    const old = changed(good, versions(changed(v1, { schema: schema({ a: {} }) })))
    expect(faults(kind, structuredClone(old), created(kind, old))).toEqual([])
    expect(faults(kind, changed(old, versions(changed(v1, { schema: schema({ a: {}, b: { type: 'string' } }) }))), created(kind, old))).toHaveLength(1)
  })

  it('certificates of webhooks can be read', () => {
    const hook = (caBundle: string): Json => ({ spec: { conversion: { strategy: 'Webhook', webhook: { clientConfig: { url: 'https://x', caBundle }, conversionReviewVersions: ['v1'] } } } })
    const text = 'spec.conversion.webhookClientConfig.caBundle: Invalid value: "eA==": unable to load root certificates: unable to parse bytes as PEM block'
    expect(faults(kind, changed(good, hook('eA==')))).toEqual([])
    expect(faults(kind, { ...changed(good, hook('eA==')), status: established.status }, established)).toEqual([text])
    expect(faults(kind, { ...changed(good, hook('eA==')), status: established.status }, { ...changed(good, hook('eQ==')), status: established.status })).toEqual([])
  })

  it('a status accepts names', () => {
    expect(partFaults(kind, 'status', { ...good, status: { acceptedNames: { plural: 'A', kind: 'A' } } }, good)).toEqual([`status.acceptedNames.plural: Invalid value: "A": ${dns1035}`])
  })

  it('all of it is one Status', async () => {
    const { status } = await new Door(kind, 'widgets.example.com').create(changed(good, { spec: { scope: 'World', names: { shortNames: ['W'] } } }))
    expect(status).toMatchObject({
      code: 422, reason: 'Invalid', message: `CustomResourceDefinition.apiextensions.k8s.io "widgets.example.com" is invalid: [spec.scope: Unsupported value: "World": supported values: "Cluster", "Namespaced", spec.names.shortNames[0]: Invalid value: "W": ${dns1035}]`,
      details: { name: 'widgets.example.com', group: 'apiextensions.k8s.io', kind: 'CustomResourceDefinition', causes: [{ reason: 'FieldValueNotSupported', field: 'spec.scope' }, { reason: 'FieldValueInvalid', field: 'spec.names.shortNames[0]' }] },
    })
  })
})
