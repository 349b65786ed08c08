// The API server's front over real sockets: clients that are slow, dead, endless or gone, and the end of the server itself.
import { connect as connectHttp2, constants, type ClientHttp2Session, type ClientHttp2Stream } from 'node:http2'
import { connect as connectTcp, createServer, type AddressInfo, type Socket } from 'node:net'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { jest } from '@jest/globals'
import { defaultLimits, type FrontLimits } from '../../pkg/apiserver/front-limits.ts'
import { admin, startServer, type TestServer } from '../../pkg/apiserver/fixture.suite.ts'

jest.setTimeout(60_000)

const configMaps = '/api/v1/namespaces/a/configmaps'

let server: TestServer
const closers: (() => void)[] = []

/** Each test has a server of its own. Only the limits that a test is about are short: a busy machine may need longer for the others. */
function serverWith(limits: Partial<FrontLimits>): void {
  beforeEach(async () => {
    server = await startServer({ limits: { ...defaultLimits, ...limits } })
  })
  afterEach(async () => {
    for (const close of closers.splice(0)) close()
    await server.stop()
  })
}

/** An HTTP/1.1 connection by hand, and what came over it. */
class Bare {
  readonly socket: TLSSocket
  text = ''
  readonly closed: Promise<void>

  constructor(port = server.port, path = '') {
    this.socket = connectTls({ host: '127.0.0.1', port, ca: server.ca, cert: admin.certificate, key: admin.key, ALPNProtocols: ['http/1.1'] })
    if (path) this.send('GET', path)
    this.socket.setEncoding('utf8').on('data', (text: string) => void (this.text += text))
    this.socket.on('error', () => undefined)
    this.closed = new Promise((done) => void this.socket.once('close', () => done()))
    closers.push(() => this.socket.destroy())
  }

  send(method: string, path: string, rest = '\r\n'): void {
    this.socket.write(`${method} ${path} HTTP/1.1\r\nhost: localhost\r\n${rest}`)
  }

  says(pattern: RegExp): Promise<void> {
    return until(() => pattern.test(this.text), () => `${pattern} in ${JSON.stringify(this.text.slice(0, 300))}`)
  }
}

function session(port = server.port): ClientHttp2Session {
  const made = connectHttp2(`https://127.0.0.1:${port}`, { ca: server.ca, cert: admin.certificate, key: admin.key })
  made.on('error', () => undefined)
  closers.push(() => made.destroy())
  return made
}

async function until(holds: () => boolean | Promise<boolean>, what: string | (() => string), timeoutMs = 45_000): Promise<void> {
  const deadline = performance.now() + timeoutMs
  while (!await holds()) {
    if (performance.now() > deadline) throw new Error(`never came true: ${typeof what === 'string' ? what : what()}`)
    await new Promise((next) => setTimeout(next, 10))
  }
}

const status = (stream: ClientHttp2Stream): Promise<number> => new Promise((resolve) => void stream.once('response', (headers) => resolve(Number(headers[':status']))))
const create = (name: string, data: string) => server.call('POST', configMaps, { body: { metadata: { name }, data: { k: data } } })
const body = (name: string): string => JSON.stringify({ metadata: { name } })

describe('a body that is too long', () => {
  serverWith({})
  const tooLong = /^HTTP\/1\.1 413 [^]*"message":"Request entity too large: limit is 3145728"[^]*"reason":"RequestEntityTooLarge"/

  it('is refused by its length, before it is sent', async () => {
    const client = new Bare()
    client.send('POST', configMaps, 'content-type: application/json\r\ncontent-length: 3145729\r\n\r\n')
    await client.says(tooLong)
    expect(client.text).toMatch(/connection: close/i)
    await client.closed
  })

  it('is refused when it turns out to be', async () => {
    const client = new Bare()
    client.send('POST', configMaps, 'content-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n')
    const piece = 'x'.repeat(256 * 1024)
    for (let sent = 0; sent < 13; sent++) client.socket.write(`${piece.length.toString(16)}\r\n${piece}\r\n`)
    await client.says(tooLong)
    await client.closed
  })

  it('is refused over HTTP/2, and the connection goes on', async () => {
    const client = session()
    const stream = client.request({ ':method': 'POST', ':path': configMaps, 'content-type': 'application/json', 'content-length': 3145729 }, { endStream: false })
    stream.on('error', () => undefined)
    expect(await status(stream)).toBe(413)
    stream.close()
    expect(await status(client.request({ ':path': configMaps }))).toBe(200)
  })

  it('is taken up to the limit', async () => {
    const padded = ' '.repeat(3145728 - body('padded').length) + body('padded')
    expect((await server.call('POST', configMaps, { body: padded, headers: { 'content-type': 'application/json' } })).code).toBe(201)
  })
})

