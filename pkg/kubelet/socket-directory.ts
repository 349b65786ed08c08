// Tells of the sockets in a directory and its folders as they come and go, by the file system's events.
import { type FSWatcher, watch } from 'node:fs'
import { lstat, mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'

export interface SocketDirectoryOptions {
  readonly directory: string
  /** Also for a socket that was replaced by another of its name: first `onRemoved`, then `onAdded`. */
  readonly onAdded: (path: string) => void
  readonly onRemoved: (path: string) => void
  readonly log: (message: string) => void
}

const deepest = 3

export class SocketDirectory {
  readonly #options: SocketDirectoryOptions
  readonly #watchers = new Map<string, FSWatcher>()
  /** What is known of each path: which socket it is. */
  #sockets: ReadonlyMap<string, string> = new Map()
  #scanning: Promise<void> | undefined
  #again = false
  #stopped = false

  constructor(options: SocketDirectoryOptions) {
    this.#options = options
  }

  /** Resolves when what is there has been told. */
  async start(): Promise<void> {
    await mkdir(this.#options.directory, { recursive: true, mode: 0o750 })
    await this.#rescan()
  }

  stop(): void {
    this.#stopped = true
    for (const watcher of this.#watchers.values()) watcher.close()
    this.#watchers.clear()
  }

  #rescan(): Promise<void> {
    this.#again = true
    this.#scanning ??= this.#scan()
    return this.#scanning
  }

  async #scan(): Promise<void> {
    try {
      while (this.#again && !this.#stopped) {
        this.#again = false
        await this.#scanOnce()
      }
    } finally {
      // In the same turn as the last look at `again`, so that no change falls between.
      this.#scanning = undefined
    }
  }

  async #scanOnce(): Promise<void> {
    const found = new Map<string, string>()
    const folders = new Set<string>()
    await this.#walk(this.#options.directory, { found, folders, depth: 0 })
    if (this.#stopped) return
    for (const [folder, watcher] of this.#watchers) {
      if (folders.has(folder)) continue
      watcher.close()
      this.#watchers.delete(folder)
    }
    const before = this.#sockets
    this.#sockets = found
    for (const [path, identity] of before) if (found.get(path) !== identity) this.#options.onRemoved(path)
    for (const [path, identity] of found) if (before.get(path) !== identity) this.#options.onAdded(path)
  }

  async #walk(folder: string, { found, folders, depth }: { found: Map<string, string>; folders: Set<string>; depth: number }): Promise<void> {
    folders.add(folder)
    // Before it is read: what comes while we read is told afterwards.
    this.#watch(folder)
    for (const name of await readdir(folder).catch(() => [])) {
      if (name.startsWith('.')) continue
      const path = join(folder, name)
      const stat = await lstat(path).catch(() => undefined)
      if (stat?.isSocket()) found.set(path, `${stat.ino}/${stat.ctimeMs}`)
      else if (stat?.isDirectory() && depth < deepest) await this.#walk(path, { found, folders, depth: depth + 1 })
    }
  }

  #watch(folder: string): void {
    if (this.#watchers.has(folder) || this.#stopped) return
    try {
      const watcher = watch(folder, { persistent: false }, () => void this.#rescan())
      watcher.on('error', (error) => this.#options.log(`watching ${folder}: ${error.message}`))
      this.#watchers.set(folder, watcher)
    } catch (error) {
      this.#options.log(`watching ${folder}: ${(error as Error).message}`)
    }
  }
}
