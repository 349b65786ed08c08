// Against a server of the general gRPC library, as an independent judge of the protocol; and against peers that fail.
import * as grpc from '@grpc/grpc-js'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer as createHttp2, type Http2Server } from 'node:http2'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../util/clock.ts'
import { decodedMessage, grpcTimeout, UnaryChannel, type UnaryCall } from './unary-channel.ts'

const directory = mkdtempSync(join(tmpdir(), 'kinglet-unary-'))
const socketPath = join(directory, 'grpc.sock')
const same = (bytes: Buffer): Buffer => bytes
const method = (path: string): grpc.MethodDefinition<Buffer, Buffer> => ({ path, requestStream: false, responseStream: false, requestSerialize: same, requestDeserialize: same, responseSerialize: same, responseDeserialize: same })
const call = (path: string, rest: Partial<UnaryCall> = {}): UnaryCall => ({ path, message: Buffer.from('ping'), metadata: {}, timeoutMs: 5000, ...rest })
const open = (path: string): UnaryChannel => new UnaryChannel({ socketPath: path, clock: systemClock, maxReceiveBytes: 1 << 20 })

let server: grpc.Server
const cancelled = Promise.withResolvers<void>()
async function serve(): Promise<void> {
  server = new grpc.Server()
  server.addService({ echo: method('/test/Echo'), fail: method('/test/Fail'), hang: method('/test/Hang'), long: method('/test/Long') }, {
    echo: ({ request, metadata }: grpc.ServerUnaryCall<Buffer, Buffer>, done: grpc.sendUnaryData<Buffer>) => done(null, Buffer.concat([request, Buffer.from(`+${metadata.get('ns').join()}`)])),
    fail: (_call: unknown, done: grpc.sendUnaryData<Buffer>) => done({ code: grpc.status.NOT_FOUND, details: 'no “pod” 100%\nhere' }),
    hang: (held: grpc.ServerUnaryCall<Buffer, Buffer>) => void held.on('cancelled', () => cancelled.resolve()),
    long: ({ request }: grpc.ServerUnaryCall<Buffer, Buffer>, done: grpc.sendUnaryData<Buffer>) => done(null, Buffer.alloc(Number(request.toString()), 'x')),
  })
  await new Promise<void>((resolve, reject) => server.bindAsync(`unix://${socketPath}`, grpc.ServerCredentials.createInsecure(), (error) => (error ? reject(error) : resolve())))
}
beforeAll(serve)
afterAll(() => {
  server.forceShutdown()
  rmSync(directory, { recursive: true, force: true })
})

it('brings the message there and the answer back, with metadata', async () => {
  const channel = open(socketPath)
  const answers = await Promise.all(Array.from({ length: 200 }, (_each, index) => channel.call(call('/test/Echo', { message: Buffer.from(String(index)), metadata: { ns: 'k8s.io' } }))))
  expect(answers.map(String)).toEqual(Array.from({ length: 200 }, (_each, index) => `${index}+k8s.io`))
  channel.close()
})

it('takes an answer in many frames, and none that is too long', async () => {
  const channel = open(socketPath)
  expect((await channel.call(call('/test/Long', { message: Buffer.from('1000000') }))).length).toBe(1_000_000)
  await expect(channel.call(call('/test/Long', { message: Buffer.from('2000000') }))).rejects.toMatchObject({ code: grpc.status.RESOURCE_EXHAUSTED })
  channel.close()
})

it('fails in the words of the server', async () => {
  const channel = open(socketPath)
  await expect(channel.call(call('/test/Fail'))).rejects.toMatchObject({ code: grpc.status.NOT_FOUND, message: 'no “pod” 100%\nhere' })
  await expect(channel.call(call('/test/None'))).rejects.toMatchObject({ code: grpc.status.UNIMPLEMENTED })
  channel.close()
})

it('gives up after its time, and when it is told to', async () => {
  const channel = open(socketPath)
  await expect(channel.call(call('/test/Hang', { timeoutMs: 50 }))).rejects.toMatchObject({ code: grpc.status.DEADLINE_EXCEEDED })
  await cancelled.promise
  const abort = new AbortController()
  const hanging = channel.call(call('/test/Hang', { signal: abort.signal }))
  abort.abort(new Error('enough'))
  await expect(hanging).rejects.toThrow('enough')
  await expect(channel.call(call('/test/Echo', { signal: abort.signal }))).rejects.toThrow('enough')
  expect(String(await channel.call(call('/test/Echo')))).toBe('ping+')
  channel.close()
})

it('connects again after the server was away', async () => {
  const channel = open(socketPath)
  expect(String(await channel.call(call('/test/Echo')))).toBe('ping+')
  const hanging = channel.call(call('/test/Hang'))
  const failed = expect(hanging).rejects.toMatchObject({ code: grpc.status.UNAVAILABLE })
  await channel.call(call('/test/Echo'))
  server.forceShutdown()
  await failed
  rmSync(socketPath, { force: true })
  await expect(channel.call(call('/test/Echo'))).rejects.toMatchObject({ code: grpc.status.UNAVAILABLE })
  await serve()
  expect(String(await channel.call(call('/test/Echo')))).toBe('ping+')
  channel.close()
  await expect(channel.call(call('/test/Echo'))).rejects.toMatchObject({ code: grpc.status.UNAVAILABLE })
})

it.each<[string, (path: string) => Server | Http2Server, number]>([
  ['hangs up', (path) => createServer((socket) => void socket.destroy()).listen(path), grpc.status.UNAVAILABLE],
  ['is no gRPC server', (path) => createHttp2((_request, response) => {
    response.statusCode = 404
    response.end('no')
  }).listen(path), grpc.status.UNKNOWN],
])('a peer that %s', async (name, make, code) => {
  const path = join(directory, `${name}.sock`)
  const peer = make(path)
  await new Promise((resolve) => peer.once('listening', resolve))
  const channel = open(path)
  await expect(channel.call(call('/test/Echo'))).rejects.toMatchObject({ code })
  channel.close()
  peer.close()
})

it.each([[1, '1m'], [120_000, '120000m'], [99_999_999, '99999999m'], [100_000_000, '100000S']])('%d ms are %s', (ms, text) => expect(grpcTimeout(ms)).toBe(text))
it.each([['a%20b', 'a b'], ['%E2%80%9C', '“'], ['50% off', '50% off']])('%s reads %s', (text, read) => expect(decodedMessage(text)).toBe(read))
