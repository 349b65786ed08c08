// What a CRD's schema must be: structural (every field told outside of the logic), without what Kubernetes has no use for.
import { conform } from './conform.ts'
import type { FieldError } from './field-error.ts'
import { forbiddenField, invalid, notSupported, required } from './field-error.ts'
import { checkStatedRules } from './stated-rules.ts'
import { equalJson, isJsonObject } from './json.ts'
import { compileRules, hasRules, refusedRules } from './cel-rules.ts'
import { Pattern } from './pattern.ts'
import type { JsonSchemaProps } from './structural-schema.ts'
import { schemaOfProps } from './structural-schema.ts'
import { compileValidator } from './structural-validation.ts'
import { spend } from '../util/allowance.ts'

type Errors = FieldError[]
type Level = 'root' | 'item' | 'field'

/** All errors of a version's schema that stands at `path`: of its structure, then of its words. */
export function structuralErrors(props: JsonSchemaProps, path: string): FieldError[] {
  const out: Errors = []
  const words: Errors = []
  checkVocabulary(words, props, path, { root: true })
  const odd = unconvertible(props)
  if (odd === undefined) {
    checkNode(out, props, path, 'root')
    checkCompleteness(out, props, path)
    out.sort((a, b) => compareText(`${a.field}: ${a.text}`, `${b.field}: ${b.text}`))
    if (out.length === 0) checkDefaults(out, props, path)
  } else if (words.length === 0) out.push(invalid(path, '', odd))
  return [...out, ...words]
}

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

const unsupported = ['id', 'additionalItems', 'patternProperties', 'definitions', 'dependencies', '$ref'] as const
const types = ['array', 'boolean', 'integer', 'number', 'object', 'string']
const key = (path: string, name: string): string => `${path}[${name}]`
const wordsOf = (props: JsonSchemaProps): Readonly<Record<string, unknown>> => props as Readonly<Record<string, unknown>>

/** Why a schema can't be looked at as a structure at all. */
function unconvertible(props: JsonSchemaProps): string | undefined {
  const words = wordsOf(props)
  for (const word of ['id', '$schema', ...unsupported]) if (words[word] !== undefined) return `OpenAPIV3Schema '${word.replace('$schema', 'schema')}' is not supported`
  if (Array.isArray(props.items)) return "OpenAPIV3Schema 'items' must be a schema, but is an array"
  if (props['x-kubernetes-preserve-unknown-fields'] === false) return "internal error: 'x-kubernetes-preserve-unknown-fields' must be true or undefined"
  for (const [, child] of childrenOf(props, '')) {
    const fault = unconvertible(child)
    if (fault !== undefined) return fault
  }
  return undefined
}

/** Where in the schema words stand. */
interface Place {
  readonly root?: boolean
  /** Why there can be no defaults. */
  readonly noDefaults?: string
  /** Inside of kind, apiVersion and metadata. */
  readonly ofMeta?: boolean
}

const metaFields = ['metadata', 'kind', 'apiVersion']

function placeOf(props: JsonSchemaProps, place: Place, property: string | undefined): Place {
  const { root, ...within } = place
  if (property === undefined || !metaFields.includes(property) || !(root || props['x-kubernetes-embedded-resource'])) return within
  return { ...within, ofMeta: true, ...(root ? { noDefaults: ` in top-level ${property}` } : {}) }
}

