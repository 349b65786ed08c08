// What long work may use of a turn of the event loop, all of it together: so many there may be of it, sockets and timers get their turn.
import { performance } from 'node:perf_hooks'

const shareMs = 10
/** Resumed in one turn at most. Each gets a callback of its own, so that what one does is done, and measured, before the next. */
const mostPerTurn = 256

const { nodeTiming } = performance
let turn = -1
let beganMs = 0
let promisedMs = 0

/** Of this turn, since the first who asked, with what the platform was promised. */
export function turnUsedMs(): number {
  const { loopCount } = nodeTiming.uvMetricsInfo
  const now = performance.now()
  if (loopCount !== turn) {
    turn = loopCount
    beganMs = now
    promisedMs = 0
  }
  return now - beganMs + promisedMs
}

export const isTurnUsedUp = (): boolean => turnUsedMs() >= shareMs

/** Tells of work that the platform is going to do in this turn. */
export function promise(ms: number): void {
  turnUsedMs()
  promisedMs += ms
}

let waiting: (() => void)[] = []
let next = 0
let isResuming = false

/** Resolves in a turn that has room, in the order of the calls. One resumes in each turn, whatever others use of it. */
export function laterRoom(): Promise<void> {
  return new Promise((resolve) => {
    waiting.push(resolve)
    if (!isResuming) resume()
  })
}

/** undefined: there is room now. */
export const room = (): Promise<void> | undefined => (next === waiting.length && !isTurnUsedUp() ? undefined : laterRoom())

function resume(): void {
  isResuming = true
  const count = Math.min(waiting.length - next, mostPerTurn)
  for (let step = 1; step <= count; step++) {
    setImmediate(() => {
      if (next < waiting.length && (step === 1 || !isTurnUsedUp())) waiting[next++]!()
      if (step < count) return
      if (next > 1000 || next === waiting.length) {
        waiting = waiting.slice(next)
        next = 0
      }
      if (waiting.length > 0) resume()
      else isResuming = false
    })
  }
}
