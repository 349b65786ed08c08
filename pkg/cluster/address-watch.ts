// Notices that the machine has another address, and that it is time to look at the certificates again.
import type { Clock, Timer } from '../util/clock.ts'

export interface AddressWatchOptions {
  readonly clock: Clock
  readonly address: string
  /** The machine's own address now. */
  readonly look: () => Promise<string>
  /** Another address, or the day is over: certificates are to be renewed. Tried again when it fails. */
  readonly renew: (address: string) => Promise<void>
  readonly log: (text: string) => void
}

const lookMs = 10_000
const dayMs = 86_400_000

export class AddressWatch {
  readonly #options: AddressWatchOptions
  #address: string
  /** Seen once: an interface that comes and goes is no other address. */
  #candidate: string | undefined
  #renewedMs: number
  #timer: Timer | undefined
  #looking: Promise<void> | undefined
  #stopped = false

  constructor(options: AddressWatchOptions) {
    this.#options = options
    this.#address = options.address
    this.#renewedMs = options.clock.now()
  }

  start(): void {
    if (this.#stopped) return
    this.#timer = this.#options.clock.setTimer(() => {
      this.#looking = this.#look().catch((error: Error) => this.#options.log(`address of the node: ${error.message}`)).finally(() => this.start())
    }, lookMs)
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#timer?.cancel()
    await this.#looking
  }

  async #look(): Promise<void> {
    const { clock, look, renew, log } = this.#options
    const found = await look()
    // A machine that is off the network keeps the address that it had.
    const other = found !== this.#address && found !== '127.0.0.1'
    const certain = other && found === this.#candidate
    this.#candidate = other ? found : undefined
    if (!certain && clock.now() - this.#renewedMs < dayMs) return
    if (certain) log(`the node's address is ${found} now; it was ${this.#address}`)
    await renew(certain ? found : this.#address)
    if (certain) this.#address = found
    this.#candidate = undefined
    this.#renewedMs = clock.now()
  }
}
