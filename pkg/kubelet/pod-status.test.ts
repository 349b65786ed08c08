import type { ContainerState, PodStatus } from '../api/types-pod.ts'
import { refusal } from './pod-ending.ts'
import type { StatusInput } from './pod-status.ts'
import { podStatus } from './pod-status.ts'
import { makeContainer, makePod, makeRuntime, sandbox, startMs } from './fixture.suite.ts'

const status = (pod: Parameters<typeof makePod>[0], runtime: ReturnType<typeof makeRuntime>, more: Partial<StatusInput> = {}): PodStatus => podStatus({
  pod: makePod(pod), runtime, previous: {}, nowMs: startMs + 5000, hostIPs: ['192.168.0.1'], stopped: false,
  waiting: () => undefined, probes: () => ({ started: true, ready: true }), terminationMessage: () => '', starting: () => false, actuated: (_id, { resources }) => resources ?? {}, ...more,
})

/** Phase, the conditions in the order of the API as letters, and each container's state. */
function words(made: PodStatus): string {
  const conditions = (made.conditions ?? []).map(({ status: value, reason }) => `${value === 'True' ? 'T' : 'F'}${reason ? `(${reason})` : ''}`).join(' ')
  const containers = [...(made.initContainerStatuses ?? []), ...(made.containerStatuses ?? [])].map(({ name, state, ready, restartCount }) => {
    const text = state?.running ? 'running' : state?.terminated ? `${state.terminated.reason}/${state.terminated.exitCode}` : state?.waiting?.reason
    return `${name}=${text}${ready ? ' ready' : ''}#${restartCount}`
  })
  return `${made.phase} | ${conditions} | ${containers.join(', ')}`
}

const two = { containers: [{ name: 'a', image: 'i' }, { name: 'b', image: 'i' }] }
const init = { initContainers: [{ name: 'i', image: 'i' }] }
const crash = (name: string) => (name === 'c' ? { reason: 'CrashLoopBackOff', message: 'back-off' } : undefined)
const unready = '(ContainersNotReady)'

