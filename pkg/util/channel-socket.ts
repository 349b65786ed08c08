// exec and attach over a WebSocket that speaks v5.channel.k8s.io: its channels are translated to streams of the runtime, which does not speak it.
import type { WebSocket } from 'ws'
import { SpdyClient } from './spdy-client.ts'
import { requestUpgrade } from './upgrade-request.ts'
import { acceptWebSocket, isWebSocket, protocolsOf, type SocketClient } from './web-sockets.ts'

export const channelProtocol = 'v5.channel.k8s.io'
/** The newest that runtimes speak. Its errors are the same. */
const runtimeProtocol = 'v4.channel.k8s.io'

/** By the first byte of a message. */
const channels = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4, close: 255 } as const
/** What may wait for a client before nothing more is taken from the runtime. */
const highBytes = 1 << 20
const normalClosure = 1000

export interface ChannelStreams {
  readonly stdin: boolean
  readonly stdout: boolean
  readonly stderr: boolean
  readonly tty: boolean
}

/** Resolves when the connection stands. `url` is good for one request. */
export async function serveChannelSocket(upgrade: SocketClient, url: URL, streams: ChannelStreams): Promise<void> {
  // First, so that a failure is still a plain answer.
  const upstream = await requestUpgrade(url, { upgrade: 'SPDY/3.1', 'x-stream-protocol-version': runtimeProtocol })
  if (upgrade.socket.destroyed) return void upstream.socket.destroy()
  const client = await acceptWebSocket(upgrade, channelProtocol)
  new ChannelTranslator(client, upstream, streams)
}

/** A client of these channels hears by them what it cannot have: it would take any other answer for a server that does not speak them, and ask again. */
export async function refuseChannels(upgrade: SocketClient, status: object): Promise<void> {
  const client = await acceptWebSocket(upgrade, channelProtocol)
  client.send(Buffer.concat([Buffer.from([channels.error]), Buffer.from(JSON.stringify(status))]))
  client.close(normalClosure)
}

export const speaksChannels = ({ incoming }: SocketClient): boolean => isWebSocket(incoming) && protocolsOf(incoming).includes(channelProtocol)

class ChannelTranslator {
  readonly #client: WebSocket
  readonly #runtime: SpdyClient
  readonly #streamOf = new Map<number, number>()
  readonly #channelOf = new Map<number, number>()
  #ended = false

  constructor(client: WebSocket, upstream: ConstructorParameters<typeof SpdyClient>[0], { stdin, stdout, stderr, tty }: ChannelStreams) {
    this.#client = client
    this.#runtime = new SpdyClient(upstream, {
      onData: (stream, data) => this.#toClient(stream, data),
      onReset: () => undefined,
      onEnd: () => this.#end(),
    })
    this.#open('error')
    if (stdin) this.#open('stdin')
    if (stdout) this.#open('stdout')
    if (stderr && !tty) this.#open('stderr')
    if (tty) this.#open('resize')
    client.on('message', (message: Buffer) => this.#toRuntime(message))
    client.on('close', () => this.#runtime.close())
    // Tells the client that it is heard.
    client.send(Buffer.from([stdout ? channels.stdout : stderr ? channels.stderr : channels.error]))
  }

  #open(name: Exclude<keyof typeof channels, 'close'>): void {
    const stream = this.#runtime.open({ streamtype: name })
    this.#streamOf.set(channels[name], stream)
    this.#channelOf.set(stream, channels[name])
  }

  #toClient(stream: number, data: Buffer): void {
    const channel = this.#channelOf.get(stream)
    if (channel === undefined || data.length === 0 || this.#client.readyState !== this.#client.OPEN) return
    this.#client.send(Buffer.concat([Buffer.from([channel]), data]), () => {
      if (this.#client.bufferedAmount <= highBytes / 2) this.#runtime.resume()
    })
    if (this.#client.bufferedAmount > highBytes) this.#runtime.pause()
  }

  #toRuntime(message: Buffer): void {
    const [channel, named] = message
    if (channel === undefined) return
    const closes = channel === channels.close
    const stream = this.#streamOf.get(closes ? named ?? -1 : channel)
    if (stream === undefined) return
    if (closes) return void this.#runtime.send(stream, Buffer.alloc(0), true)
    if (message.length > 1 && !this.#runtime.send(stream, message.subarray(1))) {
      this.#client.pause()
      this.#runtime.drained(() => this.#client.resume())
    }
  }

  /** What was sent before is delivered before. */
  #end(): void {
    if (this.#ended) return
    this.#ended = true
    this.#client.resume()
    this.#client.close(normalClosure)
  }
}
