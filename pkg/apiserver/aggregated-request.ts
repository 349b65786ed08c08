// Requests to the server behind an APIService: where it is, whom to trust, and how we say on whose behalf we ask.
import type { IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders } from 'node:http'
import { request, type Agent } from 'node:https'
import type { ConnectionOptions } from 'node:tls'
import type { ApiService } from '../api/types-api-service.ts'
import type { UserInfo } from '../api/request.ts'
import type { KeyPair } from '../pki/certificates.ts'
import type { Registry } from '../registry/registry.ts'
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
}

/** Resolves with the head of the answer; its body is still to be read. */
export function ask(server: RemoteServer, { method, path, headers, user, body, signal, agent }: RemoteRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const outgoing = request({
      agent, host: server.host, port: server.port, ...server.tls, method, path, signal,
      headers: { ...headers, host: server.hostname, ...remoteHeaders(user), ...(body ? { 'content-length': body.length } : {}) },
    })
    outgoing.on('error', reject)
    outgoing.on('response', resolve)
    outgoing.end(body)
  })
}
