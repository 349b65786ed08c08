// Long work on the event loop in slices, so that sockets and timers get their turn in between.

export interface Slices {
  /** Whether this slice has used up its share. */
  readonly due: boolean
  /** Resolves in another turn of the event loop, where the next slice begins. */
  pause(): Promise<void>
}

// Each turn of the event loop has room for one slice, whoever's it is: many at once share the loop like one.
const waiting: (() => void)[] = []

function nextTurn(): void {
  const begin = waiting.shift()
  if (waiting.length > 0) setImmediate(nextTurn)
  begin?.()
}

/** A slice begins now. */
export function slicesOf(shareMs = 10): Slices {
  let end = performance.now() + shareMs
  return {
    get due() { return performance.now() >= end },
    async pause() {
      await new Promise<void>((resolve) => {
        if (waiting.push(resolve) === 1) setImmediate(nextTurn)
      })
      end = performance.now() + shareMs
    },
  }
}

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
