// Schemas of custom kinds for the OpenAPI tests; descriptions are what `kubectl explain` is asked for.
import type { JsonSchemaProps } from '../../../pkg/api/structural-schema.ts'

const text = (description: string, more: JsonSchemaProps = {}): JsonSchemaProps => ({ type: 'string', description, ...more })
const object = (properties: Record<string, JsonSchemaProps>, more: JsonSchemaProps = {}): JsonSchemaProps => ({ type: 'object', properties, ...more })
const list = (description: string, items: JsonSchemaProps): JsonSchemaProps => ({ type: 'array', description, items })

export const foo = object({
  spec: object({
    bars: list('List of Bars and their specs.', object({
      name: text('Name of Bar.'),
      age: text('Age of Bar.'),
      feeling: text('Whether Bar is feeling great.', { enum: ['Great', 'Down'] }),
      bazs: list('List of Bazs.', { type: 'string' }),
    }, { required: ['name'] })),
  }, { description: 'Specification of Foo' }),
  status: object({
    bars: list('List of Bars and their statuses.', object({
      name: text('Name of Bar.'),
      available: { type: 'boolean', description: 'Whether the Bar is installed.' },
      quxType: text('Indicates to external qux type.', { pattern: 'in-tree|out-of-tree' }),
    })),
  }, { description: 'Status of Foo' }),
}, { description: 'Foo CRD for Testing' })

const waldoProperties = (spec: JsonSchemaProps = {}): Record<string, JsonSchemaProps> => ({
  spec: object({ dummy: { type: 'object', description: 'Dummy property.' } }, { description: 'Specification of Waldo', ...spec }),
  status: object({ bars: list('List of Bars and their statuses.', { type: 'object' }) }, { description: 'Status of Waldo' }),
})

const preserve = { 'x-kubernetes-preserve-unknown-fields': true } as const

export const waldo = object(waldoProperties(), { description: 'Waldo CRD for Testing' })
export const preserveRoot = object(waldoProperties(), { description: 'preserve-unknown-properties at root for Testing', ...preserve })
export const preserveNested = object(waldoProperties(preserve), { description: 'preserve-unknown-properties in nested field for Testing' })
