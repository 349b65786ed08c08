// What an applied configuration must be: this kind in this version, without managedFields, made of declared fields.
import type { OwnedType } from './apply-type.ts'
import { DecodingError, conform } from './conform.ts'
import { goNameOf } from './decode-type.ts'
import { isJsonObject } from './json.ts'
import type { JsonObject } from './json.ts'
import { badRequest, StatusError } from './status-error.ts'
import { faultsText, typedFaults } from './typed-check.ts'
import { rootSchema } from './typed-shape.ts'

/** The configuration in canonical form, with only what was sent. Fails with 400, or 500 when it does not fit the schema. */
export function checkConfig(type: OwnedType, config: unknown): JsonObject {
  if (!isJsonObject(config)) throw badRequest(`error decoding YAML: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal ${goNameOf(config)} into Go value of type map[string]interface {}`)
  const { apiVersion, kind } = config
  if (apiVersion !== type.apiVersion) {
    throw badRequest(`Incorrect version specified in apply patch. Specified patch version: ${String(apiVersion ?? '')}, expected: ${type.apiVersion}`)
  }
  if (kind !== type.kind) throw badRequest(`invalid object kind: expected ${type.kind}, got ${String(kind ?? '')}`)
  const metadata = config.metadata ?? {}
  if (isJsonObject(metadata) && metadata.managedFields !== undefined && metadata.managedFields !== null) throw badRequest('metadata.managedFields must be nil')
  const faults = typedFaults(rootSchema(type.schema), config)
  if (faults.length > 0) throw misfit(config, faultsText(faults))
  try {
    return withNulls(config, conform(config, type.schema, { fill: false }).object)
  } catch (error) {
    if (error instanceof DecodingError) throw misfit(config, error.message)
    throw error
  }
}

/** No reason is given with it: clients print the text alone. */
function misfit({ metadata, apiVersion, kind }: JsonObject, text: string): StatusError {
  const { name = '', namespace } = (isJsonObject(metadata) ? metadata : {}) as { name?: string; namespace?: string }
  const path = namespace ? `${namespace}/${name}` : `/${name}`
  return new StatusError(500, '', `failed to create typed patch object (${path}; ${String(apiVersion)}, Kind=${String(kind)}): ${text}`)
}

/** A null says that its manager owns the field and wants it gone; the canonical form of typed objects has none. */
function withNulls(config: JsonObject, canonical: JsonObject): JsonObject {
  let result = canonical
  for (const [key, value] of Object.entries(config)) {
    const known = canonical[key]
    const next = value === null && known === undefined ? null : isJsonObject(value) && isJsonObject(known) ? withNulls(value, known) : known
    if (next !== known) result = { ...result, [key]: next }
  }
  return result
}
