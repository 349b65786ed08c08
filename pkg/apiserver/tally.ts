// What one request over HTTP comes to: how long other parts had it, and how many bytes it was answered with.
import type { Layer, Took } from '../api/request.ts'
import type { AuditRecord } from './audit-record.ts'

export class Tally {
  /** Of the answer. */
  bytes = 0
  /** To be told, too. */
  record: AuditRecord | undefined
  #inTurnMs = 0
  #atOnceMs = 0

  readonly took: Took = (layer: Layer, ms: number) => {
    this.record?.took(layer, ms)
    // Validating webhooks are asked at the same time.
    if (layer === 'validating-webhook') this.#atOnceMs = Math.max(this.#atOnceMs, ms)
    else if (layer === 'mutating-webhook' || layer === 'apf-queue-wait') this.#inTurnMs += ms
  }

  /** What webhooks took, and the wait for a turn. */
  get elsewhereMs(): number {
    return this.#inTurnMs + this.#atOnceMs
  }
}
