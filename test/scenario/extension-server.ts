// A small extension API server: serves the kind Flunder of wardle.example.com/v1alpha1 to the front proxy, and to nobody else.
import { createHash, randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import type { TLSSocket } from 'node:tls'
import type { KeyPair } from '../../pkg/pki/certificates.ts'

export interface Asked {
  readonly method: string
  readonly url: string
  readonly caller: string
  readonly user: string
  readonly groups: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
}

interface Flunder {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: Record<string, unknown> & { name: string; namespace: string }
  readonly spec?: unknown
}

const group = 'wardle.example.com'
const version = 'v1alpha1'
const apiVersion = `${group}/${version}`

const resourceList = {
  kind: 'APIResourceList', apiVersion: 'v1', groupVersion: apiVersion,
  resources: [
    { name: 'flunders', singularName: 'flunder', namespaced: true, kind: 'Flunder', verbs: ['create', 'delete', 'get', 'list', 'watch'], shortNames: ['fl'], categories: ['all'] },
    { name: 'flunders/status', singularName: '', namespaced: true, kind: 'Flunder', verbs: ['get'] },
  ],
}
const openApi = {
  openapi: '3.0.0', info: { title: 'wardle', version: 'v1' },
  paths: { [`/apis/${apiVersion}/namespaces/{namespace}/flunders`]: { get: { 'x-kubernetes-action': 'list', 'x-kubernetes-group-version-kind': { group, version, kind: 'Flunder' }, responses: {} } } },
  components: { schemas: { Flunder: {
    type: 'object', description: 'A Flunder is something small.', properties: { spec: { type: 'object' }, metadata: { type: 'object' } },
    'x-kubernetes-group-version-kind': [{ group, version, kind: 'Flunder' }],
  } } },
}

export class ExtensionServer {
  readonly asked: Asked[] = []
  readonly #server: Server
  readonly #flunders = new Map<string, Flunder>()
  readonly #watchers = new Set<ServerResponse>()
  #revision = 1

  constructor(options: { serving: KeyPair; requestHeaderCa: string; allowedNames: readonly string[] }) {
    this.#server = createServer(
      { key: options.serving.key, cert: options.serving.certificate, ca: options.requestHeaderCa, requestCert: true, rejectUnauthorized: true },
      (incoming, outgoing) => void this.#serve(incoming, outgoing, options.allowedNames),
    )
    this.#server.on('upgrade', (incoming: IncomingMessage, socket: Duplex) => {
      const accept = createHash('sha1').update(`${incoming.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
      socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`)
      socket.write(`hello ${String(incoming.headers['x-remote-user'])}`)
      socket.on('data', (chunk: Buffer) => void socket.write(chunk))
      socket.on('error', () => undefined)
    })
  }

  async listen(host: string, port = 0): Promise<number> {
    await new Promise<void>((resolve, reject) => this.#server.once('error', reject).listen(port, host, resolve))
    return (this.#server.address() as AddressInfo).port
  }

  stop(): Promise<void> {
    this.#server.closeAllConnections()
    return new Promise((resolve) => this.#server.close(() => resolve()))
  }

  closeIdle(): void {
    this.#server.closeIdleConnections()
  }

  put(name: string, metadata: Record<string, unknown> & { namespace?: string } = {}): Flunder {
    const { namespace = 'default' } = metadata
    const flunder = { apiVersion, kind: 'Flunder', metadata: { ...metadata, name, namespace, uid: randomUUID(), resourceVersion: String(++this.#revision), creationTimestamp: '2026-01-01T00:00:00Z' } }
    this.#flunders.set(`${namespace}/${name}`, flunder)
    this.#tell('ADDED', flunder)
    return flunder
  }

  #tell(type: string, flunder: Flunder): void {
    for (const watcher of this.#watchers) watcher.write(`${JSON.stringify({ type, object: flunder })}\n`)
  }

  async #serve(incoming: IncomingMessage, outgoing: ServerResponse, allowed: readonly string[]): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of incoming as AsyncIterable<Buffer>) chunks.push(chunk)
    const body = Buffer.concat(chunks).toString()
    const caller = String((incoming.socket as TLSSocket).getPeerCertificate().subject['CN'])
    const { method = '', url = '', headers } = incoming
    this.asked.push({ method, url, caller, user: String(headers['x-remote-user']), groups: String(headers['x-remote-group']), headers, body })
    const answer = (code: number, value: unknown): void => void outgoing.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify(value))
    if (!allowed.includes(caller)) return answer(401, { kind: 'Status', apiVersion: 'v1', status: 'Failure', code: 401, reason: 'Unauthorized', message: `${caller} is no front proxy` })
    const { pathname, searchParams } = new URL(url, 'https://host')
    if (pathname === `/apis/${apiVersion}`) return answer(200, resourceList)
    if (pathname === '/openapi/v3') return answer(200, { paths: { [`apis/${apiVersion}`]: { serverRelativeURL: `/openapi/v3/apis/${apiVersion}?hash=1` } } })
    if (pathname === `/openapi/v3/apis/${apiVersion}`) return answer(200, openApi)
    const [namespace, name] = /^\/apis\/[^/]+\/[^/]+(?:\/namespaces\/([^/]+))?\/flunders(?:\/([^/]+))?$/.exec(pathname)?.slice(1) ?? []
    const key = `${namespace}/${name}`
    if (name === 'moved') outgoing.writeHead(302, { location: 'https://elsewhere.example.com/' }).end()
    else if (searchParams.get('watch')) {
      outgoing.writeHead(200, { 'content-type': 'application/json' }).flushHeaders()
      this.#watchers.add(outgoing)
      outgoing.on('close', () => this.#watchers.delete(outgoing))
    } else if (method === 'POST') {
      const { metadata } = JSON.parse(body) as Flunder
      answer(201, this.put(metadata.name, { ...metadata, namespace }))
    } else if (method === 'DELETE' && name === undefined) answer(405, { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', reason: 'MethodNotAllowed', message: 'the server does not allow this method on the requested resource', code: 405 })
    else if (name === undefined) answer(200, { kind: 'FlunderList', apiVersion, metadata: { resourceVersion: String(this.#revision) }, items: [...this.#flunders.values()].filter(({ metadata }) => namespace === undefined || metadata.namespace === namespace) })
    else if (!this.#flunders.has(key)) answer(404, { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', reason: 'NotFound', message: `flunders.${group} "${name}" not found`, details: { name, group, kind: 'flunders' }, code: 404 })
    else if (method === 'DELETE') {
      const gone = this.#flunders.get(key)
      this.#flunders.delete(key)
      if (gone) this.#tell('DELETED', { ...gone, metadata: { ...gone.metadata, resourceVersion: String(++this.#revision) } })
      answer(200, { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details: { name, group, kind: 'flunders' } })
    } else answer(200, this.#flunders.get(key))
  }
}
