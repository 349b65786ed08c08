// A CRD's schema without nulls: where a schema may stand, null is a schema that says nothing; elsewhere it is left out.
import { isJsonObject } from './json.ts'
import type { JsonObject } from './json.ts'

/** What a null means something in. */
const values = new Set(['default', 'example'])
const maps = ['properties', 'patternProperties', 'definitions']
const lists = ['allOf', 'anyOf', 'oneOf']
const schemas = ['items', 'additionalProperties', 'additionalItems', 'not']

/** Changes the schema. */
export function dropNulls(schema: JsonObject): void {
  for (const word of Object.keys(schema)) if (schema[word] === null && !values.has(word)) delete schema[word]
  for (const word of [...maps, ...lists]) {
    const children = schema[word]
    if (typeof children !== 'object' || children === null) continue
    const within = children as JsonObject
    for (const key of Object.keys(within)) {
      if (within[key] === null) within[key] = {}
      else if (isJsonObject(within[key])) dropNulls(within[key])
    }
  }
  for (const word of schemas) if (isJsonObject(schema[word])) dropNulls(schema[word])
}
