// What containerd tells as it happens: tasks that start, exit, run out of memory or are deleted. Reconnects by itself.
import type { Clock } from '../util/clock.ts'
import { sleep } from '../util/clock.ts'
import { connectContainerd, containerdSchema, criNamespace } from './containerd.ts'

export interface ContainerdEvent {
  topic: '/containers/delete' | '/tasks/create' | '/tasks/start' | '/tasks/exit' | '/tasks/oom' | '/tasks/delete' | (string & {})
  /** The container, or the sandbox when its pause process is meant: the same id as in the CRI. */
  containerId: string
  /** Empty or the container's own id for its main process; otherwise an exec's id. */
  processId: string
  pid?: number
  exitStatus?: number
  exitedAtMs?: number
}

export interface EventWatchOptions {
  clock: Clock
  onEvent: (event: ContainerdEvent) => void
  /** The stream is open (again). Events may have been missed before this: list once. */
  onConnect?: () => void
  onDisconnect?: (error: Error) => void
  /** containerd's filter language; task events by default. */
  filters?: readonly string[]
}

export interface EventWatch {
  stop(): void
}

const taskTopics = ['/tasks/create', '/tasks/start', '/tasks/exit', '/tasks/oom', '/tasks/delete']
const eventTypes: Record<string, string> = {
  '/containers/delete': 'containerd.events.ContainerDelete',
  '/tasks/create': 'containerd.events.TaskCreate',
  '/tasks/start': 'containerd.events.TaskStart',
  '/tasks/exit': 'containerd.events.TaskExit',
  '/tasks/oom': 'containerd.events.TaskOOM',
  '/tasks/delete': 'containerd.events.TaskDelete',
}
const firstRetryMs = 50
const longestRetryMs = 2_000

/** Calls back from the moment that the stream is open until `stop`. Callbacks must not throw. */
export function watchContainerdEvents(socketPath: string, options: EventWatchOptions): EventWatch {
  const stopping = new AbortController()
  void run(socketPath, options, stopping.signal)
  return { stop: () => stopping.abort(new Error('the event watch has ended')) }
}

async function run(socketPath: string, options: EventWatchOptions, signal: AbortSignal): Promise<void> {
  const { clock, onEvent, onConnect, onDisconnect } = options
  const filters = options.filters ?? taskTopics.map((topic) => `topic=="${topic}",namespace==${criNamespace}`)
  const connection = connectContainerd(socketPath, clock)
  let retryMs = firstRetryMs
  while (!signal.aborted) {
    const attempt = new AbortController()
    const attemptSignal = AbortSignal.any([signal, attempt.signal])
    try {
      const stream = connection.subscribe({ filters }, { signal: attemptSignal })
      // The server says nothing when it accepts a subscription; a call answered after it on the same connection stands for it.
      await connection.version({ timeoutMs: 5_000, signal: attemptSignal })
      retryMs = firstRetryMs
      onConnect?.()
      for await (const envelope of stream) {
        const event = decodeEvent(envelope)
        if (event) onEvent(event)
      }
      throw new Error('containerd ended the event stream')
    } catch (error) {
      attempt.abort(error)
      if (signal.aborted) break
      onDisconnect?.(error as Error)
      await sleep(clock, retryMs, signal).catch(() => undefined)
      retryMs = Math.min(longestRetryMs, retryMs * 2)
    }
  }
  connection.close()
}

export interface Envelope {
  namespace: string
  topic: string
  event?: { typeUrl: string; value: Uint8Array }
}

/** Pure: an event in our words; undefined for topics that are none of ours. */
export function decodeEvent(envelope: Envelope): ContainerdEvent | undefined {
  const type = eventTypes[envelope.topic]
  if (!type || !envelope.event) return undefined
  const body = containerdSchema.decode(type, envelope.event.value) as {
    containerId?: string
    id?: string
    pid?: number
    exitStatus?: number
    exitedAt?: { seconds: number; nanos: number }
  }
  return {
    topic: envelope.topic,
    containerId: body.containerId ?? body.id ?? '',
    processId: body.containerId === undefined ? '' : body.id ?? '',
    pid: body.pid,
    exitStatus: body.exitStatus,
    exitedAtMs: body.exitedAt && body.exitedAt.seconds * 1000 + Math.floor(body.exitedAt.nanos / 1e6),
  }
}

/** Whether the event is of the container's main process and not of an exec in it. */
export const isMainProcess = (event: ContainerdEvent): boolean => event.processId === '' || event.processId === event.containerId
