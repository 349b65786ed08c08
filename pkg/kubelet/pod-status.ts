// A pod's status from its spec, the runtime's view and what the kubelet knows besides. Pure.
import type { Container, ContainerState, ContainerStatus, Pod, PodStatus, ResourceRequirements } from '../api/types-pod.ts'
import { qosClass } from './container-resources.ts'
import type { ContainerKind, NamedContainer } from './pod-names.ts'
import { podContainers } from './pod-names.ts'
import { formatTime } from '../api/times.ts'
import type { PodVerdict } from './pod-ending.ts'
import { ownConditions, podConditions, type ResizeTold } from './pod-conditions.ts'
import { restarts } from './pod-plan.ts'
import type { RuntimeContainer, RuntimePod } from './runtime-service.ts'

export interface Waiting {
  readonly reason: string
  readonly message: string
}

export interface StatusInput {
  readonly pod: Pod
  /** The last status that this kubelet made, or what the API server has. */
  readonly previous: PodStatus
  readonly runtime: RuntimePod
  readonly nowMs: number
  readonly hostIPs: readonly string[]
  /** Why a container is not running although it should be: image, configuration, start, back-off. */
  waiting(name: string): Waiting | undefined
  probes(containerId: string): { readonly started: boolean; readonly ready: boolean }
  /** What a container that has ended left as its message. */
  terminationMessage(containerId: string): string
  /** The container's start is not over yet: its postStart hook runs. */
  starting(name: string): boolean
  /** The kubelet ended the pod for this. */
  readonly verdict?: PodVerdict
  /** Nothing of it runs, and nothing will. */
  readonly stopped: boolean
  readonly resize?: ResizeTold
  /** Whether read-only mounts can be so with all below. */
  readonly recursiveReadOnly?: boolean
  /** The resources that a container of the runtime has. */
  actuated(containerId: string, container: Container): ResourceRequirements
}

export function podStatus(input: StatusInput): PodStatus {
  const { pod, previous, runtime } = input
  if (input.verdict?.refused !== undefined) return refusedStatus(input, input.verdict)
  const all = podContainers(pod)
  const statusesOf = (kinds: readonly ContainerKind[]): ContainerStatus[] =>
    all.filter((each) => kinds.includes(each.kind)).map((each) => containerStatus(each, input))
  const [init, main] = endedStatuses(input, statusesOf(['init', 'sidecar']), statusesOf(['main']))
  const ephemeral = statusesOf(['ephemeral']).filter((status) => status.state !== undefined)
  const phase = podPhase(pod, { init, main, previous: previous.phase ?? 'Pending', stopped: input.stopped, failed: input.verdict !== undefined })
  const ips = podIPs(pod, runtime, input.hostIPs, previous)
  const { resize: _resize, ...kept } = previous
  return definedOnly({
    ...kept,
    phase,
    observedGeneration: pod.metadata.generation,
    conditions: podConditions({ pod, phase, init, main, nowMs: input.nowMs, previous: previous.conditions ?? [], sandboxReady: sandboxReady(pod, runtime), ...(input.resize ? { resize: input.resize } : {}), ...(input.verdict?.disruption && input.stopped ? { disruption: input.verdict.disruptionMessage ?? input.verdict.message } : {}) }),
    // Like the phase, not before its containers have ended.
    ...(input.verdict && input.stopped ? { reason: input.verdict.reason, message: input.verdict.message } : {}),
    qosClass: previous.qosClass ?? qosClass(pod),
    hostIP: input.hostIPs[0],
    hostIPs: input.hostIPs.map((ip) => ({ ip })),
    podIP: ips[0],
    podIPs: ips.length > 0 ? ips.map((ip) => ({ ip })) : undefined,
    startTime: previous.startTime ?? formatTime(input.nowMs),
    initContainerStatuses: init.length > 0 ? init : undefined,
    containerStatuses: main,
    ephemeralContainerStatuses: ephemeral.length > 0 ? ephemeral : undefined,
  })
}

/** Nothing is said of what never was on this node, so that a table shows why. */
function refusedStatus({ pod, previous, nowMs }: StatusInput, { reason, message }: PodVerdict): PodStatus {
  return definedOnly({
    phase: 'Failed', reason, message,
    observedGeneration: pod.metadata.generation,
    qosClass: previous.qosClass ?? qosClass(pod),
    startTime: previous.startTime ?? formatTime(nowMs),
    conditions: (previous.conditions ?? []).filter(({ type }) => !ownConditions.has(type)),
    resourceClaimStatuses: previous.resourceClaimStatuses,
    extendedResourceClaimStatus: previous.extendedResourceClaimStatus,
  })
}

