// What health checks came to, in Prometheus' text form: served apart, at /metrics/slis.
import { Counters, family, type Sample } from '../util/counters.ts'

export class HealthFigures {
  readonly #last = new Map<string, number>()
  readonly #counts = new Counters('kubernetes_healthchecks_total', 'Health checks by what they came to.')

  checked(name: string, endpoint: string, ok: boolean): void {
    const labels = `name="${name}",type="${endpoint}"`
    this.#last.set(labels, ok ? 1 : 0)
    this.#counts.raise(`name="${name}",status="${ok ? 'success' : 'error'}",type="${endpoint}"`)
  }

  text(): string {
    return [...family('kubernetes_healthcheck', 'gauge', 'What each health check came to last: 1 is well.', [...this.#last].map(([labels, value]): Sample => [labels, value])), ...this.#counts.lines(), ''].join('\n')
  }
}
