// What a cgroup has used, from the texts of its files: versions 1 and 2 as one value. Pure but for `readCgroupUsage`.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Pressure, pressureFiles, pressureOf } from './pressure.ts'

export interface CgroupUsage {
  /** Counts up from the cgroup's beginning. */
  readonly cpuNanos: number
  readonly cpuPeriods: number
  readonly throttledPeriods: number
  readonly throttledNanos: number
  readonly memoryBytes: number
  /** What can't be given back at once: without inactive file pages. */
  readonly workingSetBytes: number
  readonly rssBytes: number
  readonly cacheBytes: number
  readonly swapBytes: number
  readonly pageFaults: number
  readonly majorPageFaults: number
  /** undefined without a limit. */
  readonly memoryLimitBytes?: number
  readonly processes?: number
  /** Version 2, where the kernel counts it. */
  readonly pressure?: Pressure
}

/** The texts of one cgroup's files, under their own names; a missing file is an empty text. */
export type CgroupFiles = Readonly<Record<string, string>>

const v1Files = [
  ['cpuacct', 'cpuacct.usage'], ['cpu', 'cpu.stat'], ['memory', 'memory.usage_in_bytes'], ['memory', 'memory.stat'],
  ['memory', 'memory.limit_in_bytes'], ['pids', 'pids.current'],
] as const
const v2Files = ['cpu.stat', 'memory.current', 'memory.stat', 'memory.max', 'memory.swap.current', 'pids.current', ...pressureFiles] as const
/** Version 1 writes a number of pages near 2^63 for "no limit". */
const unlimitedBytes = 2 ** 60

/** undefined when the files tell of no CPU time: there is no such cgroup. */
export function cgroupUsageV1(files: CgroupFiles): CgroupUsage | undefined {
  const cpuNanos = wholeOf(files['cpuacct.usage'])
  if (cpuNanos === undefined) return undefined
  const cpu = flatKeys(files['cpu.stat'])
  const memory = flatKeys(files['memory.stat'])
  const memoryBytes = wholeOf(files['memory.usage_in_bytes']) ?? 0
  const limit = wholeOf(files['memory.limit_in_bytes'])
  return {
    cpuNanos,
    cpuPeriods: cpu('nr_periods'), throttledPeriods: cpu('nr_throttled'), throttledNanos: cpu('throttled_time'),
    memoryBytes, workingSetBytes: Math.max(0, memoryBytes - memory('total_inactive_file')),
    rssBytes: memory('total_rss'), cacheBytes: memory('total_cache'), swapBytes: memory('total_swap'),
    pageFaults: memory('total_pgfault'), majorPageFaults: memory('total_pgmajfault'),
    ...(limit === undefined || limit >= unlimitedBytes ? {} : { memoryLimitBytes: limit }),
    ...optional('processes', wholeOf(files['pids.current'])),
  }
}

export function cgroupUsageV2(files: CgroupFiles): CgroupUsage | undefined {
  if (!files['cpu.stat']) return undefined
  const cpu = flatKeys(files['cpu.stat'])
  const memory = flatKeys(files['memory.stat'])
  const memoryBytes = wholeOf(files['memory.current']) ?? 0
  return {
    cpuNanos: cpu('usage_usec') * 1000,
    cpuPeriods: cpu('nr_periods'), throttledPeriods: cpu('nr_throttled'), throttledNanos: cpu('throttled_usec') * 1000,
    memoryBytes, workingSetBytes: Math.max(0, memoryBytes - memory('inactive_file')),
    rssBytes: memory('anon'), cacheBytes: memory('file'), swapBytes: wholeOf(files['memory.swap.current']) ?? 0,
    pageFaults: memory('pgfault'), majorPageFaults: memory('pgmajfault'),
    ...optional('memoryLimitBytes', wholeOf(files['memory.max'])),
    ...optional('processes', wholeOf(files['pids.current'])),
    ...pressureOf((name) => files[name]),
  }
}

/** Where cgroups are mounted: by controller (version 1), or `''` (version 2). */
export interface CgroupMounts {
  readonly version: 'v1' | 'hybrid' | 'v2'
  readonly mounts: Readonly<Record<string, string>>
}

export async function readCgroupUsage({ version, mounts }: CgroupMounts, path: string): Promise<CgroupUsage | undefined> {
  const texts = async (files: readonly (readonly [string, string])[]): Promise<CgroupFiles> =>
    Object.fromEntries(await Promise.all(files.map(async ([controller, name]) => [name, await textOf(mounts[controller], path, name)] as const)))
  return version === 'v2' ? cgroupUsageV2(await texts(v2Files.map((name) => ['', name] as const))) : cgroupUsageV1(await texts(v1Files))
}

/** The first process of a cgroup. */
export async function firstProcess({ version, mounts }: CgroupMounts, path: string): Promise<number | undefined> {
  return wholeOf((await textOf(mounts[version === 'v2' ? '' : 'memory'], path, 'cgroup.procs')).split('\n')[0])
}

/** The directory below the hierarchy's root of what the cgroup driver is told: systemd spells `a-b.slice` as `a.slice/a-b.slice`. */
export function cgroupDirectory(parent: string): string {
  if (!parent.endsWith('.slice')) return parent
  const parts = parent.slice(0, -'.slice'.length).split('-')
  return parts.map((_part, index) => `/${parts.slice(0, index + 1).join('-')}.slice`).join('')
}

/** The directory of a container's cgroup below its pod's. */
export const containerCgroup = (podDirectory: string, id: string): string =>
  podDirectory.endsWith('.slice') ? `${podDirectory}/cri-containerd-${id}.scope` : `${podDirectory}/${id}`

// A cgroup goes with its last process, between two of these reads too.
const textOf = (mount: string | undefined, path: string, name: string): Promise<string> =>
  mount === undefined ? Promise.resolve('') : readFile(join(mount, path, name), 'utf8').catch(() => '')

function wholeOf(text: string | undefined): number | undefined {
  const trimmed = text?.trim() ?? ''
  return /^\d+$/.test(trimmed) ? Number(trimmed) : undefined
}

/** Lines of `name number`; what is not there counts as 0. */
function flatKeys(text: string | undefined): (name: string) => number {
  const values = new Map((text ?? '').split('\n').map((line) => line.split(' ') as [string, string]))
  return (name) => Number(values.get(name) ?? 0)
}

const optional = <Name extends string>(name: Name, value: number | undefined): { readonly [K in Name]?: number } =>
  (value === undefined ? {} : { [name]: value }) as { readonly [K in Name]?: number }
