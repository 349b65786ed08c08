// What the control plane says of its own health, and of its parts in figures.
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { apiServices, availableCondition, type ApiService } from '../api/types-api-service.ts'
import type { Auditor } from '../apiserver/audit.ts'
import type { HealthCheck, HealthChecks } from '../apiserver/health.ts'
import type { QueueFigures } from '../controller/runner.ts'
import type { Registry } from '../registry/registry.ts'
import type { Store } from '../storage/store.ts'
import type { Clock } from '../util/clock.ts'
import { Counters, family, type Sample } from '../util/counters.ts'

/** A disk that takes longer is no disk to rely on. */
const patienceMs = 2000

/** How far the control plane has come: `serving` when what it needs by itself is there, `published` when others find it, `running` when its controllers run. */
export type PlaneStage = 'serving' | 'published' | 'running'

const stages: readonly PlaneStage[] = ['serving', 'published', 'running']

/** What kube-apiserver does at its start, in its order and by its names, as far as there is something here that does it, and when that is done. */
const startHooks: readonly (readonly [name: string, done: PlaneStage])[] = [
  ['start-apiserver-admission-initializer', 'serving'], ['generic-apiserver-start-informers', 'serving'],
  ['priority-and-fairness-config-consumer', 'serving'], ['priority-and-fairness-filter', 'serving'], ['storage-object-count-tracker-hook', 'serving'],
  ['start-apiextensions-informers', 'serving'], ['start-apiextensions-controllers', 'serving'], ['crd-informer-synced', 'serving'],
  ['start-system-namespaces-controller', 'running'], ['start-cluster-authentication-info-controller', 'published'], ['start-legacy-token-tracking-controller', 'serving'],
  ['start-service-ip-repair-controllers', 'serving'], ['rbac/bootstrap-roles', 'serving'], ['scheduling/bootstrap-system-priority-classes', 'serving'],
  ['priority-and-fairness-config-producer', 'serving'], ['bootstrap-controller', 'published'], ['start-kubernetes-service-cidr-controller', 'running'],
  ['start-kube-aggregator-informers', 'running'], ['apiservice-status-local-available-controller', 'published'], ['apiservice-status-remote-available-controller', 'running'],
  ['apiservice-registration-controller', 'published'], ['apiservice-wait-for-first-sync', 'published'], ['apiservice-discovery-controller', 'serving'],
  ['kube-apiserver-autoregistration', 'running'],
]
const documentHooks = ['apiservice-openapi-controller', 'apiservice-openapiv3-controller']

/** The checks that tools ask for by name; `etcd` is what stores, whatever it is. */
export function planeHealth({ store, clock, stage }: { store: Store; clock: Clock; stage: () => PlaneStage | 'stopping' | undefined }): HealthChecks {
  const reached = (wanted: PlaneStage): HealthCheck => () => {
    const now = stage()
    return now === 'stopping' || (now && stages.indexOf(now) >= stages.indexOf(wanted)) ? undefined : 'not finished'
  }
  const hook = (name: string, wanted: PlaneStage): [string, HealthCheck] => [`poststarthook/${name}`, reached(wanted)]
  const answers: HealthCheck = () => new Promise((resolve) => {
    const timer = clock.setTimer(() => resolve(`the store has not answered for ${patienceMs} ms`), patienceMs)
    // Resolves when all that was written before is on disk.
    store.transact(() => undefined).then(() => resolve(undefined), (error: Error) => resolve(error.message)).finally(() => timer.cancel())
  })
  return {
    livez: { log: () => undefined, etcd: answers },
    readyz: { 'etcd-readiness': answers, 'informer-sync': reached('running') },
    startup: Object.fromEntries([
      ...startHooks.map(([name, wanted]) => hook(name, wanted)), ['autoregister-completion', reached('published')], ...documentHooks.map((name) => hook(name, 'serving')),
    ]),
    ending: { shutdown: () => (stage() === 'stopping' ? 'process is shutting down' : undefined) },
  }
}

/** Which servers of aggregated APIs can't be had, now and so far. */
export class AggregatorFigures {
  readonly #counts = new Counters('aggregator_unavailable_apiservice_total', 'APIServices that became unavailable.')
  readonly unavailable = (name: string, reason: string): void => this.#counts.raise(`name="${name}",reason="${reason}"`)

  lines(registry: Registry): string[] {
    const definition = registry.definition(apiServices.group, apiServices.version, apiServices.plural)
    const all = definition ? registry.list(definition, { user: { username: 'system:apiserver', groups: [] }, options: {} }).items as readonly ApiService[] : []
    return [
      ...family('aggregator_unavailable_apiservice', 'gauge', 'APIServices: 1 is unavailable.', all.map((service): Sample => [`name="${service.metadata.name}"`, availableCondition(service)?.status === 'True' ? 0 : 1])),
      ...this.#counts.lines(),
    ]
  }
}

/** Of the files in a directory. */
export function bytesIn(directory: string): number {
  return readdirSync(directory).reduce((sum, name) => sum + (statSync(join(directory, name), { throwIfNoEntry: false })?.size ?? 0), 0)
}

export interface PlaneParts {
  readonly queues: readonly QueueFigures[]
  /** Lines of further figures. */
  readonly lines: readonly string[]
  /** By backend. */
  readonly audit?: Readonly<Record<string, () => { readonly written: number; readonly lost: number }>>
  readonly auditor?: Auditor
  /** What the database takes on the disk; undefined for one in memory. */
  readonly storeBytes?: number
}

export function planeMetrics({ queues, lines, audit, auditor, storeBytes }: PlaneParts): string {
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
    ...auditor?.lines() ?? [],
    ...family('apiserver_storage_size_bytes', 'gauge', 'Bytes of the database.', storeBytes === undefined ? [] : [['storage_cluster_id="kinglet"', storeBytes]]),
    '',
  ].join('\n')
}