/** Words that can't be used, anywhere. */
function checkVocabulary(out: Errors, props: JsonSchemaProps, path: string, place: Place): void {
  spend(60)
  const words = wordsOf(props)
  if (props.type && !types.includes(props.type)) out.push(notSupported(`${path}.type`, props.type, types))
  if (props.default !== undefined && place.noDefaults !== undefined) out.push(forbiddenField(`${path}.default`, `must not be set${place.noDefaults}`))
  for (const word of unsupported) if (words[word] !== undefined) out.push(forbiddenField(`${path}.${word}`, `${word} is not supported`))
  if (props.type === 'null') out.push(forbiddenField(`${path}.type`, 'type cannot be set to null, use nullable as an alternative'))
  if (Array.isArray(props.items)) out.push(forbiddenField(`${path}.items`, 'items must be a schema object and not an array'))
  if (place.ofMeta && props['x-kubernetes-embedded-resource']) out.push(forbiddenField(`${path}.x-kubernetes-embedded-resource`, 'must not be used inside of resource meta'))
  if (props.uniqueItems) out.push(forbiddenField(`${path}.uniqueItems`, 'uniqueItems cannot be set to true since the runtime complexity becomes quadratic'))
  if (props.additionalProperties !== undefined && props.additionalProperties !== true && Object.keys(props.properties ?? {}).length > 0) {
  spend(60)
    out.push(forbiddenField(`${path}.additionalProperties`, 'additionalProperties and properties are mutual exclusive'))
  }
  for (const [at, child, property] of childrenOf(props, path)) {
    const inner = placeOf(props, place, property)
    const ofValues = place.ofMeta && at === `${path}.additionalProperties`
    checkVocabulary(out, child, at, ofValues ? { ...inner, noDefaults: ' inside additionalProperties applying to object metadata' } : inner)
  }
  if (props['x-kubernetes-preserve-unknown-fields'] === false) out.push(invalid(`${path}.x-kubernetes-preserve-unknown-fields`, false, 'must be true or undefined'))
  checkMapType(out, props, path)
  checkListType(out, props, path)
  checkStatedRules(out, props, path)
}

/** All schemas within a schema, with their paths, and with their names where they are properties. */
function childrenOf(props: JsonSchemaProps, path: string): (readonly [path: string, child: JsonSchemaProps, property?: string])[] {
  const list = (name: 'allOf' | 'anyOf' | 'oneOf'): (readonly [string, JsonSchemaProps])[] => (props[name] ?? []).map((child, index) => [`${path}.${name}[${index}]`, child] as const)
  return [
    ...(isJsonObject(props.additionalProperties) ? [[`${path}.additionalProperties`, props.additionalProperties as JsonSchemaProps] as const] : []),
    ...Object.entries(props.properties ?? {}).map(([name, child]) => [key(`${path}.properties`, name), child, name] as const),
    ...(props.not ? [[`${path}.not`, props.not] as const] : []), ...list('allOf'), ...list('oneOf'), ...list('anyOf'),
    ...(isJsonObject(props.items) ? [[`${path}.items`, props.items as JsonSchemaProps] as const] : []),
  ]
}

/** A type that another word demands. */
function checkOwnType(out: Errors, { type = '' }: JsonSchemaProps, path: string, { wanted, word }: { wanted: string; word: string }): boolean {
  if (type === wanted) return true
  const text = `must be ${wanted} if ${word} is specified`
  out.push(type === '' ? required(`${path}.type`, text) : invalid(`${path}.type`, type, text))
  return false
}

function checkMapType(out: Errors, props: JsonSchemaProps, path: string): void {
  const word = 'x-kubernetes-map-type'
  const mapType = props[word]
  if (mapType === undefined) return
  checkOwnType(out, props, path, { wanted: 'object', word })
  if (mapType !== 'atomic' && mapType !== 'granular') out.push(notSupported(`${path}.${word}`, mapType, ['atomic', 'granular']))
}

function checkListType(out: Errors, props: JsonSchemaProps, path: string): void {
  const word = 'x-kubernetes-list-type'
  const { [word]: listType, 'x-kubernetes-list-map-keys': keys = [], items } = props
  if (listType !== undefined) {
    const isList = checkOwnType(out, props, path, { wanted: 'array', word })
    if (isList && listType === 'set' && items) checkSetItems(out, items, `${path}.items`)
    if (!['atomic', 'set', 'map'].includes(listType)) out.push(notSupported(`${path}.${word}`, listType, ['atomic', 'set', 'map']))
  }
  const ofKeys = 'must be map if x-kubernetes-list-map-keys is non-empty'
  if (keys.length > 0 && listType === undefined) out.push(required(`${path}.${word}`, ofKeys))
  else if (keys.length > 0 && listType !== 'map') out.push(invalid(`${path}.${word}`, listType, ofKeys))
  if (listType === 'map') checkMapList(out, props, path)
  if ((listType === 'map' || listType === 'set') && items?.nullable) out.push(forbiddenField(`${path}.items.nullable`, `cannot be nullable when x-kubernetes-list-type is ${listType}`))
  if (listType === 'map') checkKeys(out, props, path)
}

