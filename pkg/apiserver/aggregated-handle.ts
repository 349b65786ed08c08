// Requests of this process's own components for aggregated kinds: as HTTP to their server, and its answers as ours.
import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http'
import { isJsonObject } from '../api/json.ts'
import type { AnyObject, KubeObject, ObjectList, WatchEvent } from '../api/object.ts'
import { apiVersionOf } from '../api/object.ts'
import type { ApiRequest, ApiResponse, PatchType, RequestOptions } from '../api/request.ts'
import { StatusError, type Status } from '../api/status-error.ts'
import type { Clock } from '../util/clock.ts'
import { deepFreeze } from '../util/deep-freeze.ts'
import { wholeText } from '../util/whole-text.ts'
import { networkWords } from './network-words.ts'

export interface RemoteCall {
  readonly method: string
  /** With the query. */
  readonly path: string
  readonly headers: OutgoingHttpHeaders
  readonly body?: Buffer
  readonly signal: AbortSignal
}

export type SendRemote = (call: RemoteCall) => Promise<IncomingMessage>

const methods: Readonly<Record<ApiRequest['verb'], string>> = {
  get: 'GET', list: 'GET', watch: 'GET', create: 'POST', update: 'PUT', patch: 'PATCH', delete: 'DELETE', deletecollection: 'DELETE',
}
const patchTypes: Readonly<Record<PatchType, string>> = {
  json: 'application/json-patch+json', merge: 'application/merge-patch+json', strategic: 'application/strategic-merge-patch+json', apply: 'application/apply-patch+yaml',
}
const longestMs = 60_000
const mostBytes = 64 << 20

/** Fails only with StatusError. */
export async function handleAggregated(request: ApiRequest, send: SendRemote, clock: Clock): Promise<ApiResponse> {
  const { verb } = request
  if (verb === 'watch') return { type: 'watch', code: 200, events: watch(request, send) }
  const late = new AbortController()
  const timer = clock.setTimer(() => late.abort(), longestMs)
  try {
    return await answered(request, send, AbortSignal.any([late.signal, ...(request.signal ? [request.signal] : [])]))
  } finally {
    timer.cancel()
  }
}

async function answered(request: ApiRequest, send: SendRemote, signal: AbortSignal): Promise<ApiResponse> {
  const { verb } = request
  const response = await sent(request, request.options, send, signal)
  const value = await json(response)
  const code = response.statusCode ?? 200
  if (verb === 'list' || verb === 'deletecollection') return { type: 'list', code, list: { ...value, items: value.items ?? [] } as unknown as ObjectList }
  if (value.kind === 'Status') return { type: 'status', code, status: value as unknown as Status }
  return { type: 'object', code, object: value as unknown as KubeObject }
}

async function sent(request: ApiRequest, options: RequestOptions, send: SendRemote, signal: AbortSignal): Promise<IncomingMessage> {
  const { verb, object, patch } = request
  const body = patch ? patch.body : verb === 'delete' || verb === 'deletecollection' ? options.delete && { kind: 'DeleteOptions', apiVersion: 'v1', ...options.delete } : object
  let response: IncomingMessage
  try {
    response = await send({
      method: methods[verb], path: pathOf(request, options), signal,
      headers: { accept: 'application/json', ...(body === undefined ? {} : { 'content-type': patch ? patchTypes[patch.type] : 'application/json' }) },
      ...(body === undefined ? {} : { body: Buffer.from(JSON.stringify(body)) }),
    })
  } catch (error) {
    throw new StatusError(503, 'ServiceUnavailable', `error trying to reach service: ${networkWords(error)}`)
  }
  if ((response.statusCode ?? 500) >= 300) throw failure(response.statusCode ?? 500, await textOf(response))
  return response
}

function pathOf({ group, version, plural, namespace, name, subresource, verb }: ApiRequest, options: RequestOptions): string {
  const parts = ['apis', ...apiVersionOf({ group, version }).split('/'), ...(namespace ? ['namespaces', namespace] : []), plural]
  const query = new URLSearchParams()
  if (verb === 'watch' && name !== undefined) query.set('fieldSelector', `metadata.name=${name}`)
  else for (const part of [name, subresource]) if (part) parts.push(part)
  const { delete: _delete, dryRun = [], ...plain } = options
  for (const [key, value] of Object.entries(plain)) if (value !== undefined) query.set(key, String(value))
  for (const value of dryRun) query.append('dryRun', value)
  if (verb === 'watch') query.set('watch', 'true')
  const text = query.toString()
  return `/${parts.map((part) => encodeURIComponent(part)).join('/')}${text === '' ? '' : `?${text}`}`
}

function textOf(response: IncomingMessage): Promise<string> {
  return wholeText(response, mostBytes).catch((error: unknown) => {
    throw new StatusError(502, 'BadGateway', `the answer of the server behind the API could not be read: ${(error as Error).message}`)
  })
}

async function json(response: IncomingMessage): Promise<AnyObject> {
  const body = await textOf(response)
  try {
    const value: unknown = JSON.parse(body)
    if (isJsonObject(value)) return deepFreeze(value) as unknown as AnyObject
  } catch {
    // Told below.
  }
  throw new StatusError(502, 'BadGateway', `the server behind the API answered with something else than an object: ${body.slice(0, 100)}`)
}

function failure(code: number, body: string): StatusError {
  try {
    const status = JSON.parse(body) as Partial<Status>
    if (status.kind === 'Status') return new StatusError(status.code ?? code, status.reason ?? '', status.message ?? '', status.details, status.metadata ?? {})
  } catch {
    // The text itself is all there is to tell.
  }
  return new StatusError(code, code === 503 ? 'ServiceUnavailable' : '', body.trim() || `the server behind the API answered ${code}`)
}

type Batch = readonly WatchEvent<AnyObject>[]

/** Not every server can begin with what there is: that is listed here. */
async function* watch(request: ApiRequest, send: SendRemote): AsyncGenerator<Batch> {
  const { sendInitialEvents, resourceVersionMatch: _match, ...options } = request.options
  const signal = request.signal ?? new AbortController().signal
  let { resourceVersion } = options
  if (sendInitialEvents) {
    const { kind, apiVersion, metadata, items = [] } = await json(await sent({ ...request, verb: 'list' }, { ...options, resourceVersion: undefined, allowWatchBookmarks: undefined, timeoutSeconds: undefined }, send, signal)) as unknown as Partial<ObjectList>
    resourceVersion = metadata?.resourceVersion
    // Items of a list need not say what they are.
    const itemKind = kind?.replace(/List$/, '')
    const end = { kind: itemKind, apiVersion, metadata: { resourceVersion, annotations: { 'k8s.io/initial-events-end': 'true' } } }
    yield [...items.map((item) => ({ type: 'ADDED', object: { kind: itemKind, apiVersion, ...item } })), { type: 'BOOKMARK', object: end }] as unknown as Batch
  }
  const response = await sent(request, { ...options, resourceVersion }, send, signal)
  response.setEncoding('utf8')
  let rest = ''
  try {
    for await (const chunk of response) {
      const lines = (rest + (chunk as string)).split('\n')
      rest = lines.pop() ?? ''
      const batch = lines.filter((line) => line !== '').map((line) => deepFreeze(JSON.parse(line) as WatchEvent<AnyObject>))
      if (batch.length > 0) yield batch
    }
  } catch (error) {
    // A watch ends in whatever way; who wants more watches again.
    if (error instanceof SyntaxError) throw new StatusError(502, 'BadGateway', `a watch event is no JSON: ${error.message}`)
  }
}