/** Of a pod that has ended, what could have run has failed unless there is word of its end; what its turn never came to still waits. */
function endedStatuses(input: StatusInput, init: readonly ContainerStatus[], main: readonly ContainerStatus[]): [ContainerStatus[], ContainerStatus[]] {
  const lost = (status: ContainerStatus): ContainerStatus => (status.state?.terminated ? status : { ...status, state: { terminated: lostTermination } })
  const begun = ({ state, lastState }: ContainerStatus): boolean => !state?.waiting || lastState?.terminated !== undefined
  if (!input.stopped) return [[...init], [...main]]
  const reached = Math.max(1, init.findLastIndex(begun) + 1)
  const initialized = init.length === 0 || main.some(begun) || init.at(-1)?.state?.terminated?.exitCode === 0
  return [init.map((status, index) => (index < reached ? lost(status) : status)), initialized ? main.map(lost) : [...main]]
}

function definedOnly(status: { [K in keyof PodStatus]: PodStatus[K] | undefined }): PodStatus {
  return Object.fromEntries(Object.entries(status).filter(([, value]) => value !== undefined)) as PodStatus
}

const sandboxReady = (pod: Pod, runtime: RuntimePod): boolean =>
  runtime.sandboxes.some((sandbox) => sandbox.ready && (pod.spec.hostNetwork === true || sandbox.ips.length > 0))

/** The addresses stay when the sandbox is gone: an ended pod keeps telling where it was. */
function podIPs(pod: Pod, runtime: RuntimePod, hostIPs: readonly string[], previous: PodStatus): readonly string[] {
  if (pod.spec.hostNetwork) return runtime.sandboxes.length > 0 ? hostIPs : (previous.podIPs ?? []).map(({ ip }) => ip)
  const live = runtime.sandboxes.find((sandbox) => sandbox.ready && sandbox.ips.length > 0)
  return live?.ips ?? (previous.podIPs ?? []).map(({ ip }) => ip)
}

function containerStatus({ container, kind }: NamedContainer, input: StatusInput): ContainerStatus {
  const found = input.runtime.containers.filter((each) => each.name === container.name)
  const [current, before] = found
  const old = oldStatus(input.previous, container.name)
  const waiting = input.waiting(container.name)
  const lost = current ? undefined : lostForGood({ container, kind }, old, input)
  const state = lost ?? containerState(current, waiting, input)
  const lastState = current && state.waiting && current.phase !== 'created' && !input.starting(current.name)
    ? terminatedState(current, input)
    : before ? terminatedState(before, input) : current || lost ? old?.lastState : lostState(old)
  const probes = current && state.running ? input.probes(current.id) : undefined
  const doneInit = kind === 'init' && state.terminated?.exitCode === 0
  const shown = state.waiting && current && current.phase !== 'created' ? current : current ?? undefined
  return {
    name: container.name,
    image: shown?.image || container.image || '',
    imageID: shown?.imageId ?? old?.imageID ?? '',
    ...(shown ? { containerID: containerID(shown.id) } : old?.containerID ? { containerID: old.containerID } : {}),
    ready: kind === 'ephemeral' ? false : doneInit || (probes !== undefined && probes.started && probes.ready),
    ...(kind === 'ephemeral' ? {} : { started: probes?.started ?? false }),
    restartCount: current?.attempt ?? old?.restartCount ?? 0,
    state,
    lastState: lastState ?? {},
    ...(current && kind !== 'ephemeral' ? resourcesOf(container, input.actuated(current.id, container)) : {}),
    ...(current?.user ? { user: { linux: { uid: current.user.uid, gid: current.user.gid, supplementalGroups: [...current.user.groups] } } } : {}),
    ...((container.volumeMounts ?? []).length > 0 ? { volumeMounts: mountStatuses(container, input.recursiveReadOnly ?? false) } : {}),
  }
}

export const containerID = (id: string): string => `containerd://${id}`

function oldStatus(previous: PodStatus, name: string): ContainerStatus | undefined {
  return [...(previous.initContainerStatuses ?? []), ...(previous.containerStatuses ?? []), ...(previous.ephemeralContainerStatuses ?? [])]
    .find((status) => status.name === name)
}

function resourcesOf(container: Container, { limits, requests }: ResourceRequirements): Pick<ContainerStatus, 'allocatedResources' | 'resources'> {
  const allocated = container.resources?.requests
  return {
    ...(allocated && Object.keys(allocated).length > 0 ? { allocatedResources: allocated } : {}),
    resources: { ...(limits ? { limits } : {}), ...(requests ? { requests } : {}) },
  }
}

const mountStatuses = (container: NamedContainer['container'], recursive: boolean): NonNullable<ContainerStatus['volumeMounts']> =>
  (container.volumeMounts ?? []).map((mount) => ({
    name: mount.name, mountPath: mount.mountPath, ...(mount.readOnly ? { readOnly: true, recursiveReadOnly: recursive && (mount.recursiveReadOnly ?? 'Disabled') !== 'Disabled' ? 'Enabled' : 'Disabled' } : {}),
  }))

