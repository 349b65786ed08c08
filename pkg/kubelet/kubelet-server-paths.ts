// The kubelet's paths and queries that name a pod: logs, commands and streams. Pure.
import { badRequest } from '../api/status-error.ts'
import type { ExecOptions, LogOptions } from '../api/node-connection.ts'
import { queryFlag, streamFlags } from '../api/stream-flags.ts'

export interface PodPath {
  readonly type: 'containerLogs' | 'exec' | 'attach' | 'run' | 'portForward' | 'checkpoint'
  readonly namespace: string
  readonly name: string
  readonly uid?: string
  /** Empty for portForward. */
  readonly container: string
}

const types = new Set<string>(['containerLogs', 'exec', 'attach', 'run', 'portForward', 'checkpoint'])

/** `/exec/NAMESPACE/POD[/UID]/CONTAINER`, `/portForward/NAMESPACE/POD[/UID]`; undefined for other paths. */
export function parsePodPath(path: string): PodPath | undefined {
  // Not decoded: who may do it was decided by this word as it is written.
  const [, type = '', ...names] = path.split('/')
  const [namespace = '', name = '', ...rest] = names.map(decoded)
  if (!types.has(type) || !namespace || !name) return undefined
  const found = { type: type as PodPath['type'], namespace, name }
  if (type === 'portForward') return rest.length > 1 ? undefined : { ...found, ...(rest[0] ? { uid: rest[0] } : {}), container: '' }
  const container = rest.at(-1) ?? ''
  if (!container || rest.length > (type === 'containerLogs' || type === 'checkpoint' ? 1 : 2)) return undefined
  return { ...found, ...(rest.length === 2 ? { uid: rest[0] } : {}), container }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw badRequest(`invalid URL escape in ${JSON.stringify(text)}`)
  }
}

export function streamOptions(container: string, query: URLSearchParams): ExecOptions {
  const options = { container, command: query.getAll('command'), ...streamFlags(query) }
  if (!options.stdin && !options.stdout && !options.stderr) throw badRequest('you must specify at least 1 of stdin, stdout, stderr')
  return options
}

export function forwardedPorts(query: URLSearchParams): number[] {
  return [...query.getAll('port'), ...query.getAll('ports')].flatMap((text) => text.split(',')).map((text) => {
    const port = Number(text)
    if (!Number.isInteger(port) || port < 1 || port > 65535) throw badRequest(`unable to parse ${JSON.stringify(text)} as a port`)
    return port
  })
}

export function logOptions(container: string, query: URLSearchParams): Omit<LogOptions, 'signal'> {
  const whole = (name: string): number | undefined => {
    const text = query.get(name)
    if (!text) return undefined
    if (!/^\d+$/.test(text)) throw badRequest(`${name}: expected a number, found ${JSON.stringify(text)}`)
    return Number(text)
  }
  const sinceTime = query.get('sinceTime') || undefined
  if (sinceTime !== undefined && Number.isNaN(Date.parse(sinceTime))) throw badRequest(`sinceTime: expected an RFC 3339 time, found ${JSON.stringify(sinceTime)}`)
  const stream = query.get('stream') || 'All'
  if (stream !== 'All' && stream !== 'Stdout' && stream !== 'Stderr') throw badRequest(`stream: expected All, Stdout or Stderr, found ${JSON.stringify(stream)}`)
  return {
    container, stream, follow: queryFlag(query, 'follow'), previous: queryFlag(query, 'previous'), timestamps: queryFlag(query, 'timestamps'),
    tailLines: whole('tailLines'), sinceSeconds: whole('sinceSeconds'), limitBytes: whole('limitBytes'), sinceTime,
  }
}
