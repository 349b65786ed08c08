// How fast counters of CPU time grow: rates between two samples. Pure.

export interface CpuCounter {
  readonly nanos: number
  readonly atMs: number
  /** When it stood at 0. */
  readonly sinceMs: number
}

export interface CpuRate {
  readonly nanoCores: number
  readonly windowMs: number
}

/** By what they count: a container's id, `pod/uid`, `node`. */
export type CpuCounters = ReadonlyMap<string, CpuCounter>

// Over less, one tick of the kernel's accounting would be a tenth of a core.
const shortestMs = 100

/**
 * A counter that is new since `before`, or was reset, gets its average since it began, which is as exact.
 * One that was not there yet and is younger than a tenth of a second gets no rate.
 */
export function cpuRates(before: CpuCounters, after: CpuCounters): ReadonlyMap<string, CpuRate> {
  const rates = new Map<string, CpuRate>()
  for (const [key, { nanos, atMs, sinceMs }] of after) {
    const known = before.get(key)
    const base = known && known.nanos <= nanos && known.atMs < atMs ? known : { nanos: 0, atMs: sinceMs }
    const windowMs = atMs - base.atMs
    if (windowMs >= shortestMs) rates.set(key, { nanoCores: Math.round((nanos - base.nanos) / windowMs * 1000), windowMs })
  }
  return rates
}
