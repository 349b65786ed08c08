// Schemas and values of the tests of what CEL costs.
import type { JsonSchemaProps } from './structural-schema.ts'

export const text: JsonSchemaProps = { type: 'string' }
export const integer: JsonSchemaProps = { type: 'integer' }
export const number: JsonSchemaProps = { type: 'number' }
export const boolean: JsonSchemaProps = { type: 'boolean' }
export const intOrString: JsonSchemaProps = { 'x-kubernetes-int-or-string': true }
export const formatted = (format: string): JsonSchemaProps => ({ type: 'string', format })
export const list = (items: JsonSchemaProps, more: JsonSchemaProps = {}): JsonSchemaProps => ({ type: 'array', items, ...more })
export const map = (additionalProperties: JsonSchemaProps, more: JsonSchemaProps = {}): JsonSchemaProps => ({ type: 'object', additionalProperties, ...more })
export const object = (properties: Record<string, JsonSchemaProps>, more: JsonSchemaProps = {}): JsonSchemaProps => ({ type: 'object', properties, ...more })
const numbered = <T>(given: readonly T[]): Record<string, T> => Object.fromEntries(given.map((value, index) => [`val${index + 1}`, value]))
/** An object with `val1` and so on. */
export const vals = (...given: readonly unknown[]): object => numbered(given)
export const values = (...schemas: readonly JsonSchemaProps[]): JsonSchemaProps => object(numbered(schemas))
