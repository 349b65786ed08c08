// Waiting for a revision that has not come yet: whoever asks for it has heard of it elsewhere.
import type { Store } from '../storage/store.ts'
import type { Clock, Timer } from '../util/clock.ts'

export interface Ahead {
  readonly store: Store
  readonly clock: Clock
  /** Aborts when nothing more will come. */
  readonly signal: AbortSignal
}

const longestMs = 3_000

const nothing: Timer = { cancel: () => undefined }

/** Calls back once: when the store has come so far, or when it has not in good time. */
export function whenReached({ store, clock, signal }: Ahead, revision: number, then: () => void): Timer {
  if (signal.aborted) {
    then()
    return nothing
  }
  const cancel = (): void => {
    timer.cancel()
    watch.close()
    signal.removeEventListener('abort', settle)
  }
  const settle = (): void => {
    cancel()
    then()
  }
  const timer = clock.setTimer(settle, longestMs)
  const watch = store.watch('/', store.revision, () => {
    if (store.revision >= revision) settle()
  })
  signal.addEventListener('abort', settle, { once: true })
  return { cancel }
}
