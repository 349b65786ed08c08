// Asks HTTP/2 clients now and then whether they are still there; nothing else tells that one has vanished while nothing is sent.
import type { ServerHttp2Session } from 'node:http2'
import type { Clock, Timer } from '../util/clock.ts'

/** So many questions in a row may stay unanswered: who was only suspended comes back. */
const misses = 3

export class SessionPinger {
  readonly #clock: Clock
  readonly #everyMs: number
  /** Questions that wait for their answer. */
  readonly #open = new Map<ServerHttp2Session, number>()
  #timer: Timer | undefined

  constructor(clock: Clock, everyMs: number) {
    this.#clock = clock
    this.#everyMs = everyMs
  }

  get size(): number {
    return this.#open.size
  }

  /** Without a session there is no timer. */
  add(session: ServerHttp2Session): void {
    this.#open.set(session, 0)
    session.on('close', () => this.#open.delete(session))
    this.#timer ??= this.#clock.setTimer(() => this.#ask(), this.#everyMs)
  }

  sessions(): Iterable<ServerHttp2Session> {
    return this.#open.keys()
  }

  close(): void {
    this.#timer?.cancel()
    this.#timer = undefined
  }

  #ask(): void {
    this.#timer = undefined
    for (const [session, unanswered] of this.#open) {
      if (session.destroyed) this.#open.delete(session)
      else if (unanswered >= misses) session.destroy()
      else {
        this.#open.set(session, unanswered + 1)
        session.ping((error) => {
          if (!error && this.#open.has(session)) this.#open.set(session, 0)
        })
      }
    }
    if (this.#open.size > 0) this.#timer = this.#clock.setTimer(() => this.#ask(), this.#everyMs)
  }
}
