// Long work on the event loop in slices, so that sockets and timers get their turn in between.

export interface Slices {
  /** Whether this slice has used up its share. */
  readonly due: boolean
  /** Resolves in another turn of the event loop, where the next slice begins. */
  pause(): Promise<void>
}

/** A slice begins now. */
export function slicesOf(shareMs = 10): Slices {
  let end = performance.now() + shareMs
  return {
    get due() { return performance.now() >= end },
    async pause() {
      await new Promise<void>((resolve) => setImmediate(resolve))
      end = performance.now() + shareMs
    },
  }
}

/** For work that is known to be short. */
export const unsliced: Slices = { due: false, pause: () => Promise.resolve() }
