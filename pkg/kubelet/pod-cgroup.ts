// A pod's cgroup on this machine, in every hierarchy: its limits are set, and it is removed once nothing is in it.
import { mkdir, readdir, readFile, rmdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readCgroups } from '../containerd/host.ts'
import { cgroupDirectory, type CgroupMounts, readCgroupUsage } from './cgroup-usage.ts'
import { cgroupFiles, type CgroupLimits, isInitial } from './pod-cgroup-limits.ts'

const mountRoot = '/sys/fs/cgroup'

/** What a node does with cgroups; `path` is as the driver has it, `/a/b` or `a-b.slice`. */
export interface PodCgroups {
  /** Makes it when it is missing (systemd makes its slices itself). */
  limit(path: string, limits: Partial<CgroupLimits>): Promise<void>
  /** What it needs of memory and cannot give back; undefined when that cannot be told. `below` is a directory in it. */
  workingSetBytes(path: string, below?: string): Promise<number | undefined>
  release(path: string): Promise<void>
}

export class LinuxCgroups implements PodCgroups {
  #mounts: Promise<CgroupMounts> | undefined

  constructor(mounts?: CgroupMounts) {
    if (mounts) this.#mounts = Promise.resolve(mounts)
  }

  #found(): Promise<CgroupMounts> {
    this.#mounts ??= readFile('/proc/self/mountinfo', 'utf8').then(readCgroups)
    return this.#mounts
  }

  async limit(path: string, limits: Partial<CgroupLimits>): Promise<void> {
    const { version, mounts } = await this.#found()
    const directory = cgroupDirectory(path)
    const files = cgroupFiles(limits, version === 'v2' ? 'v2' : 'v1')
    const made = path.endsWith('.slice') ? new Set<string>() : await this.#make(directory, new Set(files.map(({ controller }) => controller)))
    const unified = version === 'v2' ? await controllersOf(join(mounts[''] ?? '', directory)) : []
    for (const { controller, file, text } of files) {
      if (made.has(controller) && isInitial({ file, text })) continue
      const mount = mounts[controller]
      // A controller that the kernel does not have enforces nothing.
      const there = mount !== undefined && (version !== 'v2' || unified.includes(file.split('.')[0] ?? ''))
      if (there) await writeFile(join(mount, directory, file), text)
    }
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

  async release(path: string): Promise<void> {
    if (!path.startsWith('/')) return
    const hierarchies = (await readdir(mountRoot, { withFileTypes: true })).filter((entry) => entry.isDirectory()).map((entry) => join(mountRoot, entry.name))
    for (const root of [mountRoot, ...hierarchies]) await removeTree(join(root, path))
  }
}

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
export const noCgroups: PodCgroups = { limit: async () => undefined, workingSetBytes: async () => undefined, release: async () => undefined }
