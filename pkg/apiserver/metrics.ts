// Counters of requests and a few numbers of the process, in Prometheus' text form.
import { readdirSync, readFileSync } from 'node:fs'
import { isReadOnly, sameLabels, type RequestLabels } from './request-labels.ts'
import { versionInfo } from './version.ts'

/** Seconds; as kube-apiserver's. */
const bounds = [0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60]

interface Series {
  readonly labels: RequestLabels
  readonly code: number
  readonly buckets: Uint32Array
  count: number
  seconds: number
}

/** Promises: `text` costs something only when asked; nothing runs in between. */
export class RequestMetrics {
  /** By resource; there are only a few of each. */
  readonly #series = new Map<string, Series[]>()
  readonly #watches = new Map<string, number>()
  readonly #inFlight = { readOnly: 0, mutating: 0 }
  readonly #startSeconds: number

  constructor(startMs: number) {
    this.#startSeconds = startMs / 1000
  }

  count(labels: RequestLabels, code: number, seconds: number): void {
    let ofResource = this.#series.get(labels.resource)
    if (!ofResource) this.#series.set(labels.resource, ofResource = [])
    let series = ofResource.find((one) => one.code === code && sameLabels(one.labels, labels))
    if (!series) ofResource.push(series = { labels, code, buckets: new Uint32Array(bounds.length + 1), count: 0, seconds: 0 })
    let at = 0
    while (at < bounds.length && seconds > bounds[at]!) at++
    series.buckets[at]!++
    series.count++
    series.seconds += seconds
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

  /** Call what is returned when the watch has ended. */
  watchStarted(labels: RequestLabels): () => void {
    const key = textOf(labels)
    this.#watches.set(key, (this.#watches.get(key) ?? 0) + 1)
    return () => void this.#watches.set(key, (this.#watches.get(key) ?? 1) - 1)
  }

  text(): string {
    const memory = process.memoryUsage()
    const cpu = process.cpuUsage()
    const all = [...this.#series.values()].flat()
    const files = openFiles()
    const lines = [
      ...family('apiserver_request_total', 'counter', 'Requests by verb, resource and code.', all.map(({ labels, code, count }) => [`code="${code}",${textOf(labels, 'dry_run=""')}`, count])),
      ...histogram('apiserver_request_duration_seconds', 'How long requests took, by verb and resource.', all),
      ...family('apiserver_current_inflight_requests', 'gauge', 'Requests under way, those that last apart.', Object.entries(this.#inFlight).map(([kind, count]) => [`request_kind="${kind}"`, count])),
      ...family('apiserver_longrunning_requests', 'gauge', 'Open watches.', [...this.#watches]),
      ...family('kubernetes_build_info', 'gauge', 'What this is.', [[`git_version="${versionInfo.gitVersion}",major="${versionInfo.major}",minor="${versionInfo.minor}",platform="${versionInfo.platform}"`, 1]]),
      ...family('process_cpu_seconds_total', 'counter', 'User and system CPU time in seconds.', [['', (cpu.user + cpu.system) / 1e6]]),
      ...family('process_resident_memory_bytes', 'gauge', 'Resident memory in bytes.', [['', memory.rss]]),
      ...family('process_virtual_memory_bytes', 'gauge', 'Virtual memory in bytes.', virtualMemory()),
      ...family('process_open_fds', 'gauge', 'Open file descriptors.', files.open),
      ...family('process_max_fds', 'gauge', 'File descriptors that may be open.', files.most),
      ...family('process_start_time_seconds', 'gauge', 'When the server started.', [['', this.#startSeconds]]),
      ...family('nodejs_heap_size_used_bytes', 'gauge', 'Bytes in use on the JavaScript heap.', [['', memory.heapUsed]]),
      ...family('nodejs_external_memory_bytes', 'gauge', 'Bytes held outside of the heap.', [['', memory.external]]),
    ]
    return `${lines.join('\n')}\n`
  }
}

export type Sample = readonly [labels: string, value: number]

/** No samples, no family. */
export function family(name: string, type: string, help: string, samples: readonly Sample[]): string[] {
  if (samples.length === 0) return []
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...samples.map(([labels, value]) => `${name}${labels ? `{${labels}}` : ''} ${value}`)]
}

const textOf = ({ verb, group, version, resource, subresource, scope }: RequestLabels, first?: string): string =>
  `component="apiserver",${first ? `${first},` : ''}group="${group}",resource="${resource}",scope="${scope}",subresource="${subresource}",verb="${verb}",version="${version}"`

/** All codes together. */
function histogram(name: string, help: string, all: readonly Series[]): string[] {
  const sums = new Map<string, { buckets: number[]; count: number; seconds: number }>()
  for (const { labels, buckets, count, seconds } of all) {
    const text = textOf(labels, 'dry_run=""')
    const sum = sums.get(text) ?? { buckets: new Array<number>(bounds.length).fill(0), count: 0, seconds: 0 }
    for (let at = 0; at < bounds.length; at++) sum.buckets[at]! += buckets[at]!
    sums.set(text, { buckets: sum.buckets, count: sum.count + count, seconds: sum.seconds + seconds })
  }
  if (sums.size === 0) return []
  const lines = [`# HELP ${name} ${help}`, `# TYPE ${name} histogram`]
  for (const [text, { buckets, count, seconds }] of sums) {
    let below = 0
    for (const [at, bound] of bounds.entries()) lines.push(`${name}_bucket{${text},le="${bound}"} ${below += buckets[at]!}`)
    lines.push(`${name}_bucket{${text},le="+Inf"} ${count}`, `${name}_sum{${text}} ${seconds}`, `${name}_count{${text}} ${count}`)
  }
  return lines
}

/** Nothing where there is no /proc. */
function readProc(file: string): string {
  try {
    return readFileSync(`/proc/self/${file}`, 'utf8')
  } catch {
    return ''
  }
}

function virtualMemory(): Sample[] {
  const [, kilobytes] = /^VmSize:\s+(\d+) kB/m.exec(readProc('status')) ?? []
  return kilobytes ? [['', Number(kilobytes) * 1024]] : []
}

function openFiles(): { open: Sample[]; most: Sample[] } {
  const [, most] = /^Max open files\s+(\d+)/m.exec(readProc('limits')) ?? []
  if (!most) return { open: [], most: [] }
  return { open: [['', readdirSync('/proc/self/fd').length]], most: [['', Number(most)]] }
}
