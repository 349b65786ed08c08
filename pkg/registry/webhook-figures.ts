// What admission webhooks cost and how they answer, in Prometheus' text form.
import { StatusError } from '../api/status-error.ts'
import { Histograms } from '../util/histogram.ts'

export interface WebhookCall {
  readonly name: string
  /** `admit` changes objects. */
  readonly type: 'admit' | 'validating'
  readonly operation: string
}

/** Of a call that failed, why: the webhook refused, or could not be asked. */
export type WebhookOutcome = 'allowed' | 'failed-open' | { readonly refusal: unknown; readonly byWebhook: boolean }

const bounds = [0.005, 0.025, 0.1, 0.5, 1, 2.5, 10, 25]
const namespace = 'apiserver_admission'

export class WebhookFigures {
  readonly #durations = new Histograms(`${namespace}_webhook_admission_duration_seconds`, 'How long webhooks took to answer.', bounds)
  readonly #requests = new Map<string, number>()
  readonly #rejections = new Map<string, number>()
  readonly #failedOpen = new Map<string, number>()
  /** Servers whose certificates nobody should have any more. */
  readonly #certificates = { 'missing-san': 0, 'insecure-sha1': 0 }

  told({ name, type, operation }: WebhookCall, seconds: number, outcome: WebhookOutcome): void {
    const rejected = typeof outcome === 'object'
    const own = `name=${JSON.stringify(name)},operation="${operation}"`
    this.#durations.observe(`${own},rejected="${rejected}",type="${type}"`, seconds)
    const code = rejected ? (outcome.refusal instanceof StatusError ? outcome.refusal.code : 500) : 200
    raise(this.#requests, `code="${Math.min(code, 600)}",${own},rejected="${rejected}",type="${type}"`)
    if (outcome === 'failed-open') raise(this.#failedOpen, `name=${JSON.stringify(name)},type="${type}"`)
    if (rejected) raise(this.#rejections, `error_type="${outcome.byWebhook ? 'no_error' : 'calling_webhook_error'}",${own},rejection_code="${outcome.byWebhook ? Math.min(code, 600) : 0}",type="${type}"`)
  }

  /** A call came to nothing for the server's certificate. */
  certificate(id: 'missing-san' | 'insecure-sha1'): void {
    this.#certificates[id]++
  }

  text(): string {
    return [
      ...this.#durations.lines(),
      ...counter('webhook_request_total', 'How webhooks answered.', this.#requests), ...counter('webhook_rejection_count', 'Requests that webhooks refused, or that failed for them.', this.#rejections),
      ...counter('webhook_fail_open_count', 'Webhooks that failed and were passed over.', this.#failedOpen),
      '# HELP apiserver_webhooks_x509_missing_san_total Calls to webhooks whose certificates have only a common name.', '# TYPE apiserver_webhooks_x509_missing_san_total counter', `apiserver_webhooks_x509_missing_san_total ${this.#certificates['missing-san']}`,
      '# HELP apiserver_webhooks_x509_insecure_sha1_total Calls to webhooks whose certificates are signed with SHA-1.', '# TYPE apiserver_webhooks_x509_insecure_sha1_total counter', `apiserver_webhooks_x509_insecure_sha1_total ${this.#certificates['insecure-sha1']}`, '',
    ].join('\n')
  }
}

const raise = (counts: Map<string, number>, labels: string): void => void counts.set(labels, (counts.get(labels) ?? 0) + 1)

const counter = (name: string, help: string, counts: ReadonlyMap<string, number>): string[] =>
  [`# HELP ${namespace}_${name} ${help}`, `# TYPE ${namespace}_${name} counter`, ...[...counts].map(([labels, count]) => `${namespace}_${name}{${labels}} ${count}`)]
