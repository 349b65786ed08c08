// Asks a conversion webhook (ConversionReview), and holds it to what it may change.
import { invalid } from '../api/field-error.ts'
import type { FieldError } from '../api/field-error.ts'
import { isJsonObject, type JsonObject } from '../api/json.ts'
import { labelValueFaults, qualifiedNameFaults } from '../api/names.ts'
import type { AnyObject, ObjectMeta } from '../api/object.ts'
import { StatusError } from '../api/status-error.ts'
import type { WebhookConversion } from '../api/types-custom.ts'
import type { Clock } from '../util/clock.ts'
import type { CallWebhook } from './admission-webhook-dispatch.ts'
import type { ConvertObjects } from './conversions.ts'
import { newUid } from './object-metadata.ts'

const timeoutMs = 30_000
const mostObjects = 500
const reviewGroup = 'apiextensions.k8s.io'

/** A failure that is nobody's in particular: clients are told its text. */
const failure = (text: string): StatusError => new StatusError(500, '', text)

/** Objects that share their version need not be asked about; the caller leaves them out. */
export function webhookConverter({ webhook, kind, call, clock }: { readonly webhook: WebhookConversion; readonly kind: string; readonly call: CallWebhook; readonly clock: Clock }): ConvertObjects {
  const version = webhook.conversionReviewVersions.find((one) => one === 'v1' || one === 'v1beta1')
  const ask = async (objects: readonly AnyObject[], desiredAPIVersion: string): Promise<AnyObject[]> => {
    if (!version) throw failure('no supported conversion review versions')
    const [group = '', from = ''] = (objects[0]?.apiVersion ?? '').split('/')
    // Kubernetes asks about each object by itself, and says so of lists, too.
    const about = `conversion webhook for ${group}/${from}, Kind=${kind}`
    const uid = newUid(clock)
    let answered: readonly unknown[]
    try {
      answered = convertedIn(await call(webhook.clientConfig ?? {}, {
        kind: 'ConversionReview', apiVersion: `${reviewGroup}/${version}`, request: { uid, desiredAPIVersion, objects },
      }, timeoutMs), uid, version)
    } catch (error) {
      throw failure(`${about} failed: ${(error as Error).message}`)
    }
    if (answered.length !== objects.length) throw failure(`${about} returned ${answered.length} objects, expected ${objects.length}`)
    return objects.map((object, index) => checked(object, answered[index], desiredAPIVersion, about))
  }
  return async (objects, apiVersion) => {
    const made: AnyObject[] = []
    for (let from = 0; from < objects.length; from += mostObjects) made.push(...await ask(objects.slice(from, from + mostObjects), apiVersion))
    return made
  }
}

/** Fails with an Error that says what is wrong with the answer. */
function convertedIn(body: unknown, uid: string, version: string): readonly unknown[] {
  const { kind = '', apiVersion = '', response } = isJsonObject(body) ? body : {}
  const wanted = `${reviewGroup}/${version}, Kind=ConversionReview`
  const got = `${typeof apiVersion === 'string' && apiVersion.includes('/') ? apiVersion : `/${String(apiVersion)}`}, Kind=${String(kind)}`
  if (version === 'v1' && got !== wanted) throw new Error(`expected webhook response of ${wanted}, got ${got}`)
  if (!isJsonObject(response)) throw new Error('no response provided')
  if (version === 'v1' && response.uid !== uid) throw new Error(`expected response.uid=${JSON.stringify(uid)}, got ${JSON.stringify(response.uid ?? '')}`)
  const { status = '', message } = isJsonObject(response.result) ? response.result : {}
  if (status !== 'Success') throw new Error(typeof message === 'string' && message !== '' ? message : `response.result.status was '${String(status)}', not 'Success'`)
  return Array.isArray(response.convertedObjects) ? response.convertedObjects : []
}

