// Counters of requests and a few numbers of the process, in Prometheus' text form.

/** Promises: `text` costs something only when asked; nothing runs in between. */
export class RequestMetrics {
  readonly #counts = new Map<string, number>()
  #watches = 0
  readonly #startSeconds: number

  constructor(startMs: number) {
    this.#startSeconds = startMs / 1000
  }

  count(verb: string, resource: string, code: number): void {
    const key = `code="${code}",resource="${resource}",verb="${verb}"`
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1)
  }

  watchStarted(): void {
    this.#watches++
  }

  watchEnded(): void {
    this.#watches--
  }

  text(): string {
    const memory = process.memoryUsage()
    const cpu = process.cpuUsage()
    const lines = [
      ...family('apiserver_request_total', 'counter', 'Requests by verb, resource and code.', [...this.#counts].map(([labels, count]) => [labels, count])),
      ...family('apiserver_longrunning_requests', 'gauge', 'Open watches.', [['verb="WATCH"', this.#watches]]),
      ...family('process_cpu_seconds_total', 'counter', 'User and system CPU time in seconds.', [['', (cpu.user + cpu.system) / 1e6]]),
      ...family('process_resident_memory_bytes', 'gauge', 'Resident memory in bytes.', [['', memory.rss]]),
      ...family('process_start_time_seconds', 'gauge', 'When the server started.', [['', this.#startSeconds]]),
      ...family('nodejs_heap_size_used_bytes', 'gauge', 'Bytes in use on the JavaScript heap.', [['', memory.heapUsed]]),
      ...family('nodejs_external_memory_bytes', 'gauge', 'Bytes held outside of the heap.', [['', memory.external]]),
    ]
    return `${lines.join('\n')}\n`
  }
}

export function family(name: string, type: string, help: string, samples: readonly (readonly [string, number])[]): string[] {
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...samples.map(([labels, value]) => `${name}${labels ? `{${labels}}` : ''} ${value}`)]
}
