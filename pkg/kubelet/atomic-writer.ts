// Writes a set of files so that readers see all of the old ones or all of the new ones.
// The files are in a directory of their own; `..data` is a link to it, and each visible name a link through `..data`. Replacing that one link is the update.
import { chmodSync, mkdirSync, readlinkSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
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

export interface WriteOptions {
  readonly clock: Clock
  /** The directory is in memory: nothing there ever waits. */
  readonly inMemory?: boolean
  /** Called with the new directory before it becomes visible. */
  readonly prepare?: (path: string) => Promise<void>
}

interface FileCalls {
  chmod(path: string, mode: number): Promise<void>
  mkdir(path: string, options: { mode: number; recursive?: boolean }): Promise<unknown>
  readlink(path: string): Promise<string>
  rename(from: string, to: string): Promise<void>
  symlink(target: string, path: string): Promise<void>
  writeFile(path: string, data: Uint8Array, options: { mode: number }): Promise<void>
}

const patient: FileCalls = { chmod, mkdir, readlink, rename, symlink, writeFile }
/** Another thread is dearer than what it would do. */
const immediate: FileCalls = {
  chmod: async (path, mode) => chmodSync(path, mode),
  mkdir: async (path, options) => mkdirSync(path, options),
  readlink: async (path) => readlinkSync(path),
  rename: async (from, to) => renameSync(from, to),
  symlink: async (target, path) => symlinkSync(target, path),
  writeFile: async (path, data, options) => writeFileSync(path, data, options),
}

/** Returns whether anything changed. */
export async function writeAtomically(directory: string, payload: Payload, options: WriteOptions): Promise<boolean> {
  for (const path of payload.keys()) checkPath(path)
  const files = options.inMemory ? immediate : patient
  const before = await files.readlink(join(directory, dataLink)).catch(() => undefined)
  const visible = new Set([...payload.keys()].map(firstPart))
  if (before !== undefined && await same(join(directory, before), payload)) {
    await linkVisible(files, directory, visible)
    await unlinkOthers(directory, visible)
    return false
  }
  const name = freshName(options.clock)
  const fresh = join(directory, name)
  await files.mkdir(fresh, { mode: 0o755 })
  for (const [path, file] of payload) {
    const target = join(fresh, path)
    if (path.includes('/')) await files.mkdir(dirname(target), { recursive: true, mode: 0o755 })
    await files.writeFile(target, file.data, { mode: file.mode })
    await keepMode(files, target, file.mode)
  }
  await keepMode(files, fresh, 0o755)
  await options.prepare?.(fresh)
  const temporary = join(directory, '..data_tmp')
  await files.symlink(name, temporary).catch(async (error: NodeJS.ErrnoException) => {
    // Left by one that was killed in the middle.
    if (error.code !== 'EEXIST') throw error
    await rm(temporary)
    await files.symlink(name, temporary)
  })
  await files.rename(temporary, join(directory, dataLink))
  await linkVisible(files, directory, visible)
  if (before !== undefined) await unlinkOthers(directory, visible)
  if (before !== undefined) await rm(join(directory, before), { recursive: true, force: true })
  return true
}

/** The mode at creation is cut by the umask. */
async function keepMode(files: FileCalls, path: string, mode: number): Promise<void> {
  if ((mode & process.umask()) !== 0 || (mode & 0o7000) !== 0) await files.chmod(path, mode)
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

async function linkVisible(files: FileCalls, directory: string, visible: ReadonlySet<string>): Promise<void> {
  for (const name of visible) {
    await files.symlink(join(dataLink, name), join(directory, name)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error
    })
  }
}

async function unlinkOthers(directory: string, visible: ReadonlySet<string>): Promise<void> {
  for (const name of await readdir(directory)) {
    if (!name.startsWith('..') && !visible.has(name)) await rm(join(directory, name), { recursive: true, force: true })
  }
}
