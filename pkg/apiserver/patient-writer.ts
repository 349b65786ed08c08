// Writing to clients that may not read: waits for each, but not for ever, and gives each its share of what is under way to all.
import { constants } from 'node:http2'
import type { Clock } from '../util/clock.ts'
import { promise, room } from '../util/turn-share.ts'
import type { Outgoing } from './exchange.ts'

export interface Patience {
  readonly clock: Clock
  /** How long a client may leave what it was sent unread. */
  readonly stallMs: number
  /** Called when output does not flow. */
  readonly onBlocked: () => void
}

/** `written`: more may be written. `stalled`: the client did not read and was cut off. */
export type Written = 'written' | 'gone' | 'stalled'

const sharedBytes = 4 * 1024 * 1024
const mostBytes = 512 * 1024
const leastBytes = 8 * 1024
/** To encrypt it and to hand it to the system. */
const msPerByte = 2e-6

/** Writers that wait for their clients. */
let blocked = 0

/** What may be written in one piece: a client may come to read all that waits for it in one turn. */
export const pieceBytes = (): number => Math.max(leastBytes, Math.min(mostBytes, Math.floor(sharedBytes / (blocked + 1))))

export function write(outgoing: Outgoing, bytes: Uint8Array, patience: Patience): Promise<Written> | Written {
  if (outgoing.destroyed) return 'gone'
  if (bytes.length > 2 * pieceBytes()) return writePieces(outgoing, bytes, patience)
  const turn = room()
  return turn ? turn.then(() => writePiece(outgoing, bytes, patience)) : writePiece(outgoing, bytes, patience)
}

/** Ends the answer, and waits until the client has all of it. */
export async function end(outgoing: Outgoing, bytes: Uint8Array | undefined, patience: Patience): Promise<Written> {
  if (outgoing.destroyed) return 'gone'
  const finished = event(outgoing, 'finish', patience)
  if (bytes) outgoing.end(bytes)
  else outgoing.end()
  return finished
}

async function writePieces(outgoing: Outgoing, bytes: Uint8Array, patience: Patience): Promise<Written> {
  for (let at = 0; at < bytes.length;) {
    const turn = room()
    if (turn) await turn
    const length = pieceBytes()
    const written = await writePiece(outgoing, bytes.subarray(at, at + length), patience)
    if (written !== 'written') return written
    at += length
  }
  return 'written'
}

function writePiece(outgoing: Outgoing, bytes: Uint8Array, patience: Patience): Promise<Written> | Written {
  if (outgoing.destroyed) return 'gone'
  promise(bytes.length * msPerByte)
  return outgoing.write(bytes) ? 'written' : event(outgoing, 'drain', patience)
}

function event(outgoing: Outgoing, name: 'drain' | 'finish', { clock, stallMs, onBlocked }: Patience): Promise<Written> {
  onBlocked()
  blocked++
  return new Promise((resolve) => {
    const settle = (written: Written): void => {
      blocked--
      timer.cancel()
      outgoing.removeListener(name, onEvent)
      outgoing.removeListener('close', onClose)
      resolve(written)
    }
    const onEvent = (): void => settle('written')
    const onClose = (): void => settle('gone')
    const timer = clock.setTimer(() => {
      // Told as a failure: what came so far must not be taken for all.
      outgoing.stream?.close(constants.NGHTTP2_INTERNAL_ERROR)
      outgoing.destroy()
      settle('stalled')
    }, stallMs)
    outgoing.on(name, onEvent)
    outgoing.on('close', onClose)
  })
}
