// The proxy subresources: HTTP to a pod, or to an endpoint of a service, under a path of this server.
import { request as requestPlain, type IncomingHttpHeaders, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http'
import { request as requestTls } from 'node:https'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { StatusError, badRequest, unknownPath } from '../api/status-error.ts'
import type { KubeObject } from '../api/object.ts'
import type { Pod } from '../api/types-pod.ts'
import type { Registry } from '../registry/registry.ts'
import { header, sinkOf, type Exchange } from './exchange.ts'
import type { Upgrade } from './http-door.ts'
import type { NodeConnection } from '../api/node-connection.ts'
import { streamFlags } from '../api/stream-flags.ts'
import { podOf, requireVerbs, type ConnectOptions } from './pod-target.ts'
import { throughProxy } from './proxy-body.ts'
import type { ResourcePath } from './request-path.ts'
import { streamTunnel, tunnel } from './upgrade-tunnel.ts'
import { networkWords } from './network-words.ts'

export interface ProxyName {
  readonly scheme: 'http' | 'https'
  readonly name: string
  readonly port: string
}

/** `[scheme:]name[:port]`. */
export function parseProxyName(text: string): ProxyName {
  const parts = text.split(':')
  const [a = '', b = '', c = ''] = parts
  if (parts.length === 1) return { scheme: 'http', name: a, port: '' }
  if (parts.length === 2) return { scheme: 'http', name: a, port: b }
  if (parts.length === 3 && (a === '' || a === 'http' || a === 'https')) return { scheme: a === 'https' ? 'https' : 'http', name: b, port: c }
  throw badRequest(`invalid proxy name ${JSON.stringify(text)}: expected [scheme:]name[:port]`)
}

interface EndpointsObject extends KubeObject {
  subsets?: { addresses?: { ip: string }[]; ports?: { name?: string; port: number }[] }[]
}

interface ServiceObject extends KubeObject {
  spec?: { ports?: { name?: string; port: number }[] }
}

const unavailable = (text: string): StatusError => new StatusError(503, 'ServiceUnavailable', text)

/** The URL base that the path's resource is served at. */
function targetOf(path: ResourcePath, { registry, clock }: ConnectOptions): URL {
  const { scheme, name, port } = parseProxyName(path.name ?? '')
  if (path.plural === 'pods') {
    const pod = podOf(registry, { ...path, name })
    const ip = pod.status?.podIP
    if (!ip) throw unavailable(`pod ${JSON.stringify(name)} has no address yet`)
    return urlOf(scheme, ip, port || firstPort(pod))
  }
  if (path.plural === 'services') return serviceTarget(registry, { ...path, name }, { scheme, name, port }, clock.random())
  throw new Error(`nothing is proxied for ${path.plural}`)
}

const urlOf = (scheme: string, ip: string, port: string | number): URL =>
  new URL(`${scheme}://${ip.includes(':') ? `[${ip}]` : ip}${port === '' ? '' : `:${port}`}`)

function firstPort(pod: Pod): string {
  for (const container of pod.spec?.containers ?? []) {
    const port = container.ports?.[0]?.containerPort
    if (port) return String(port)
  }
  return ''
}

function serviceTarget(registry: Registry, path: ResourcePath, { scheme, name, port }: ProxyName, chance: number): URL {
  const services = registry.definition('', 'v1', 'services')
  const endpoints = registry.definition('', 'v1', 'endpoints')
  if (!services || !endpoints) throw unknownPath()
  const service = registry.get(services, { namespace: path.namespace, name }) as ServiceObject
  const ports = service.spec?.ports ?? []
  const wanted = port === '' ? ports[0] : ports.find((one) => one.name === port || String(one.port) === port)
  if (!wanted) throw unavailable(`no service port ${JSON.stringify(port)} found for service ${JSON.stringify(name)}`)
  const { subsets = [] } = registry.get(endpoints, { namespace: path.namespace, name }) as EndpointsObject
  const found = subsets.flatMap((subset) => {
    const target = (subset.ports ?? []).find((one) => (one.name ?? '') === (wanted.name ?? ''))
    return target ? (subset.addresses ?? []).map(({ ip }) => ({ ip, port: target.port })) : []
  })
  const chosen = found[Math.floor(chance * found.length)]
  if (!chosen) throw unavailable(`no endpoints available for service ${JSON.stringify(name)}`)
  return urlOf(scheme, chosen.ip, chosen.port)
}

/** Belong to one connection, or to this server's own authentication. */
const notForwarded = new Set([
  'connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'te', 'trailer', 'upgrade', 'http2-settings', 'host', 'authorization',
])

function forwarded(headers: IncomingHttpHeaders): OutgoingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !name.startsWith(':') && !notForwarded.has(name)))
}

/** Which pages may read the answer is this server's to say. */
function answeredHeaders(headers: IncomingHttpHeaders): OutgoingHttpHeaders {
  return Object.fromEntries(Object.entries(forwarded(headers)).filter(([name]) => !name.startsWith('access-control-')))
}

