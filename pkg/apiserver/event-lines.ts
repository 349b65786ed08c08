// Events as lines of JSON: those who watch the same at the same time are sent the same bytes.
import type { AnyObject, WatchEvent } from '../api/object.ts'

type Event = WatchEvent<AnyObject>

const heads = new Map(['ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK', 'ERROR'].map((type) => [type, Buffer.from(`{"type":"${type}","object":`)]))
const tail = Buffer.from('}\n')

/** Events that follow each other, as they are sent. */
export interface Lines {
  readonly events: readonly Event[]
  readonly bytes: Buffer
  /** Of each event's object. */
  readonly sizes: readonly number[]
}

/** Longer objects are sent as they are, the same bytes to all who watch. */
const longBytes = 16 * 1024

/** The lines of these events, so many bytes at a time; of those that are known already as they are known. */
export function* linesOf(events: readonly Event[], encode: (event: Event) => Buffer, most: () => number, recent?: RecentLines): Generator<Lines, void> {
  for (let from = 0; from < events.length;) {
    const lines = recent?.find(events, from)
    if (lines) {
      yield lines
      from += lines.events.length
      continue
    }
    const pieces: Buffer[] = []
    const sizes: number[] = []
    let length = 0
    let to = from
    for (const limit = most(); to < events.length && length < limit; to++) {
      const event = events[to]!
      const body = encode(event)
      const head = heads.get(event.type)!
      if (body.length > longBytes) {
        // What comes before it goes first.
        if (to > from) break
        yield { events: [], bytes: head, sizes: [] }
        yield { events: [event], bytes: body, sizes: [body.length] }
        yield { events: [], bytes: tail, sizes: [] }
        from = to + 1
        continue
      }
      pieces.push(head, body, tail)
      sizes.push(body.length)
      length += head.length + body.length + tail.length
    }
    if (length > 0) {
      const made = { events: from === 0 && to === events.length ? events : events.slice(from, to), bytes: Buffer.concat(pieces, length), sizes }
      recent?.keep(made)
      yield made
    }
    from = to
  }
}

/** Lines that were sent lately, for others who are sent the same. */
export class RecentLines {
  readonly #mostBytes: number
  /** By the object of the first event. */
  readonly #lines = new Map<AnyObject, Lines>()
  #bytes = 0

  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes
  }

  /** Those of the events from there on, of one at least. */
  find(events: readonly Event[], from: number): Lines | undefined {
    const known = this.#lines.get(events[from]!.object)
    if (!known || known.events.length > events.length - from) return undefined
    // Objects are frozen: the same object is the same text.
    return known.events.every(({ type, object }, index) => events[from + index]!.object === object && events[from + index]!.type === type) ? known : undefined
  }

  keep(lines: Lines): void {
    const [{ object }] = lines.events as readonly [Event]
    this.#forget(object)
    this.#lines.set(object, lines)
    this.#bytes += lines.bytes.length
    for (const oldest of this.#lines.keys()) {
      if (this.#bytes <= this.#mostBytes) break
      this.#forget(oldest)
    }
  }

  #forget(first: AnyObject): void {
    const known = this.#lines.get(first)
    if (!known) return
    this.#lines.delete(first)
    this.#bytes -= known.bytes.length
  }
}
