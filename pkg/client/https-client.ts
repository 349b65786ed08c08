// The Client over HTTPS, for what runs outside the server's process.
import { Agent, request, type RequestOptions as HttpsOptions } from 'node:https'
import type { IncomingMessage } from 'node:http'
import { apiVersionOf, type KubeObject, type ObjectKey, type ObjectList, type Resource, type WatchEvent } from '../api/object.ts'
import type { DeleteOptions, Patch, PatchType } from '../api/request.ts'
import { StatusError, type Status } from '../api/status-error.ts'
import { sleep, systemClock, type Clock } from '../util/clock.ts'
import { deepFreeze } from '../util/deep-freeze.ts'
import type { Client, ListOptions, WatchOptions, WriteOptions } from './client.ts'
import { errorOf, splitErrors } from './watch-error.ts'

export interface HttpsClientOptions {
  /** `https://10.0.0.1:6443` */
  readonly server: string
  /** PEM. The machine's own authorities when left out. */
  readonly ca?: string
  /** PEM, with `key`. */
  readonly certificate?: string
  readonly key?: string
  /** Asked before each request, so that a token can be renewed. */
  readonly token?: () => string | undefined
  readonly userAgent?: string
  /** The system's when left out. */
  readonly clock?: Clock
}

type Query = Readonly<Record<string, string | number | boolean | undefined>>

interface Call {
  readonly method: string
  readonly path: string
  readonly query?: Query
  readonly body?: unknown
  readonly contentType?: string
  readonly signal?: AbortSignal
}

const patchTypes: Readonly<Record<PatchType, string>> = {
  json: 'application/json-patch+json', merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json', apply: 'application/apply-patch+yaml',
}

/** A server that vanished is noticed after this long, and some seconds. */
const probeMs = 30_000
/** How often a request is sent again that the server had no time for. */
const mostRetries = 10

export class HttpsClient implements Client {
  readonly #options: HttpsClientOptions
  readonly #agent: Agent

  constructor(options: HttpsClientOptions) {
    this.#options = options
    const { ca, certificate, key } = options
    this.#agent = new Agent({ keepAlive: true, keepAliveMsecs: probeMs, ...(ca ? { ca } : {}), ...(certificate ? { cert: certificate, key } : {}) })
  }

  /** Ends idle connections; requests under way end with their own signals. */
  close(): void {
    this.#agent.destroy()
  }

  get<T extends KubeObject>(resource: Resource<T>, key: ObjectKey): Promise<T> {
    return this.#json<T>({ method: 'GET', path: pathOf(resource, key) })
  }

  list<T extends KubeObject>(resource: Resource<T>, options: ListOptions = {}): Promise<ObjectList<T>> {
    const { namespace, ...query } = options
    return this.#json<ObjectList<T>>({ method: 'GET', path: pathOf(resource, { namespace }), query })
  }

