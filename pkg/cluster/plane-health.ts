// What the control plane says of its own health, and of its parts in figures.
import type { HealthCheck, HealthChecks } from '../apiserver/health.ts'
import { family, type Sample } from '../apiserver/metrics.ts'
import type { QueueFigures } from '../controller/runner.ts'
import type { Store } from '../storage/store.ts'
import type { Clock } from '../util/clock.ts'

/** A disk that takes longer is no disk to rely on. */
const patienceMs = 2000

/** The checks that tools ask for by name; `etcd` is what stores, whatever it is. */
export function planeHealth({ store, clock, isStopping }: { store: Store; clock: Clock; isStopping: () => boolean }): HealthChecks {
  const answers: HealthCheck = () => new Promise((resolve) => {
    const timer = clock.setTimer(() => resolve(`the store has not answered for ${patienceMs} ms`), patienceMs)
    // Resolves when all that was written before is on disk.
    store.transact(() => undefined).then(() => resolve(undefined), (error: Error) => resolve(error.message)).finally(() => timer.cancel())
  })
  return {
    livez: { log: () => undefined, etcd: answers },
    readyz: { 'etcd-readiness': answers, shutdown: () => (isStopping() ? 'process is shutting down' : undefined) },
  }
}

export interface PlaneParts {
  readonly queues: readonly QueueFigures[]
  /** Lines of further figures. */
  readonly lines: readonly string[]
  /** By backend. */
  readonly audit?: Readonly<Record<string, () => { readonly written: number; readonly lost: number }>>
}

export function planeMetrics({ queues, lines, audit }: PlaneParts): string {
  const rows = (pick: (queue: PlaneParts['queues'][number]) => number): Sample[] => queues.map((queue) => [`name="${queue.name}"`, pick(queue)])
  return [
    ...family('workqueue_depth', 'gauge', 'Keys that wait for their controller.', rows(({ depth }) => depth)),
    ...family('workqueue_adds_total', 'counter', 'Keys that came to wait.', rows(({ added }) => added)),
    ...family('workqueue_retries_total', 'counter', 'Keys that are tried again after a failure.', rows(({ retried }) => retried)),
    ...family('workqueue_unfinished_work_seconds', 'gauge', 'How long all keys at work have been.', rows(({ unfinished }) => unfinished.all)),
    ...family('workqueue_longest_running_processor_seconds', 'gauge', 'How long the key longest at work has been.', rows(({ unfinished }) => unfinished.longest)),
    ...lines,
    ...family('apiserver_audit_event_total', 'counter', 'Events that the audit log has.', audit ? [['', Math.max(...Object.values(audit).map((figures) => figures().written))]] : []),
    ...family('apiserver_audit_error_total', 'counter', 'Events that the audit log could not take.', Object.entries(audit ?? {}).map(([name, figures]): Sample => [`plugin="${name}"`, figures().lost])),
    '',
  ].join('\n')
}
