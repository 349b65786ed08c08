// Long work on the event loop in slices, so that sockets and timers get their turn in between.
import { isTurnUsedUp, laterRoom } from './turn-share.ts'

export interface Slices {
  /** Whether this slice has used up its share. */
  readonly due: boolean
  /** Resolves when a turn of the event loop has room for the next slice. */
  pause(): Promise<void>
}

/** A slice may be so long however much of the turn others have used. */
const leastMs = 1

/** A slice begins now. */
export const slicesOf = (shareMs = 10): Slices => slicesBy(shareMs, laterRoom)

/** For one piece of work that nobody has twice, and that others wait for: the next turn has room for it, whatever else waits. */
export const ownSlices = (shareMs = 10): Slices => slicesBy(shareMs, () => new Promise((resolve) => void setImmediate(resolve)))

function slicesBy(shareMs: number, room: () => Promise<void>): Slices {
  let begin = performance.now()
  return {
    get due() {
      const usedMs = performance.now() - begin
      return usedMs >= shareMs || (usedMs >= leastMs && isTurnUsedUp())
    },
    async pause() {
      await room()
      begin = performance.now()
    },
  }
}

/** Resolves in this turn still, when all has run that follows from promises which are settled now. */
export const followed = (): Promise<void> => new Promise((resolve) => void process.nextTick(resolve))

/** For work that is known to be short. */
export const unsliced: Slices = { due: false, pause: () => Promise.resolve() }

/** Work in parts: wherever it yields, it may be left for another turn. */
export type Parts<R> = Generator<undefined, R, unknown>

/** All of it now. */
export function atOnce<R>(parts: Parts<R>): R {
  for (;;) {
    const { done, value } = parts.next()
    if (done) return value
  }
}

export async function inParts<R>(parts: Parts<R>, slices: Slices = slicesOf()): Promise<R> {
  for (;;) {
    const { done, value } = parts.next()
    if (done) return value
    if (slices.due) await slices.pause()
  }
}
