// Writing to a client that may not read: waits for it, but not for ever.
import { constants } from 'node:http2'
import type { Clock } from '../util/clock.ts'
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

export function write(outgoing: Outgoing, bytes: Uint8Array, patience: Patience): Promise<Written> {
  if (outgoing.destroyed) return Promise.resolve('gone')
  if (outgoing.write(bytes)) return Promise.resolve('written')
  return event(outgoing, 'drain', patience)
}

/** Ends the answer, and waits until the client has all of it. */
export function end(outgoing: Outgoing, bytes: Uint8Array, patience: Patience): Promise<Written> {
  if (outgoing.destroyed) return Promise.resolve('gone')
  const finished = event(outgoing, 'finish', patience)
  outgoing.end(bytes)
  return finished
}

function event(outgoing: Outgoing, name: 'drain' | 'finish', { clock, stallMs, onBlocked }: Patience): Promise<Written> {
  onBlocked()
  return new Promise((resolve) => {
    const settle = (written: Written): void => {
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
