// The proxy subresources: HTTP to a pod, a pod of a Service, or a node, under a path of this server.
import { request as requestPlain, type IncomingHttpHeaders, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http'
import { request as requestTls } from 'node:https'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { forwarded } from './aggregated-request.ts'
import { header, sinkOf, type Exchange } from './exchange.ts'
import type { Upgrade } from './http-door.ts'
import type { NodeConnection } from '../api/node-connection.ts'
import { streamFlags } from '../api/stream-flags.ts'
import { requireVerbs, type ConnectOptions } from './pod-target.ts'
import { throughProxy } from './proxy-body.ts'
import { proxiedAddress } from './proxy-html.ts'
import { nodeTarget, targetOf, unavailable } from './proxy-target.ts'
import type { ResourcePath } from './request-path.ts'
import { forwardedFor } from './source-ips.ts'
import { streamTunnel, tunnel } from './upgrade-tunnel.ts'
import { networkWords } from './network-words.ts'

/** With the length, for those who can't read a body without one. */
const withLength = (headers: IncomingHttpHeaders): OutgoingHttpHeaders => ({ ...forwarded(headers), ...(headers['content-length'] === undefined ? {} : { 'content-length': headers['content-length'] }) })

/** Which pages may read the answer is this server's to say. */
function answeredHeaders(headers: IncomingHttpHeaders): OutgoingHttpHeaders {
  return Object.fromEntries(Object.entries(withLength(headers)).filter(([name]) => !name.startsWith('access-control-')))
}

export async function serveProxy(exchange: Exchange, path: ResourcePath, options: ConnectOptions): Promise<void> {
  const { incoming, outgoing, method } = exchange
  const [rawPath, rawQuery] = splitTarget(incoming.url)
  const target = path.plural === 'nodes' ? nodeTarget(path, options) : targetOf(path, options)
  if (path.rest === '' && (method === 'GET' || method === 'HEAD')) {
    outgoing.writeHead(301, { location: `${rawPath}/${rawQuery}` })
    return void outgoing.end()
  }
  await (target instanceof URL ? passOn(exchange, path, target) : askKubelet(exchange, path, target))
}

/** Raw, the query with its question mark. */
function splitTarget(url = '/'): [path: string, query: string] {
  const at = url.indexOf('?')
  return at < 0 ? [url, ''] : [url.slice(0, at), url.slice(at)]
}

function passOn({ incoming, outgoing, method }: Exchange, path: ResourcePath, target: URL): Promise<void> {
  const [rawPath, rawQuery] = splitTarget(incoming.url)
  const prefix = prefixOf(rawPath, path)
  const clientHost = header(incoming, ':authority') ?? header(incoming, 'host') ?? ''
  return new Promise((resolve, reject) => {
    const send = target.protocol === 'https:' ? requestTls : requestPlain
    const upstream = send(target, {
      method, path: `${rawPath.slice(prefix.length) || '/'}${rawQuery}`, rejectUnauthorized: false,
      headers: {
        ...withLength(incoming.headers), host: clientHost || target.host,
        'x-forwarded-uri': rawPath, 'x-forwarded-host': clientHost, 'x-forwarded-proto': 'https',
        'x-forwarded-for': forwardedFor(incoming),
      },
    } as Parameters<typeof requestPlain>[1] & object)
    upstream.on('error', (error) => reject(unavailable(`error trying to reach service: ${networkWords(error)}`)))
    upstream.on('response', (response: IncomingMessage) => {
      const headers = answeredHeaders(response.headers)
      const page = { hosts: [target.host, clientHost], prefix }
      if (typeof headers['location'] === 'string') headers['location'] = proxiedAddress(headers['location'], page)
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

/** The URL as the kubelet sees it. Prefixed, not resolved: a path such as `//other/` names no other host. */
function kubeletUrl(path: ResourcePath, url: string | undefined): URL {
  const [rawPath, rawQuery] = splitTarget(url)
  return new URL(`https://kubelet${rawPath.slice(prefixOf(rawPath, path).length) || '/'}${rawQuery}`)
}

async function askKubelet(exchange: Exchange, path: ResourcePath, node: NodeConnection): Promise<void> {
  const { incoming, outgoing, method } = exchange
  if (!node.fetch) throw unavailable(`the kubelet of node ${JSON.stringify(path.name)} serves no HTTP here`)
  const response = await node.fetch(new Request(kubeletUrl(path, incoming.url), { method, signal: exchange.lasting() }))
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

export async function serveProxyUpgrade(upgrade: Upgrade, path: ResourcePath, options: ConnectOptions): Promise<void> {
  const { url: asked } = upgrade.incoming
  // Whatever the method: streams act on pods.
  if (path.plural === 'nodes') requireVerbs(upgrade, path, options.authorizer, ['create'])
  const target = path.plural === 'nodes' ? nodeTarget(path, options) : targetOf(path, options)
  if (target instanceof URL) {
    const [rawPath, rawQuery] = splitTarget(asked)
    // Prefixed, not resolved, as above.
    return tunnel(upgrade, new URL(`${target.origin}${rawPath.slice(prefixOf(rawPath, path).length) || '/'}${rawQuery}`))
  }
  if (!target.stream) throw unavailable(`the kubelet of node ${JSON.stringify(path.name)} serves no streams here`)
  const url = kubeletUrl(path, asked)
  return streamTunnel(upgrade, await target.stream(url.pathname, url.searchParams), url.pathname.startsWith('/portForward/') ? undefined : streamFlags(url.searchParams))
}
