// Requests to the server behind an APIService: where it is, whom to trust, and how we say on whose behalf we ask.
import type { IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders } from 'node:http'
import { request, type Agent } from 'node:https'
import type { ConnectionOptions } from 'node:tls'
import type { ApiService } from '../api/types-api-service.ts'
import type { UserInfo } from '../api/request.ts'
import type { KeyPair } from '../pki/certificates.ts'
import type { Registry } from '../registry/registry.ts'
import type { Clock } from '../util/clock.ts'
import { headersWith } from '../util/raw-tunnel.ts'
import { serverIdentity } from '../util/peer-identity.ts'
import { serviceEndpoint } from './service-target.ts'

export interface RemoteServer {
  /** The name it must have a certificate for. */
  readonly hostname: string
  readonly host: string
  readonly port: number
  readonly tls: ConnectionOptions
}

/** A ready endpoint of the service. `chance` in [0, 1) chooses. Fails with an Error. */
export function remoteServer({ spec }: ApiService, { registry, frontProxy, chance }: { registry: Registry; frontProxy: KeyPair; chance: number }): RemoteServer {
  const { name = '', namespace = '', port = 443 } = spec.service ?? {}
  const target = serviceEndpoint(registry, { namespace, name, port }, chance)
  const hostname = `${name}.${namespace}.svc`
  return {
    hostname, ...target,
    tls: {
      servername: hostname, cert: frontProxy.certificate, key: frontProxy.key, rejectUnauthorized: spec.insecureSkipTLSVerify !== true,
      checkServerIdentity: (_, certificate) => serverIdentity(hostname, certificate),
      ...(spec.caBundle ? { ca: Buffer.from(spec.caBundle, 'base64') } : {}),
    },
  }
}

/** Belong to one connection, or to this server's own authentication: a client's word on who it is must never reach the other server. */
const ownHeaders = new Set([
  'connection', 'keep-alive', 'proxy-connection', 'proxy-authorization', 'proxy-authenticate', 'transfer-encoding', 'te', 'trailer', 'upgrade', 'http2-settings',
  'host', 'authorization', 'content-length', 'expect',
])
const ownPrefixes = [':', 'x-remote-', 'impersonate-', 'x_remote_']

export function isForwarded(name: string): boolean {
  const lower = name.toLowerCase()
  return !ownHeaders.has(lower) && !ownPrefixes.some((prefix) => lower.startsWith(prefix))
}

export function forwarded(headers: IncomingHttpHeaders): OutgoingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => isForwarded(name)))
}

/** Those of an upgrade, for a host. */
export const upgradeHeaders = ({ rawHeaders }: Pick<IncomingMessage, 'rawHeaders'>, host: string): string[] =>
  ['Host', host, ...headersWith(rawHeaders, (name) => isForwarded(name) || name === 'connection' || name === 'upgrade')]

// Node writes header values byte for byte from Latin-1.
const bytes = (value: string): string => Buffer.from(value).toString('latin1')

/** The user as the other server takes it from a front proxy. */
export function remoteHeaders({ username, uid, groups, extra = {} }: UserInfo): Record<string, string | string[]> {
  return {
    'X-Remote-User': bytes(username),
    ...(uid ? { 'X-Remote-Uid': bytes(uid) } : {}),
    ...(groups.length > 0 ? { 'X-Remote-Group': groups.map(bytes) } : {}),
    ...Object.fromEntries(Object.entries(extra).filter(([, values]) => values.length > 0)
      .map(([key, values]) => [`X-Remote-Extra-${encodeURIComponent(key.toLowerCase()).replace(/[()]/g, (sign) => `%${sign.charCodeAt(0).toString(16)}`)}`, values.map(bytes)])),
  }
}

export interface RemoteRequest {
  readonly method: string
  /** With the query. */
  readonly path: string
  readonly headers: OutgoingHttpHeaders
  readonly user: UserInfo
  readonly body?: Buffer
  readonly signal: AbortSignal
  readonly agent: Agent
  readonly clock: Clock
}

const dialTimeoutMs = 30_000
/** May be sent again when a kept connection turns out to be closed; others get a connection of their own. */
const repeatable = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE'])

/** The connection broke off: says nothing of whether there is a server. */
export const isBrokenOff = (error: unknown): boolean => ['ECONNRESET', 'EPIPE'].includes((error as NodeJS.ErrnoException).code ?? '')

/** Resolves with the head of the answer; its body is still to be read. */
export function ask(server: RemoteServer, asked: RemoteRequest): Promise<IncomingMessage> {
  return attempt(server, asked, repeatable.has(asked.method) ? asked.agent : false)
}

function attempt(server: RemoteServer, asked: RemoteRequest, agent: Agent | false): Promise<IncomingMessage> {
  const { method, path, headers, user, body, signal, clock } = asked
  return new Promise((resolve, reject) => {
    const outgoing = request({
      agent, host: server.host, port: server.port, ...server.tls, method, path, signal,
      headers: { ...headers, host: server.hostname, ...remoteHeaders(user), ...(body ? { 'content-length': body.length } : {}) },
    })
    outgoing.on('socket', (socket) => {
      if (!socket.connecting) return
      const timer = clock.setTimer(() => outgoing.destroy(new Error('dial tcp: i/o timeout')), dialTimeoutMs)
      for (const event of ['secureConnect', 'close']) socket.once(event, () => timer.cancel())
    })
    outgoing.on('error', (error) => {
      if (outgoing.reusedSocket && isBrokenOff(error) && !signal.aborted) attempt(server, asked, false).then(resolve, reject)
      else reject(error)
    })
    outgoing.on('response', resolve)
    outgoing.end(body)
  })
}