function containerState(current: RuntimeContainer | undefined, waiting: Waiting | undefined, input: StatusInput): ContainerState {
  if (current?.phase === 'running' && !input.starting(current.name)) return { running: { startedAt: formatTime(current.startedAtMs) } }
  if (waiting && !input.stopped) return { waiting: { reason: waiting.reason, ...(waiting.message ? { message: waiting.message } : {}) } }
  if (current && (current.phase === 'exited' || current.phase === 'unknown')) return terminatedState(current, input)
  const initializing = (input.pod.spec.initContainers ?? []).length > 0
  return { waiting: { reason: initializing ? 'PodInitializing' : 'ContainerCreating' } }
}

export const lostTermination = { exitCode: 137, reason: 'ContainerStatusUnknown', message: 'The container could not be located when the pod was terminated' }

/** The state of what ran, is not to run again, and of which the runtime knows nothing any more. */
function lostForGood({ container, kind }: NamedContainer, old: ContainerStatus | undefined, { pod }: StatusInput): ContainerState | undefined {
  const ended = old?.containerID === undefined ? undefined : old.state?.terminated ?? (old.state?.running ? { ...lostTermination, containerID: old.containerID } : undefined)
  if (!ended || (kind === 'init' && ended.exitCode === 0)) return undefined
  return kind === 'ephemeral' || (kind !== 'sidecar' && !restarts(pod, container, { id: '', exitCode: ended.exitCode }, new Set())) ? { terminated: ended } : undefined
}

/** The API server remembers a container of which the runtime knows nothing any more. */
function lostState(old: ContainerStatus | undefined): ContainerState | undefined {
  if (old?.state?.terminated) return old.state
  if (old?.state?.running) return { terminated: { ...lostTermination, ...(old.containerID ? { containerID: old.containerID } : {}) } }
  return old?.lastState
}

function terminatedState(container: RuntimeContainer, input: StatusInput): ContainerState {
  if (container.phase === 'running' || container.phase === 'created') return {}
  if (container.phase === 'unknown') return { terminated: { ...lostTermination, containerID: containerID(container.id) } }
  const message = input.terminationMessage(container.id) || container.message
  return {
    terminated: {
      exitCode: container.exitCode,
      reason: container.reason || (container.exitCode === 0 ? 'Completed' : 'Error'),
      ...(message ? { message } : {}),
      // containerd gives no start to what it could not start.
      startedAt: formatTime(container.startedAtMs || container.finishedAtMs),
      finishedAt: formatTime(container.finishedAtMs),
      containerID: containerID(container.id),
    },
  }
}

interface PhaseInput {
  readonly init: readonly ContainerStatus[]
  readonly main: readonly ContainerStatus[]
  readonly previous: string
  readonly stopped: boolean
  readonly failed: boolean
}

export function podPhase(pod: Pod, { init, main, previous, stopped, failed }: PhaseInput): string {
  if (previous === 'Succeeded' || previous === 'Failed') return previous
  if (failed && stopped) return 'Failed'
  const policy = pod.spec.restartPolicy ?? 'Always'
  const initialization = countInit(pod, init)
  if (initialization.failed > 0 && policy === 'Never') return stopped ? 'Failed' : 'Pending'
  const count = { waiting: 0, running: 0, stopped: 0, succeeded: 0 }
  for (const { state, lastState } of main) {
    if (state?.running) count.running++
    else if (state?.terminated) {
      count.stopped++
      if (state.terminated.exitCode === 0) count.succeeded++
    } else if (lastState?.terminated) count.stopped++
    else count.waiting++
  }
  if (stopped) return count.succeeded === main.length ? 'Succeeded' : 'Failed'
  const begun = count.running + count.stopped > 0
  if ((initialization.pending > 0 && !begun) || count.waiting > 0) return 'Pending'
  // Succeeded and Failed are only said of a pod of which nothing runs any more, sidecars included.
  return 'Running'
}

function countInit(pod: Pod, init: readonly ContainerStatus[]): { pending: number; failed: number } {
  let pending = 0
  let failed = 0
  for (const container of pod.spec.initContainers ?? []) {
    const status = init.find((each) => each.name === container.name)
    const ended = status?.state?.terminated ?? (status?.state?.waiting ? status.lastState?.terminated : undefined)
    if (container.restartPolicy === 'Always') {
      if (!ended && !(status?.state?.running && status.started)) pending++
    } else if (ended) {
      if (ended.exitCode !== 0) failed++
    } else pending++
  }
  return { pending, failed }
}
