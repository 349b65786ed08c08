// What the API server asks of a node's kubelet: logs and streams of pods, in the same shape as the API server declares it.

import type { NodeUsageReport } from './usage-report.ts'

/** Query of `pods/log`, already checked. */
export interface LogOptions {
  readonly container: string
  readonly follow?: boolean
  readonly previous?: boolean
  readonly sinceSeconds?: number
  /** RFC 3339. */
  readonly sinceTime?: string
  readonly timestamps?: boolean
  readonly tailLines?: number
  readonly limitBytes?: number
  readonly stream?: 'All' | 'Stdout' | 'Stderr'
  readonly signal: AbortSignal
}

export interface ExecOptions {
  readonly container: string
  readonly command: readonly string[]
  readonly stdin: boolean
  readonly stdout: boolean
  readonly stderr: boolean
  readonly tty: boolean
}

export interface PodRef {
  readonly namespace: string
  readonly name: string
  readonly uid: string
}

/** Errors are StatusError. */
export interface PodStreams {
  logs(pod: PodRef, options: LogOptions): Promise<AsyncIterable<Uint8Array>>
  /** A one-time URL of the runtime's streaming server, to which the client's upgrade request is replayed. */
  exec(pod: PodRef, options: ExecOptions): Promise<URL>
  attach(pod: PodRef, options: Omit<ExecOptions, 'command'>): Promise<URL>
  portForward(pod: PodRef, ports: readonly number[]): Promise<URL>
}

/** What the kubelet answers over HTTP, for callers whose right has been checked. Errors are StatusError. */
export interface NodeRequests {
  /** Only path, query, method and signal of the request count. */
  fetch(request: Request): Promise<Response>
  /** Where an upgrade request for this path is to be replayed. */
  stream(path: string, query: URLSearchParams): Promise<URL>
  /** May take a second, see UsageSampler. */
  usage(): Promise<NodeUsageReport>
}
