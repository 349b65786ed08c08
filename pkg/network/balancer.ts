// Chooses the endpoint of a new connection: in turn, or the one that this client had before.
import type { Clock } from '../util/clock.ts'
import type { Endpoint } from './table.ts'

export class Balancer {
  #clock: Clock
  #endpoints: readonly Endpoint[] = []
  #affinitySeconds = 0
  #next = 0
  /** client address → endpoint and last use. Pruned when endpoints change and when it grows. */
  #clients = new Map<string, { endpoint: Endpoint; usedMs: number }>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get endpoints(): readonly Endpoint[] {
    return this.#endpoints
  }

  update(endpoints: readonly Endpoint[], affinitySeconds: number): void {
    this.#endpoints = endpoints
    this.#affinitySeconds = affinitySeconds
    if (affinitySeconds === 0) return this.#clients.clear()
    for (const [client, { endpoint }] of this.#clients) if (!this.has(endpoint)) this.#clients.delete(client)
  }

  has(endpoint: Endpoint): boolean {
    return this.#endpoints.some((other) => other.ip === endpoint.ip && other.port === endpoint.port)
  }

  /** The endpoints in the order in which to try them for this client; empty when there are none. */
  order(client: string): Endpoint[] {
    if (this.#endpoints.length === 0) return []
    const first = this.#next++ % this.#endpoints.length
    const order = [...this.#endpoints.slice(first), ...this.#endpoints.slice(0, first)]
    const kept = this.#affinitySeconds > 0 ? this.#clients.get(client) : undefined
    if (!kept || this.#clock.now() - kept.usedMs > this.#affinitySeconds * 1000) return order
    return [kept.endpoint, ...order.filter((endpoint) => endpoint.ip !== kept.endpoint.ip || endpoint.port !== kept.endpoint.port)]
  }

  /** Remembers whom the client was connected to. */
  chose(client: string, endpoint: Endpoint): void {
    if (this.#affinitySeconds === 0) return
    const now = this.#clock.now()
    if (this.#clients.size > 10_000) {
      for (const [other, { usedMs }] of this.#clients) if (now - usedMs > this.#affinitySeconds * 1000) this.#clients.delete(other)
    }
    this.#clients.set(client, { endpoint, usedMs: now })
  }
}