export function serveProxy(exchange: Exchange, path: ResourcePath, options: ConnectOptions): Promise<void> {
  const { incoming, method } = exchange
  const { outgoing } = exchange
  const [rawPath = '', rawQuery] = (incoming.url ?? '/').split('?', 2)
  if (path.rest === '' && (method === 'GET' || method === 'HEAD')) {
    outgoing.writeHead(301, { location: `${rawPath}/${rawQuery === undefined ? '' : `?${rawQuery}`}` })
    outgoing.end()
    return Promise.resolve()
  }
  if (path.plural === 'nodes') return serveNode(exchange, path, options)
  const target = targetOf(path, options)
  const prefix = prefixOf(rawPath, path)
  const secure = target.protocol === 'https:'
  const clientHost = header(incoming, ':authority') ?? header(incoming, 'host') ?? ''
  return new Promise((resolve, reject) => {
    const send = secure ? requestTls : requestPlain
    const upstream = send(target, {
      method, path: `${rawPath.slice(prefix.length) || '/'}${rawQuery === undefined ? '' : `?${rawQuery}`}`, rejectUnauthorized: false,
      headers: {
        ...forwarded(incoming.headers), host: target.host,
        'x-forwarded-uri': rawPath, 'x-forwarded-host': clientHost, 'x-forwarded-proto': 'https',
        'x-forwarded-for': incoming.socket.remoteAddress ?? '',
      },
    } as Parameters<typeof requestPlain>[1] & object)
    upstream.on('error', (error) => reject(unavailable(`error trying to reach service: ${networkWords(error)}`)))
    upstream.on('response', (response: IncomingMessage) => {
      const headers = answeredHeaders(response.headers)
      if (typeof headers['location'] === 'string') headers['location'] = rewritten(headers['location'], target, prefix)
      const page = { hosts: [target.host, clientHost], prefix }
      const { headers: sent, body } = throughProxy(response, headers, page)
      outgoing.writeHead(response.statusCode ?? 502, sent)
      // Either side may leave in the middle.
      pipeline([response, ...body, sinkOf(outgoing)]).then(resolve, () => {
        outgoing.destroy()
        resolve()
      })
    })
    outgoing.on('close', () => { upstream.destroy(); resolve() })
    incoming.pipe(upstream)
  })
}

/** The kubelet that a path means, and the URL as it sees it. */
function kubeletOf(path: ResourcePath, rawPath: string, rawQuery: string | undefined, { registry, nodeConnections }: ConnectOptions): { node: NodeConnection; url: URL } {
  const { name } = parseProxyName(path.name ?? '')
  const nodes = registry.definition('', 'v1', 'nodes')
  if (!nodes) throw unknownPath()
  registry.get(nodes, { name })
  const node = nodeConnections(name)
  if (!node) throw unavailable(`node ${JSON.stringify(name)} is not connected`)
  // Prefixed, not resolved: a path such as `//other/` names no other host.
  return { node, url: new URL(`https://kubelet${rawPath.slice(prefixOf(rawPath, path).length) || '/'}${rawQuery === undefined ? '' : `?${rawQuery}`}`) }
}

async function serveNode(exchange: Exchange, path: ResourcePath, options: ConnectOptions): Promise<void> {
  const { incoming, method } = exchange
  const { outgoing } = exchange
  const [rawPath = '', rawQuery] = (incoming.url ?? '/').split('?', 2)
  const { node, url } = kubeletOf(path, rawPath, rawQuery, options)
  if (!node.fetch) throw unavailable(`the kubelet of node ${JSON.stringify(path.name)} serves no HTTP here`)
  const response = await node.fetch(new Request(url, { method, signal: exchange.lasting() }))
  await exchange.audit?.started(response.status)
  outgoing.writeHead(response.status, Object.fromEntries(response.headers))
  outgoing.flushHeaders?.()
  if (!response.body || method === 'HEAD') return void outgoing.end()
  // A client that leaves in the middle has what it wanted.
  await pipeline(Readable.fromWeb(response.body as Parameters<typeof Readable.fromWeb>[0]), sinkOf(outgoing)).catch(() => undefined)
}

/** The raw path up to what the target is to see. */
const prefixOf = (rawPath: string, path: ResourcePath): string => {
  const marker = `/${path.plural}/`
  const at = rawPath.indexOf('/proxy', rawPath.indexOf(marker) + marker.length)
  return rawPath.slice(0, at + '/proxy'.length)
}

/** A redirect within the target stays behind the proxy. */
export function rewritten(location: string, target: URL, prefix: string): string {
  const url = new URL(location, target)
  return url.host === target.host ? `${prefix}${url.pathname}${url.search}${url.hash}` : location
}

export async function serveProxyUpgrade(upgrade: Upgrade, path: ResourcePath, options: ConnectOptions): Promise<void> {
  const [rawPath = '', rawQuery] = (upgrade.incoming.url ?? '/').split('?', 2)
  if (path.plural === 'nodes') {
    // Whatever the method: streams act on pods.
    requireVerbs(upgrade, path, options.authorizer, ['create'])
    const { node, url } = kubeletOf(path, rawPath, rawQuery, options)
    if (!node.stream) throw unavailable(`the kubelet of node ${JSON.stringify(path.name)} serves no streams here`)
    return streamTunnel(upgrade, await node.stream(url.pathname, url.searchParams), url.pathname.startsWith('/portForward/') ? undefined : streamFlags(url.searchParams))
  }
  const target = targetOf(path, options)
  // Prefixed, not resolved: a path such as `//other/` names no other host.
  await tunnel(upgrade, new URL(`${target.origin}${rawPath.slice(prefixOf(rawPath, path).length) || '/'}${rawQuery === undefined ? '' : `?${rawQuery}`}`))
}
