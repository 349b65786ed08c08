// Metadata that no kind takes, through the registry: the whole Status with causes, on create and on update, and what is only warned of.
import type { AnyObject, ObjectMeta } from '../api/object.ts'
import { asking, configMaps, failure, fixture } from './fixture.suite.ts'
import { atOnce } from '../util/slices.ts'
import { finalizerErrors, metadataErrors } from './metadata-errors.ts'

type Json = Record<string, unknown>

const lines = (errors: readonly { field: string; text: string }[]): string[] => errors.map(({ field, text }) => `${field}: ${text}`)
const faults = (metadata: Json): string[] => lines(atOnce(metadataErrors(configMaps, { metadata: { name: 'a', namespace: 'n', ...metadata } } as AnyObject)))

const subdomain = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
const named = "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
const labelText = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
const owner = (more: Json = {}): Json => ({ apiVersion: 'v1', kind: 'Pod', name: 'p', uid: 'u', ...more })

describe('every write', () => {
  it.each<[string, Json, string[]]>([
    ['the least', {}, []],
    ['no name', { name: '' }, ['metadata.name: Required value: name or generateName is required']],
    ['a name in capitals', { name: 'A' }, [`metadata.name: Invalid value: "A": ${subdomain}`]],
    ['a long name', { name: 'a'.repeat(254) }, [`metadata.name: Invalid value: "${'a'.repeat(254)}": must be no more than 253 characters`]],
    ['a prefix with a dash', { generateName: 'a-' }, []],
    ['a prefix of which only the last two letters are wrong', { generateName: 'aB-' }, []],
    ['nothing but a dash', { generateName: '-' }, [`metadata.generateName: Invalid value: "-": ${subdomain}`]],
    ['a wrong prefix comes before the name that was made of it', { generateName: 'A_x', name: 'A_xyz' }, [`metadata.generateName: Invalid value: "A_x": ${subdomain}`, `metadata.name: Invalid value: "A_xyz": ${subdomain}`]],
    ['labels', { labels: { 'a b': 'c d' } }, [`metadata.labels: Invalid value: "a b": ${named}`, `metadata.labels: Invalid value: "c d": ${labelText}`]],
    ['a label without a name', { labels: { 'x.y/': '' } }, ['metadata.labels: Invalid value: "x.y/": name part must be non-empty', `metadata.labels: Invalid value: "x.y/": ${named}`]],
    ['annotations may have capitals', { annotations: { 'Ex.Com/A': '' } }, []],
    ['annotations', { annotations: { 'a b': '' } }, [`metadata.annotations: Invalid value: "a b": ${named}`]],
    ['as many annotations as there may be', { annotations: { a: 'x'.repeat(256 * 1024 - 1) } }, []],
    ['one byte too many', { annotations: { a: 'x'.repeat(256 * 1024) } }, ['metadata.annotations: Too long: may not be more than 262144 bytes']],
    ['an owner', { ownerReferences: [owner({ apiVersion: 'apps/', kind: '', name: '', uid: '' })] }, [
      'metadata.ownerReferences.apiVersion: Invalid value: "apps/": version must not be empty', 'metadata.ownerReferences.kind: Invalid value: "": must not be empty',
      'metadata.ownerReferences.name: Invalid value: "": must not be empty', 'metadata.ownerReferences.uid: Invalid value: "": must not be empty',
    ]],
    ['an event as owner', { ownerReferences: [owner({ kind: 'Event', blockOwnerDeletion: true })] }, [
      'metadata.ownerReferences: Invalid value: {"apiVersion":"v1","kind":"Event","name":"p","uid":"u","blockOwnerDeletion":true}: /v1, Kind=Event is disallowed from being an owner',
    ]],
    ['two controllers', { ownerReferences: [owner({ controller: true }), owner({ name: 'q', controller: true })] }, [
      'metadata.ownerReferences: Invalid value: [{"apiVersion":"v1","kind":"Pod","name":"p","uid":"u","controller":true},{"apiVersion":"v1","kind":"Pod","name":"q","uid":"u","controller":true}]: Only one reference can have Controller set to true. Found "true" in references for Pod/p and Pod/q',
    ]],
    ['finalizers', { finalizers: ['a b', 'orphan', 'foregroundDeletion'] }, [
      `metadata.finalizers: Invalid value: "a b": ${named}`,
      'metadata.finalizers: Invalid value: ["a b","orphan","foregroundDeletion"]: finalizer orphan and foregroundDeletion cannot be both set',
    ]],
    ['a finalizer twice', { finalizers: ['a.b/c', 'a.b/c'] }, []],
    ['managers of fields', { managedFields: [{ manager: 'ä €' }, { manager: 'é\nx' }, { manager: 'm'.repeat(129), subresource: 's'.repeat(257) }] }, [
      'metadata.managedFields[1].manager: Invalid value: "é\\nx": invalid character U+000A (at position 2)',
      'metadata.managedFields[2].manager: Too long: may not be more than 128 bytes',
      'metadata.managedFields[2].subresource: Too long: may not be more than 256 bytes',
    ]],
  ])('%s', (_, metadata, expected) => {
    expect(faults(metadata)).toEqual(expected)
  })

  it('takes no new finalizers while the object goes', () => {
    const old: ObjectMeta = { deletionTimestamp: '2026-01-01T00:00:00Z', finalizers: ['a.b/c'] }
    expect(lines(finalizerErrors({ finalizers: ['a.b/c', 'z.b/c', 'a.b/d'] }, old))).toEqual(['metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{"a.b/d", "z.b/c"}'])
    expect(finalizerErrors({ finalizers: [] }, old)).toEqual([])
    expect(finalizerErrors({ finalizers: ['x.y/z'] }, {})).toEqual([])
  })
})

