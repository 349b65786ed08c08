// The formats of texts that a schema names and nobody checks.
import type { JsonSchemaProps } from './structural-schema.ts'
import { isTextFormat } from './text-formats.ts'

/** In the order of the schema, each once. */
export function unknownFormats(props: JsonSchemaProps, found = new Set<string>()): ReadonlySet<string> {
  const { type, format, properties = {}, additionalProperties, items, allOf = [], anyOf = [], oneOf = [], not } = props
  if (type === 'string' && format && !isTextFormat(format)) found.add(format)
  const parts = [...Object.values(properties), ...allOf, ...anyOf, ...oneOf, items, not, additionalProperties]
  for (const part of parts) if (typeof part === 'object') unknownFormats(part, found)
  return found
}
