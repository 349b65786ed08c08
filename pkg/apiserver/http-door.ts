// The HTTP door: TLS, HTTP/2 and HTTP/1.1 on one port; authenticates each request and sends it where it belongs.
import { createSecureServer, type Http2SecureServer } from 'node:http2'
import { createServer, isIPv6, type AddressInfo, type Server, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { TLSSocket } from 'node:tls'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Hono } from 'hono'
import { formatGoDuration } from '../api/go-duration.ts'
import { PageNotFound, StatusError, badRequest, internalError } from '../api/status-error.ts'
import type { UserInfo } from '../api/request.ts'
import type { Clock } from '../util/clock.ts'
import { onNextTurn } from '../util/turn.ts'
import { room } from '../util/turn-share.ts'
import type { Auditor } from './audit.ts'
import type { AuditRecord } from './audit-record.ts'
import { AuditedExchange, auditIdOf, notKept } from './audited-exchange.ts'
import type { Authenticate } from './authenticator.ts'
import { certificateExpiry } from './authn-certificate.ts'
import type { Authorizer } from './authorizer.ts'
import { requireAllowed } from './authorize.ts'
import { isConnect } from './connect.ts'
import { ConnectionGate } from './connection-gate.ts'
import { ConnectionWatchdog } from './connection-watchdog.ts'
import { hasShortBody, header, readBody, type Contact, type Exchange, type Incoming, type Outgoing } from './exchange.ts'
import type { FlowControl } from './flow-control.ts'
import type { Leave } from './flow-figures.ts'
import { defaultLimits, type FrontLimits } from './front-limits.ts'
import { isPlainPath, isUpgrade, keepParsing, listenerOptions, originForm, refuseConnection, refuseUpgrade, sendTooMany, serverOptions, splitUrl } from './http-parts.ts'
import { streamListener } from './http2-exchange.ts'
import { Intake, sourceOf } from './intake.ts'
import type { RequestMetrics } from './metrics.ts'
import { labelsOf, otherLabels, type RequestLabels } from './request-labels.ts'
import { checkTimeout } from './query-options.ts'
import { decodePath, parsePath, type RequestPath, type ResourcePath } from './request-path.ts'
import { verbOf } from './resource-door.ts'
import { jsonFor, send, sendFailure, text } from './respond.ts'
import { SessionPinger } from './session-pinger.ts'
import { Tally } from './tally.ts'
import { bodyOf } from './system-routes.ts'
import { requestLine, type Verbosity } from './verbosity.ts'

export interface TlsOptions {
  /** PEM. */
  readonly key: string
  readonly cert: string
  /** The CA of client certificates. */
  readonly clientCa: string
}

export interface HttpDoorOptions {
  readonly tls: TlsOptions
  readonly authenticate: Authenticate
  readonly authorizer: Authorizer
  readonly serveResource: (exchange: Exchange, path: ResourcePath) => Promise<void>
  /** Serves an upgrade of a resource path (exec, attach, portforward); takes the socket over. */
  readonly serveUpgrade: (upgrade: Upgrade, path: ResourcePath) => Promise<void>
  /** Asked first: answers undefined for what is served here. */
  readonly serveElsewhere?: (exchange: Exchange, path: RequestPath) => Promise<void> | undefined
  readonly upgradeElsewhere?: (upgrade: Upgrade, path: RequestPath) => Promise<void> | undefined
  /** Whether the path is one of a kind that is served. */
  readonly isServed: (path: ResourcePath) => boolean
  readonly system: Hono
  readonly metrics: RequestMetrics
  readonly flows: FlowControl
  /** undefined: no audit log is written. */
  readonly auditor?: Auditor
  readonly limits?: Partial<FrontLimits>
  readonly verbosity?: Verbosity
  readonly clock: Clock
  readonly log: (text: string) => void
}

export interface Upgrade {
  readonly incoming: IncomingMessage
  readonly socket: Duplex
  /** What the client sent after its request. */
  readonly head: Buffer
  readonly query: URLSearchParams
  readonly user: UserInfo
  readonly audit?: AuditRecord
  /** For what ends by itself once this aborts: when the client's connection is over, and when the server ends, which waits for it a while. */
  readonly lasting: () => AbortSignal
}

/** Reachable by everyone, whatever the roles say. */
const openPaths = new Set(['/healthz', '/livez', '/readyz'])

/** Of all requests without a query; nobody changes a query. */
const noQuery = new URLSearchParams()

/** The HTTP status of an upgrade. */
const switching = 101

/** How long connections may take to end at the end. */
const lastBytesMs = 1_000

/** Flags that are set while the server runs. */
const takesBody = (method: string, path: string): boolean => method === 'PUT' && path.startsWith('/debug/flags/')

const isDiscovery = (path: string): boolean => /^\/apis?(?:\/|$)/.test(path)

