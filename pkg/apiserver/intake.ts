// What connections bring, read by turns: the platform reads all that have something in one turn of the event loop, and a thousand may.
import type { Socket } from 'node:net'
import { isTurnUsedUp, laterRoom } from '../util/turn-share.ts'

/** Where bytes come from. */
export interface Source {
  /** So far. */
  readonly bytesRead: number
  /** What has come by then, but is not read, is left. */
  stop(): void
  start(): void
}

/** Read anew at once: the platform looks at all of them in one turn. */
const mostPerTurn = 64

export class Intake {
  /** With what they had brought when they were opened. */
  readonly #open = new Map<Source, number>()
  /** They are opened in this order. */
  #shut = new Set<Source>()
  #isOpening = false

  add(source: Source): void {
    this.#open.set(source, source.bytesRead)
  }

  delete(source: Source): void {
    this.#open.delete(source)
    this.#shut.delete(source)
  }

  /** To be called when something has been read: leaves what the others have for later, when reading has used the turn up. */
  onRead(): void {
    if (this.#open.size === 0 || !isTurnUsedUp()) return
    const served: Source[] = []
    const passedOver: Source[] = []
    for (const [source, before] of this.#open) {
      source.stop()
      ;(source.bytesRead > before ? served : passedOver).push(source)
    }
    this.#open.clear()
    // Those who had their turn come last.
    this.#shut = new Set([...passedOver, ...this.#shut, ...served])
    if (!this.#isOpening) void this.#openAgain()
  }

  /** After all that waits: what cannot be served yet need not be read. */
  async #openAgain(): Promise<void> {
    this.#isOpening = true
    while (this.#shut.size > 0) {
      await laterRoom()
      let count = 0
      for (const source of this.#shut) {
        if (++count > mostPerTurn) break
        this.#shut.delete(source)
        this.add(source)
        source.start()
      }
    }
    this.#isOpening = false
  }
}

interface Handle {
  readonly bytesRead: number
  /** What the platform wishes. */
  readonly reading: boolean
  readStart(): void
  readStop(): void
}

/** The platform pauses sockets for those only who read them themselves; TLS is not among them. */
export function sourceOf(socket: Socket): Source {
  const handle = (): Handle | null => (socket as unknown as { _handle: Handle | null })._handle
  let isStopped = false
  return {
    get bytesRead() {
      return handle()?.bytesRead ?? 0
    },
    stop() {
      const own = handle()
      if (!own?.reading) return
      own.readStop()
      isStopped = true
    },
    start() {
      const own = handle()
      if (isStopped && own?.reading) own.readStart()
      isStopped = false
    },
  }
}
