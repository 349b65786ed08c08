// The only place where time and chance come from; everything else is handed a Clock.

/** A pending callback. Cancelling one that has fired does nothing. */
export interface Timer {
  cancel(): void
}

/** Time and chance. `now` is wall time in milliseconds since the epoch; `monotonic` never goes back. */
export interface Clock {
  now(): number
  monotonic(): number
  /** Calls back once after `delayMs`; the timer does not keep the process alive. */
  setTimer(callback: () => void, delayMs: number): Timer
  /** A number in [0, 1). */
  random(): number
}

// Node fires a timer with a longer delay at once; waiting again in pieces keeps the promise.
const longestDelayMs = 0x7fffffff

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimer(callback, delayMs) {
    let handle: NodeJS.Timeout
    const arm = (remainingMs: number): void => {
      const stepMs = Math.min(Math.max(0, remainingMs), longestDelayMs)
      handle = setTimeout(() => (remainingMs > stepMs ? arm(remainingMs - stepMs) : callback()), stepMs)
      handle.unref()
    }
    arm(delayMs)
    return { cancel: () => clearTimeout(handle) }
  },
  random: () => Math.random(),
}

/** Resolves after `delayMs`, or rejects with the signal's reason when it aborts first. */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason)
    const onAbort = (): void => {
      timer.cancel()
      reject(signal?.reason)
    }
    const timer = clock.setTimer(() => {
      signal?.removeEventListener('abort', onAbort)
      resolve()
    }, delayMs)
    signal?.addEventListener('abort', onAbort, { once: true })
  })
}

/** A clock that stands still until it is stepped; timers fire in order, in the step that reaches them. */
export class ManualClock implements Clock {
  #nowMs: number
  #timers: { atMs: number; callback: () => void }[] = []
  #seed: number

  constructor(startMs = Date.UTC(2026, 0, 1), seed = 1) {
    this.#nowMs = startMs
    this.#seed = seed
  }

  now(): number {
    return this.#nowMs
  }

  monotonic(): number {
    return this.#nowMs
  }

  setTimer(callback: () => void, delayMs: number): Timer {
    const timer = { atMs: this.#nowMs + Math.max(0, delayMs), callback }
    this.#timers.push(timer)
    return { cancel: () => void (this.#timers = this.#timers.filter((other) => other !== timer)) }
  }

  /** Moves time forward by `ms`, firing each timer at its own time. */
  step(ms: number): void {
    const endMs = this.#nowMs + ms
    for (;;) {
      const next = this.#timers.filter((timer) => timer.atMs <= endMs).sort((a, b) => a.atMs - b.atMs)[0]
      if (!next) break
      this.#timers.splice(this.#timers.indexOf(next), 1)
      this.#nowMs = Math.max(this.#nowMs, next.atMs)
      next.callback()
    }
    this.#nowMs = endMs
  }

  random(): number {
    this.#seed = (Math.imul(this.#seed, 1664525) + 1013904223) >>> 0
    return this.#seed / 2 ** 32
  }
}
