// A directory whose image archives are imported, and whose lists of images are heeded: what is there at the start, and what appears later.
import { type FSWatcher, mkdirSync, watch } from 'node:fs'
import { readdir, readFile, rename, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock, Timer } from '../util/clock.ts'
import { type ImageLists, imagesOf } from './image-lists.ts'
import type { ImageStore } from './images.ts'

export interface ImageDirectoryOptions {
  readonly directory: string
  /** Remembers which files are in the store, across restarts. */
  readonly recordPath: string
  readonly store: Pick<ImageStore, 'importFile' | 'has'>
  /** For files that end in `.txt`. */
  readonly lists: Pick<ImageLists, 'want'>
  readonly clock: Clock
  readonly log: (text: string) => void
}

interface Imported {
  /** Size and time of the last change: what makes it another file. */
  readonly stamp: string
  readonly names: readonly string[]
}

const archive = /\.(tar|tar\.gz|tgz|tar\.zst|tzst)$/
const list = /\.txt$/
/** A file that has not changed for this long is written. */
const settledMs = 1000

/** Invariant: one import runs at a time; a file is tried again only when it has changed. */
export class ImageDirectory {
  readonly #options: ImageDirectoryOptions
  readonly #imported = new Map<string, Imported>()
  /** Files that are not to be looked at again until they change. */
  readonly #done = new Map<string, string>()
  #watcher: FSWatcher | undefined
  #timer: Timer | undefined
  #running: Promise<void> = Promise.resolve()
  #stopped = false

  constructor(options: ImageDirectoryOptions) {
    this.#options = options
  }

  /** Resolves when what is there is imported; an archive that can't be is told of in the log. */
  async start(): Promise<void> {
    const { directory, recordPath, store, clock } = this.#options
    mkdirSync(directory, { recursive: true, mode: 0o755 })
    const remembered = await readFile(recordPath, 'utf8').then((text) => JSON.parse(text) as Record<string, Imported>).catch(() => ({}))
    for (const [name, imported] of Object.entries(remembered)) {
      if ((await Promise.all(imported.names.map((each) => store.has(each)))).every(Boolean)) this.#imported.set(name, imported)
    }
    this.#watcher = watch(directory, () => this.#soon())
    this.#watcher.on('error', (error) => this.#options.log(`${directory} is no longer watched: ${error.message}`))
    await this.#pass({ settledBefore: clock.now() + 1 })
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#timer?.cancel()
    this.#watcher?.close()
    await this.#running
  }

  #soon(): void {
    this.#timer?.cancel()
    if (this.#stopped) return
    this.#timer = this.#options.clock.setTimer(() => {
      this.#running = this.#running.then(() => this.#pass({ settledBefore: this.#options.clock.now() - settledMs }))
    }, settledMs)
  }

  async #pass({ settledBefore }: { settledBefore: number }): Promise<void> {
    const { directory, log } = this.#options
    try {
      const names = (await readdir(directory)).filter((name) => archive.test(name) || list.test(name)).sort()
      for (const name of names) {
        if (this.#stopped) return
        const found = await stat(join(directory, name)).catch(() => undefined)
        if (!found?.isFile()) continue
        const stamp = `${found.size}-${found.mtimeMs}`
        if (this.#imported.get(name)?.stamp === stamp || this.#done.get(name) === stamp) continue
        if (found.mtimeMs > settledBefore) this.#soon()
        else if (list.test(name)) await this.#heed(name, stamp)
        else await this.#import(name, stamp)
      }
    } catch (error) {
      log(`${directory}: ${(error as Error).message}`)
    }
  }

  async #import(name: string, stamp: string): Promise<void> {
    const { directory, store, log } = this.#options
    try {
      const names = await store.importFile(join(directory, name))
      this.#imported.set(name, { stamp, names })
      this.#done.delete(name)
      log(`imported ${names.join(', ')} from ${name}`)
      await this.#remember()
    } catch (error) {
      this.#done.set(name, stamp)
      log(`${join(directory, name)} can't be imported: ${(error as Error).message}`)
    }
  }

  /** Not remembered: the next start looks whether all of them are still there. */
  async #heed(name: string, stamp: string): Promise<void> {
    this.#done.set(name, stamp)
    this.#options.lists.want(name, imagesOf(await readFile(join(this.#options.directory, name), 'utf8')))
  }

  async #remember(): Promise<void> {
    const { recordPath } = this.#options
    await writeFile(`${recordPath}.new`, JSON.stringify(Object.fromEntries(this.#imported)), { mode: 0o600 })
    await rename(`${recordPath}.new`, recordPath)
  }
}
