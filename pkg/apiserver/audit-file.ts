// The audit log's file: lines that come while others are written go together; a file that is full is put aside under its time.
import { mkdirSync } from 'node:fs'
import { open, readdir, readFile, rename, rm, writeFile, type FileHandle } from 'node:fs/promises'
import { basename, dirname, extname, join } from 'node:path'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { Clock, Timer } from '../util/clock.ts'
import type { AuditSink } from './audit.ts'

export interface AuditFileOptions {
  /** `-` is standard output, which is never put aside. */
  readonly path: string
  readonly maxBytes: number
  /** Days that files put aside are kept; 0 for ever. */
  readonly maxAgeDays: number
  /** Files put aside that are kept; 0 for all. */
  readonly maxBackups: number
  /** Whether files put aside are compressed. */
  readonly compress?: boolean
  readonly clock: Clock
  readonly log: (text: string) => void
}

const gzipped = promisify(gzip)
/** So much goes in one write. */
const pieceCharacters = 256 * 1024
/** What waits for a disk that does not take it; more is lost, and said to be. */
const mostCharacters = 64 * 1024 * 1024
const retryMs = 1000
const dayMs = 24 * 3600 * 1000

interface Waiting {
  readonly line: string
  /** Called once, with whether it was kept at the first try. */
  readonly tried: (kept: boolean) => void
}

/** Promises: lines are written in order and whole; `write` resolves when its own has been tried; `close` resolves when all are written. */
export class AuditFile implements AuditSink {
  readonly #options: AuditFileOptions
  #lines: Waiting[] = []
  #waiting = 0
  #timer: Timer | undefined
  #writing: Promise<void> | undefined
  #file: FileHandle | undefined
  #size = 0
  #closed = false
  #failing = false
  /** Lines that were given up. */
  lost = 0
  written = 0

  private constructor(options: AuditFileOptions) {
    this.#options = options
  }

  /** Fails with an Error when the file can't be written to. */
  static async open(options: AuditFileOptions): Promise<AuditFile> {
    const file = new AuditFile(options)
    if (options.path !== '-') {
      mkdirSync(dirname(options.path), { recursive: true, mode: 0o700 })
      await file.#open()
      await file.#discardOld()
    }
    return file
  }

  write(line: string): Promise<boolean> {
    if (this.#closed || this.#waiting + line.length > mostCharacters) {
      if (this.lost++ === 0) this.#options.log(`audit: ${this.#options.path} does not take what is written; events are lost`)
      return Promise.resolve(false)
    }
    const tried = new Promise<boolean>((resolve) => void this.#lines.push({ line, tried: resolve }))
    this.#waiting += line.length + 1
    if (!this.#writing && !this.#failing) this.#flush()
    return tried
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#timer?.cancel()
    this.#timer = undefined
    await this.#writing
    this.#failing = false
    if (this.#lines.length > 0) await this.#append()
    if (this.#lines.length > 0) this.#options.log(`audit: ${this.#lines.length} events could not be written`)
    await this.#file?.close()
    this.#file = undefined
  }

  #flush(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    this.#writing ??= this.#append().finally(() => {
      this.#writing = undefined
      if (this.#lines.length === 0 || this.#closed) return
      if (this.#failing) this.#timer ??= this.#options.clock.setTimer(() => this.#flush(), retryMs)
      else this.#flush()
    })
  }

  /** Writes all that waits now, or as much as the file takes; what fails stays for the next try. */
  async #append(): Promise<void> {
    const { path, maxBytes, log } = this.#options
    try {
      while (this.#lines.length > 0) {
        const { count, characters, bytes } = this.#piece()
        if (path === '-') await toStandardOutput(bytes)
        else {
          if (!this.#file) await this.#open()
          if (this.#size > 0 && this.#size + bytes.length > maxBytes) await this.#putAside()
          await this.#file!.appendFile(bytes)
          this.#size += bytes.length
        }
        this.#waiting -= characters
        this.written += count
        this.#failing = false
        for (const { tried } of this.#lines.splice(0, count)) tried(true)
      }
    } catch (error) {
      if (!this.#failing) log(`audit: ${path} can't be written: ${(error as Error).message}`)
      this.#failing = true
      for (const { tried } of this.#lines) tried(false)
      // What was written of the piece goes with its next try.
      await this.#file?.truncate(this.#size).catch(() => undefined)
      await this.#file?.close().catch(() => undefined)
      this.#file = undefined
    }
  }

  /** As many lines as go in one write, and no more than a file may hold unless one line alone is longer. */
  #piece(): { count: number; characters: number; bytes: Buffer } {
    const room = Math.min(pieceCharacters, Math.max(0, this.#options.maxBytes - this.#size) || this.#options.maxBytes)
    let count = 0
    let length = 0
    for (const { line } of this.#lines) {
      const more = Buffer.byteLength(line) + 1
      if (count > 0 && length + more > room) break
      length += more
      count++
    }
    const text = this.#lines.slice(0, count).map(({ line }) => `${line}\n`).join('')
    return { count, characters: text.length, bytes: Buffer.from(text) }
  }

  async #open(): Promise<void> {
    this.#file = await open(this.#options.path, 'a', 0o600)
    this.#size = (await this.#file.stat()).size
  }

  async #putAside(): Promise<void> {
    const { path, clock } = this.#options
    await this.#file?.close()
    this.#file = undefined
    const end = extname(path)
    const time = new Date(clock.now()).toISOString().slice(0, -1).replaceAll(':', '-')
    await rename(path, join(dirname(path), `${basename(path, end)}-${time}${end}`))
    await this.#open()
    await this.#discardOld()
    if (this.#options.compress) await this.#compressOld()
  }

  /** Files put aside that are too old, or too many. */
  async #discardOld(): Promise<void> {
    const { path, maxAgeDays, maxBackups, clock } = this.#options
    if (maxAgeDays === 0 && maxBackups === 0) return
    for (const [index, { name, time }] of (await this.#aside()).entries()) {
      const late = maxAgeDays > 0 && timeOf(time) < clock.now() - maxAgeDays * dayMs
      if (late || (maxBackups > 0 && index >= maxBackups)) await rm(join(dirname(path), name), { force: true })
    }
  }

  async #compressOld(): Promise<void> {
    const directory = dirname(this.#options.path)
    for (const { name } of await this.#aside()) {
      if (name.endsWith('.gz')) continue
      const whole = join(directory, name)
      await writeFile(`${whole}.gz.part`, await gzipped(await readFile(whole)), { mode: 0o600 })
      await rename(`${whole}.gz.part`, `${whole}.gz`)
      await rm(whole)
    }
  }

  /** Files put aside, the newest first. */
  async #aside(): Promise<{ name: string; time: string }[]> {
    const { path } = this.#options
    const end = extname(path)
    const start = `${basename(path, end)}-`
    return (await readdir(dirname(path))).sort().reverse().flatMap((name) => {
      const plain = name.replace(/\.gz$/, '')
      const time = plain.slice(start.length, plain.length - end.length)
      return name.startsWith(start) && plain.endsWith(end) && /^\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{3}$/.test(time) ? [{ name, time }] : []
    })
  }
}

const timeOf = (text: string): number => Date.parse(`${text.slice(0, 10)}T${text.slice(11, 19).replaceAll('-', ':')}Z`)

const toStandardOutput = (bytes: Buffer): Promise<void> => new Promise((resolve, reject) => {
  process.stdout.write(bytes, (error) => (error ? reject(error) : resolve()))
})