describe('through the registry', () => {
  it('tells every fault in one Status, each as a cause', async () => {
    const { create } = fixture()
    expect(await failure(() => create(configMaps, { metadata: { name: 'a', labels: { 'a b': '1' }, finalizers: ['f g'] } }))).toEqual({
      kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', reason: 'Invalid', code: 422,
      message: `ConfigMap "a" is invalid: [metadata.labels: Invalid value: "a b": ${named}, metadata.finalizers: Invalid value: "f g": ${named}]`,
      details: {
        name: 'a', kind: 'ConfigMap',
        causes: [
          { reason: 'FieldValueInvalid', field: 'metadata.labels', message: `Invalid value: "a b": ${named}` },
          { reason: 'FieldValueInvalid', field: 'metadata.finalizers', message: `Invalid value: "f g": ${named}` },
        ],
      },
    })
  })

  it('keeps what clients may not change, and tells of what it does not keep silently', async () => {
    const { create, registry } = fixture()
    const made = await create(configMaps, { metadata: { name: 'a' } })
    const put = (more: ObjectMeta) => registry.update(configMaps, { ...asking(), namespace: 'default', name: 'a', object: { ...made, metadata: { ...made.metadata, ...more } } })
    expect((await put({ creationTimestamp: '2001-01-01T00:00:00Z' })).object.metadata.creationTimestamp).toBe(made.metadata.creationTimestamp)
    expect(await failure(() => put({ deletionTimestamp: '2001-01-01T00:00:00Z', deletionGracePeriodSeconds: 5, labels: { 'a b': '1' } }))).toMatchObject({
      details: { causes: [
        { field: 'metadata.labels' },
        { field: 'metadata.deletionTimestamp', message: 'Invalid value: "2001-01-01T00:00:00Z": field is immutable' },
        { field: 'metadata.deletionGracePeriodSeconds', message: 'Invalid value: 5: field is immutable' },
      ] },
    })
  })

  it('names an owner once, and warns', async () => {
    const { registry } = fixture()
    const owners = ['u', 'v', 'u'].map((uid) => ({ apiVersion: 'v1', kind: 'Pod', name: 'p', uid }))
    const said: string[] = []
    const at = { ...asking(), namespace: 'default', warn: (text: string) => void said.push(text) }
    const made = await registry.create(configMaps, { ...at, object: { metadata: { name: 'a', ownerReferences: owners } } })
    expect(made.metadata.ownerReferences).toEqual(owners.slice(0, 2))
    await registry.update(configMaps, { ...at, name: 'a', object: { ...made, metadata: { ...made.metadata, ownerReferences: owners } } })
    const text = '.metadata.ownerReferences contains duplicate entries; API server dedups owner references in 1.20+, and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: u'
    expect(said).toEqual([text, text])
    await registry.patch(configMaps, { ...at, name: 'a', patch: { type: 'merge', body: { metadata: { ownerReferences: owners } } } })
    expect(said[2]).toBe(text.replace('entries;', 'entries after mutating admission happens;'))
  })
})