describe('a client that takes its time', () => {
  describe('with its handshake', () => {
    serverWith({ handshakeMs: 500 })

    it('is cut off', async () => {
      const raw = connectTcp(server.port, '127.0.0.1')
      closers.push(() => raw.destroy())
      await new Promise((done) => raw.once('close', done).resume())
    })
  })

  describe('with its headers', () => {
    serverWith({ headersMs: 500 })

    it.each([['in the middle of them', 'GET /api/v1/pods HTTP/1.1\r\nhost: loc'], ['before its first request', '']])('is cut off %s', async (_, sent) => {
      const client = new Bare()
      if (sent) client.socket.write(sent)
      await client.closed
      expect(client.text).toMatch(/^HTTP\/1\.1 408 /)
    })
  })

  describe('with its body', () => {
    serverWith({ bodyMs: 500 })

    it('is cut off', async () => {
      const client = new Bare()
      client.send('POST', configMaps, 'content-type: application/json\r\ncontent-length: 100\r\n\r\n{"metadata":')
      await client.says(/^HTTP\/1\.1 504 [^]*Timeout: request did not complete within the allotted timeout/)
      const stream = session().request({ ':method': 'POST', ':path': configMaps, 'content-type': 'application/json' }, { endStream: false })
      stream.on('error', () => undefined)
      stream.write('{')
      expect(await status(stream)).toBe(504)
    })
  })

  describe('but has sent its request', () => {
    serverWith({ headersMs: 500, bodyMs: 500, stallMs: 500, pingMs: 100 })

    it('keeps its watch, however quiet', async () => {
      const old = new Bare(server.port, `${configMaps}?watch=true`)
      const stream = session().request({ ':path': `${configMaps}?watch=true` })
      let text = ''
      stream.setEncoding('utf8').on('data', (piece: string) => void (text += piece))
      await old.says(/^HTTP\/1\.1 200/)
      // Longer than all of the limits.
      await new Promise((done) => setTimeout(done, 1500))
      await create('late', 'v')
      await old.says(/"name":"late"/)
      await until(() => text.includes('"name":"late"'), 'the event over HTTP/2')
    })
  })
})

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** Of buffers, less what nobody needs any more: they are given back some turns after they were collected. */
async function bytesHeld(): Promise<number> {
  for (let least = Infinity; ;) {
    collect()
    await new Promise((resolve) => setImmediate(resolve))
    const held = process.memoryUsage().arrayBuffers
    if (held >= least) return held
    least = held
  }
}

describe('a client that does not read', () => {
  serverWith({ stallMs: 500 })
  const piece = 'x'.repeat(200_000)

  it('loses its watch over HTTP/2, and nothing else on the connection', async () => {
    const client = session()
    const stream = client.request({ ':path': `${configMaps}?watch=true` })
    stream.on('error', () => undefined)
    expect(await status(stream)).toBe(200)
    stream.pause()
    for (let index = 0; index < 20; index++) await create(`big-${index}`, piece)
    await until(() => server.logged.includes('a client that did not read its watch was cut off'), 'the watch is cut off')
    expect(await status(client.request({ ':path': '/readyz' }))).toBe(200)
  })

  it('loses its watch over HTTP/1.1, and costs no memory until then', async () => {
    const clients = Array.from({ length: 20 }, () => new Bare(server.port, `${configMaps}?watch=true`))
    for (const client of clients) await client.says(/^HTTP\/1\.1 200/)
    for (const client of clients) client.socket.pause()
    const before = await bytesHeld()
    for (let index = 0; index < 60; index++) await create(`big-${index}`, piece)
    // Each would have 12 MB by itself; all share one copy of what is stored, and of what it is encoded to.
    expect(await bytesHeld() - before).toBeLessThan(60 << 20)
    await until(() => server.logged.filter((text) => text.includes('did not read')).length === clients.length, 'all are cut off')
  })

  it('loses a long answer', async () => {
    // More than the kernel keeps for a connection.
    const whole = 27_000_000
    for (let index = 0; index < 30; index++) await create(`big-${index}`, 'x'.repeat(whole / 30))
    const underWay = async (): Promise<string> => /executing_requests\{flow_schema="[^"]+",priority_level="exempt"\} (\d+)/.exec((await server.call('GET', '/metrics')).text)?.[1] ?? ''
    const client = session()
    const stream = client.request({ ':path': configMaps })
    const end = new Promise((done) => stream.once('close', () => done(stream.rstCode)))
    stream.on('error', () => undefined)
    expect(await status(stream)).toBe(200)
    stream.pause()
    // The one who asks for the metrics is one of them.
    await until(async () => await underWay() === '1', 'the answer is given up')
    stream.resume()
    expect(await end).not.toBe(constants.NGHTTP2_NO_ERROR)
    expect(await status(client.request({ ':path': '/readyz' }))).toBe(200)
    const slow = new Bare(server.port, configMaps)
    await slow.says(/^HTTP\/1\.1 200/)
    slow.socket.pause()
    // Reads on after it was cut off: what came is not all.
    await until(async () => await underWay() === '1', () => 'the answer is given up' + server.logged.join())
    slow.socket.resume()
    await slow.closed
    expect(slow.text.length).toBeLessThan(whole)
  })
})

