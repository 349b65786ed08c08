// Processes of this machine, read from /proc: who belongs to whom, and ending them for sure.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import type { Clock } from '../util/clock.ts'
import { sleep } from '../util/clock.ts'

export interface ProcessFacts {
  pid: number
  parentPid: number
  /** Clock ticks since boot; with the pid it names a process for ever. */
  startTicks: number
  command: string[]
}

/** Undefined when there is no such process, or only its zombie. */
export function readProcess(pid: number): ProcessFacts | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    if (fields[0] === 'Z' || fields[0] === 'X') return undefined
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1)
    return { pid, parentPid: Number(fields[1]), startTicks: Number(fields[19]), command }
  } catch (error) {
    if (isGone(error)) return undefined
    throw error
  }
}

/** The file that the process runs; undefined when it is gone. A file that was replaced since ends in ` (deleted)`. */
export function programOf(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/exe`)
  } catch (error) {
    if (isGone(error)) return undefined
    throw error
  }
}

export function listProcesses(): ProcessFacts[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => readProcess(Number(name)) ?? [])
}

/** Pure: the processes that descend from `pid`, without itself. */
export function descendantsOf(pid: number, all: readonly ProcessFacts[]): ProcessFacts[] {
  const children = all.filter((process) => process.parentPid === pid)
  return children.flatMap((child) => [child, ...descendantsOf(child.pid, all)])
}

/** Resolves to false when the process is already gone. */
export function sendSignal(pid: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(pid, signal)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false
    throw error
  }
}

/** Waits until exactly this process has ended; false when it has not within the time. */
export async function waitForEnd(target: ProcessFacts, options: { clock: Clock; timeoutMs: number }): Promise<boolean> {
  const { clock, timeoutMs } = options
  const deadline = clock.monotonic() + timeoutMs
  for (let delayMs = 5; isSame(target); delayMs = Math.min(100, delayMs * 2)) {
    if (clock.monotonic() >= deadline) return false
    await sleep(clock, delayMs)
  }
  return true
}

/** SIGTERM, then SIGKILL when that has not helped within `graceMs`. */
export async function endProcess(target: ProcessFacts, options: { clock: Clock; graceMs: number }): Promise<void> {
  const { clock, graceMs } = options
  if (!isSame(target) || !sendSignal(target.pid, 'SIGTERM')) return
  if (await waitForEnd(target, { clock, timeoutMs: graceMs })) return
  sendSignal(target.pid, 'SIGKILL')
  if (!(await waitForEnd(target, { clock, timeoutMs: 5_000 }))) {
    throw new Error(`process ${target.pid} (${target.command.join(' ')}) did not end on SIGKILL`)
  }
}

const isSame = (target: ProcessFacts): boolean => readProcess(target.pid)?.startTicks === target.startTicks

const isGone = (error: unknown): boolean => ['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')
