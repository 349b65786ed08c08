// Which high port each service port number is mapped to. The mapping is by number, so a Service on a known number changes no rule.

// Outside the node port range and Linux' ephemeral range, so that neither collides with a mapped port.
const ranges: readonly (readonly [number, number])[] = [[61000, 65535], [20000, 29999]]

function* candidates(): Generator<number> {
  for (const [first, last] of ranges) for (let port = first; port <= last; port++) yield port
}

/** Invariant: no two numbers of one map share a mapped port, and a port that was refused is never given again. */
export class PortMap {
  #mapped = new Map<number, number>()
  #free = candidates()

  /** The mapped port of `number`, made on first use. */
  mapped(number: number): number {
    const known = this.#mapped.get(number)
    if (known !== undefined) return known
    const next = this.#free.next()
    if (next.done) throw new Error(`no mapped port is left for service port ${number}`)
    this.#mapped.set(number, next.value)
    return next.value
  }

  /** Another process holds the mapped port of `number` on all addresses: take the next one. */
  refuse(number: number): number {
    this.#mapped.delete(number)
    return this.mapped(number)
  }
}
