// One HTTP GET for a probe or a hook: any certificate, no connection kept, redirects within the host.
import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { HTTPGetAction, Pod } from '../api/types-pod.ts'
import type { Clock } from '../util/clock.ts'

export interface HttpTarget {
  readonly url: URL
  readonly headers: Readonly<Record<string, string | string[]>>
}

export interface HttpAnswer {
  readonly status: number
  readonly body: string
}

const mostBodyBytes = 10 * 1024
const mostRedirects = 10

export function httpTarget(action: HTTPGetAction, options: { podIP: string; port: number; agent: string }): HttpTarget {
  const host = action.host || options.podIP
  const scheme = (action.scheme ?? 'HTTP').toLowerCase()
  const url = new URL(action.path || '/', `${scheme}://${host.includes(':') ? `[${host}]` : host}:${options.port}`)
  const headers: Record<string, string | string[]> = {}
  for (const { name, value } of action.httpHeaders ?? []) {
    const key = Object.keys(headers).find((each) => each.toLowerCase() === name.toLowerCase()) ?? name
    const before = headers[key]
    headers[key] = before === undefined ? value : [...(Array.isArray(before) ? before : [before]), value]
  }
  const has = (name: string): boolean => Object.keys(headers).some((each) => each.toLowerCase() === name)
  if (!has('user-agent')) headers['User-Agent'] = options.agent
  if (!has('accept')) headers['Accept'] = '*/*'
  return { url, headers }
}

const portOf = (url: URL): number => Number(url.port) || (url.protocol === 'https:' ? 443 : 80)

/** With its port, which a URL leaves out when it is its scheme's own; Go says it. */
const textOf = (url: URL): string => `${url.protocol}//${url.hostname}:${portOf(url)}${url.pathname}${url.search}`

/** Fails with Go's words, because they end up in events. */
export async function httpGet(target: HttpTarget, options: { timeoutMs: number; clock: Clock }): Promise<HttpAnswer> {
  const abort = new AbortController()
  const timer = options.clock.setTimer(() => abort.abort(), options.timeoutMs)
  try {
    let url = target.url
    for (let redirects = 0; ; redirects++) {
      const answer = await once({ ...target, url }, abort.signal)
      const location = answer.status >= 300 && answer.status < 400 ? answer.location : undefined
      if (location === undefined) return answer
      const next = new URL(location, url)
      // A redirect to another host is not followed, and counts as an answer.
      if (next.hostname !== target.url.hostname) return answer
      if (redirects >= mostRedirects) throw new Error(`Get "${textOf(next)}": stopped after ${mostRedirects} redirects`)
      url = next
    }
  } catch (error) {
    if (abort.signal.aborted) throw new Error(`Get "${textOf(target.url)}": context deadline exceeded (Client.Timeout exceeded while awaiting headers)`, { cause: error })
    throw error
  } finally {
    timer.cancel()
  }
}

function once({ url, headers }: HttpTarget, signal: AbortSignal): Promise<HttpAnswer & { location?: string }> {
  return new Promise((resolve, reject) => {
    const send = url.protocol === 'https:' ? httpsRequest : httpRequest
    const host = Object.entries(headers).find(([name]) => name.toLowerCase() === 'host')?.[1]
    const outgoing = send(url, { headers: { ...headers, ...(host ? { host: String(host) } : {}), connection: 'close' }, agent: false, rejectUnauthorized: false, signal }, (incoming) => {
      const chunks: Buffer[] = []
      let size = 0
      incoming.on('data', (chunk: Buffer) => {
        if (size < mostBodyBytes) chunks.push(chunk)
        size += chunk.length
        if (size >= mostBodyBytes) incoming.destroy()
      })
      incoming.on('close', () => resolve({
        status: incoming.statusCode ?? 0, body: Buffer.concat(chunks).subarray(0, mostBodyBytes).toString(),
        ...(incoming.headers.location ? { location: incoming.headers.location } : {}),
      }))
      incoming.on('error', () => undefined)
    })
    outgoing.on('error', (error) => reject(new Error(`Get "${textOf(url)}": ${dialWords(error, url.hostname, portOf(url))}`, { cause: error })))
    outgoing.end()
  })
}

/** A failed connection, as Go words it. */
export function dialWords(error: Error & { code?: string }, host: string, port: number): string {
  const words: Record<string, string> = {
    ECONNREFUSED: 'connect: connection refused', EHOSTUNREACH: 'connect: no route to host', ENETUNREACH: 'connect: network is unreachable', ETIMEDOUT: 'i/o timeout',
  }
  const known = words[error.code ?? '']
  if (known) return `dial tcp ${host}:${port}: ${known}`
  return error.code === 'ECONNRESET' ? 'EOF' : error.message
}

/** A port by number or by the name that the container gives it. */
export function portNumber(pod: Pod, containerName: string, port: number | string): number {
  if (typeof port === 'number') return port
  const all = [...(pod.spec.initContainers ?? []), ...pod.spec.containers]
  const named = all.find((container) => container.name === containerName)?.ports?.find((each) => each.name === port)
  const found = named?.containerPort ?? (/^\d+$/.test(port) ? Number(port) : undefined)
  if (found === undefined) throw new Error(`couldn't find port: ${JSON.stringify(port)} in container ${containerName}`)
  return found
}
