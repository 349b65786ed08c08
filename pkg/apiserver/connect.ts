// Requests that are answered by a node or a pod instead of the registry: logs, streams without an upgrade, proxies.
import { badRequest, methodNotAllowed } from '../api/status-error.ts'
import { admitConnect } from './connect-admission.ts'
import type { Exchange, Outgoing } from './exchange.ts'
import { openLog } from './pod-logs.ts'
import { requireVerbs, type ConnectOptions } from './pod-target.ts'
import { serveProxy } from './proxy.ts'
import type { ResourcePath } from './request-path.ts'

const streams = new Set(['exec', 'attach', 'portforward'])
const proxied = new Set(['pods', 'services', 'nodes'])

export function isConnect({ group, version, plural, subresource, rest, watch }: ResourcePath): boolean {
  if (group !== '' || version !== 'v1' || subresource === undefined || watch) return false
  if (subresource === 'proxy') return proxied.has(plural)
  return plural === 'pods' && rest === undefined && (subresource === 'log' || streams.has(subresource))
}

export const isStream = (path: ResourcePath): boolean => isConnect(path) && streams.has(path.subresource ?? '')

const verbs: Readonly<Record<string, string>> = { GET: 'get', HEAD: 'get', OPTIONS: 'get', POST: 'create', PUT: 'update', PATCH: 'patch', DELETE: 'delete' }

export async function serveConnect(exchange: Exchange, path: ResourcePath, options: ConnectOptions): Promise<void> {
  const verb = verbs[exchange.method]
  if (!verb) throw methodNotAllowed()
  requireVerbs(exchange, path, options.authorizer, [verb])
  if (path.subresource === 'proxy') {
    await admitConnect(exchange, path, exchange.query, options, (text) => void exchange.warnings.push(text))
    return serveProxy(exchange, path, options)
  }
  if (path.subresource === 'log') {
    if (verb !== 'get') throw methodNotAllowed()
    return serveLog(exchange, path, options)
  }
  throw badRequest('Upgrade request required')
}

async function serveLog(exchange: Exchange, path: ResourcePath, options: ConnectOptions): Promise<void> {
  const { outgoing } = exchange
  const signal = exchange.lasting()
  const chunks = await openLog(path, exchange.query, signal, options)
  await exchange.audit?.started(200)
  outgoing.writeHead(200, { 'content-type': 'text/plain', 'cache-control': 'no-cache, private' })
  outgoing.flushHeaders?.()
  try {
    for await (const chunk of chunks ?? []) {
      if (outgoing.destroyed) return
      if (outgoing.write(chunk)) continue
      exchange.onBlocked()
      await drained(outgoing)
    }
  } catch (error) {
    if (!signal.aborted) throw error
  }
  outgoing.end()
}

const drained = (outgoing: Outgoing): Promise<void> => new Promise((resolve) => {
  outgoing.once('drain', resolve)
  outgoing.once('close', resolve)
})