/** The converted object with the metadata that it had, but for labels and annotations. */
function checked(object: AnyObject, converted: unknown, apiVersion: string, about: string): AnyObject {
  const refuse = (text: string, at = ''): never => {
    throw failure(`${about} returned invalid object${at}: ${text}`)
  }
  if (!isJsonObject(converted)) throw failure(`json: cannot unmarshal ${jsonType(converted)} into Go value of type map[string]interface {}`)
  const { kind } = converted
  if (typeof kind !== 'string' || kind === '') throw failure(`Object 'Kind' is missing in '${JSON.stringify(converted)}'`)
  if (converted.apiVersion !== apiVersion) {
    refuse(`invalid groupVersion (expected ${apiVersion}, received ${typeof converted.apiVersion === 'string' ? converted.apiVersion : ''})`, ' at index 0')
  }
  if (kind !== object.kind) refuse(`invalid kind (expected ${object.kind}, received ${kind})`, ' at index 0')
  const metadata = isJsonObject(converted.metadata) ? converted.metadata : {}
  for (const [field, word] of [['name', 'name'], ['namespace', 'namespace'], ['uid', 'UID']] as const) {
    const [before, after] = [object.metadata[field] ?? '', metadata[field] ?? '']
    if (before !== after) return refuse(`must have the same ${word}: ${before} != ${String(after)}`)
  }
  try {
    return { ...converted, metadata: restored(object.metadata, converted.metadata) } as AnyObject
  } catch (error) {
    throw failure(`${about} returned invalid metadata: ${(error as Error).message}`)
  }
}

const jsonType = (value: unknown): string => (Array.isArray(value) ? 'array' : typeof value === 'boolean' ? 'bool' : typeof value === 'object' ? 'null' : typeof value)

const goType = (value: unknown): string => {
  if (Array.isArray(value)) return '[]interface {}'
  if (typeof value === 'number') return Number.isInteger(value) ? 'int64' : 'float64'
  return { string: 'string', boolean: 'bool', object: value === null ? '<nil>' : 'map[string]interface {}' }[typeof value as 'string'] ?? typeof value
}

/** Fails with an Error. */
function restored(before: ObjectMeta, after: unknown): ObjectMeta {
  if (after === undefined) throw new Error('missing metadata in converted object')
  if (!isJsonObject(after)) throw new Error(`invalid metadata of type ${goType(after)} in converted object`)
  const { labels, annotations, ...kept } = before
  const changed = { ...kept } as ObjectMeta
  for (const [field, old] of [['labels', labels], ['annotations', annotations]] as const) {
    const texts = textsOf(field, after[field])
    if (!texts) continue
    const differs = Object.keys(texts).length !== Object.keys(old ?? {}).length || Object.entries(texts).some(([key, value]) => old?.[key] !== value)
    const faults = differs ? faultsOf(field, texts) : []
    if (faults.length > 0) throw new Error(joined(faults))
    changed[field] = texts
  }
  return changed
}

function textsOf(field: string, value: unknown): Record<string, string> | undefined {
  if (value === undefined || value === null) return undefined
  if (!isJsonObject(value)) throw new Error(`invalid metadata.${field} of type ${goType(value)} in converted object`)
  for (const [key, text] of Object.entries(value as JsonObject)) {
    if (typeof text !== 'string') throw new Error(`metadata.${field}[${key}] must be a string, but is ${goType(text)} in converted object`)
  }
  return value as Record<string, string>
}

function faultsOf(field: 'labels' | 'annotations', texts: Record<string, string>): FieldError[] {
  const path = field === 'labels' ? 'metadata.labels' : 'metadata.annotation'
  return Object.entries(texts).flatMap(([key, value]) => [
    ...qualifiedNameFaults(field === 'labels' ? key : key.toLowerCase()).map((text) => invalid(path, key, text)),
    ...(field === 'labels' ? labelValueFaults(value).map((text) => invalid(path, value, text)) : []),
  ])
}

function joined(faults: readonly FieldError[]): string {
  const texts = [...new Set(faults.map(({ field, text }) => `${field}: ${text}`))]
  return texts.length === 1 ? texts[0]! : `[${texts.join(', ')}]`
}
