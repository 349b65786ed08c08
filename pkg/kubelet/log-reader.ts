// Reads a container's log file, and follows it while the container runs.
import { watch } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import type { Clock } from '../util/clock.ts'
import { sleep } from '../util/clock.ts'
import type { LogFilter } from './log-lines.ts'
import { parseRecord, shownRecord, tailOffset } from './log-lines.ts'

export interface LogReadOptions extends LogFilter {
  readonly path: string
  readonly follow: boolean
  readonly tailLines?: number
  readonly limitBytes?: number
  readonly clock: Clock
  readonly signal: AbortSignal
  /** Whether more can still come. */
  running(): boolean
  /** Calls back when that may have changed. */
  onChange(listener: () => void): () => void
}

const chunkBytes = 256 * 1024
// A safety net: the file system and the runtime tell of changes.
const recheckMs = 10_000
const tailWindowBytes = 64 * 1024

/** Ends at the end of the file; when following, once the container has ended and everything is read. */
export async function* readLog(options: LogReadOptions): AsyncGenerator<Uint8Array> {
  let left = options.limitBytes ?? Infinity
  for await (const piece of pieces(options)) {
    if (left <= 0) return
    yield piece.length > left ? piece.subarray(0, left) : piece
    left -= piece.length
  }
}

async function* pieces(options: LogReadOptions): AsyncGenerator<Buffer> {
  const tail = new FileTail(options)
  try {
    const continues = new Map<string, boolean>()
    for await (const lines of tail.lines()) {
      const shown: Buffer[] = []
      for (const line of lines) {
        const record = parseRecord(line)
        if (!record) continue
        const piece = shownRecord(record, options, continues.get(record.stream) ?? false)
        continues.set(record.stream, record.partial)
        if (piece) shown.push(piece)
      }
      if (shown.length > 0) yield Buffer.concat(shown)
    }
  } finally {
    tail.close()
  }
}

/** Whole lines of a file that grows, and that may be replaced by a new one. */
class FileTail {
  readonly #options: LogReadOptions
  #wake = (): void => undefined
  #changed = false
  #watcher: ReturnType<typeof watch> | undefined
  #unsubscribe = (): void => undefined

  constructor(options: LogReadOptions) {
    this.#options = options
  }

  close(): void {
    this.#watcher?.close()
    this.#unsubscribe()
  }

  async *lines(): AsyncGenerator<Buffer[]> {
    const { path, follow, signal } = this.#options
    if (follow) this.#watch()
    let handle = await open(path, 'r')
    try {
      const { tailLines } = this.#options
      const tail = tailLines === undefined ? undefined : await tailRange(path, tailLines)
      let position = tail?.begin ?? 0
      // So many lines were asked for: what comes while they are read is not among them.
      const end = follow ? Infinity : tail?.end ?? Infinity
      let rest = Buffer.alloc(0)
      let last = false
      for (;;) {
        // Asked before reading: what was written before the end is read after it.
        const more = follow && this.#options.running()
        for (;;) {
          const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(chunkBytes), 0, Math.min(chunkBytes, end - position), position)
          if (bytesRead === 0) break
          position += bytesRead
          const text = Buffer.concat([rest, buffer.subarray(0, bytesRead)])
          const whole = text.lastIndexOf(0x0a) + 1
          rest = Buffer.from(text.subarray(whole))
          if (whole > 0) yield splitLines(text.subarray(0, whole))
          if (signal.aborted) return
        }
        const replaced = await stat(path).then(async (now) => now.ino !== (await handle.stat()).ino, () => false)
        if (replaced && end === Infinity) {
          // Its last lines may have come after we had read it.
          last = !last
          if (last) continue
          await handle.close()
          handle = await open(path, 'r')
          position = 0
          continue
        }
        if (!more || signal.aborted) break
        await this.#change()
      }
      if (rest.length > 0 && !follow) yield [rest]
    } finally {
      await handle.close()
    }
  }

  // The directory, not the file: a rotated log is another file of the same name.
  #watch(): void {
    const name = basename(this.#options.path)
    const wake = (): void => {
      this.#changed = true
      this.#wake()
    }
    this.#watcher = watch(dirname(this.#options.path), (_type, changed) => {
      if (changed === null || changed === name) wake()
    })
    this.#watcher.on('error', wake)
    this.#unsubscribe = this.#options.onChange(wake)
  }

  /** Until the file may have changed, the reader gave up, or it is time to ask whether the container still runs. */
  async #change(): Promise<void> {
    const woken = new AbortController()
    this.#wake = () => woken.abort()
    if (!this.#changed) await sleep(this.#options.clock, recheckMs, AbortSignal.any([woken.signal, this.#options.signal])).catch(() => undefined)
    this.#changed = false
  }
}

function splitLines(text: Buffer): Buffer[] {
  const lines: Buffer[] = []
  for (let begin = 0; begin < text.length;) {
    const end = text.indexOf(0x0a, begin)
    lines.push(text.subarray(begin, end === -1 ? text.length : end))
    if (end === -1) break
    begin = end + 1
  }
  return lines
}

/** Where the last lines begin, and where the file ends now. Reads backwards in growing windows until enough lines are in sight. */
async function tailRange(path: string, lines: number): Promise<{ begin: number; end: number }> {
  const handle = await open(path, 'r')
  try {
    const { size } = await handle.stat()
    for (let window = tailWindowBytes; ; window *= 4) {
      const begin = Math.max(0, size - window)
      const text = Buffer.alloc(size - begin)
      await handle.read(text, 0, text.length, begin)
      const offset = tailOffset(text, lines)
      if (offset > 0 || begin === 0) return { begin: begin + offset, end: size }
    }
  } finally {
    await handle.close()
  }
}
