// Mounts one path inside a volume, so that no link in the volume, which containers may write, leads out of it.
import { constants } from 'node:fs'
import { chmod, chown, type FileHandle, mkdir, open, readlink, realpath, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Mounter } from './volume.ts'

export interface SubPath {
  readonly volumePath: string
  readonly subPath: string
  /** Where it is bound; the same for the same container, volume mount and pod. */
  readonly target: string
}

// O_PATH: names the file without opening it, so that sockets and devices can be bound too.
const openPathOnly = 0o10000000
const mostLinks = 40

/** Binds what is there now: it stays even if the volume's files are replaced. */
export async function bindSubPath({ volumePath, subPath, target }: SubPath, mounter: Mounter): Promise<string> {
  if (subPath.startsWith('/') || subPath.split('/').includes('..')) throw new Error(`subPath ${JSON.stringify(subPath)} must be relative, without '..'`)
  const walk = new SafeWalk(await realpath(volumePath), subPath)
  try {
    const handle = await walk.end()
    await mkdir(dirname(target), { recursive: true, mode: 0o750 })
    if ((await handle.stat()).isDirectory()) await mkdir(target, { recursive: true, mode: 0o750 })
    else await writeFile(target, '', { flag: 'a' })
    // The open handle cannot be exchanged any more: what it is, is what gets mounted.
    await mounter.bind(`/proc/${process.pid}/fd/${handle.fd}`, target)
  } finally {
    await walk.close()
  }
  return target
}

const at = ({ fd }: FileHandle, name = ''): string => `/proc/self/fd/${fd}${name && `/${name}`}`

/**
 * Goes down from the volume's root one name at a time, each opened in the directory that is open already and never followed by the kernel:
 * whoever exchanges a directory for a link while we are at it exchanges nothing for us. Makes the directories that are missing.
 */
class SafeWalk {
  readonly #root: string
  readonly #subPath: string
  /** Every handle that is open; the path from the root is the end of it. */
  readonly #open: FileHandle[] = []

  constructor(root: string, subPath: string) {
    this.#root = root
    this.#subPath = subPath
  }

  async end(): Promise<FileHandle> {
    const root = await this.#opened(this.#root)
    const { mode, gid } = await root.stat()
    let path = [root]
    const left = namesOf(this.#subPath)
    let links = 0
    for (let name = left.shift(); name !== undefined; name = left.shift()) {
      const here = path.at(-1) ?? root
      if (name === '..') {
        if (path.length === 1) throw this.#escape()
        path = path.slice(0, -1)
        continue
      }
      const next = await this.#opened(at(here, name)).catch(async (error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOENT') throw error
        return this.#made(here, name, { mode, gid })
      })
      if (!(await next.stat()).isSymbolicLink()) {
        path.push(next)
        continue
      }
      if (++links > mostLinks) throw new Error(`subPath ${JSON.stringify(this.#subPath)} has too many links`)
      const target = await readlink(at(here, name))
      if (target.startsWith('/')) {
        if (target !== this.#root && !target.startsWith(`${this.#root}/`)) throw this.#escape()
        path = [root]
        left.unshift(...namesOf(target.slice(this.#root.length)))
      } else left.unshift(...namesOf(target))
    }
    return path.at(-1) ?? root
  }

  async close(): Promise<void> {
    await Promise.all(this.#open.map((handle) => handle.close()))
  }

  /** With the mode and the group of the volume. */
  async #made(parent: FileHandle, name: string, { mode, gid }: { mode: number; gid: number }): Promise<FileHandle> {
    await mkdir(at(parent, name))
    const made = await this.#opened(at(parent, name))
    if (!(await made.stat()).isDirectory()) throw this.#escape()
    await chown(at(made), 0, gid)
    await chmod(at(made), mode & 0o7777)
    return made
  }

  async #opened(path: string): Promise<FileHandle> {
    const handle = await open(path, openPathOnly | constants.O_NOFOLLOW)
    this.#open.push(handle)
    return handle
  }

  #escape(): Error {
    return new Error(`subPath ${JSON.stringify(this.#subPath)} leads out of its volume`)
  }
}

const namesOf = (path: string): string[] => path.split('/').filter((name) => name !== '' && name !== '.')
