// What is being done now: on a terminal one line that changes, elsewhere a plain line for each thing that is done.
import { systemClock, type Timer } from '../pkg/util/clock.ts'

const frames = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏']
const frameMs = 100

export class Progress {
  readonly #terminal = process.stderr.isTTY
  #text = ''
  #startedMs = systemClock.monotonic()
  #frame = 0
  #timer: Timer | undefined

  /** What is being done from now on. */
  begin(text: string): void {
    this.#text = text
    this.#startedMs = systemClock.monotonic()
    this.#timer?.cancel()
    if (this.#terminal) this.#draw()
  }

  /** What has been done; `begin` told of it before. */
  end(text: string): void {
    this.#clear()
    process.stderr.write(this.#terminal ? `\u001b[32m✓\u001b[0m ${text} \u001b[2m${this.#seconds()}\u001b[0m\n` : `${text}\n`)
  }

  /** Something worth knowing meanwhile. */
  note(text: string): void {
    if (this.#terminal) process.stderr.write('\r\u001b[K')
    process.stderr.write(`  ${text}\n`)
  }

  /** Ends the changing line; an error follows. */
  fail(): void {
    this.#clear()
    if (this.#terminal && this.#text) process.stderr.write(`\u001b[31m✗\u001b[0m ${this.#text}\n`)
  }

  #draw(): void {
    const frame = frames[this.#frame++ % frames.length]
    process.stderr.write(`\r\u001b[K${frame} ${this.#text} \u001b[2m${this.#seconds()}\u001b[0m`)
    this.#timer = systemClock.setTimer(() => this.#draw(), frameMs)
  }

  #clear(): void {
    this.#timer?.cancel()
    if (this.#terminal) process.stderr.write('\r\u001b[K')
  }

  #seconds(): string {
    return `${((systemClock.monotonic() - this.#startedMs) / 1000).toFixed(1)} s`
  }
}
