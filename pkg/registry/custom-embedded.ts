// What the objects within a custom resource must say of themselves, where the schema calls them whole resources.
import type { FieldError } from '../api/field-error.ts'
import { invalid, required } from '../api/field-error.ts'
import type { JsonObject } from '../api/json.ts'
import { isJsonObject } from '../api/json.ts'
import { dnsLabel1035Faults } from '../api/names.ts'
import type { AnyObject } from '../api/object.ts'
import { fieldProps } from '../api/structural-past.ts'
import type { JsonSchemaProps } from '../api/structural-schema.ts'
import type { PathStep } from '../api/structural-walk.ts'
import { pathText } from '../api/structural-walk.ts'
import { spend } from '../util/allowance.ts'
import { atOnce } from '../util/slices.ts'
import { metadataErrors } from './metadata-errors.ts'

interface Walk {
  readonly path: PathStep[]
  readonly errors: FieldError[]
}

const embedding = new WeakMap<JsonSchemaProps, boolean>()

function embeds(props: JsonSchemaProps): boolean {
  let found = embedding.get(props)
  if (found === undefined) {
    const { additionalProperties: values, properties = {}, items } = props
    found = props['x-kubernetes-embedded-resource'] === true || (items !== undefined && embeds(items)) || (typeof values === 'object' && embeds(values)) || Object.values(properties).some(embeds)
    embedding.set(props, found)
  }
  return found
}

export function embeddedErrors(props: JsonSchemaProps, object: unknown): FieldError[] {
  const walk: Walk = { path: [], errors: [] }
  visit(props, object, walk)
  return walk.errors
}

function visit(props: JsonSchemaProps, value: unknown, walk: Walk): void {
  if (!embeds(props)) return
  spend(3)
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) within(walk, index, () => visit(props.items ?? {}, item, walk))
  } else if (isJsonObject(value)) {
    if (props['x-kubernetes-embedded-resource']) checkResource(value, walk)
    for (const [name, child] of Object.entries(value)) {
      const known = fieldProps(props, name)
      if (known) within(walk, props.properties && Object.hasOwn(props.properties, name) ? name : { key: name }, () => visit(known, child, walk))
    }
  }
}

function within(walk: Walk, step: PathStep, work: () => void): void {
  walk.path.push(step)
  work()
  walk.path.pop()
}

const named = { names: 'path-segment' } as const
const perEntry = 50

function checkResource(value: JsonObject, { path, errors }: Walk): void {
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
