// Request bodies of one kind and subresource: objects and patches in the media types that are taken.
import { decodeBodyParts, decodeObjectParts, jsonInYaml, yamlValue, type YamlText, strictFaults, strictFaultsParts, unsupportedMediaType, warningsOf, type FieldValidation } from '../api/decode.ts'
import { readJsonParts } from '../api/json-reader.ts'
import { hasDuplicateKeys, JsonSyntaxError, keysInParts, keysOf, parseJson } from '../api/json-text.ts'
import type { KubeObject } from '../api/object.ts'
import type { Patch, PatchType } from '../api/request.ts'
import { schemaOf } from '../api/schema-table.ts'
import { badRequest, StatusError } from '../api/status-error.ts'
import { YamlSyntaxError, hasAliases, readYaml } from '../api/yaml-text.ts'
import type { Definition } from '../registry/definition.ts'
import { atOnce, inParts, slicesOf, type Parts } from '../util/slices.ts'

export interface BodyContext {
  readonly definition: Definition
  readonly subresource?: string
  readonly contentType?: string
  readonly fieldValidation?: string
  readonly warn: (text: string) => void
  /** What a long YAML body says. */
  readonly yaml?: YamlText
}

const patchTypes = new Map<string, PatchType>([
  ['application/json-patch+json', 'json'], ['application/merge-patch+json', 'merge'],
  ['application/strategic-merge-patch+json', 'strategic'], ['application/apply-patch+yaml', 'apply'],
])

/** Any other value of the parameter is refused when the write's options are checked. */
const validationOf = (text: string | undefined): FieldValidation =>
  text === 'Ignore' || text === 'Strict' ? text : 'Warn'

/** Long bodies are decoded in parts. */
export function* decodeObject(bytes: Buffer, context: BodyContext): Parts<KubeObject> {
  const { definition, subresource, contentType, fieldValidation, warn, yaml } = context
  const other = definition.subresources.find(({ name }) => name === subresource)?.kind
  const target = other ?? definition.resource
  const schema = other ? schemaOf(other.group, other.version, other.kind) : definition.schema
  if (!schema) throw new Error(`no schema for ${other?.kind}, the body of ${definition.resource.plural}/${subresource}`)
  const kind = { group: target.group, version: target.version, kind: target.kind, schema }
  const body = yield* decodeBodyParts(bytes, contentType, { target: kind, ...(yaml ? { yaml } : {}) })
  yield
  return yield* decodeObjectParts(body, kind, { fieldValidation: validationOf(fieldValidation), warn })
}

/** A patch as its type has it: fields are checked against the kind when it has been applied. */
export function* decodePatch(bytes: Buffer, { definition, contentType, fieldValidation, warn, yaml }: BodyContext): Parts<Patch> {
  const type = patchTypes.get((contentType ?? '').split(';')[0]!.trim().toLowerCase())
  // Of Kubernetes' own kinds already the router refuses it.
  if (!type) throw definition.schema.goName === undefined ? unsupportedMediaType([...patchTypes.keys()].filter((one) => !one.includes('strategic'))) : new StatusError(415, 'UnsupportedMediaType', '415: Unsupported Media Type', {})
  const text = bytes.toString()
  try {
    if (type === 'apply') {
      const { value, duplicates } = yaml ? { value: yield* yamlValue(yaml), duplicates: 'duplicates' in yaml ? yaml.duplicates : [] } : readYaml(text)
      report(strictFaults({ format: 'yaml', keys: [], duplicateLines: duplicates }, []), { fieldValidation, warn }, `error strict decoding YAML: ${fromYaml}`)
      return { type, body: value }
    }
    if (text.length > longText) return { type, body: yield* readLong(text, type === 'json' ? undefined : { fieldValidation, warn }) }
    const body = parseJson(text)
    if (type !== 'json' && hasDuplicateKeys(text, body)) report(strictFaults({ format: 'json', keys: keysOf(text), duplicateLines: [] }, []), { fieldValidation, warn })
    return { type, body }
  } catch (error) {
    if (error instanceof YamlSyntaxError) throw badRequest(`error decoding YAML: ${fromYaml}${error.message}`)
    if (error instanceof JsonSyntaxError) throw badRequest(type === 'strategic' ? error.message : `error decoding patch: ${error.message}`)
    throw error
  }
}

const fromYaml = 'error converting YAML to JSON: '

/** YAML takes longer. */
const longYaml = 32 * 1024

/** What a body says: short ones are decoded at once, longer ones in parts, YAML then by `readYaml`. */
export function decoded<R>(body: Buffer, contentType: string | undefined, readYaml: (text: string) => Promise<YamlText>, decode: (yaml?: YamlText) => Parts<R>): R | Promise<R> {
  const yaml = isYaml(contentType)
  if (body.length <= (yaml ? longYaml : longText) && !(yaml && hasAliases(body))) return atOnce(decode())
  return decodedLong(yaml ? body.toString() : undefined, readYaml, decode)
}

async function decodedLong<R>(yaml: string | undefined, readYaml: (text: string) => Promise<YamlText>, decode: (yaml?: YamlText) => Parts<R>): Promise<R> {
  const slices = slicesOf()
  await slices.pause()
  if (yaml === undefined) return inParts(decode(), slices)
  const read = await inParts(jsonInYaml(yaml), slices) ?? await readYaml(yaml).catch(syntaxError)
  return inParts(decode(read), slices)
}

function syntaxError(error: unknown): YamlSyntaxError {
  if (error instanceof YamlSyntaxError) return error
  throw error
}

/** Whether the body is YAML. */
const isYaml = (contentType = ''): boolean => /^\s*application\/(?:apply-patch\+)?yaml\s*(?:;|$)/i.test(contentType)

const longText = 64 * 1024

function* readLong(text: string, reporting: Pick<BodyContext, 'fieldValidation' | 'warn'> | undefined): Parts<unknown> {
  const { value, hasDuplicates } = yield* readJsonParts(text)
  if (reporting && hasDuplicates) report(yield* strictFaultsParts({ format: 'json', keys: yield* keysInParts(text), duplicateLines: [] }, []), reporting)
  return value
}

/** Keys that stand twice in the text of a patch; only the text shows them. */
function report(faults: readonly string[], { fieldValidation, warn }: Pick<BodyContext, 'fieldValidation' | 'warn'>, refusal = 'strict decoding error: '): void {
  const validation = validationOf(fieldValidation)
  if (faults.length === 0 || validation === 'Ignore') return
  if (validation === 'Strict') throw badRequest(`${refusal}${faults.join(', ')}`)
  for (const text of warningsOf(faults)) warn(text)
}