/** The same of a connection and of what is spoken on it. */
const addressOf = ({ remoteAddress, remotePort }: Socket): string => `${remoteAddress} ${remotePort}`

export class HttpDoor {
  readonly #options: HttpDoorOptions
  readonly #server: Http2SecureServer
  /** Takes connections, and hands them to the server by turns. */
  readonly #listener: Server
  readonly #limits: FrontLimits
  readonly #watchdog: ConnectionWatchdog
  readonly #pinger: SessionPinger
  /** Answers that last. */
  readonly #lasting = new Set<AbortController>()
  /** Answers under way. */
  #active = 0
  #onQuiet: (() => void) | undefined
  readonly #sockets = new Set<Socket>()
  readonly #intake = new Intake()
  /** What ends a handshake for the gate, by the client's address. */
  readonly #handshakes = new Map<string, () => void>()
  /** One for all: what a stream's listeners know may be kept long after its end. */
  readonly #onAnswered = (): void => {
    if (--this.#active === 0) this.#onQuiet?.()
  }
  readonly #onBlocked = (): void => this.#watchdog.touch()

  constructor(options: HttpDoorOptions) {
    this.#options = options
    this.#watchdog = new ConnectionWatchdog(options.clock)
    this.#limits = { ...defaultLimits, ...options.limits }
    this.#pinger = new SessionPinger(options.clock, this.#limits.pingMs)
    // The platform takes this as an option for servers of HTTP/1.1 only.
    this.#server = Object.assign(createSecureServer(serverOptions(options.tls, this.#limits)), { shouldUpgradeCallback: isUpgrade })
    this.#server.on('session', (session) => this.#pinger.add(session))
    this.#server.prependListener('secureConnection', (socket: TLSSocket) => {
      this.#watchdog.add(socket)
      this.#intake.onRead()
      this.#handshakes.get(addressOf(socket))?.()
      this.#handshakes.delete(addressOf(socket))
    })
    const gate = new ConnectionGate({ clock: options.clock, onNextTurn })
    this.#listener = createServer(listenerOptions, (socket) => {
      this.#sockets.add(socket)
      socket.on('error', () => undefined)
      const address = addressOf(socket)
      socket.on('close', () => {
        this.#sockets.delete(socket)
        this.#handshakes.delete(address)
      })
      gate.enter((left) => {
        if (socket.destroyed) return left()
        this.#handshakes.set(address, left)
        const source = sourceOf(socket)
        socket.on('close', () => {
          left()
          this.#intake.delete(source)
        })
        this.#server.emit('connection', socket)
        this.#intake.add(source)
      })
    })
    // Clients that break off in a handshake or a session are their own business.
    this.#server.on('tlsClientError', () => void options.metrics.tlsErrors++)
    this.#server.on('sessionError', () => undefined)
    this.#server.on('clientError', refuseConnection)
    this.#server.on('request', (incoming, outgoing) => {
      // A client may reset its connection at any time.
      incoming.on('error', () => undefined)
      outgoing.on('error', () => undefined)
      this.#intake.onRead()
      keepParsing(incoming.socket)
      incoming.url = originForm(incoming.url)
      void this.#serve(incoming as unknown as IncomingMessage, outgoing as unknown as ServerResponse)
    })
    // Requests of HTTP/2 would get the platform's layer otherwise.
    this.#server.removeAllListeners('stream')
    this.#server.on('stream', streamListener((incoming, outgoing) => void this.#serveInTurn(incoming, outgoing)))
    this.#server.on('upgrade', (incoming: IncomingMessage, socket: Duplex, head: Buffer) => {
      incoming.url = originForm(incoming.url ?? '/')
      void this.#upgrade(incoming, socket, head)
    })
  }

  listen(port: number, host: string): Promise<AddressInfo> {
    return new Promise((resolve, reject) => {
      this.#listener.once('error', reject)
      this.#listener.listen(port, host, () => {
        this.#listener.removeListener('error', reject)
        this.#listener.on('error', (error) => this.#options.log(`listener: ${error.message}`))
        // It looks after HTTP/1.1 connections that say nothing only from when it believes that it listens.
        this.#server.emit('listening')
        resolve(this.#listener.address() as AddressInfo)
      })
    })
  }

  /** New connections get the new certificates. */
  setTls(tls: TlsOptions): void {
    this.#server.setSecureContext(serverOptions(tls, this.#limits))
  }

  /** Takes no more, ends what lasts, watches among them, as if its time were over, and waits a while for the rest. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => void this.#listener.close(() => resolve()))
    // It listens to nothing itself, and says so.
    this.#server.close(() => undefined)
    this.#pinger.close()
    for (const controller of this.#lasting) controller.abort()
    for (const session of this.#pinger.sessions()) session.close()
    await this.#quiet()
    // Ended, not destroyed: the last bytes may still be on their way. HTTP/2 sessions end by themselves.
    for (const socket of this.#watchdog.sockets()) if (socket.alpnProtocol !== 'h2') socket.destroySoon()
    const timer = this.#options.clock.setTimer(() => {
      for (const socket of this.#sockets) socket.destroy()
    }, lastBytesMs)
    this.#watchdog.close()
    await closed
    timer.cancel()
  }

  #quiet(): Promise<void> {
    if (this.#active === 0) return Promise.resolve()
    return new Promise((resolve) => {
      const timer = this.#options.clock.setTimer(resolve, this.#limits.graceMs)
      this.#onQuiet = () => {
        timer.cancel()
        resolve()
      }
    })
  }

  #lastingSignal(exchange: { readonly destroyed: boolean; on(event: 'close', listener: () => void): unknown }): AbortSignal {
    // Its end has been told already.
    if (exchange.destroyed) return AbortSignal.abort()
    const controller = new AbortController()
    this.#lasting.add(controller)
    exchange.on('close', () => {
      this.#lasting.delete(controller)
      controller.abort()
    })
    return controller.signal
  }

  #lastingUpgrade(socket: Duplex): AbortSignal {
    if (!socket.destroyed) {
      this.#active++
      socket.on('close', this.#onAnswered)
    }
    return this.#lastingSignal(socket)
  }

  /** A client may have a thousand requests in one packet. */
  #serveInTurn(incoming: Incoming, outgoing: Outgoing): Promise<void> {
    const turn = room()
    if (turn) this.#intake.onRead()
    return turn ? turn.then(() => (outgoing.destroyed ? undefined : this.#serve(incoming, outgoing))) : this.#serve(incoming, outgoing)
  }

  async #serve(incoming: Incoming, outgoing: Outgoing): Promise<void> {
    const { log, metrics, clock, auditor, verbosity } = this.#options
    const tally = new Tally()
    const contact: Contact = { incoming, outgoing, warnings: [], clock, limits: this.#limits, onBlocked: this.#onBlocked, tally }
    this.#watchdog.touch()
    this.#active++
    outgoing.on('close', this.#onAnswered)
    const receivedMs = clock.monotonic()
    const method = incoming.method ?? 'GET'
    let counted = otherLabels(method)
    let seat: Leave | undefined
    let left: (() => void) | undefined
    let audited: AuditedExchange | undefined
    let known = false
    let endedMs = receivedMs
    const id = auditIdOf(incoming)
    outgoing.setHeader('audit-id', id)
    try {
      const [rawPath, query] = splitUrl(incoming.url ?? '/')
      const path = decodePath(rawPath)
      if (path === undefined) return void await send(contact, text(400, '400 Bad Request'))
      const parsed = parsePath(path)
      const parameters = query === '' ? noQuery : new URLSearchParams(query)
      audited = auditor && new AuditedExchange(auditor, { id, incoming, outgoing, path: parsed, query: parameters })
      if (parameters.has('timeout') && !(parsed.kind === 'resource' && (isConnect(parsed) || verbOf(method, parsed, parameters) === 'watch'))) checkTimeout(parameters)
      const authenticated = this.#options.authenticate(incoming, (self, notes) => {
        audited?.onSelf(self, notes)
        if (notes.warning !== undefined) contact.warnings.push(notes.warning)
      })
      const user = authenticated instanceof Promise ? await authenticated : authenticated
      known = true
      const expiresMs = certificateExpiry(incoming)
      metrics.access.authenticated(user.username, (clock.monotonic() - receivedMs) / 1000, expiresMs === undefined ? undefined : (expiresMs - clock.now()) / 1000)
      audited?.actingAs(user)
      tally.record = audited?.record
      if (audited?.kept && !await audited.kept) {
        auditor?.rejected()
        return void await send(contact, notKept(incoming))
      }
      // What nobody serves may name anything; only what is served gets labels of its own.
      if (parsed.kind === 'resource' && this.#options.isServed(parsed)) counted = labelsOf(parsed, method, parameters, header(incoming, 'content-type'))
      // What is passed on is passed on as it comes.
      const early = parsed.kind === 'resource' && !isConnect(parsed) && hasShortBody(incoming)
      const body = early ? await readBody(contact) : undefined
      const exchange: Exchange = {
        ...contact, method, path, query: parameters, user, audit: audited?.record, body,
        lasting: () => this.#lastingSignal(outgoing), onStream: () => {
          seat?.release()
          left?.()
        },
      }
      const entering = this.#options.flows.enter(exchange, parsed, body || user !== authenticated ? undefined : receivedMs)
      const entered = entering instanceof Promise ? await this.#waited(entering, counted, tally) : entering
      if (entered && entered !== 'none') {
        seat = entered
        left = metrics.entered(counted)
      }
      const elsewhere = entered && this.#options.serveElsewhere?.(exchange, parsed)
      if (!entered) {
        metrics.terminated(counted, 429)
        sendTooMany(outgoing)
      }
      else if (elsewhere) await elsewhere
      else if (parsed.kind === 'resource') await this.#options.serveResource(exchange, parsed)
      else await this.#serveSystem(exchange)
    } catch (error) {
      audited?.failed(error)
      await sendFailure(contact, error, log)
    } finally {
      endedMs = clock.monotonic()
      seat?.release()
      left?.()
    }
    audited?.ended(outgoing.statusCode)
    if (verbosity?.requests) {
      const latency = formatGoDuration(BigInt(Math.round((endedMs - receivedMs) * 1e6)))
      const { remoteAddress = '', remotePort = 0 } = incoming.socket
      log(requestLine({ verb: counted.verb, uri: incoming.url ?? '/', latency, userAgent: header(incoming, 'user-agent') ?? '', auditId: id, source: `${isIPv6(remoteAddress) ? `[${remoteAddress}]` : remoteAddress}:${remotePort}`, code: outgoing.statusCode }))
    }
    if (!known && outgoing.statusCode === 401) metrics.access.notAuthenticated((endedMs - receivedMs) / 1000)
    metrics.count(counted, { code: outgoing.statusCode, seconds: (endedMs - receivedMs) / 1000, elsewhereSeconds: tally.elsewhereMs / 1000, bytes: tally.bytes })
  }

  async #waited<T>(entering: Promise<T>, labels: RequestLabels, { took }: Tally): Promise<T> {
    const { clock, metrics } = this.#options
    const fromMs = clock.monotonic()
    const over = metrics.queued(labels)
    try {
      return await entering
    } finally {
      over()
      took('apf-queue-wait', clock.monotonic() - fromMs)
    }
  }

  async #serveSystem(exchange: Exchange): Promise<void> {
    const { incoming, method, path, user, audit } = exchange
    if (!openPaths.has(path)) this.#options.metrics.access.measured(this.#options.clock, () => requireAllowed(this.#options.authorizer, { user, verb: method.toLowerCase(), path }, audit?.annotate))
    const headers = new Headers()
    for (const name of ['accept', 'if-none-match']) {
      const value = header(incoming, name)
      if (value !== undefined) headers.set(name, value)
    }
    // The platform makes no requests of these.
    if (['CONNECT', 'TRACE', 'TRACK'].includes(method)) throw new StatusError(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource', {})
    // What has been authorized is what is answered: the platform would resolve `..` first.
    if (!isPlainPath(path)) throw new PageNotFound()
    const [, query] = splitUrl(incoming.url ?? '/')
    const host = header(incoming, ':authority') ?? header(incoming, 'host') ?? 'localhost'
    const response = await this.#options.system.fetch(new Request(`https://${host}${encodeURI(path).replace(/[?#]/g, encodeURIComponent)}?${query}`, { method, headers, ...(takesBody(method, path) ? { body: new Uint8Array(await readBody(exchange)) } : {}) }))
    const { 'content-type': contentType = 'text/plain', ...rest } = Object.fromEntries(response.headers)
    const answer = { code: response.status, contentType, body: await bodyOf(response), headers: rest }
    await send(exchange, isDiscovery(path) && contentType.startsWith('application/json') ? jsonFor(exchange, answer) : answer)
  }

  async #upgrade(incoming: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    socket.on('error', () => void socket.destroy())
    const { auditor, log } = this.#options
    let audited: AuditedExchange | undefined
    try {
      const [rawPath, parameters] = splitUrl(incoming.url ?? '/')
      const parsed = parsePath(decodePath(rawPath) ?? '/')
      const query = new URLSearchParams(parameters)
      audited = auditor && new AuditedExchange(auditor, { id: auditIdOf(incoming), incoming, path: parsed, query })
      const user = await this.#options.authenticate(incoming, audited?.onSelf)
      audited?.actingAs(user)
      const audit = audited?.record
      if (audited?.kept && !await audited.kept) throw internalError('failed to store audit event')
      const upgrade: Upgrade = { incoming, socket, head, query, user, ...(audit ? { audit } : {}), lasting: () => this.#lastingUpgrade(socket) }
      if (audit) socket.on('close', () => audit.completed(switching))
      const elsewhere = this.#options.upgradeElsewhere?.(upgrade, parsed)
      if (elsewhere) await elsewhere
      else if (parsed.kind !== 'resource') throw badRequest('upgrade is not supported here')
      else await this.#options.serveUpgrade(upgrade, parsed)
      audit?.started(switching)
    } catch (error) {
      const code = refuseUpgrade({ incoming, socket }, error, log)
      audited?.failed(error)
      audited?.ended(code)
    }
  }
}
