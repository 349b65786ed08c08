// An ApiResponse as bytes, in the form that was negotiated. Whole objects go out as the bytes that the registry keeps.
import { dump } from 'js-yaml'
import type { KubeObject, ObjectList } from '../api/object.ts'
import type { ApiResponse } from '../api/request.ts'
import type { Definition } from '../registry/definition.ts'
import { encoded } from '../registry/object-view.ts'
import { noSuchForm, type Form } from './negotiate.ts'
import type { Answer } from './respond.ts'
import { metadataListText, metadataText, tableText, type Include } from './table.ts'

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

export function encodeAnswer(response: Whole, definition: Definition, options: EncodeOptions): Answer {
  const { form } = options
  const shaped = response.type === 'status' ? undefined : shapedText(response, definition, options)
  const body = shaped ?? wholeBody(response)
  if (form.media === 'application/yaml') return { code: response.code, contentType: form.media, body: dump(JSON.parse(body.toString()), { noRefs: true }) }
  if (options.pretty) return { code: response.code, contentType: form.media, body: JSON.stringify(JSON.parse(body.toString()), null, 2) }
  return { code: response.code, contentType: form.media, body }
}

/** The Table or metadata form, when one was asked for. */
function shapedText(response: Exclude<Whole, { type: 'status' }>, definition: Definition, { form, include, now }: EncodeOptions): string | undefined {
  if (form.as === undefined) return undefined
  const version = form.version ?? 'v1'
  const list = response.type === 'list' ? response.list : undefined
  if (form.as === 'Table') {
    const objects = list ? list.items : [(response as { object: KubeObject }).object]
    const metadata = list ? list.metadata : { resourceVersion: objects[0]!.metadata.resourceVersion }
    return tableText(definition, objects, metadata, { version, include, now }, encoded)
  }
  if (list) return metadataListText(list.items, list.metadata, version)
  return metadataText((response as { object: KubeObject }).object, version)
}

function wholeBody(response: Whole): Buffer {
  switch (response.type) {
    case 'object': return encoded(response.object)
    case 'list': return listBody(response.list)
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
