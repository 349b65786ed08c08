// Whether the node runs short of something, measured: what its pressure conditions tell.
import type { Clock } from '../util/clock.ts'
import { readFile } from 'node:fs/promises'
import { fileSystemUsage, type FileSystemUsage, type MachineMemory, memoryOf } from './machine-usage.ts'

export type Pressure = 'MemoryPressure' | 'DiskPressure'

export interface NodeMeasure {
  readonly memory: MachineMemory
  readonly disk: FileSystemUsage
}

const leastMemoryBytes = 100 * 2 ** 20
/** As k3s has it: half of what an upstream kubelet wants free, since an edge device's disk is small and shared. */
const leastDiskShare = 0.05
const leastInodeShare = 0.05

/** Pure. A file system that counts no inodes has enough of them. */
export function pressuresOf({ memory, disk }: NodeMeasure): ReadonlySet<Pressure> {
  const found = new Set<Pressure>()
  if (memory.totalBytes - memory.workingSetBytes < leastMemoryBytes) found.add('MemoryPressure')
  if (disk.availableBytes < disk.capacityBytes * leastDiskShare || disk.inodesFree < disk.inodes * leastInodeShare) found.add('DiskPressure')
  return found
}

/** A pressure is told of until it has been gone for this long, so that pods do not come and go with it. */
const holdMs = 300_000

export class PressureGauge {
  readonly #clock: Clock
  readonly #measure: () => Promise<NodeMeasure>
  readonly #lastMs = new Map<Pressure, number>()

  constructor({ clock, measure }: { clock: Clock; measure: () => Promise<NodeMeasure> }) {
    this.#clock = clock
    this.#measure = measure
  }

  async now(): Promise<ReadonlySet<Pressure>> {
    const nowMs = this.#clock.monotonic()
    for (const pressure of pressuresOf(await this.#measure())) this.#lastMs.set(pressure, nowMs)
    return new Set([...this.#lastMs].flatMap(([pressure, atMs]) => (nowMs - atMs < holdMs ? [pressure] : [])))
  }
}

/** `directory`: on the file system that pods' files and images are on. */
export async function measureNode(directory: string): Promise<NodeMeasure> {
  const [meminfo, disk] = await Promise.all([readFile('/proc/meminfo', 'utf8'), fileSystemUsage(directory)])
  return { memory: memoryOf(meminfo), disk }
}
