// How long work had to wait for CPU, memory and disks: the kernel's pressure texts as numbers. Pure but for `readPressure`.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

export interface PressureData {
  /** Microseconds, counted up. */
  readonly total: number
  /** Per cent of the last 10, 60 and 300 seconds. */
  readonly avg10: number
  readonly avg60: number
  readonly avg300: number
}

/** `some`: at least one task waited; `full`: all did. */
export interface PressureStats {
  readonly full: PressureData
  readonly some: PressureData
}

export interface Pressure {
  readonly cpu: PressureStats
  readonly memory: PressureStats
  readonly io: PressureStats
}

export const pressureFiles = ['cpu.pressure', 'memory.pressure', 'io.pressure'] as const

/** A kernel that counts none, or was told not to, has no such files or answers with an error: no pressure then. */
export function pressureOf(text: (file: (typeof pressureFiles)[number]) => string | undefined): { pressure?: Pressure } {
  const [cpu, memory, io] = pressureFiles.map((file) => statsOf(text(file) ?? ''))
  return cpu && memory && io ? { pressure: { cpu, memory, io } } : {}
}

function statsOf(text: string): PressureStats | undefined {
  const some = dataOf(text, 'some')
  // The whole machine is never all waiting for CPU; older kernels have no such line.
  return some && { full: dataOf(text, 'full') ?? { total: 0, avg10: 0, avg60: 0, avg300: 0 }, some }
}

function dataOf(text: string, kind: 'some' | 'full'): PressureData | undefined {
  const [, avg10, avg60, avg300, total] = new RegExp(`^${kind} avg10=([\\d.]+) avg60=([\\d.]+) avg300=([\\d.]+) total=(\\d+)$`, 'm').exec(text) ?? []
  return total === undefined ? undefined : { total: Number(total), avg10: Number(avg10), avg60: Number(avg60), avg300: Number(avg300) }
}

/** Of a directory of the version 2 hierarchy. */
export async function readPressure(directory: string): Promise<{ pressure?: Pressure }> {
  const texts = new Map(await Promise.all(pressureFiles.map(async (name) => [name, await readFile(join(directory, name), 'utf8').catch(() => '')] as const)))
  return pressureOf((name) => texts.get(name))
}
