// The watchdog of TLS connections: ends those whose output has not moved for a while.
//
// Node never notices that an HTTP/2 client died while a write to it was blocked; only destroying the TLS socket frees it.
import type { TLSSocket } from 'node:tls'
import type { Clock, Timer } from '../util/clock.ts'

const sweepMs = 30_000

/** Bytes that wait in the process, and bytes that left it. Equal readings in two sweeps with something waiting mean: stuck. */
export interface Progress {
  readonly waiting: number
  readonly written: number
}

export class ConnectionWatchdog {
  readonly #clock: Clock
  readonly #progress: (socket: TLSSocket) => Progress
  readonly #sockets = new Map<TLSSocket, number>()
  #timer: Timer | undefined

  constructor(clock: Clock, progress: (socket: TLSSocket) => Progress = socketProgress) {
    this.#clock = clock
    this.#progress = progress
  }

  add(socket: TLSSocket): void {
    this.#sockets.set(socket, -1)
    socket.on('close', () => this.#sockets.delete(socket))
  }

  /** Something is being sent: look again later. Costs nothing while a look is due anyway; idle servers have no timer. */
  touch(): void {
    this.#timer ??= this.#clock.setTimer(() => this.#sweep(), sweepMs)
  }

  sockets(): Iterable<TLSSocket> {
    return this.#sockets.keys()
  }

  close(): void {
    this.#timer?.cancel()
    this.#timer = undefined
  }

  get size(): number {
    return this.#sockets.size
  }

  #sweep(): void {
    this.#timer = undefined
    let pending = false
    for (const [socket, before] of this.#sockets) {
      const { waiting, written } = this.#progress(socket)
      if (waiting === 0) this.#sockets.set(socket, -1)
      else if (written === before) socket.destroy()
      else {
        this.#sockets.set(socket, written)
        pending = true
      }
    }
    if (pending) this.touch()
  }
}

/** An HTTP/2 session writes past the socket's own buffer, straight to the handle; only the handle knows what waits there. */
function socketProgress(socket: TLSSocket): Progress {
  const handle = (socket as { _handle?: { writeQueueSize?: number } | null })._handle
  return { waiting: Math.max(socket.writableLength, handle?.writeQueueSize ?? 0), written: socket.bytesWritten }
}
