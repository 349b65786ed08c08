// The client's side of a SPDY/3.1 connection: opens streams, and hands over what comes on each.
import type { Duplex } from 'node:stream'
import { dataFrame, ping, SpdyReader, synStream } from './spdy-frames.ts'

export interface SpdyEvents {
  /** `last`: nothing more comes on this stream. */
  readonly onData: (stream: number, data: Buffer, last: boolean) => void
  readonly onReset: (stream: number) => void
  /** Nothing more comes at all; called once. */
  readonly onEnd: (error?: Error) => void
}

/** Data frames are no longer than this, so that streams can take turns. */
const longestData = 64 * 1024

export class SpdyClient {
  readonly #socket: Duplex
  readonly #events: SpdyEvents
  readonly #reader = new SpdyReader()
  #next = 1
  #ended = false

  constructor({ socket, head }: { socket: Duplex; head: Buffer }, events: SpdyEvents) {
    this.#socket = socket
    this.#events = events
    socket.on('data', (chunk: Buffer) => this.#read(chunk))
    socket.on('end', () => this.#end())
    socket.on('close', () => this.#end())
    socket.on('error', (error) => this.#end(error))
    if (head.length > 0) this.#read(head)
  }

  /** Returns the stream's number. */
  open(headers: Readonly<Record<string, string>>): number {
    const stream = this.#next
    this.#next += 2
    this.#socket.write(synStream(stream, headers, stream === 1))
    return stream
  }

  /** False when the caller had better wait for `drained`. */
  send(stream: number, data: Uint8Array, last = false): boolean {
    if (this.#ended || this.#socket.destroyed) return true
    let more = true
    let at = 0
    do {
      const piece = data.subarray(at, at + longestData)
      at += piece.length
      more = this.#socket.write(dataFrame(stream, piece, last && at >= data.length))
    } while (at < data.length)
    return more
  }

  drained(then: () => void): void {
    this.#socket.once('drain', then)
  }

  /** Takes nothing more from the other side until `resume`. */
  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  close(): void {
    this.#socket.destroy()
  }

  #read(chunk: Buffer): void {
    try {
      for (const frame of this.#reader.read(chunk)) {
        if (frame.type === 'data') this.#events.onData(frame.stream, frame.data, frame.last)
        else if (frame.type === 'reply' && frame.last) this.#events.onData(frame.stream, Buffer.alloc(0), true)
        else if (frame.type === 'reset') this.#events.onReset(frame.stream)
        else if (frame.type === 'ping' && frame.id % 2 === 0) this.#socket.write(ping(frame.id))
      }
    } catch (error) {
      this.#end(error as Error)
      this.#socket.destroy()
    }
  }

  #end(error?: Error): void {
    if (this.#ended) return
    this.#ended = true
    this.#events.onEnd(error)
  }
}
