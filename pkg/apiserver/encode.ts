// An ApiResponse as an answer, in the form that was negotiated. Whole objects go out as the bytes that the registry keeps.
import type { AnyObject, KubeObject } from '../api/object.ts'
import type { ApiResponse } from '../api/request.ts'
import type { Definition } from '../registry/definition.ts'
import { encoded } from '../registry/object-view.ts'
import { type Listed, plainJson, prettyJson, type Writing, yaml } from './encode-text.ts'
import { noSuchForm, notList, notSingle, type Form } from './negotiate.ts'
import type { Answer, LongAnswer } from './respond.ts'
import { metadataText, rowWriter, tableHead, type Include } from './table.ts'

export interface EncodeOptions {
  readonly form: Form
  readonly include: Include
  readonly now: number
  readonly pretty?: boolean
}

type Whole = Exclude<ApiResponse, { type: 'watch' }>

/** Refuses a form that the kind does not have, before anything is done. */
export function checkForm(definition: Definition, form: Form): void {
  if (form.as && definition.storage === undefined && !definition.verbs.includes('list')) throw noSuchForm(definition.resource.kind)
}

/** Lists and tables are made while they are sent. */
export function encodeAnswer(response: Whole, definition: Definition, options: EncodeOptions): Answer | LongAnswer {
  const { form: { media, as }, pretty } = options
  const writing: Writing = media === 'application/yaml' ? yaml : pretty ? prettyJson : plainJson
  const { code } = response
  if (as === 'PartialObjectMetadata' && response.type === 'list') throw notSingle(definition)
  if (as === 'PartialObjectMetadataList' && response.type === 'object') throw notList(definition)
  if (response.type === 'status' || (response.type === 'object' && as !== 'Table')) {
    const body = response.type === 'status' ? JSON.stringify(response.status) : as === undefined ? encoded(response.object) : metadataText(response.object, options.form.version ?? 'v1')
    return writing === plainJson ? { code, contentType: media, body: withNewline(body) } : { code, contentType: media, pieces: () => writing.whole(body.toString()) }
  }
  const listed = listedIn(response, definition, options)
  return { code, contentType: media, pieces: () => writing.pieces(listed) }
}

const newline = Buffer.from('\n')

/** As Go's encoder ends a value. */
const withNewline = (json: Buffer | string): Buffer | string => (typeof json === 'string' ? `${json}\n` : Buffer.concat([json, newline]))

function listedIn(response: Exclude<Whole, { type: 'status' }>, definition: Definition, { form, include, now }: EncodeOptions): Listed<KubeObject> {
  const { items, metadata } = response.type === 'list' ? response.list : { items: [response.object], metadata: { resourceVersion: response.object.metadata.resourceVersion } }
  const version = form.version ?? 'v1'
  if (form.as === 'Table') {
    const table = { version, include, now }
    const { rowOrder } = definition
    const rows = rowOrder ? [...items].sort((a, b) => rowOrder(a as AnyObject, b as AnyObject)) : items
    return { head: tableHead(definition, { objects: rows, metadata, options: table }), name: 'rows', items: rows, text: rowWriter(definition, rows, table, encoded) }
  }
  if (form.as) {
    const head = JSON.stringify({ kind: 'PartialObjectMetadataList', apiVersion: `meta.k8s.io/${version}`, metadata })
    return { head, name: 'items', items, text: (item) => metadataText(item, version) }
  }
  const { kind, apiVersion } = response.type === 'list' ? response.list : response.object
  return { head: JSON.stringify({ kind, apiVersion, metadata }), name: 'items', items, text: encoded }
}
