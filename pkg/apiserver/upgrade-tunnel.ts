// exec, attach and port-forward: the client's upgrade request is replayed on the runtime's URL, and bytes flow both ways.
import { connect as connectPlain, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { Duplex } from 'node:stream'
import type { IncomingMessage } from 'node:http'
import { StatusError, badRequest } from '../api/status-error.ts'
import type { Pod } from '../api/types-pod.ts'
import { isConnect, isStream } from './connect.ts'
import type { Upgrade } from './http-door.ts'
import { serveLogSocket } from './log-socket.ts'
import type { NodeConnection } from './node-connection.ts'
import { podRefOf } from './pod-logs.ts'
import { containerOf, nodeOf, podOf, requireVerbs, type ConnectOptions } from './pod-target.ts'
import { serveProxyUpgrade } from './proxy.ts'
import { truth } from './query-options.ts'
import type { ResourcePath } from './request-path.ts'

export async function serveUpgrade(upgrade: Upgrade, path: ResourcePath, options: ConnectOptions): Promise<void> {
  const { incoming, user, query } = upgrade
  if (!isConnect(path)) throw badRequest('upgrade is not supported here')
  // A stream acts on the pod whichever way it is opened.
  requireVerbs(user, path, options.authorizer, incoming.method === 'GET' ? ['get', ...(isStream(path) ? ['create'] : [])] : ['create'])
  if (path.subresource === 'log') return serveLogSocket(upgrade, path, options)
  if (path.subresource === 'proxy') return serveProxyUpgrade(upgrade, path, options)
  const pod = podOf(options.registry, path)
  const node = nodeOf(options.nodeConnections, pod)
  if (!node) throw badRequest(`pod ${path.name} does not have a host assigned`)
  await tunnel(upgrade, await streamUrl(node, pod, path.subresource ?? '', query))
}

function streamUrl(node: NodeConnection, pod: Pod, subresource: string, query: URLSearchParams): Promise<URL> {
  const ref = podRefOf(pod)
  if (subresource === 'portforward') return node.portForward(ref, query.getAll('ports').flatMap((text) => text.split(',')).map(portOf))
  const flag = (name: string): boolean => truth(query, name) ?? false
  const streams = { container: containerOf(pod, query.get('container') || undefined), stdin: flag('stdin'), stdout: flag('stdout'), stderr: flag('stderr'), tty: flag('tty') }
  if (!streams.stdin && !streams.stdout && !streams.stderr) throw badRequest('you must specify at least 1 of stdin, stdout, stderr')
  if (subresource === 'attach') return node.attach(ref, streams)
  const command = query.getAll('command')
  if (command.length === 0) throw badRequest('you must specify at least one command for the container')
  return node.exec(ref, { ...streams, command })
}

function portOf(text: string): number {
  const port = Number(text)
  if (!Number.isInteger(port) || port < 1 || port > 65535) throw badRequest(`unable to parse ${JSON.stringify(text)} as a port`)
  return port
}

/** Not for the one behind the tunnel: credentials of this server, and what browsers add. */
const kept = new Set(['host', 'authorization', 'cookie', 'origin', 'impersonate-user', 'impersonate-group', 'impersonate-uid'])

/** The request as text, for another host and path. */
export function replayed(incoming: Pick<IncomingMessage, 'method' | 'rawHeaders'>, url: URL): string {
  const lines = [`${incoming.method} ${url.pathname}${url.search} HTTP/1.1`, `Host: ${url.host}`]
  const raw = incoming.rawHeaders
  for (let at = 0; at < raw.length; at += 2) {
    if (!kept.has(raw[at]!.toLowerCase())) lines.push(`${raw[at]}: ${raw[at + 1]}`)
  }
  return `${lines.join('\r\n')}\r\n\r\n`
}

/** Resolves when the connection stands; from then on both sockets live and die together. */
export async function tunnel({ incoming, socket, head }: Upgrade, url: URL): Promise<void> {
  const upstream = await dial(url)
  upstream.write(replayed(incoming, url))
  if (head.length > 0) upstream.write(head)
  join(socket, upstream)
}

function dial(url: URL): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const secure = url.protocol === 'https:'
    const at = { host: url.hostname.replace(/^\[|\]$/g, ''), port: Number(url.port) || (secure ? 443 : 80), allowHalfOpen: true }
    const upstream = secure ? connectTls({ ...at, rejectUnauthorized: false }) : connectPlain(at)
    upstream.once(secure ? 'secureConnect' : 'connect', () => {
      upstream.removeAllListeners('error')
      upstream.setNoDelay(true)
      resolve(upstream)
    })
    upstream.once('error', (error) => reject(new StatusError(502, 'BadGateway', `error dialing the container runtime: ${error.message}`)))
  })
}

function join(client: Duplex, upstream: Socket): void {
  client.pipe(upstream)
  upstream.pipe(client)
  const drop = (): void => {
    client.destroy()
    upstream.destroy()
  }
  upstream.on('error', drop)
  client.on('error', drop)
  client.on('close', () => upstream.destroy())
  upstream.on('close', () => client.end())
}
