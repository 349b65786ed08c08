// Sums by topology domain: a label's key and value.
import type { NodeInfo } from './node-info.ts'

export class TopologyCounts {
  readonly #counts = new Map<string, Map<string, number>>()

  get empty(): boolean {
    return this.#counts.size === 0
  }

  /** Counts for the node's domain; a node without the label is in none. */
  add(key: string, node: NodeInfo, amount: number): void {
    const value = node.labels[key]
    if (value === undefined) return
    let values = this.#counts.get(key)
    if (!values) this.#counts.set(key, (values = new Map()))
    values.set(value, (values.get(value) ?? 0) + amount)
  }

  of(key: string, node: NodeInfo): number {
    const value = node.labels[key]
    return value === undefined ? 0 : (this.#counts.get(key)?.get(value) ?? 0)
  }

  /** Values of all domains of the key. */
  domains(key: string): ReadonlyMap<string, number> {
    return this.#counts.get(key) ?? new Map<string, number>()
  }

  /** The sum over all keys. */
  total(node: NodeInfo): number {
    let sum = 0
    for (const key of this.#counts.keys()) sum += this.of(key, node)
    return sum
  }

  /** Whether any key has this node in a domain with a positive count. */
  touches(node: NodeInfo): boolean {
    for (const key of this.#counts.keys()) if (this.of(key, node) > 0) return true
    return false
  }
}