  async *watch<T extends KubeObject>(resource: Resource<T>, options: WatchOptions): AsyncGenerator<readonly WatchEvent<T>[]> {
    const { namespace, signal, sendInitialEvents, ...query } = options
    const initial = sendInitialEvents ? { sendInitialEvents, resourceVersionMatch: 'NotOlderThan' } : {}
    try {
      const response = await this.#send({
        method: 'GET', path: pathOf(resource, { namespace }), signal, query: { ...query, ...initial, watch: true, allowWatchBookmarks: true },
      })
      for await (const batch of eventBatches<T>(response)) yield* splitErrors(batch)
    } catch (error) {
      if (!signal.aborted) throw error
    }
  }

  create<T extends KubeObject>(resource: Resource<T>, object: T, options: WriteOptions = {}): Promise<T> {
    const { namespace, name } = object.metadata
    const place = options.subresource ? { namespace, name } : { namespace }
    return this.#json<T>({ method: 'POST', path: pathOf(resource, place, options.subresource), query: writeQuery(options), body: object })
  }

  update<T extends KubeObject>(resource: Resource<T>, object: T, options: WriteOptions = {}): Promise<T> {
    const { namespace, name } = object.metadata
    return this.#json<T>({ method: 'PUT', path: pathOf(resource, { namespace, name }, options.subresource), query: writeQuery(options), body: object })
  }

  patch<T extends KubeObject>(resource: Resource<T>, key: ObjectKey, patch: Patch, options: WriteOptions = {}): Promise<T> {
    return this.#json<T>({
      method: 'PATCH', path: pathOf(resource, key, options.subresource), query: writeQuery(options), body: patch.body, contentType: patchTypes[patch.type],
    })
  }

  async delete<T extends KubeObject>(resource: Resource<T>, key: ObjectKey, options: DeleteOptions = {}): Promise<T | undefined> {
    const answer = await this.#json<T>({ method: 'DELETE', path: pathOf(resource, key), body: deletionBody(options) })
    return answer.kind === 'Status' ? undefined : answer
  }

  async deleteCollection<T extends KubeObject>(resource: Resource<T>, options: ListOptions, deletion: DeleteOptions = {}): Promise<void> {
    const { namespace, ...query } = options
    await this.#json({ method: 'DELETE', path: pathOf(resource, { namespace }), query, body: deletionBody(deletion) })
  }

  createSubresource<R extends KubeObject>(resource: Resource, key: ObjectKey, subresource: string, body: KubeObject): Promise<R> {
    return this.#json<R>({ method: 'POST', path: pathOf(resource, key, subresource), body })
  }

  getSubresource<R extends KubeObject>(resource: Resource, key: ObjectKey, subresource: string): Promise<R> {
    return this.#json<R>({ method: 'GET', path: pathOf(resource, key, subresource) })
  }

  async #json<R>(call: Call): Promise<R> {
    const response = await this.#send(call)
    return deepFreeze(JSON.parse(await textOf(response)) as R)
  }

  /** Resolves with a good answer's head; anything else is a StatusError. */
  async #send({ method, path, query = {}, body, contentType = 'application/json', signal }: Call): Promise<IncomingMessage> {
    const url = new URL(path, this.#options.server)
    for (const [name, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(name, String(value))
    const text = body === undefined ? undefined : JSON.stringify(body)
    const token = this.#options.token?.()
    const headers = {
      accept: 'application/json', 'user-agent': this.#options.userAgent ?? 'kinglet',
      ...(token ? { authorization: `Bearer ${token}` } : {}),
      ...(text === undefined ? {} : { 'content-type': contentType, 'content-length': String(Buffer.byteLength(text)) }),
    }
    for (let retries = 0; ; retries++) {
      const response = await exchange(url, { method, headers, agent: this.#agent, ...(signal ? { signal } : {}) }, text)
      const { statusCode = 500 } = response
      if (statusCode < 300) return response
      const failure = failureOf(statusCode, await textOf(response))
      // Without a Status it was turned away at the door, before anything was done, whatever the method.
      const atDoor = statusCode === 429 && response.headers['content-type']?.startsWith('text/plain')
      const afterSeconds = Number(response.headers['retry-after'])
      if (!atDoor || !(afterSeconds >= 0) || retries === mostRetries) throw failure
      await sleep(this.#options.clock ?? systemClock, afterSeconds * 1000, signal)
    }
  }
}

function exchange(url: URL, options: HttpsOptions, body: string | undefined): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, options, resolve)
    outgoing.on('error', (error) => reject(options.signal?.aborted ? error : new StatusError(503, 'ServiceUnavailable', `${url.origin}: ${error.message}`)))
    outgoing.end(body)
  })
}

async function textOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of response) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}

function failureOf(code: number, text: string): StatusError {
  try {
    const status = JSON.parse(text) as Partial<Status>
    if (status.kind === 'Status') return errorOf(status)
  } catch {
    // Not from an API server, or cut short: the text itself is all there is to tell.
  }
  if (code === 429) return new StatusError(429, 'TooManyRequests', 'the server has received too many requests and has asked us to try again later')
  return new StatusError(code, 'Unknown', text.trim() || `the server answered ${code}`)
}

/** The lines that are complete in each chunk, as one batch. */
async function* eventBatches<T>(response: IncomingMessage): AsyncGenerator<readonly WatchEvent<T>[]> {
  response.setEncoding('utf8')
  let rest = ''
  for await (const chunk of response) {
    const lines = (rest + (chunk as string)).split('\n')
    rest = lines.pop() ?? ''
    const batch = lines.filter((line) => line !== '').map((line) => deepFreeze(JSON.parse(line) as WatchEvent<T>))
    if (batch.length > 0) yield batch
  }
}

function pathOf(resource: Resource, { namespace, name }: Partial<ObjectKey>, subresource?: string): string {
  const parts = [resource.group === '' ? 'api' : 'apis', ...apiVersionOf(resource).split('/')]
  if (namespace && resource.namespaced) parts.push('namespaces', namespace)
  parts.push(resource.plural)
  if (name !== undefined) parts.push(name)
  if (subresource !== undefined) parts.push(subresource)
  return `/${parts.map(encodeURIComponent).join('/')}`
}

function writeQuery({ fieldManager, dryRun, force }: WriteOptions): Query {
  return { fieldManager, dryRun: dryRun ? 'All' : undefined, force }
}

const deletionBody = (options: DeleteOptions): object => ({ kind: 'DeleteOptions', apiVersion: 'v1', ...options })
