// Checks of what a CRD says of a version: its schema, subresources, columns and selectable fields.
import { ruleErrors } from '../../api/cel-rule-checks.ts'
import { equalJson } from '../../api/json.ts'
import { fieldsOfPath } from '../../api/json-path.ts'
import { structuralErrors } from '../../api/structural-rules.ts'
import type { JsonSchemaProps } from '../../api/structural-schema.ts'
import type { CustomScale } from '../../api/types-custom.ts'
import type { Errors } from './rules.ts'
import { duplicate, forbiddenField, invalid, required, tooMany } from './rules.ts'

export interface Version {
  name?: string
  served?: boolean
  storage?: boolean
  deprecated?: boolean
  deprecationWarning?: string
  schema?: { openAPIV3Schema?: JsonSchemaProps }
  subresources?: { status?: object; scale?: Partial<CustomScale> }
  selectableFields?: { jsonPath?: string }[]
  additionalPrinterColumns?: { name?: string; type?: string; jsonPath?: string; format?: string }[]
}

const unprintable = /[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/u

export function checkDeprecation(out: Errors, path: string, { deprecated, deprecationWarning: text }: Version): void {
  if (text === undefined) return
  const refuse = (fault: string): void => void out.push(invalid(path, text, fault))
  if (!deprecated) return refuse('can only be set for deprecated versions')
  if (Buffer.byteLength(text) > 256) refuse('must be <= 256 characters long')
  if (text === '') refuse('must not be an empty string')
  const at = text.search(unprintable)
  if (at >= 0) refuse(`must only contain printable UTF-8 characters; non-printable character found at index ${Buffer.byteLength(text.slice(0, at))}`)
}

/** What a schema may say at its root when the status is written apart: all of it can be told of the status alone, too. */
const rootWords = new Set([
  'description', 'type', 'format', 'title', 'maximum', 'exclusiveMaximum', 'minimum', 'exclusiveMinimum', 'maxLength', 'minLength', 'pattern', 'maxItems', 'minItems', 'uniqueItems', 'multipleOf',
  'required', 'items', 'properties', 'externalDocs', 'example', 'x-kubernetes-preserve-unknown-fields', 'x-kubernetes-validations',
])
const rootText = 'only [Description Type Format Title Maximum ExclusiveMaximum Minimum ExclusiveMinimum MaxLength MinLength Pattern MaxItems MinItems UniqueItems MultipleOf Required Items Properties ExternalDocs Example XPreserveUnknownFields XValidations] fields are allowed at the root of the schema if the status subresource is enabled'

/** `old` is the schema before an update: one that has not changed is let be. */
export function checkSchema(out: Errors, path: string, root: JsonSchemaProps, { status, old }: { status: boolean; old: JsonSchemaProps | undefined }): void {
  if (equalJson(root, old)) return
  const own: Errors = []
  if (status) {
    if (root.type !== undefined && root.type !== 'object') own.push(invalid(`${path}.type`, root.type, 'only "object" is allowed as the type at the root of the schema if the status subresource is enabled'))
    else if (Object.entries(root).some(([word, value]) => Boolean(value) && !rootWords.has(word))) own.push(invalid(path, root, rootText))
  }
  if (root.nullable) own.push(forbiddenField(`${path}.nullable`, 'nullable cannot be true at the root'))
  own.push(...structuralErrors(root, path))
  out.push(...own, ...(own.length > 0 ? [] : ruleErrors(root, path)))
}

const pathText = 'must be a simple json path starting with .'

export function checkScale(out: Errors, path: string, { specReplicasPath, statusReplicasPath, labelSelectorPath }: Partial<CustomScale>): void {
  const check = (name: string, value: string | undefined, roots: readonly string[], text: string): void => {
    if (!value) {
      if (name !== 'labelSelectorPath') out.push(required(`${path}.${name}`))
    } else if (fieldsOfPath(value) === undefined || !value.startsWith('.')) out.push(invalid(`${path}.${name}`, value, pathText))
    else if (!roots.some((root) => value.startsWith(root))) out.push(invalid(`${path}.${name}`, value, text))
  }
  check('specReplicasPath', specReplicasPath, ['.spec.'], 'should be a json path under .spec')
  check('statusReplicasPath', statusReplicasPath, ['.status.'], 'should be a json path under .status')
  check('labelSelectorPath', labelSelectorPath, ['.spec.', '.status.'], 'should be a json path under either .spec or .status')
}

const columnTypes = ['boolean', 'date', 'integer', 'number', 'string']
const columnFormats = ['byte', 'date', 'date-time', 'double', 'float', 'int32', 'int64', 'password']

export function checkColumns(out: Errors, path: string, columns: NonNullable<Version['additionalPrinterColumns']>): void {
  for (const [index, { name, type = '', format = '', jsonPath = '' }] of columns.entries()) {
    const at = `${path}[${index}]`
    const ofTypes = `must be one of ${columnTypes.join(',')}`
    if (!name) out.push(required(`${at}.name`))
    if (type === '') out.push(required(`${at}.type`, ofTypes))
    else if (!columnTypes.includes(type)) out.push(invalid(`${at}.type`, type, ofTypes))
    if (format !== '' && !columnFormats.includes(format)) out.push(invalid(`${at}.format`, format, `must be one of ${columnFormats.join(',')}`))
    if (jsonPath === '') out.push(required(`${at}.JSONPath`))
    // Whether it leads anywhere is not asked.
    else if (!jsonPath.startsWith('.')) out.push(invalid(`${at}.JSONPath`, jsonPath, pathText))
  }
}

const mostSelectable = 8
const scalarTypes = ['string', 'boolean', 'integer']

/** The schema that a path leads to, or what is wrong with the path. */
function fieldAt(root: JsonSchemaProps, path: string): JsonSchemaProps | string {
  if (path.includes('[')) return 'array notation is not allowed'
  const names = path.startsWith('.') ? fieldsOfPath(path) : undefined
  if (!names) return pathText
  let at: JsonSchemaProps | undefined = root
  for (const name of names) at = at?.properties?.[name]
  return at ?? 'does not refer to a valid field'
}

/** `many`: there were too many before, and they are the same. */
export function checkSelectable(out: Errors, path: string, fields: NonNullable<Version['selectableFields']>, { root, many }: { root: JsonSchemaProps; many: boolean }): void {
  const seen = new Set<string>()
  for (const [index, { jsonPath = '' }] of fields.entries()) {
    const at = `${path}[${index}].jsonPath`
    if (jsonPath === '') {
      out.push(required(at))
      continue
    }
    const found = fieldAt(root, jsonPath)
    if (typeof found === 'string') {
      out.push(invalid(at, jsonPath, `is an invalid path: ${found}`))
      continue
    }
    if (/^\.metadata(\.|$)/.test(jsonPath)) out.push(invalid(at, jsonPath, 'must not point to fields in metadata'))
    if (!scalarTypes.includes(found.type ?? '')) out.push(invalid(at, jsonPath, 'must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.'))
    if (seen.has(jsonPath)) out.push(duplicate(at, jsonPath))
    seen.add(jsonPath)
  }
  if (seen.size > mostSelectable && !many) out.push(tooMany(path, seen.size, mostSelectable))
}