const cases: [name: string, pod: Parameters<typeof makePod>[0], runtime: ReturnType<typeof makeRuntime>, expected: string, more?: Partial<StatusInput>][] = [
  ['before the sandbox', {}, makeRuntime([], []), `Pending | F T F${unready} F${unready} T | c=ContainerCreating#0`],
  ['initializing', init, makeRuntime([]), `Pending | T F(ContainersNotInitialized) F${unready} F${unready} T | i=PodInitializing#0, c=PodInitializing#0`],
  ['init container failed, again', init, makeRuntime(['i:exited/1']), `Pending | T F(ContainersNotInitialized) F${unready} F${unready} T | i=Error/1#0, c=PodInitializing#0`],
  ['init container done', init, makeRuntime(['i:exited', 'c:running']), 'Running | T T T T T | i=Completed/0 ready#0, c=running ready#0'],
  ['one of two runs', two, makeRuntime(['a:running']), `Pending | T T F${unready} F${unready} T | a=running ready#0, b=ContainerCreating#0`],
  ['not ready', {}, makeRuntime(['c:running']), `Running | T T F${unready} F${unready} T | c=running#0`, { probes: () => ({ started: true, ready: false }) }],
  ['its hook runs', {}, makeRuntime(['c:running']), `Pending | T T F${unready} F${unready} T | c=ContainerCreating#0`, { starting: () => true }],
  ['crashed, waits', {}, makeRuntime(['c:exited/1#2', 'c:exited/1#1']), `Running | T T F${unready} F${unready} T | c=CrashLoopBackOff#2`, { waiting: crash }],
  ['one ended, one runs', { ...two, restartPolicy: 'Never' }, makeRuntime(['a:exited', 'b:running']), `Running | T T F${unready} F${unready} T | a=Completed/0#0, b=running ready#0`],
  ['ended but not yet told so', { restartPolicy: 'Never' }, makeRuntime(['c:exited']), `Running | T T F${unready} F${unready} T | c=Completed/0#0`],
  ['succeeded', { restartPolicy: 'Never' }, makeRuntime(['c:exited']), 'Succeeded | T T(PodCompleted) F(PodCompleted) F(PodCompleted) T | c=Completed/0#0', { stopped: true }],
  ['failed', { ...two, restartPolicy: 'Never' }, makeRuntime(['a:exited', 'b:exited/2']), 'Failed | T T F(PodFailed) F(PodFailed) T | a=Completed/0#0, b=Error/2#0', { stopped: true }],
  ['deleted before it started', {}, makeRuntime([], []), 'Failed | F T F(PodFailed) F(PodFailed) T | c=ContainerStatusUnknown/137#0', { stopped: true }],
  ['deleted while its image was not there', {}, makeRuntime([]), 'Failed | T T F(PodFailed) F(PodFailed) T | c=ContainerStatusUnknown/137#0', { stopped: true, waiting: () => ({ reason: 'ImagePullBackOff', message: '' }) }],
  ['deleted before it was initialized', { initContainers: [{ name: 'i', image: 'i' }, { name: 'j', image: 'i' }] }, makeRuntime([]), 'Failed | T F(ContainersNotInitialized) F(PodFailed) F(PodFailed) T | i=ContainerStatusUnknown/137#0, j=PodInitializing#0, c=PodInitializing#0', { stopped: true }],
  ['deleted when it was initialized', init, makeRuntime(['i:exited']), 'Failed | T T F(PodFailed) F(PodFailed) T | i=Completed/0 ready#0, c=ContainerStatusUnknown/137#0', { stopped: true }],
  ['an end is an end', {}, makeRuntime(['c:running']), 'Failed | T T F(PodFailed) F(PodFailed) T | c=running ready#0', { previous: { phase: 'Failed' } }],
  ['a sidecar of which nothing is asked', { initContainers: [{ name: 's', restartPolicy: 'Always' }] }, makeRuntime(['s:running', 'c:running']), 'Running | T T T T T | s=running ready#0, c=running ready#0'],
  ['a missing gate', { readinessGates: [{ conditionType: 'x' }] }, makeRuntime(['c:running']), 'Running | T T F(ReadinessGatesNotReady) T T | c=running ready#0'],
]