function checkMapList(out: Errors, { 'x-kubernetes-list-map-keys': keys = [], items }: JsonSchemaProps, path: string): void {
  const at = `${path}.x-kubernetes-list-map-keys`
  if (keys.length === 0) out.push(required(at, 'must not be empty if x-kubernetes-list-type is map'))
  if (!items) return void out.push(required(`${path}.items`, 'must have a schema if x-kubernetes-list-type is map'))
  if (items.type !== 'object') return void out.push(invalid(`${path}.items.type`, items.type ?? '', 'must be object if parent array\'s x-kubernetes-list-type is map'))
  for (const [index, name] of keys.entries()) {
    const property = items.properties?.[name]
    if (!property) out.push(invalid(at, keys, 'entries must all be names of item properties'))
    else if (property.type === 'object' || property.type === 'array') out.push(invalid(`${key(`${path}.items.properties`, name)}.type`, items.type, 'must be a scalar type if parent array\'s x-kubernetes-list-type is map'))
    if (keys.indexOf(name) < index) out.push(invalid(at, keys, 'must not contain duplicate entries'))
  }
}

/** Every item has every key. */
function checkKeys(out: Errors, { 'x-kubernetes-list-map-keys': keys = [], items }: JsonSchemaProps, path: string): void {
  for (const name of keys) {
    const property = items?.properties?.[name]
    if (!property) continue
    const at = key(`${path}.items.properties`, name)
    if (property.default === undefined && !items?.required?.includes(name)) {
      out.push(required(`${at}.default`, 'this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property'))
    }
    if (property.nullable) out.push(forbiddenField(`${at}.nullable`, 'this property is in x-kubernetes-list-map-keys, so it cannot be nullable'))
  }
}

/** What has an inside is compared as a whole. Lists are atomic unless they say otherwise, maps are not. */
function checkSetItems(out: Errors, items: JsonSchemaProps, path: string): void {
  const text = 'must be atomic as item of a list with x-kubernetes-list-type=set'
  const listType = items['x-kubernetes-list-type'] ?? null
  if (items.type === 'array' && listType !== null && listType !== 'atomic') out.push(invalid(`${path}.x-kubernetes-list-type`, listType, text))
  if (items.type === 'object' && items['x-kubernetes-map-type'] !== 'atomic') out.push(invalid(`${path}.x-kubernetes-map-type`, listType, text))
}

const intOrString = [{ type: 'integer' }, { type: 'string' }]
const isIntOrString = (alternatives: readonly JsonSchemaProps[] | undefined): boolean => equalJson(alternatives, intOrString)

function checkNode(out: Errors, props: JsonSchemaProps, path: string, level: Level): void {
  const { type, items, properties = {}, additionalProperties } = props
  const embedded = props['x-kubernetes-embedded-resource'] === true
  const either = props['x-kubernetes-int-or-string'] === true
  const open = props['x-kubernetes-preserve-unknown-fields'] === true
  if (type === 'array' && !items) out.push(required(`${path}.items`, 'must be specified'))
  if (items) checkNode(out, items, `${path}.items`, 'item')
  for (const [name, child] of Object.entries(properties)) checkNode(out, child, key(`${path}.properties`, name), 'field')
  if (additionalProperties !== undefined && level === 'root') out.push(forbiddenField(`${path}.additionalProperties`, 'must not be used at the root'))
  if (typeof additionalProperties === 'object') checkNode(out, additionalProperties, `${path}.additionalProperties`, 'field')
  if (either && open) out.push(invalid(`${path}.x-kubernetes-preserve-unknown-fields`, true, 'must be false if x-kubernetes-int-or-string is true'))
  if (either && embedded) out.push(invalid(`${path}.x-kubernetes-embedded-resource`, true, 'must be false if x-kubernetes-int-or-string is true'))
  checkLogic(out, props, path, { anyOf: isIntOrString(props.anyOf), firstAllOf: isIntOrString(props.allOf?.[0]?.anyOf) })
  if (embedded && type !== 'object') {
    const text = 'must be object if x-kubernetes-embedded-resource is true'
    out.push(type ? invalid(`${path}.type`, type, text) : required(`${path}.type`, text))
  } else if (!type && !either && !open) {
    out.push(required(`${path}.type`, level === 'root' ? 'must not be empty at the root' : level === 'item' ? 'must not be empty for specified array items' : 'must not be empty for specified object fields'))
  }
  if (embedded && additionalProperties !== undefined) out.push(forbiddenField(`${path}.additionalProperties`, 'must not be used if x-kubernetes-embedded-resource is set'))
  if (level === 'root' && type && type !== 'object') out.push(invalid(`${path}.type`, type, 'must be object at the root'))
  if (level === 'root' || embedded) checkMeta(out, props, path, level)
  if (embedded && !open && Object.keys(properties).length === 0) {
    out.push(required(`${path}.properties`, 'must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields'))
  }
}

