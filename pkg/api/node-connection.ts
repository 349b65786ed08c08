// How the API server reaches a node's kubelet: what the one asks and the other answers. The cluster joins them.

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

/** What a node measures of itself and its pods. */
export interface NodeUsageReport {
  readonly atMs: number
  /** What the CPU usage is an average of. */
  readonly windowMs: number
  readonly node: { readonly cpuNanoCores: number; readonly memoryBytes: number }
  readonly pods: readonly PodUsageReport[]
}

export interface PodUsageReport {
  readonly namespace: string
  readonly name: string
  readonly windowMs: number
  readonly containers: readonly { readonly name: string; readonly cpuNanoCores: number; readonly memoryBytes: number }[]
}

/** Logs and streams of a node's pods. Errors are StatusError (400 with Kubernetes' texts for a container that has not started …). */
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
  /** Where an upgrade request for this path of the kubelet is to be replayed. */
  stream(path: string, query: URLSearchParams): Promise<URL>
  /** May take a second, when nobody has asked for a while. */
  usage(): Promise<NodeUsageReport>
}

export interface NodeConnection extends PodStreams, Partial<NodeRequests> {}

/** undefined when no such node is connected. */
export type NodeConnections = (nodeName: string) => NodeConnection | undefined
