// The columns of pods: the STATUS text, ready counts and restarts.
import type { ContainerState, ContainerStatus, Pod } from '../../api/types-pod.ts'
import type { Column } from '../definition.ts'
import { ageColumn, nameColumn, none, orNone, since, text, wide } from './columns.ts'

export interface PodSummary {
  readonly reason: string
  readonly ready: number
  readonly total: number
  readonly restarts: number
  /** When a container ended last, for `3 (5m ago)`. */
  readonly lastRestart: string | undefined
}

/** What the READY, STATUS and RESTARTS columns say of a pod. */
export function summarizePod(pod: Pod): PodSummary {
  const { spec, status = {} } = pod
  const sidecars = new Set((spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always').map(({ name }) => name))
  const init = summarizeInit(pod, sidecars)
  const main = summarizeMain(pod, init.reason)
  const counted = init.initializing
    ? init
    : { reason: main.reason, restarts: main.restarts + init.sidecarRestarts, lastRestart: latest(main.lastRestart, init.sidecarLastRestart) }
  let { reason } = counted
  if (pod.metadata.deletionTimestamp !== undefined) {
    if (status.reason === 'NodeLost') reason = 'Unknown'
    else if (status.phase !== 'Succeeded' && status.phase !== 'Failed') reason = 'Terminating'
  }
  return {
    reason,
    ready: init.readySidecars + (init.initializing ? 0 : main.ready),
    total: (spec.containers ?? []).length + sidecars.size,
    restarts: counted.restarts,
    lastRestart: counted.lastRestart,
  }
}

function startReason({ status = {} }: Pod): string {
  if (status.conditions?.some(({ type, reason }) => type === 'PodScheduled' && reason === 'SchedulingGated')) return 'SchedulingGated'
  return status.reason || status.phase || 'Unknown'
}

function summarizeInit(pod: Pod, sidecars: ReadonlySet<string>) {
  const summary = {
    reason: startReason(pod), initializing: false, restarts: 0, sidecarRestarts: 0, readySidecars: 0,
    lastRestart: undefined as string | undefined, sidecarLastRestart: undefined as string | undefined,
  }
  const count = (pod.spec.initContainers ?? []).length
  for (const [index, container] of (pod.status?.initContainerStatuses ?? []).entries()) {
    const ended = container.lastState?.terminated?.finishedAt
    summary.restarts += container.restartCount ?? 0
    summary.lastRestart = latest(summary.lastRestart, ended)
    const sidecar = sidecars.has(container.name)
    if (sidecar) {
      summary.sidecarRestarts += container.restartCount ?? 0
      summary.sidecarLastRestart = latest(summary.sidecarLastRestart, ended)
    }
    if (container.state?.terminated?.exitCode === 0) continue
    if (sidecar && container.started) {
      if (container.ready) summary.readySidecars++
      continue
    }
    summary.reason = initReason(container.state, index, count)
    summary.initializing = true
    break
  }
  // A pod that has run its init containers before is not shown as initializing, even while one of them runs again.
  if (summary.initializing && pod.status?.conditions?.some(({ type, status }) => type === 'Initialized' && status === 'True')) summary.initializing = false
  return summary
}

function initReason(state: ContainerState | undefined, index: number, count: number): string {
  const { terminated, waiting } = state ?? {}
  if (terminated) return `Init:${endReason(terminated)}`
  if (waiting?.reason && waiting.reason !== 'PodInitializing') return `Init:${waiting.reason}`
  return `Init:${index}/${count}`
}

function endReason({ reason, signal, exitCode }: NonNullable<ContainerState['terminated']>): string {
  if (reason) return reason
  return signal ? `Signal:${signal}` : `ExitCode:${exitCode}`
}

function summarizeMain(pod: Pod, start: string) {
  let reason = start
  let restarts = 0
  let ready = 0
  let running = false
  let lastRestart: string | undefined
  let fault = ''
  // The first container's reason wins, so walk from the last.
  for (const container of [...pod.status?.containerStatuses ?? []].reverse()) {
    restarts += container.restartCount ?? 0
    lastRestart = latest(lastRestart, container.lastState?.terminated?.finishedAt)
    const { waiting, terminated } = container.state ?? {}
    if (waiting?.reason) reason = waiting.reason
    else if (terminated) {
      reason = endReason(terminated)
      if (terminated.exitCode !== 0) fault = reason
    } else if (isReady(container)) {
      running = true
      ready++
    }
  }
  if (reason === 'Completed') {
    const podReady = pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True')
    if (running && podReady) reason = 'Running'
    else if (fault !== '') reason = fault
    else if (running) reason = 'NotReady'
  }
  return { reason, restarts, ready, lastRestart }
}

function isReady({ ready, state }: ContainerStatus): boolean {
  return ready && state?.running !== undefined
}

function latest(a: string | undefined, b: string | undefined): string | undefined {
  if (a === undefined || b === undefined) return a ?? b
  return Date.parse(a) >= Date.parse(b) ? a : b
}

function gatesText({ spec, status }: Pod): string {
  const gates = spec.readinessGates ?? []
  if (gates.length === 0) return none
  const met = gates.filter((gate) => status?.conditions?.some((condition) => condition.type === gate.conditionType && condition.status === 'True'))
  return `${met.length}/${gates.length}`
}

// Four columns and the row condition look at the same summary; an object is frozen, so it is made once.
const summaries = new WeakMap<Pod, PodSummary>()

function summaryOf(pod: Pod): PodSummary {
  const known = summaries.get(pod)
  if (known) return known
  const summary = summarizePod(pod)
  if (Object.isFrozen(pod)) summaries.set(pod, summary)
  return summary
}

export const podColumns: readonly Column<Pod>[] = [
  nameColumn,
  text('Ready', 'Ready containers of all containers in the pod.', (pod) => `${summaryOf(pod).ready}/${summaryOf(pod).total}`),
  text('Status', 'What the pod as a whole is doing, or why it is not running.', (pod) => summaryOf(pod).reason),
  text('Restarts', 'How often containers of the pod were restarted, and when the last one was.', (pod, { now }) => {
    const { restarts, lastRestart } = summaryOf(pod)
    return restarts > 0 && lastRestart !== undefined ? `${restarts} (${since(lastRestart, now)} ago)` : `${restarts}`
  }),
  ageColumn,
  wide(text('IP', 'First address of the pod.', ({ status }) => orNone(status?.podIPs?.[0]?.ip ?? status?.podIP))),
  wide(text('Node', 'Node that the pod is bound to.', ({ spec }) => orNone(spec.nodeName))),
  wide(text('Nominated Node', 'Node where pods of lower priority are making room for this one.', ({ status }) => orNone(status?.nominatedNodeName))),
  wide(text('Readiness Gates', 'Readiness gates that are met, of all.', gatesText)),
]

/** Finished pods carry a row condition by which clients can tell them apart. */
export function podRowConditions({ status }: Pod): { type: string; status: string; reason: string; message: string }[] {
  if (status?.phase === 'Succeeded') return [{ type: 'Completed', status: 'True', reason: 'Succeeded', message: 'The pod has completed successfully.' }]
  if (status?.phase === 'Failed') return [{ type: 'Completed', status: 'True', reason: 'Failed', message: 'The pod failed.' }]
  return []
}