describe('podStatus', () => {
  it.each(cases.map(([name, ...rest]) => ({ name, rest })))('$name', ({ rest: [pod, runtime, expected, more] }) => {
    expect(words(status(pod, runtime, more))).toBe(expected)
  })

  it('says why a pod was ended when it has ended', () => {
    const verdict = { reason: 'DeadlineExceeded', message: 'too long' }
    const alive = status({}, makeRuntime(['c:running']), { verdict })
    expect([alive.phase, alive.reason]).toEqual(['Running', undefined])
    expect(status({}, makeRuntime(['c:exited/137']), { verdict, stopped: true })).toMatchObject({ phase: 'Failed', ...verdict })
  })

  it('tells nothing but why of a pod that the node does not take', () => {
    const previous = { conditions: [{ type: 'PodScheduled', status: 'True' as const }, { type: 'theirs', status: 'True' as const }], qosClass: 'BestEffort' as const }
    expect(status({}, makeRuntime([], []), { previous, verdict: refusal('OutOfcpu', 'no'), stopped: true })).toEqual({
      phase: 'Failed', reason: 'OutOfcpu', message: 'Pod was rejected: no', observedGeneration: 1, qosClass: 'BestEffort', startTime: '2026-01-01T00:00:05Z', conditions: [{ type: 'theirs', status: 'True' }],
    })
  })

  it.each<[string, Parameters<typeof makePod>[0], ContainerState, ContainerState, object]>([
    ['an end stays', { restartPolicy: 'Never' }, { terminated: { exitCode: 0, reason: 'Completed' } }, { terminated: { exitCode: 0, reason: 'Completed' } }, {}],
    ['what ran has failed', { restartPolicy: 'Never' }, { running: {} }, { terminated: expect.objectContaining({ exitCode: 137, reason: 'ContainerStatusUnknown', containerID: 'containerd://old' }) as never }, {}],
    ['what restarts waits for it', {}, { terminated: { exitCode: 1 } }, { waiting: { reason: 'ContainerCreating' } }, { terminated: { exitCode: 1 } }],
  ])('of what the runtime has lost, %s', (_what, pod, before, state, lastState) => {
    const previous = { containerStatuses: [{ name: 'c', image: 'i', imageID: '', ready: false, restartCount: 2, containerID: 'containerd://old', state: before, lastState: {} }] }
    expect(status(pod, makeRuntime([]), { previous }).containerStatuses).toEqual([expect.objectContaining({ state, lastState, restartCount: 2 })])
  })

  it('says of an ephemeral container that the runtime has lost that it has ended', () => {
    const previous = { ephemeralContainerStatuses: [{ name: 'e', image: 'i', imageID: '', ready: false, restartCount: 0, containerID: 'containerd://old', state: { running: {} } }] }
    expect(status({ ephemeralContainers: [{ name: 'e', image: 'i' }] }, makeRuntime(['c:running']), { previous }).ephemeralContainerStatuses?.[0]?.state?.terminated?.reason).toBe('ContainerStatusUnknown')
  })

  it('keeps times of transitions, and conditions of others', () => {
    const first = status({}, makeRuntime(['c:running']), { nowMs: startMs })
    const previous = { ...first, conditions: [...(first.conditions ?? []), { type: 'mine', status: 'True' }] }
    const second = status({}, makeRuntime(['c:running']), { previous, probes: () => ({ started: true, ready: false }) })
    const at = (made: PodStatus, type: string): string | undefined => made.conditions?.find((each) => each.type === type)?.lastTransitionTime
    expect([at(second, 'Initialized'), at(second, 'Ready')]).toEqual(['2026-01-01T00:00:00Z', '2026-01-01T00:00:05Z'])
    expect(second.conditions?.at(-1)).toEqual({ type: 'mine', status: 'True' })
    expect(second.startTime).toBe('2026-01-01T00:00:00Z')
  })

  it('tells how containers ended, now and before', () => {
    const [made] = status({}, makeRuntime(['c:running#1', makeContainer('c:exited/137', { reason: 'OOMKilled' })]), { terminationMessage: () => 'bye' }).containerStatuses ?? []
    expect(made).toMatchObject({ restartCount: 1, containerID: 'containerd://c-1', started: true })
    expect(made?.lastState?.terminated).toEqual({
      exitCode: 137, reason: 'OOMKilled', message: 'bye', startedAt: '2026-01-01T00:00:01Z', finishedAt: '2026-01-01T00:00:02Z', containerID: 'containerd://c-0',
    })
  })

  it('remembers what the runtime has lost', () => {
    const before = status({}, makeRuntime(['c:running#3']))
    const [made] = status({}, makeRuntime([], []), { previous: before }).containerStatuses ?? []
    expect(made).toMatchObject({ restartCount: 3, ready: false, lastState: { terminated: { exitCode: 137, reason: 'ContainerStatusUnknown', containerID: 'containerd://c-3' } } })
  })

  it('keeps the addresses of an ended pod', () => {
    const before = status({}, makeRuntime(['c:running']))
    expect(before).toMatchObject({ podIP: '10.0.0.1', podIPs: [{ ip: '10.0.0.1' }], hostIP: '192.168.0.1' })
    expect(status({}, makeRuntime(['c:exited'], [sandbox({ ready: false, ips: [] })]), { previous: before }).podIP).toBe('10.0.0.1')
  })
})
