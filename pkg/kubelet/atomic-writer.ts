// Writes a set of files so that readers see all of the old ones or all of the new ones.
// The files are in a directory of their own; `..data` is a link to it, and each visible name a link through `..data`. Replacing that one link is the update.
import { chmod, mkdir, readdir, readFile, readlink, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Clock } from '../util/clock.ts'

export interface PayloadFile {
  readonly data: Uint8Array
  readonly mode: number
}

/** By relative path. */
export type Payload = ReadonlyMap<string, PayloadFile>

const dataLink = '..data'

/** Returns whether anything changed. `prepare` is called with the new directory before it becomes visible. */
export async function writeAtomically(directory: string, payload: Payload, options: { clock: Clock; prepare?: (path: string) => Promise<void> }): Promise<boolean> {
  for (const path of payload.keys()) checkPath(path)
  const before = await readlink(join(directory, dataLink)).catch(() => undefined)
  const visible = new Set([...payload.keys()].map(firstPart))
  if (before !== undefined && await same(join(directory, before), payload)) {
    await linkVisible(directory, visible, false)
    return false
  }
  const name = freshName(options.clock)
  const fresh = join(directory, name)
  await mkdir(fresh, { mode: 0o755 })
  for (const [path, file] of payload) {
    const target = join(fresh, path)
    if (path.includes('/')) await mkdir(dirname(target), { recursive: true, mode: 0o755 })
    await writeFile(target, file.data, { mode: file.mode })
    await keepMode(target, file.mode)
  }
  await keepMode(fresh, 0o755)
  await options.prepare?.(fresh)
  const temporary = join(directory, '..data_tmp')
  await symlink(name, temporary).catch(async (error: NodeJS.ErrnoException) => {
    // Left by one that was killed in the middle.
    if (error.code !== 'EEXIST') throw error
    await rm(temporary)
    await symlink(name, temporary)
  })
  await rename(temporary, join(directory, dataLink))
  await linkVisible(directory, visible, before === undefined)
  if (before !== undefined) await rm(join(directory, before), { recursive: true, force: true })
  return true
}

/** The mode at creation is cut by the umask. */
async function keepMode(path: string, mode: number): Promise<void> {
  if ((mode & process.umask()) !== 0 || (mode & 0o7000) !== 0) await chmod(path, mode)
}

function checkPath(path: string): void {
  if (path === '' || path.startsWith('/') || path.split('/').includes('..') || path.startsWith('..')) throw new Error(`invalid path: ${JSON.stringify(path)} must be relative, without '..'`)
}

const firstPart = (path: string): string => path.split('/')[0] ?? path

function freshName(clock: Clock): string {
  const stamp = new Date(clock.now()).toISOString().replace(/[-:T]/g, '_').replace(/\..*$/, '')
  return `..${stamp}.${String(Math.floor(clock.random() * 1e10)).padStart(10, '0')}`
}

async function same(directory: string, payload: Payload): Promise<boolean> {
  const found = await filesOf(directory).catch(() => undefined)
  if (!found || found.length !== payload.size) return false
  for (const path of found) {
    const file = payload.get(path)
    if (!file || Buffer.compare(await readFile(join(directory, path)), file.data) !== 0) return false
  }
  return true
}

async function filesOf(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true })
  return entries.filter((entry) => !entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1))
}

/** In a directory that never had any there are none to take away. */
async function linkVisible(directory: string, visible: ReadonlySet<string>, first: boolean): Promise<void> {
  for (const name of visible) {
    await symlink(join(dataLink, name), join(directory, name)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error
    })
  }
  for (const name of first ? [] : await readdir(directory)) {
    if (!name.startsWith('..') && !visible.has(name)) await rm(join(directory, name), { recursive: true, force: true })
  }
}
