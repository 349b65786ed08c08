// Counters of requests and a few numbers of the process, in Prometheus' text form.
import { Counters, family, type Sample } from '../util/counters.ts'
import { Histogram, Histograms } from '../util/histogram.ts'
import { processMetrics } from '../util/process-metrics.ts'
import { AccessFigures } from './access-figures.ts'
import { HealthFigures } from './health-figures.ts'
import { isReadOnly, sameLabels, type RequestLabels } from './request-labels.ts'
import { versionInfo } from './version.ts'

/** Seconds; as kube-apiserver's. */
const bounds = [0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60]
const sliBounds = bounds.slice(2)
/** Bytes. */
const sizeBounds = Array.from({ length: 7 }, (_, power) => 1000 * 10 ** power)
const eventBounds = Array.from({ length: 8 }, (_, power) => 1024 * 2 ** power)

/** All requests of the same labels. */
interface Series {
  readonly labels: RequestLabels
  readonly codes: Map<number, number>
  readonly seconds: Histogram
  /** Without what others took; undefined where requests last as long as they like. */
  readonly ownSeconds: Histogram | undefined
  /** Of what is read. */
  readonly bytes: Histogram | undefined
}

/** What is known of a request at its end, beside how long it took. */
export interface RequestEnd {
  readonly code: number
  readonly seconds: number
  /** Of these, those that webhooks took, and the wait for a turn. */
  readonly elsewhereSeconds: number
  /** Of the answer. */
  readonly bytes: number
}

/** What is sent to the watchers of a kind. */
export class WatchFigures {
  readonly sizes = new Histogram(eventBounds)
}

/** Promises: `text` costs something only when asked; nothing runs in between. */
export class RequestMetrics {
  readonly access = new AccessFigures()
  readonly health = new HealthFigures()
  /** By resource; there are only a few of each. */
  readonly #series = new Map<string, Series[]>()
  readonly #watches = new Map<string, number>()
  readonly #watched = new Map<string, WatchFigures>()
  readonly #deprecated = new Set<string>()
  readonly #terminations = new Counters('apiserver_request_terminations_total', 'Requests that were turned away, or ended for taking too long.')
  readonly #inFlight = { readOnly: 0, mutating: 0 }
  readonly #inQueue = { readOnly: 0, mutating: 0 }
  readonly #startSeconds: number
  /** Connections that came to nothing. */
  tlsErrors = 0

  constructor(startMs: number) {
    this.#startSeconds = startMs / 1000
  }

  count(labels: RequestLabels, { code, seconds, elsewhereSeconds, bytes }: RequestEnd): void {
    let ofResource = this.#series.get(labels.resource)
    if (!ofResource) this.#series.set(labels.resource, ofResource = [])
    let series = ofResource.find((one) => sameLabels(one.labels, labels))
    if (!series) ofResource.push(series = newSeries(labels))
    series.codes.set(code, (series.codes.get(code) ?? 0) + 1)
    series.seconds.observe(seconds)
    series.ownSeconds?.observe(seconds - elsewhereSeconds)
    series.bytes?.observe(bytes)
  }

  /** The server defends itself. */
  terminated(labels: RequestLabels, code: number): void {
    this.#terminations.raise(`code="${code}",${textOf(labels)}`)
  }

  /** A request waits for its turn; call what is returned when it waits no more. */
  queued(labels: RequestLabels): () => void {
    const kind = isReadOnly(labels) ? 'readOnly' : 'mutating'
    this.#inQueue[kind]++
    return () => void this.#inQueue[kind]--
  }

  /** Somebody asks for what will go. */
  deprecated({ group, version, resource, subresource }: RequestLabels, removedRelease: string): void {
    this.#deprecated.add(`group="${group}",removed_release="${removedRelease}",resource="${resource}",subresource="${subresource}",version="${version}"`)
  }

  /** A request begins; call what is returned when it is over, or lasts. Once is enough, more does no harm. */
  entered(labels: RequestLabels): () => void {
    const kind = isReadOnly(labels) ? 'readOnly' : 'mutating'
    this.#inFlight[kind]++
    let inside = true
    return () => {
      if (inside) this.#inFlight[kind]--
      inside = false
    }
  }

