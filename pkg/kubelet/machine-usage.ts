// What the machine as a whole has used, from the texts of /proc and its file system. Pure but for `readMachineUsage`.
import { readFile, statfs } from 'node:fs/promises'
import { cpus } from 'node:os'

export interface InterfaceUsage {
  readonly name: string
  readonly receivedBytes: number
  readonly receivedPackets: number
  readonly receiveErrors: number
  readonly receiveDrops: number
  readonly sentBytes: number
  readonly sentPackets: number
  readonly sendErrors: number
  readonly sendDrops: number
}

export interface FileSystemUsage {
  readonly capacityBytes: number
  readonly availableBytes: number
  readonly usedBytes: number
  readonly inodes: number
  readonly inodesFree: number
}

export interface MachineMemory {
  readonly totalBytes: number
  readonly usedBytes: number
  /** Without inactive file pages, which can be given back at once. */
  readonly workingSetBytes: number
  readonly rssBytes: number
  readonly swapBytes: number
  readonly swapTotalBytes: number
}

export interface MachineUsage {
  readonly cpus: number
  /** Counts up from the machine's start, over all its processors. */
  readonly cpuNanos: number
  readonly startedAtMs: number
  readonly memory: MachineMemory
  readonly disk: FileSystemUsage
  readonly interfaces: readonly InterfaceUsage[]
  readonly defaultInterface: string
  readonly processes: number
  readonly processLimit: number
}

/** One tick of /proc/stat; the same on all of Linux. */
const tickNanos = 10_000_000

/** Time spent at work, over all processors: not idle, not waiting for a disk, not taken by another machine. */
export function cpuNanosOf(stat: string): number {
  const [user = 0, nice = 0, system = 0, , , interrupts = 0, softInterrupts = 0] = (/^cpu +(.*)$/m.exec(stat)?.[1] ?? '').split(' ').map(Number)
  return (user + nice + system + interrupts + softInterrupts) * tickNanos
}

export const startedAtMsOf = (stat: string): number => Number(/^btime (\d+)$/m.exec(stat)?.[1] ?? 0) * 1000

export function memoryOf(meminfo: string): MachineMemory {
  const bytes = (name: string): number => Number(new RegExp(`^${name.replace(/[()]/g, '\\$&')}: +(\\d+) kB$`, 'm').exec(meminfo)?.[1] ?? 0) * 1024
  const totalBytes = bytes('MemTotal')
  const usedBytes = totalBytes - bytes('MemFree')
  return {
    totalBytes, usedBytes, workingSetBytes: Math.max(0, usedBytes - bytes('Inactive(file)')), rssBytes: bytes('AnonPages'),
    swapBytes: bytes('SwapTotal') - bytes('SwapFree'), swapTotalBytes: bytes('SwapTotal'),
  }
}

/** Of a /proc/net/dev text; loopback left out. */
export function interfacesOf(text: string): InterfaceUsage[] {
  return text.split('\n').slice(2).flatMap((line) => {
    const [name = '', rest] = line.split(':')
    if (rest === undefined || name.trim() === 'lo') return []
    const numbers = rest.trim().split(/\s+/).map(Number)
    const at = (index: number): number => numbers[index] ?? 0
    return [{
      name: name.trim(), receivedBytes: at(0), receivedPackets: at(1), receiveErrors: at(2), receiveDrops: at(3),
      sentBytes: at(8), sentPackets: at(9), sendErrors: at(10), sendDrops: at(11),
    }]
  })
}

/** The interface of the default route in a /proc/net/route text; '' without one. */
export const defaultInterfaceOf = (routes: string): string =>
  routes.split('\n').map((line) => line.split('\t')).find((fields) => fields[1] === '00000000' && fields[7] === '00000000')?.[0] ?? ''

export async function fileSystemUsage(directory: string): Promise<FileSystemUsage> {
  const { bsize, blocks, bfree, bavail, files, ffree } = await statfs(directory)
  return { capacityBytes: blocks * bsize, availableBytes: bavail * bsize, usedBytes: (blocks - bfree) * bsize, inodes: files, inodesFree: ffree }
}

/** `directory`: on the file system that pods' files are on. */
export async function readMachineUsage(directory: string): Promise<MachineUsage> {
  const text = (path: string): Promise<string> => readFile(path, 'utf8')
  const [stat, meminfo, devices, routes, load, limit, disk] = await Promise.all([
    text('/proc/stat'), text('/proc/meminfo'), text('/proc/net/dev'), text('/proc/net/route'), text('/proc/loadavg'), text('/proc/sys/kernel/pid_max'), fileSystemUsage(directory),
  ])
  return {
    cpus: cpus().length, cpuNanos: cpuNanosOf(stat), startedAtMs: startedAtMsOf(stat), memory: memoryOf(meminfo), disk,
    interfaces: interfacesOf(devices), defaultInterface: defaultInterfaceOf(routes),
    processes: Number(/\/(\d+)/.exec(load)?.[1] ?? 0), processLimit: Number(limit),
  }
}

/** The interfaces that a process sees; none once it has ended. */
export async function interfacesOfProcess(pid: number): Promise<InterfaceUsage[]> {
  return interfacesOf(await readFile(`/proc/${pid}/net/dev`, 'utf8').catch(() => ''))
}
