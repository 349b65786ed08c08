// For tests of what must not take long: the processor time of this thread, which a busy machine does not stretch.

/**
 * Milliseconds. Dear work that goes in parts stays far below it on any machine, at 50 ms by intent; in one go it takes a multiple.
 * How long the parts are is for the bench to tell: `./scripts/bench --holds`.
 */
export const inOneGoMs = 300

/** Milliseconds. */
export function cpuMs(run: () => void): number {
  const before = process.threadCpuUsage()
  run()
  const { user, system } = process.threadCpuUsage(before)
  return (user + system) / 1000
}

/** The longest time that one turn of the event loop took while `work` ran, in milliseconds, and how many turns there were. */
export async function longestTurnMs<R>(work: () => Promise<R>): Promise<{ readonly longestMs: number; readonly turns: number; readonly result: R }> {
  let longest = 0
  let turns = 0
  let running = true
  let before = process.threadCpuUsage()
  const look = (): void => {
    const { user, system } = process.threadCpuUsage(before)
    longest = Math.max(longest, (user + system) / 1000)
    before = process.threadCpuUsage()
    turns++
    if (running) setImmediate(look)
  }
  setImmediate(look)
  try {
    const result = await work()
    await new Promise((resolve) => setImmediate(resolve))
    return { longestMs: longest, turns, result }
  } finally {
    running = false
  }
}
