// An ApiResponse as bytes, in the form that was negotiated. Whole objects go out as the bytes that the registry keeps.
import type { KubeObject, ObjectList } from '../api/object.ts'
import type { ApiResponse } from '../api/request.ts'
import type { Definition } from '../registry/definition.ts'
import { encoded } from '../registry/object-view.ts'
import { parseLossless } from '../util/lossless-json.ts'
import { slicesOf, type Slices } from '../util/slices.ts'
import { inSlices, type Listed, writePretty, writeYaml } from './encode-text.ts'
import { noSuchForm, type Form } from './negotiate.ts'
import type { Answer } from './respond.ts'
import { metadataListText, metadataText, rowWriter, tableOf, type Include } from './table.ts'

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

/** Long lists are written in slices; a single object is written at once. */
export function encodeAnswer(response: Whole, definition: Definition, options: EncodeOptions): Promise<Answer> | Answer {
  const { form: { media, as }, pretty } = options
  if (response.type === 'object' && as === undefined && media === 'application/json' && !pretty) return { code: response.code, contentType: media, body: encoded(response.object) }
  return encodeInSlices(response, definition, options)
}

export async function encodeInSlices(response: Whole, definition: Definition, options: EncodeOptions, slices: Slices = slicesOf()): Promise<Answer> {
  const { form, pretty } = options
  const { code } = response
  const shaped = response.type === 'status' ? undefined : await shapedText(response, definition, options, slices)
  const write = form.media === 'application/yaml' ? writeYaml : pretty ? writePretty : undefined
  if (write) return { code, contentType: form.media, body: await write(shaped === undefined ? listed(response, slices) : shapedListed(shaped, slices)) }
  return { code, contentType: form.media, body: shaped ?? await wholeBody(response, slices) }
}

/** The Table or metadata form, when one was asked for. */
async function shapedText(response: Exclude<Whole, { type: 'status' }>, definition: Definition, { form, include, now }: EncodeOptions, slices: Slices): Promise<string | undefined> {
  if (form.as === undefined) return undefined
  const version = form.version ?? 'v1'
  const list = response.type === 'list' ? response.list : undefined
  if (form.as === 'Table') {
    const objects = list ? list.items : [(response as { object: KubeObject }).object]
    const metadata = list ? list.metadata : { resourceVersion: objects[0]!.metadata.resourceVersion }
    const table = { version, include, now }
    const rows = await inSlices(objects, rowWriter(definition, objects, table, encoded), slices)
    return tableOf(definition, { objects, rows, metadata, options: table })
  }
  if (!list) return metadataText((response as { object: KubeObject }).object, version)
  // Each is kept where it is found again.
  await inSlices(list.items, (item) => metadataText(item, version), slices)
  return metadataListText(list.items, list.metadata, version)
}

async function wholeBody(response: Whole, slices: Slices): Promise<Buffer> {
  switch (response.type) {
    case 'object': return encoded(response.object)
    case 'list': {
      await inSlices(response.list.items, encoded, slices)
      return listBody(response.list)
    }
    case 'status': return Buffer.from(JSON.stringify(response.status))
  }
}

const comma = Buffer.from(',')
const end = Buffer.from(']}')

export function listBody(list: ObjectList): Buffer {
  const { kind, apiVersion, metadata, items } = list
  const parts: Buffer[] = [Buffer.from(`{"kind":${JSON.stringify(kind)},"apiVersion":${JSON.stringify(apiVersion)},"metadata":${JSON.stringify(metadata)},"items":[`)]
  for (const [index, item] of items.entries()) {
    if (index > 0) parts.push(comma)
    parts.push(encoded(item))
  }
  parts.push(end)
  return Buffer.concat(parts)
}

const plain = (object: object): unknown => parseLossless(encoded(object).toString())

function listed(response: Whole, slices: Slices): Listed {
  switch (response.type) {
    case 'object': return { value: plain(response.object) as object }
    case 'list': {
      const { items, kind, apiVersion, metadata } = response.list
      return { value: { kind, apiVersion, metadata }, list: { name: 'items', items: (make) => inSlices(items, (item) => make(plain(item)), slices) } }
    }
    case 'status': return { value: response.status }
  }
}

/** The lists of Tables and of metadata are their last members. */
function shapedListed(shaped: string, slices: Slices): Listed {
  const whole = parseLossless(shaped) as Record<string, unknown>
  const name = ['rows', 'items'].find((candidate) => Array.isArray(whole[candidate]))
  if (name === undefined) return { value: whole }
  const { [name]: items, ...value } = whole
  return { value, list: { name, items: (make) => inSlices(items as unknown[], make, slices) } }
}