  /** Call `ended` when the watch has; events that it sends are observed by their sizes. */
  watchStarted(labels: RequestLabels): { readonly ended: () => void; readonly sizes: Histogram } {
    const key = textOf(labels)
    this.#watches.set(key, (this.#watches.get(key) ?? 0) + 1)
    const kind = `group="${labels.group}",resource="${labels.resource}",version="${labels.version}"`
    let figures = this.#watched.get(kind)
    if (!figures) this.#watched.set(kind, figures = new WatchFigures())
    return { ended: () => void this.#watches.set(key, (this.#watches.get(key) ?? 1) - 1), sizes: figures.sizes }
  }

  text(): string {
    const memory = process.memoryUsage()
    const all = [...this.#series.values()].flat()
    const histograms = (name: string, help: string, { of, labels, within }: { of: (series: Series) => Histogram | undefined; labels: (series: Series) => string; within: readonly number[] }): string[] => {
      const told = new Histograms(name, help, within)
      for (const series of all) {
        const histogram = of(series)
        if (histogram) told.add(labels(series), histogram)
      }
      return told.lines()
    }
    const dry = ({ labels }: Series): string => textOf(labels, `dry_run="${labels.dryRun}"`)
    const plain = ({ labels }: Series): string => textOf(labels)
    const watched = new Histograms('apiserver_watch_events_sizes', 'Sizes of the events that watchers were sent.', eventBounds)
    for (const [kind, { sizes }] of this.#watched) watched.add(kind, sizes)
    const lines = [
      ...family('apiserver_request_total', 'counter', 'Requests by verb, resource and code.', all.flatMap((series) => [...series.codes].map(([code, count]): Sample => [`code="${code}",${dry(series)}`, count]))),
      ...histograms('apiserver_request_duration_seconds', 'How long requests took, by verb and resource.', { of: ({ seconds }) => seconds, labels: dry, within: bounds }),
      ...histograms('apiserver_request_sli_duration_seconds', 'How long requests took without webhooks and the wait for a turn, by verb and resource.', { of: ({ ownSeconds }) => ownSeconds, labels: plain, within: sliBounds }),
      ...histograms('apiserver_response_sizes', 'Bytes of answers to those who read.', { of: ({ bytes }) => bytes, labels: plain, within: sizeBounds }),
      ...this.#terminations.lines(),
      ...family('apiserver_current_inflight_requests', 'gauge', 'Requests under way, those that last apart.', Object.entries(this.#inFlight).map(([kind, count]) => [`request_kind="${kind}"`, count])),
      ...family('apiserver_current_inqueue_requests', 'gauge', 'Requests that wait for their turn.', Object.entries(this.#inQueue).map(([kind, count]) => [`request_kind="${kind}"`, count])),
      ...family('apiserver_longrunning_requests', 'gauge', 'Open watches.', [...this.#watches]),
      ...family('apiserver_watch_events_total', 'counter', 'Events that watchers were sent.', [...this.#watched].map(([kind, { sizes }]) => [kind, sizes.count])),
      ...watched.lines(),
      ...family('apiserver_requested_deprecated_apis', 'gauge', 'What was asked for and will go.', [...this.#deprecated].map((labels) => [labels, 1])),
      ...family('apiserver_tls_handshake_errors_total', 'counter', 'Connections that came to nothing.', [['', this.tlsErrors]]),
      ...this.access.lines(),
      ...family('kubernetes_build_info', 'gauge', 'What this is.', [[`build_date="${versionInfo.buildDate}",compiler="${versionInfo.compiler}",git_commit="${versionInfo.gitCommit}",git_tree_state="${versionInfo.gitTreeState}",git_version="${versionInfo.gitVersion}",go_version="${versionInfo.goVersion}",major="${versionInfo.major}",minor="${versionInfo.minor}",platform="${versionInfo.platform}"`, 1]]),
      ...processMetrics(this.#startSeconds),
      ...family('nodejs_heap_size_used_bytes', 'gauge', 'Bytes in use on the JavaScript heap.', [['', memory.heapUsed]]),
      ...family('nodejs_external_memory_bytes', 'gauge', 'Bytes held outside of the heap.', [['', memory.external]]),
    ]
    return `${lines.join('\n')}\n`
  }
}

const textOf = ({ verb, group, version, resource, subresource, scope }: RequestLabels, first?: string): string =>
  `component="apiserver",${first ? `${first},` : ''}group="${group}",resource="${resource}",scope="${scope}",subresource="${subresource}",verb="${verb}",version="${version}"`

const newSeries = (labels: RequestLabels): Series => ({
  labels, codes: new Map(), seconds: new Histogram(bounds), ownSeconds: labels.verb === 'WATCH' ? undefined : new Histogram(sliBounds),
  bytes: labels.verb === 'GET' || labels.verb === 'LIST' ? new Histogram(sizeBounds) : undefined,
})
