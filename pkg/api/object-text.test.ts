// Tests of the JSON text of objects with owners.
import fc from 'fast-check'
import { listOfOne, sharedEntry } from './apply-owners.ts'
import { objectText } from './object-text.ts'
import type { ObjectSchema } from './schema.ts'

describe('objectText', () => {
  const schema: ObjectSchema = { type: 'object', fields: new Map() }
  const name = { manager: 'm', operation: 'Update', apiVersion: 'v1' } as const
  const set = () => ({ 'f:spec': { 'k:{"name":"x"}': { '.': {}, 'f:"': {} } } })

  it('says the same as JSON.stringify', () => {
    const shared = [0, 1].map(() => sharedEntry(schema, name, set(), '2026-01-01T00:00:00Z'))[1]!
    const fieldsV1 = fc.constantFrom<unknown>(shared.fieldsV1, set(), {}, undefined)
    const entry = fc.record({ manager: fc.string(), time: fc.option(fc.string(), { nil: undefined }), fieldsType: fc.constant('FieldsV1'), fieldsV1, subresource: fc.string() }, { requiredKeys: [] })
    const metadata = fc.record({ name: fc.string(), labels: fc.dictionary(fc.string(), fc.string()), managedFields: fc.oneof(fc.array(fc.oneof(entry, fc.constant(shared))), fc.constant(listOfOne(shared))), uid: fc.constant(undefined) }, { requiredKeys: [] })
    fc.assert(fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.option(metadata, { nil: undefined }), fc.boolean(), (rest, metadata, first) => {
      const object = first ? { metadata, ...rest } : { ...rest, metadata, more: undefined }
      expect(JSON.parse(objectText(object))).toEqual(JSON.parse(JSON.stringify(object)))
    }), { numRuns: 2000 })
  })
})