describe('a client that asks on before it has read', () => {
  serverWith({})

  it('gets the long answer, and the answer to the long request behind it', async () => {
    for (let index = 0; index < 30; index++) await create(`big-${index}`, 'x'.repeat(900_000))
    const client = new Bare(server.port, configMaps)
    await client.says(/^HTTP\/1\.1 200/)
    client.socket.pause()
    const long = JSON.stringify({ metadata: { name: 'behind' }, data: { k: 'x'.repeat(500_000) } })
    client.send('POST', configMaps, `content-type: application/json\r\ncontent-length: ${long.length}\r\n\r\n${long}`)
    // The server has read what was sent before: it looks at its connections in one go.
    await server.call('GET', '/readyz')
    client.socket.resume()
    await until(() => client.text.includes('HTTP/1.1 201 '), () => `the second answer after ${client.text.length} bytes`)
  })
})

/** A wire between client and server that can be cut without either end being told. */
class Wire {
  readonly port: Promise<number>
  readonly far: Socket[] = []
  readonly #pairs: [Socket, Socket][] = []

  constructor() {
    const relay = createServer((near) => {
      const far = connectTcp(server.port, '127.0.0.1')
      for (const socket of [near, far]) socket.on('error', () => undefined)
      near.pipe(far)
      far.pipe(near)
      this.far.push(far)
      this.#pairs.push([near, far])
    })
    this.port = new Promise((resolve) => relay.listen(0, '127.0.0.1', () => resolve((relay.address() as AddressInfo).port)))
    closers.push(() => {
      relay.close()
      for (const socket of this.#pairs.flat()) socket.destroy()
    })
  }

  cut(): void {
    for (const [near, far] of this.#pairs) {
      near.unpipe()
      far.unpipe()
      // Still takes what the server sends, as a network does that loses it.
      near.pause()
      far.resume()
    }
  }
}

describe('a client that vanished', () => {
  serverWith({ pingMs: 100 })

  it('is noticed over HTTP/2, and its connection freed', async () => {
    const wire = new Wire()
    const stream = session(await wire.port).request({ ':path': `${configMaps}?watch=true` })
    stream.on('error', () => undefined)
    expect(await status(stream)).toBe(200)
    const watches = async (): Promise<string> => /longrunning_requests\{[^}]*verb="WATCH"[^}]*\} (\d+)/.exec((await server.call('GET', '/metrics')).text)?.[1] ?? ''
    expect(await watches()).toBe('1')
    const [far] = wire.far
    const freed = new Promise((done) => far!.once('close', done))
    wire.cut()
    await freed
    await until(async () => await watches() === '0', 'the watch is gone')
  })

  it('is told from one that is only quiet', async () => {
    const wire = new Wire()
    const client = session(await wire.port)
    let dropped = false
    client.on('close', () => void (dropped = true))
    expect(await status(client.request({ ':path': '/readyz' }))).toBe(200)
    await new Promise((done) => setTimeout(done, 1200))
    expect(dropped).toBe(false)
    expect(await status(client.request({ ':path': '/readyz' }))).toBe(200)
  })
})

describe('the end of the server', () => {
  serverWith({})

  it('ends watches cleanly, finishes what is under way, and takes no more', async () => {
    const client = session()
    const stream = client.request({ ':path': `${configMaps}?watch=true` })
    let failed: Error | undefined
    let goaway: number | undefined
    client.on('goaway', (code) => void (goaway = code))
    stream.on('error', (error: Error) => void (failed = error)).resume()
    const ended = new Promise((done) => stream.once('end', done))
    expect(await status(stream)).toBe(200)
    const old = new Bare(server.port, `${configMaps}?watch=true`)
    await old.says(/^HTTP\/1\.1 200/)
    const upload = new Bare()
    const text = body('last')
    upload.send('POST', configMaps, `content-type: application/json\r\ncontent-length: ${text.length}\r\n\r\n${text.slice(0, 10)}`)
    // The server has read the request's head when it answers one that was sent later.
    await server.call('GET', '/readyz')

    const stopped = server.api.stop()
    await ended
    // The last chunk, of length zero: the stream was ended, not broken off.
    await old.says(/0\r\n\r\n$/)
    upload.socket.write(text.slice(10))
    await upload.says(/^HTTP\/1\.1 201 /)
    await Promise.all([stopped, old.closed, upload.closed])
    expect([failed, goaway, stream.rstCode]).toEqual([undefined, constants.NGHTTP2_NO_ERROR, constants.NGHTTP2_NO_ERROR])
    const refused = connectTcp(server.port, '127.0.0.1')
    expect(await new Promise((done) => refused.once('error', (error: NodeJS.ErrnoException) => done(error.code)))).toBe('ECONNREFUSED')
  })

  it('waits for nobody longer than it says', async () => {
    await server.stop()
    server = await startServer({ limits: { ...defaultLimits, graceMs: 300 } })
    const upload = new Bare()
    upload.send('POST', configMaps, 'content-type: application/json\r\ncontent-length: 100\r\n\r\n{')
    await server.call('GET', '/readyz')
    const begin = performance.now()
    await server.api.stop()
    // Not for the minute that a body may take.
    expect(performance.now() - begin).toBeLessThan(30_000)
    await upload.closed
  })
})
