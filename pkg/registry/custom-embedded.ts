// What the objects within a custom resource must say of themselves, where the schema calls them whole resources.
import type { FieldError } from '../api/field-error.ts'
import { invalid, required } from '../api/field-error.ts'
import type { JsonObject } from '../api/json.ts'
import { isJsonObject } from '../api/json.ts'
import { dnsLabel1035Faults } from '../api/names.ts'
import type { AnyObject } from '../api/object.ts'
import type { JsonSchemaProps } from '../api/structural-schema.ts'
import { sparseOf, visitSparse } from '../api/structural-sparse.ts'
import type { PathStep } from '../api/structural-walk.ts'
import { pathText } from '../api/structural-walk.ts'
import { spend } from '../util/allowance.ts'
import { atOnce } from '../util/slices.ts'
import { metadataErrors } from './metadata-errors.ts'

/** undefined for a schema without such objects. */
export function compileEmbeddedCheck(props: JsonSchemaProps): ((object: unknown) => FieldError[]) | undefined {
  const embedded = sparseOf(props, (part) => part['x-kubernetes-embedded-resource'] === true)
  if (!embedded) return undefined
  return (object) => {
    const errors: FieldError[] = []
    visitSparse(embedded, object, (_own, value, path) => {
      if (isJsonObject(value) && !Array.isArray(value)) checkResource(value, path, errors)
    })
    return errors
  }
}

const named = { names: 'path-segment' } as const
const perEntry = 50

function checkResource(value: JsonObject, path: readonly PathStep[], errors: FieldError[]): void {
  spend(50)
  const at = (name: string): string => pathText([...path, name])
  const { apiVersion, kind, metadata } = value
  if (apiVersion === undefined) errors.push(required(at('apiVersion')))
  if (kind === undefined) errors.push(required(at('kind')))
  if (apiVersion !== undefined) errors.push(...versionFaults(apiVersion).map((text) => invalid(at('apiVersion'), apiVersion, text)))
  if (kind !== undefined) errors.push(...kindFaults(kind).map((text) => invalid(at('kind'), kind, text)))
  if (!isJsonObject(metadata)) return
  const object = { ...value, metadata: { ...metadata, name: metadata['name'] || 'fakename' } } as unknown as AnyObject
  for (const part of Object.values(metadata)) if (isJsonObject(part)) spend(perEntry * Object.keys(part).length)
  for (const error of atOnce(metadataErrors(named, object))) errors.push({ ...error, field: at(error.field) })
}

function versionFaults(version: unknown): string[] {
  if (typeof version !== 'string') return ['must be a string']
  if (version === '') return ['must not be empty']
  return version.split('/').length > 2 ? [`unexpected GroupVersion string: ${version}`] : []
}

function kindFaults(kind: unknown): string[] {
  if (typeof kind !== 'string') return ['must be a string']
  if (kind === '') return ['must not be empty']
  const faults = dnsLabel1035Faults(kind.toLowerCase())
  return faults.length > 0 ? [`may have mixed case, but should otherwise match: ${faults.join(',')}`] : []
}
