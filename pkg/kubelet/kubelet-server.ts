// The kubelet's HTTPS endpoint: checks who asks, and hands on to the routes or the container runtime.
import { STATUS_CODES, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { Readable, type Duplex } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { StatusError, badRequest } from '../api/status-error.ts'
import { streamFlags } from '../api/stream-flags.ts'
import { serveStreams } from '../util/remote-streams.ts'
import { type KubeletAccess, accessOf } from './kubelet-server-access.ts'
import type { KubeletRoutes } from './kubelet-server-routes.ts'

export interface KubeletServing {
  readonly host: string
  /** 0 takes any free one. */
  readonly port: number
  readonly tls: {
    /** PEM. */
    readonly key: string
    readonly cert: string
    /** The CA of client certificates. */
    readonly clientCa: string
  }
}

export interface KubeletServerOptions {
  readonly serving: KubeletServing
  readonly access: KubeletAccess
  readonly routes: KubeletRoutes
  readonly log: (text: string) => void
}

/** `stop` ends all connections, streams of pods among them. */
export class KubeletServer {
  readonly #options: KubeletServerOptions
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  /** What it shows to new connections; PEM. */
  certificate: string

  constructor(options: KubeletServerOptions) {
    this.#options = options
    const { key, cert, clientCa } = options.serving.tls
    this.certificate = cert
    this.#server = createServer({ key, cert, ca: clientCa, requestCert: true, rejectUnauthorized: false, minVersion: 'TLSv1.2' })
    this.#server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket)
      socket.on('close', () => this.#sockets.delete(socket))
    })
    // Clients that break off in a handshake are their own business.
    this.#server.on('tlsClientError', () => undefined)
    this.#server.on('request', (incoming, outgoing) => void this.#serve(incoming, outgoing))
    this.#server.on('upgrade', (incoming: IncomingMessage, socket: Duplex, head: Buffer) => void this.#upgrade(incoming, socket, head))
  }

  /** New connections see another certificate; those that are there go on. */
  useTls({ key, cert, clientCa }: KubeletServing['tls']): void {
    this.certificate = cert
    this.#server.setSecureContext({ key, cert, ca: clientCa, minVersion: 'TLSv1.2' })
  }

  /** Resolves with the port. Rejects with EADDRINUSE, and the port in its text, when it is taken. */
  start(): Promise<number> {
    const { host, port } = this.#options.serving
    return new Promise((resolve, reject) => {
      this.#server.once('error', (error: NodeJS.ErrnoException) => {
        reject(error.code === 'EADDRINUSE' ? Object.assign(error, { message: `the kubelet's port ${port} is taken` }) : error)
      })
      this.#server.listen(port, host, () => {
        this.#server.removeAllListeners('error')
        this.#server.on('error', (error) => this.#options.log(`kubelet's endpoint: ${error.message}`))
        resolve((this.#server.address() as AddressInfo).port)
      })
    })
  }

  stop(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve())
      for (const socket of this.#sockets) socket.destroy()
    })
  }

  async #serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    incoming.on('error', () => undefined)
    outgoing.on('error', () => undefined)
    const gone = new AbortController()
    outgoing.on('close', () => gone.abort())
    try {
      const url = await this.#admit(incoming)
      const response = await this.#options.routes.fetch(new Request(url, { method: incoming.method ?? 'GET', signal: gone.signal }))
      outgoing.writeHead(response.status, Object.fromEntries(response.headers))
      outgoing.flushHeaders()
      if (!response.body || incoming.method === 'HEAD') return void outgoing.end()
      // A client that leaves in the middle has what it wanted.
      await pipeline(Readable.fromWeb(response.body as Parameters<typeof Readable.fromWeb>[0]), outgoing).catch(() => undefined)
    } catch (error) {
      const { code, text } = this.#failure(error)
      if (outgoing.headersSent) return void outgoing.destroy()
      outgoing.writeHead(code, { 'content-type': 'text/plain; charset=utf-8' })
      outgoing.end(`${text}\n`)
    }
  }

  async #upgrade(incoming: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    socket.on('error', () => void socket.destroy())
    try {
      const url = await this.#admit(incoming)
      const target = await this.#options.routes.stream(url.pathname, url.searchParams)
      await serveStreams({ incoming, socket, head }, target, url.pathname.startsWith('/portForward/') ? undefined : streamFlags(url.searchParams))
    } catch (error) {
      const { code, text } = this.#failure(error)
      socket.end(`HTTP/1.1 ${code} ${STATUS_CODES[code] ?? ''}\r\nContent-Type: text/plain\r\nContent-Length: ${Buffer.byteLength(text) + 1}\r\nConnection: close\r\n\r\n${text}\n`)
    }
  }

  /** The request's URL, when whoever sent it may. */
  async #admit(incoming: IncomingMessage): Promise<URL> {
    const { access } = this.#options
    // What is checked and what is served is the same path: `..` and the like are resolved before either.
    const text = `https://kubelet${incoming.url ?? '/'}`
    if (!incoming.url?.startsWith('/') || !URL.canParse(text)) throw badRequest(`invalid path ${JSON.stringify(incoming.url)}`)
    const url = new URL(text)
    const user = await access.authenticate(incoming)
    await access.authorize(user, accessOf(incoming.method ?? 'GET', url.pathname))
    return url
  }

  #failure(error: unknown): { code: number; text: string } {
    if (error instanceof StatusError) return { code: error.status.code ?? 500, text: error.message }
    this.#options.log(`kubelet's endpoint: ${(error as Error).stack ?? String(error)}`)
    return { code: 500, text: (error as Error).message }
  }
}
