// The streaming server of hollow containers: answers commands with what was scripted, as a container runtime does, over SPDY. Listens on loopback, from the first command on.
import { randomUUID } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { dataFrame, ping, SpdyReader, synReply } from '../util/spdy-frames.ts'
import type { HollowAnswer } from './hollow-script.ts'

const protocol = 'v4.channel.k8s.io'

export interface HollowStreamNames {
  readonly stdin: boolean
  readonly stdout: boolean
  readonly stderr: boolean
  readonly tty: boolean
}

interface Command {
  readonly answer: HollowAnswer
  readonly streams: HollowStreamNames
}

/** URLs work once. */
export class HollowStreams {
  readonly #commands = new Map<string, Command>()
  #server: Promise<Server> | undefined

  async url(answer: HollowAnswer, streams: HollowStreamNames): Promise<URL> {
    this.#server ??= this.#listen()
    const { port } = (await this.#server).address() as AddressInfo
    const token = randomUUID()
    this.#commands.set(token, { answer, streams })
    return new URL(`http://127.0.0.1:${port}/exec/${token}`)
  }

  async stop(): Promise<void> {
    const server = await this.#server
    server?.closeAllConnections()
    if (server) await new Promise<void>((resolve) => server.close(() => resolve()))
  }

  #listen(): Promise<Server> {
    const server = createServer((_request, response) => response.writeHead(400).end('upgrade request required\n'))
    server.on('upgrade', (request, socket: Duplex, head: Buffer) => {
      const token = request.url?.split('/').at(-1)?.split('?')[0] ?? ''
      const command = this.#commands.get(token)
      this.#commands.delete(token)
      socket.on('error', () => socket.destroy())
      const spdy = request.headers.upgrade?.toLowerCase() === 'spdy/3.1'
      if (!command || !spdy) return void socket.end('HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n')
      socket.write(`HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: SPDY/3.1\r\nx-stream-protocol-version: ${protocol}\r\n\r\n`)
      answerOver(socket, head, command)
    })
    return new Promise((resolve, reject) => {
      server.once('error', reject)
      server.listen(0, '127.0.0.1', () => resolve(server))
    })
  }
}

/** Clients open their streams in this order; so their headers, which are compressed, need not be read. */
function expected({ stdin, stdout, stderr, tty }: HollowStreamNames): string[] {
  return ['error', ...(stdin ? ['stdin'] : []), ...(stdout ? ['stdout'] : []), ...(stderr && !tty ? ['stderr'] : []), ...(tty ? ['resize'] : [])]
}

function answerOver(socket: Duplex, head: Buffer, { answer, streams }: Command): void {
  const names = expected(streams)
  const reader = new SpdyReader()
  const opened: number[] = []
  const texts: Readonly<Record<string, string>> = {
    error: JSON.stringify(statusOf(answer)), stdout: answer.stdout + (streams.tty ? answer.stderr : ''), stderr: answer.stderr,
  }
  const read = (chunk: Buffer): void => {
    for (const frame of reader.read(chunk)) {
      if (frame.type === 'ping' && frame.id % 2 === 1) socket.write(ping(frame.id))
      if (frame.type !== 'open') continue
      socket.write(synReply(frame.stream, {}, opened.length === 0))
      opened.push(frame.stream)
      if (opened.length < names.length) continue
      // How it ended comes last.
      for (const name of [...names.slice(1), 'error']) socket.write(dataFrame(opened[names.indexOf(name)] ?? 0, Buffer.from(texts[name] ?? ''), true))
      socket.end()
    }
  }
  const guarded = (chunk: Buffer): void => {
    try {
      read(chunk)
    } catch {
      // What does not speak SPDY is not spoken to.
      socket.destroy()
    }
  }
  socket.on('data', guarded)
  if (head.length > 0) guarded(head)
}

/** What the error stream says of how a command has ended. Pure. */
export function statusOf({ exitCode }: Pick<HollowAnswer, 'exitCode'>): object {
  if (exitCode === 0) return { metadata: {}, status: 'Success' }
  return {
    metadata: {}, status: 'Failure', reason: 'NonZeroExitCode', message: `command terminated with non-zero exit code: exit status ${exitCode}`,
    details: { causes: [{ reason: 'ExitCode', message: String(exitCode) }] },
  }
}
