// WebSocket channels against a runtime that is a few lines of SPDY.
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { WebSocket } from 'ws'
import { internalError } from '../api/status-error.ts'
import { dataFrame, SpdyReader } from '../util/spdy-frames.ts'
import { admin, startServer, type TestServer } from './fixture.suite.ts'

// In the order in which they are opened, when there are all of them.
const [errorStream, stdin, stdout, stderr] = [1, 3, 5, 7]
const success = JSON.stringify({ metadata: {}, status: 'Success' })
const pods = '/api/v1/namespaces/a/pods'

let server: TestServer
let runtime: Server
let behave: (socket: Socket, frame: { stream: number; data: Buffer; last: boolean }) => void
let connected: Socket | undefined
let answer = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n\r\n'

beforeAll(async () => {
  runtime = createServer((socket) => {
    let head = ''
    const reader = new SpdyReader()
    connected = socket
    socket.on('error', () => socket.destroy())
    socket.on('data', (chunk: Buffer) => {
      if (head.endsWith('\r\n\r\n')) {
        for (const frame of reader.read(chunk)) if (frame.type === 'data') behave(socket, frame)
        return
      }
      head += chunk.toString('latin1')
      if (head.endsWith('\r\n\r\n')) socket.write(answer)
    })
  })
  await new Promise<void>((resolve) => runtime.listen(0, '127.0.0.1', resolve))
  const url = (): Promise<URL> => Promise.resolve(new URL(`http://127.0.0.1:${(runtime.address() as AddressInfo).port}/exec/token`))
  const node = { logs: () => Promise.reject(new Error('no logs here')), exec: (_pod: unknown, { command }: { command: readonly string[] }) => (command[0] === 'refused' ? Promise.reject(internalError('container not found')) : url()), attach: url, portForward: url }
  server = await startServer({ nodeConnections: () => node })
  await server.call('POST', pods, { body: { metadata: { name: 'one' }, spec: { nodeName: 'n', containers: [{ name: 'c', image: 'x' }] } } })
})
afterAll(async () => {
  await server.stop()
  runtime.close()
})

function open(query = 'command=x&stdin=1&stdout=1&stderr=1', protocols = ['v5.channel.k8s.io']): WebSocket & { got: (channel: number) => string; ended: Promise<number> } {
  const messages: Buffer[] = []
  const socket = new WebSocket(`wss://127.0.0.1:${server.port}${pods}/one/exec?${query}`, protocols, { ca: server.ca, cert: admin.certificate, key: admin.key })
  socket.on('message', (data) => void messages.push(data as Buffer))
  const got = (channel: number): string => Buffer.concat(messages.filter((message) => message[0] === channel).map((message) => message.subarray(1))).toString()
  return Object.assign(socket, { got, ended: new Promise<number>((resolve) => void socket.on('close', resolve).on('error', () => undefined)) })
}

const opened = (socket: WebSocket): Promise<void> => new Promise((resolve, reject) => void socket.once('open', () => resolve()).once('error', reject))

it('tells by the channel of errors what the node refuses', async () => {
  const client = open('command=refused&stdout=1')
  await opened(client)
  expect(await client.ended).toBe(1000)
  expect(JSON.parse(client.got(3))).toMatchObject({ kind: 'Status', status: 'Failure', reason: 'InternalError', message: 'Internal error occurred: container not found' })
})

it('carries each channel to its stream and back, to the end of the input and the end of the command', async () => {
  behave = (socket, { stream, data, last }) => {
    if (stream !== stdin) return
    if (data.length > 0) socket.write(Buffer.concat([dataFrame(stdout, data, false), dataFrame(stderr, Buffer.from('!'), false)]))
    if (last) socket.end(dataFrame(errorStream, Buffer.from(success), true))
  }
  const client = open()
  await opened(client)
  expect(client.protocol).toBe('v5.channel.k8s.io')
  client.send(Buffer.from('\0one '))
  client.send(Buffer.from('\0two'))
  // Of a channel that is not open: means nothing.
  client.send(Buffer.from([4, 1]))
  client.send(Buffer.from([255, 0]))
  expect(await client.ended).toBe(1000)
  expect([client.got(1), client.got(2), client.got(3)]).toEqual(['one two', '!!', success])
})

it('takes nothing more from the runtime while the client does not read', async () => {
  const whole = 200 << 20
  let sent = 0
  behave = (socket) => {
    const piece = dataFrame(stdout, Buffer.alloc(64 * 1024, 65), false)
    const pour = (): void => {
      while (sent < whole && socket.writable) {
        sent += piece.length
        if (!socket.write(piece)) return void socket.once('drain', pour)
      }
      socket.end(dataFrame(errorStream, Buffer.from(success), true))
    }
    pour()
  }
  const client = open()
  await opened(client)
  client.send(Buffer.from('\0go'))
  await new Promise((resolve) => client.once('message', resolve))
  client.pause()
  // Two readings that are the same: it stands still.
  for (let before = -1; sent !== before || sent === 0;) {
    before = sent
    await new Promise((next) => setTimeout(next, 300))
  }
  expect(sent).toBeLessThan(40 << 20)
  client.terminate()
})

it('ends the stream to the runtime when the client leaves, and the client when the runtime does', async () => {
  behave = () => undefined
  const client = open()
  await opened(client)
  const gone = new Promise((resolve) => connected!.once('close', resolve))
  client.terminate()
  await gone
  const other = open()
  await opened(other)
  connected!.destroy()
  expect(await other.ended).toBe(1000)
})

it('answers plainly when the runtime refuses', async () => {
  answer = 'HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno'
  const client = open()
  const refused = await new Promise<[number | undefined, string]>((resolve) => client.once('unexpected-response', (_request, response) => {
    let text = ''
    response.setEncoding('utf8').on('data', (piece: string) => void (text += piece)).on('end', () => resolve([response.statusCode, text]))
  }))
  expect(refused).toEqual([500, expect.stringContaining('error dialing backend: the server answered 403: no')])
})