/** Of an object's own metadata a schema may only restrict the names. */
function checkMeta(out: Errors, { properties = {} }: JsonSchemaProps, path: string, level: Level): void {
  for (const name of ['kind', 'apiVersion']) {
    const property = properties[name]
    if (property && property.type !== 'string') out.push(invalid(`${key(`${path}.properties`, name)}.type`, property.type ?? '', 'must be string'))
  }
  const { metadata } = properties
  if (!metadata) return
  const at = key(`${path}.properties`, 'metadata')
  if (metadata.type !== 'object') out.push(invalid(`${at}.type`, metadata.type ?? '', 'must be object'))
  if (level !== 'root') return
  const { type: _type, properties: names = {}, description: _description, default: _default, ...rest } = metadata
  const others = Object.keys(names).filter((name) => name !== 'name' && name !== 'generateName')
  if (others.length > 0 || Object.keys(rest).some((word) => word.startsWith('x-kubernetes') || word === 'additionalProperties' || word === 'nullable')) {
    out.push(forbiddenField(at, 'must not specify anything other than name and generateName, but metadata is implicitly specified'))
  }
}

function checkLogic(out: Errors, props: JsonSchemaProps, path: string, exempt: { anyOf: boolean; firstAllOf: boolean }): void {
  const list = (name: 'allOf' | 'anyOf' | 'oneOf'): void => {
    for (const [index, child] of (props[name] ?? []).entries()) {
      const first = name === 'allOf' && index === 0 && exempt.firstAllOf
      checkNested(out, child, `${path}.${name}[${index}]`, first)
    }
  }
  if (!exempt.anyOf) list('anyOf')
  list('allOf')
  list('oneOf')
  if (props.not) checkNested(out, props.not, `${path}.not`)
  if (!props.pattern) return
  try {
    void new Pattern(props.pattern)
  } catch (error) {
    out.push(invalid(`${path}.pattern`, props.pattern, `must be a valid regular expression, but isn't: ${(error as Error).message}`))
  }
}

const emptyWords = ['type', 'title', 'description', 'x-kubernetes-list-map-keys', 'x-kubernetes-validations'] as const
const undefinedWords = ['additionalProperties', 'default', 'externalDocs', 'x-kubernetes-list-type', 'x-kubernetes-map-type'] as const
const falseWords = ['nullable', 'x-kubernetes-preserve-unknown-fields', 'x-kubernetes-embedded-resource', 'x-kubernetes-int-or-string'] as const

