// A pod's cgroup on this machine, in every hierarchy: its limits are set, and it is removed once nothing is in it.
import { mkdir, readdir, readFile, rmdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readCgroups } from '../containerd/host.ts'
import { cgroupDirectory, type CgroupMounts, readCgroupUsage } from './cgroup-usage.ts'
import { cgroupFiles, type CgroupLimits, isInitial } from './pod-cgroup-limits.ts'
import { type Slices, SystemdSlices } from './systemd-slices.ts'

const mountRoot = '/sys/fs/cgroup'
const podsSlice = 'kubepods.slice'

/** What a node does with cgroups; `path` is as the driver has it, `/a/b` or `a-b.slice`. */
export interface PodCgroups {
  /** Makes it when it is missing; resolves with whether it was. */
  limit(path: string, limits: Partial<CgroupLimits>): Promise<boolean>
  /** What it needs of memory and cannot give back; undefined when that cannot be told. `below` is a directory in it. */
  workingSetBytes(path: string, below?: string): Promise<number | undefined>
  release(path: string): Promise<void>
}

export class LinuxCgroups implements PodCgroups {
  #mounts: Promise<CgroupMounts> | undefined
  readonly #slices: Slices

  constructor(mounts?: CgroupMounts, slices: Slices = new SystemdSlices()) {
    if (mounts) this.#mounts = Promise.resolve(mounts)
    this.#slices = slices
  }

  #found(): Promise<CgroupMounts> {
    this.#mounts ??= readFile('/proc/self/mountinfo', 'utf8').then(readCgroups)
    return this.#mounts
  }

  async limit(path: string, limits: Partial<CgroupLimits>): Promise<boolean> {
    // systemd has made it before.
    if (isSlice(path)) return this.#slices.limit(path, limits).then(() => false)
    const { version, mounts } = await this.#found()
    const directory = path
    const files = cgroupFiles(limits, version === 'v2' ? 'v2' : 'v1')
    const made = await this.#make(directory, new Set(files.map(({ controller }) => controller)))
    const unified = version === 'v2' ? await controllersOf(join(mounts[''] ?? '', directory)) : []
    for (const { controller, file, text } of files) {
      if (made.has(controller) && isInitial({ file, text })) continue
      const mount = mounts[controller]
      // A controller that the kernel does not have enforces nothing.
      const there = mount !== undefined && (version !== 'v2' || unified.includes(file.split('.')[0] ?? ''))
      if (there) await writeFile(join(mount, directory, file), text)
    }
    return made.size > 0
  }

  /** Resolves with the controllers for which it was missing. */
  async #make(directory: string, controllers: ReadonlySet<string>): Promise<ReadonlySet<string>> {
    const { version, mounts } = await this.#found()
    const made = new Set<string>()
    for (const controller of controllers) {
      const mount = mounts[controller]
      if (mount === undefined) continue
      if (await mkdir(join(mount, directory), { recursive: true }) !== undefined) made.add(controller)
      if (version === 'v2') await delegate(mount, directory)
    }
    return made
  }

  async workingSetBytes(path: string, below = ''): Promise<number | undefined> {
    return (await readCgroupUsage(await this.#found(), join(cgroupDirectory(path), below)))?.workingSetBytes
  }

  /** systemd's slices of pods that no process is in: others on this machine may have pods as well. */
  async releaseEmptySlices(): Promise<void> {
    const { version, mounts } = await this.#found()
    if (version === 'v2') await this.#releaseEmpty(mounts[''] ?? '', podsSlice)
  }

  async #releaseEmpty(directory: string, name: string): Promise<void> {
    const events = await readFile(join(directory, name, 'cgroup.events'), 'utf8').catch(() => undefined)
    if (events === undefined) return
    if (/^populated 0$/m.test(events)) return this.#slices.stop(name)
    for (const each of await slicesIn(join(directory, name))) await this.#releaseEmpty(join(directory, name), each)
  }

  async release(path: string): Promise<void> {
    if (isSlice(path)) return this.#slices.stop(path)
    const hierarchies = (await readdir(mountRoot, { withFileTypes: true })).filter((entry) => entry.isDirectory()).map((entry) => join(mountRoot, entry.name))
    for (const root of [mountRoot, ...hierarchies]) await removeTree(join(root, path))
  }
}

const isSlice = (path: string): boolean => path.endsWith('.slice')

const controllersOf = async (directory: string): Promise<readonly string[]> => (await readFile(join(directory, 'cgroup.controllers'), 'utf8')).trim().split(' ')

/** Version 2: a controller works in a cgroup when all above hand it down. */
async function delegate(mount: string, directory: string): Promise<void> {
  const parts = directory.split('/').filter(Boolean)
  for (let depth = 0; depth < parts.length; depth++) {
    const parent = join(mount, ...parts.slice(0, depth))
    const enabled = (await readFile(join(parent, 'cgroup.subtree_control'), 'utf8')).trim().split(' ')
    const available = await controllersOf(parent)
    const missing = ['cpu', 'memory', 'pids'].filter((controller) => available.includes(controller) && !enabled.includes(controller))
    if (missing.length > 0) await writeFile(join(parent, 'cgroup.subtree_control'), missing.map((controller) => `+${controller}`).join(' '))
  }
}

const slicesIn = async (directory: string): Promise<readonly string[]> =>
  (await readdir(directory, { withFileTypes: true }).catch(() => [])).flatMap((entry) => (entry.isDirectory() && isSlice(entry.name) ? [entry.name] : []))

/** cgroups are directories whose files cannot be deleted: only empty ones go, from the leaves up. */
async function removeTree(directory: string): Promise<void> {
  const entries = await readdir(directory, { withFileTypes: true }).catch(() => undefined)
  if (!entries) return
  for (const entry of entries) if (entry.isDirectory()) await removeTree(join(directory, entry.name))
  await rmdir(directory).catch((error: NodeJS.ErrnoException) => {
    // Still in use: the runtime removes it with its last process, or the next clean-up does.
    if (error.code !== 'EBUSY' && error.code !== 'ENOENT' && error.code !== 'ENOTEMPTY') throw error
  })
}

/** A node without processes has nothing to confine. */
export const noCgroups: PodCgroups = { limit: async () => false, workingSetBytes: async () => undefined, release: async () => undefined }
