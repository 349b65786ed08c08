// Who came, with what, and what they were allowed, counted as kube-apiserver counts it, in Prometheus' text form.
import type { Clock } from '../util/clock.ts'
import { Counters } from '../util/counters.ts'
import { Histograms } from '../util/histogram.ts'

const waits = Array.from({ length: 15 }, (_, power) => 2 ** power / 1000)
const day = 24 * 3600
const expiries = [0, 1800, 3600, 7200, 6 * 3600, day / 2, day, 2 * day, 4 * day, 7 * day, 30 * day, 90 * day, 180 * day, 360 * day]

const knownUsers = new Set(['admin', 'client', 'kube_proxy', 'kubelet', 'system:serviceaccount:kube-system:default'])

/** Few names, whoever comes. */
const userLabel = (name: string): string => (knownUsers.has(name) ? name : name.includes('@') ? 'email_id' : 'other')

export class AccessFigures {
  readonly #users = new Counters('authenticated_user_requests', 'Requests by who made them.')
  readonly #authentications = new Histograms('authentication_duration_seconds', 'How long it took to make out who asks.', waits)
  readonly #authorizations = new Histograms('authorization_duration_seconds', 'How long it took to decide on requests.', waits)
  readonly #expiries = new Histograms('apiserver_client_certificate_expiration_seconds', 'How long certificates of clients were still good for.', expiries)
  readonly #certificates = this.#expiries.of('')
  readonly #known = this.#authentications.of('result="success"')
  readonly #unknown = this.#authentications.of('result="failure"')
  readonly #allowed = this.#authorizations.of('result="allowed"')
  readonly #denied = this.#authorizations.of('result="no-opinion"')

  authenticated(name: string, seconds: number, certificateSeconds: number | undefined): void {
    this.#users.raise(`username="${userLabel(name)}"`)
    this.#known.observe(seconds)
    if (certificateSeconds !== undefined) this.#certificates.observe(certificateSeconds)
  }

  notAuthenticated(seconds: number): void {
    this.#unknown.observe(seconds)
  }

  /** A decision on a request, which throws when it is not allowed. Returns its milliseconds. */
  measured(clock: Clock, decide: () => void): number {
    const fromMs = clock.monotonic()
    let series = this.#denied
    try {
      decide()
      series = this.#allowed
    } finally {
      series.observe((clock.monotonic() - fromMs) / 1000)
    }
    return clock.monotonic() - fromMs
  }

  lines(): string[] {
    const counted = (name: string, help: string, series: readonly (readonly [string, number])[]): string[] => [
      `# HELP ${name} ${help}`, `# TYPE ${name} counter`, ...series.filter(([, count]) => count > 0).map(([result, count]) => `${name}{result="${result}"} ${count}`),
    ]
    return [
      ...this.#users.lines(), ...counted('authentication_attempts', 'Requests by whether it was made out who made them.', [['success', this.#known.count], ['failure', this.#unknown.count]]), ...this.#authentications.lines(),
      ...counted('authorization_attempts_total', 'Requests by whether they were allowed.', [['allowed', this.#allowed.count], ['no-opinion', this.#denied.count]]), ...this.#authorizations.lines(),
      ...this.#expiries.lines(),
    ]
  }
}