/** Within the logic only values are restricted; what there is stands outside. */
function checkNested(out: Errors, props: JsonSchemaProps, path: string, exemptAnyOf = false): void {
  checkLogic(out, props, path, { anyOf: exemptAnyOf, firstAllOf: false })
  if (props.items) checkNested(out, props.items, `${path}.items`)
  for (const [name, child] of Object.entries(props.properties ?? {})) {
    checkNested(out, child, key(`${path}.properties`, name))
    if (name === 'metadata') out.push(forbiddenField(key(`${path}.properties`, name), 'must not be specified in a nested context'))
  }
  for (const word of emptyWords) if (props[word]?.length) out.push(forbiddenField(`${path}.${word}`, 'must be empty to be structural'))
  for (const word of undefinedWords) if (props[word] !== undefined) out.push(forbiddenField(`${path}.${word}`, 'must be undefined to be structural'))
  for (const word of falseWords) if (props[word]) out.push(forbiddenField(`${path}.${word}`, 'must be false to be structural'))
}

/** Every field that the logic names must stand outside of it, too. */
function checkCompleteness(out: Errors, props: JsonSchemaProps, path: string): void {
  for (const name of ['allOf', 'anyOf', 'oneOf'] as const) {
    for (const [index, child] of (props[name] ?? []).entries()) checkSpine(out, child, props, { at: `${path}.${name}[${index}]`, spine: path })
  }
  if (props.not) checkSpine(out, props.not, props, { at: `${path}.not`, spine: path })
  if (props.items) checkCompleteness(out, props.items, `${path}.items`)
  if (typeof props.additionalProperties === 'object') checkCompleteness(out, props.additionalProperties, `${path}.additionalProperties`)
  for (const [name, child] of Object.entries(props.properties ?? {})) checkCompleteness(out, child, key(`${path}.properties`, name))
}

function checkSpine(out: Errors, nested: JsonSchemaProps, spine: JsonSchemaProps, paths: { at: string; spine: string }): void {
  const missing = (at: string, where: string): void => void out.push(required(where, `because it is defined in ${at}`))
  if (nested.items) {
    const at = { at: `${paths.at}.items`, spine: `${paths.spine}.items` }
    if (spine.items) checkSpine(out, nested.items, spine.items, at)
    else missing(at.at, at.spine)
  }
  for (const [name, child] of Object.entries(nested.properties ?? {})) {
    const at = { at: key(`${paths.at}.properties`, name), spine: key(`${paths.spine}.properties`, name) }
    const known = spine.properties?.[name]
    if (known) checkSpine(out, child, known, at)
    else missing(at.at, at.spine)
  }
  for (const name of ['allOf', 'anyOf', 'oneOf'] as const) {
    for (const [index, child] of (nested[name] ?? []).entries()) checkSpine(out, child, spine, { at: `${paths.at}.${name}[${index}]`, spine: paths.spine })
  }
  if (nested.not) checkSpine(out, nested.not, spine, { at: `${paths.at}.not`, spine: paths.spine })
}

/** A default must be a value that the schema takes, with nothing that it does not know. */
function checkDefaults(out: Errors, props: JsonSchemaProps, path: string): void {
  if (props.default !== undefined) {
    const at = `${path}.default`
    const holder = { type: 'object', fields: new Map([['default', { name: 'default', number: 0, schema: schemaOfProps(props) }]]) } as const
    const { unknown } = conform({ default: props.default }, holder)
    if (unknown.length > 0) out.push(invalid(at, props.default, 'must not have unknown fields'))
    // Null is no default; what is said of the value begins at the default.
    if (props.default !== null) {
      const wrong = compileValidator({ ...props, default: undefined }, at)(props.default)
      out.push(...wrong.length > 0 ? wrong : brokenRules(props, at))
    }
  }
  for (const [at, child] of childrenOf(props, path)) checkDefaults(out, child, at)
}

/** The rules must hold for a default that stays, and for one that comes. Rules that can't be compiled are told of where they stand. */
function brokenRules(props: JsonSchemaProps, at: string): FieldError[] {
  if (!hasRules(props) || refusedRules(props, props['x-kubernetes-embedded-resource'] === true).length > 0) return []
  const check = compileRules(props, props['x-kubernetes-embedded-resource'] === true)
  const staying = check?.(props.default, props.default).errors ?? []
  const found = staying.length > 0 ? staying : check?.(props.default).errors ?? []
  return found.map((error) => ({ ...error, field: error.field === '<nil>' ? at : `${at}${error.field.startsWith('[') ? '' : '.'}${error.field}` }))
}
