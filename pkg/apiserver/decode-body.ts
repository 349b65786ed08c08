// Request bodies of one kind and subresource: objects and patches in the media types that are taken.
import { decodeBody, decodeObject as objectOf, strictFaults, unsupportedMediaType, type FieldValidation } from '../api/decode.ts'
import { JsonSyntaxError, keysOf, parseJson } from '../api/json-text.ts'
import type { KubeObject } from '../api/object.ts'
import type { Patch, PatchType } from '../api/request.ts'
import { schemaOf } from '../api/schema-table.ts'
import { badRequest } from '../api/status-error.ts'
import { YamlSyntaxError, readYaml } from '../api/yaml-text.ts'
import type { Definition } from '../registry/definition.ts'

export interface BodyContext {
  readonly definition: Definition
  readonly subresource?: string
  readonly contentType?: string
  readonly fieldValidation?: string
  readonly warn: (text: string) => void
}

const patchTypes = new Map<string, PatchType>([
  ['application/json-patch+json', 'json'], ['application/merge-patch+json', 'merge'],
  ['application/strategic-merge-patch+json', 'strategic'], ['application/apply-patch+yaml', 'apply'],
])

/** Any other value of the parameter is refused when the write's options are checked. */
const validationOf = (text: string | undefined): FieldValidation =>
  text === 'Ignore' || text === 'Strict' ? text : 'Warn'

export function decodeObject(bytes: Buffer, context: BodyContext): KubeObject {
  const { definition, subresource, contentType, fieldValidation, warn } = context
  const other = definition.subresources.find(({ name }) => name === subresource)?.kind
  const target = other ?? definition.resource
  const schema = other ? schemaOf(other.group, other.version, other.kind) : definition.schema
  if (!schema) throw new Error(`no schema for ${other?.kind}, the body of ${definition.resource.plural}/${subresource}`)
  const kind = { group: target.group, version: target.version, kind: target.kind, schema }
  const body = decodeBody(bytes, contentType, { kind: target.kind })
  return objectOf(body, kind, { fieldValidation: validationOf(fieldValidation), warn })
}

/** A patch as its type has it: fields are checked against the kind when it has been applied. */
export function decodePatch(bytes: Buffer, { contentType, fieldValidation, warn }: BodyContext): Patch {
  const type = patchTypes.get((contentType ?? '').split(';')[0]!.trim().toLowerCase())
  if (!type) throw unsupportedMediaType([...patchTypes.keys()])
  const text = bytes.toString()
  try {
    if (type === 'apply') {
      const { value, duplicates } = readYaml(text)
      report(strictFaults({ format: 'yaml', keys: [], duplicateLines: duplicates }, []), { fieldValidation, warn })
      return { type, body: value }
    }
    const body = parseJson(text)
    if (type !== 'json') report(strictFaults({ format: 'json', keys: keysOf(text), duplicateLines: [] }, []), { fieldValidation, warn })
    return { type, body }
  } catch (error) {
    if (error instanceof JsonSyntaxError || error instanceof YamlSyntaxError) throw badRequest(`error decoding patch: ${error.message}`)
    throw error
  }
}

/** Keys that stand twice in the text of a patch; only the text shows them. */
function report(faults: readonly string[], { fieldValidation, warn }: Pick<BodyContext, 'fieldValidation' | 'warn'>): void {
  const validation = validationOf(fieldValidation)
  if (faults.length === 0 || validation === 'Ignore') return
  if (validation === 'Strict') throw badRequest(`strict decoding error: ${faults.join(', ')}`)
  for (const fault of faults) warn(fault)
}
