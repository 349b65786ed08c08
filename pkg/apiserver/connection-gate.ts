// The gate of new connections: so few handshakes are under way that those who are connected already get their answers in between.
import type { Clock } from '../util/clock.ts'
import type { OnNextTurn } from '../util/turn.ts'

export interface ConnectionGateOptions {
  readonly clock: Clock
  readonly onNextTurn: OnNextTurn
  /** Begun in one turn of the event loop. */
  readonly perTurn?: number
  readonly atOnce?: number
  /** Who is slower is not waited for any longer, or silent connections would keep others out. */
  readonly longestMs?: number
}

export class ConnectionGate {
  readonly #options: Required<ConnectionGateOptions>
  readonly #waiting: (() => void)[] = []
  /** Of this turn. */
  #begun = 0
  #underWay = 0

  constructor({ perTurn = 4, atOnce = 16, longestMs = 50, ...options }: ConnectionGateOptions) {
    this.#options = { perTurn, atOnce, longestMs, ...options }
  }

  /** Runs `begin` now or in a later turn, in the order of the calls. It calls `left` when its handshake is over. */
  enter(begin: (left: () => void) => void): void {
    this.#waiting.push(() => this.#begin(begin))
    this.#go()
  }

  #begin(begin: (left: () => void) => void): void {
    const { clock, longestMs } = this.#options
    let isUnderWay = true
    this.#underWay++
    const left = (): void => {
      timer.cancel()
      if (!isUnderWay) return
      isUnderWay = false
      this.#underWay--
      this.#go()
    }
    const timer = clock.setTimer(left, longestMs)
    begin(left)
  }

  #go(): void {
    const { onNextTurn, perTurn, atOnce } = this.#options
    while (this.#waiting.length > 0 && this.#begun < perTurn && this.#underWay < atOnce) {
      if (this.#begun++ === 0) {
        onNextTurn(() => {
          this.#begun = 0
          this.#go()
        })
      }
      this.#waiting.shift()!()
    }
  }
}
