// kubectl's older way of applying: its annotation with the last configuration, by which it may take over what it set then.
import type { OwnedType } from './apply-type.ts'
import { conform } from './conform.ts'
import { compareOwned } from './apply-update.ts'
import type { FieldSet } from './field-set.ts'
import { difference } from './field-set.ts'
import { isJsonObject } from './json.ts'
import type { JsonObject } from './json.ts'
import { typedFaults } from './typed-check.ts'
import { claimedFields } from './typed-compare.ts'
import { rootSchema } from './typed-shape.ts'
import { parseLossless } from '../util/lossless-json.ts'

const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration'
const annotationBytes = 256 * 1024

function annotationsOf(object: JsonObject): Record<string, string> {
  const { annotations } = (object.metadata ?? {}) as { annotations?: Record<string, string> | null }
  return annotations ?? {}
}

/** The fields of the last configuration that still are as it said; undefined when there is none that can be read. */
export function allowedByLastApplied(type: OwnedType, live: JsonObject): FieldSet | undefined {
  const config = parsed(annotationsOf(live)[lastApplied])
  if (!config || config.apiVersion !== type.apiVersion) return undefined
  const schema = rootSchema(type.schema)
  if (typedFaults(schema, config).length > 0) return undefined
  const comparison = compareOwned({ schema: type.schema, ignored: [] }, conform(config, type.schema, { fill: false }).object, live)
  return difference(difference(claimedFields(schema, config), comparison?.changed), comparison?.removed)
}

function parsed(text: string | undefined): JsonObject | undefined {
  if (!text) return undefined
  try {
    const value: unknown = parseLossless(text)
    return isJsonObject(value) ? value : undefined
  } catch {
    // Any client may write the annotation; one that is no JSON allows nothing.
    return undefined
  }
}

/** Keeps the annotation, where there is one, in step with what kubectl applies now. */
export function withLastApplied<T extends { readonly object: JsonObject }>(result: T, config: JsonObject): T {
  const annotations = annotationsOf(result.object)
  if (annotations[lastApplied] === undefined) return result
  const { [lastApplied]: _old, ...rest } = annotations
  const text = `${JSON.stringify(withoutAnnotation(config))}\n`
  const size = Object.entries(rest).reduce((sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(value), Buffer.byteLength(text) + lastApplied.length)
  const next = size > annotationBytes ? rest : { ...rest, [lastApplied]: text }
  return { ...result, object: { ...result.object, metadata: { ...result.object.metadata as JsonObject, annotations: next } } }
}

function withoutAnnotation(config: JsonObject): JsonObject {
  const { [lastApplied]: own, ...annotations } = annotationsOf(config)
  return own === undefined ? config : { ...config, metadata: { ...config.metadata as JsonObject, annotations } }
}
