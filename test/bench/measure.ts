// Small tools of the benchmarks: rates, percentiles and what a process uses.
import { readdirSync, readFileSync } from 'node:fs'

export interface Rate {
  readonly perSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  /** Of each piece of work, the shortest first. */
  readonly times: readonly number[]
}

export function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN
}

/** Runs `work` `count` times, `width` at once. `work` gets its number. */
export async function rate(count: number, width: number, work: (index: number) => Promise<void>): Promise<Rate> {
  const times: number[] = []
  let next = 0
  const begin = performance.now()
  await Promise.all(Array.from({ length: width }, async () => {
    while (next < count) {
      const index = next++
      const start = performance.now()
      await work(index)
      times.push(performance.now() - start)
    }
  }))
  const seconds = (performance.now() - begin) / 1000
  times.sort((a, b) => a - b)
  return { perSecond: count / seconds, p50Ms: percentile(times, 0.5), p99Ms: percentile(times, 0.99), times }
}

export const median = (values: readonly number[]): number => percentile(values.toSorted((a, b) => a - b), 0.5)

export interface Usage {
  readonly residentMb: number
  readonly cpuSeconds: number
  readonly writtenBytes: number
}

const ticksPerSecond = 100

export function usage(pid: number): Usage {
  const resident = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  const written = /^write_bytes:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/io`, 'utf8'))?.[1]
  return { residentMb: Number(resident) / 1024, cpuSeconds: (Number(fields[11]) + Number(fields[12])) / ticksPerSecond, writtenBytes: Number(written) }
}

/** CPU of a process' threads that are there now, to the nanosecond: the one that it began with, and all. */
export function threadSeconds(pid: number): { main: number; all: number } {
  const seconds = (task: string): number => {
    try {
      return Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')[0]) / 1e9
    } catch {
      // Ended meanwhile.
      return 0
    }
  }
  return { main: seconds(String(pid)), all: readdirSync(`/proc/${pid}/task`).reduce((sum, task) => sum + seconds(task), 0) }
}
