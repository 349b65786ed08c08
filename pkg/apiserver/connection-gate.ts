// The gate of new connections: so few handshakes begin in a turn of the event loop that those who are connected already get their answers in between.
import type { OnNextTurn } from '../util/turn.ts'

export class ConnectionGate {
  readonly #onNextTurn: OnNextTurn
  readonly #perTurn: number
  readonly #waiting: (() => void)[] = []
  /** Of this turn. */
  #begun = 0

  constructor(onNextTurn: OnNextTurn, perTurn = 4) {
    this.#onNextTurn = onNextTurn
    this.#perTurn = perTurn
  }

  /** Runs `begin` now or in a later turn, in the order of the calls. */
  enter(begin: () => void): void {
    if (this.#begun === 0) this.#onNextTurn(() => this.#turn())
    if (this.#begun >= this.#perTurn) return void this.#waiting.push(begin)
    this.#begun++
    begin()
  }

  #turn(): void {
    this.#begun = 0
    for (const begin of this.#waiting.splice(0, this.#perTurn)) this.enter(begin)
  }
}
