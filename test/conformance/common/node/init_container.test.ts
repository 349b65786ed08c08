// Init containers: one after another, before the others, as the restart policy has it.
import type { Pod, PodStatus } from '../../../../pkg/api/types-pod.ts'
import { podSecurity, uniqueName, useNamespace } from '../../framework.ts'
import type { PodEvent, PodSpec } from '../../pods.ts'
import { conditionOf, createPod, followPod, images, podOf } from '../../pods.ts'

const namespace = useNamespace('init-container', podSecurity('baseline'))

type Container = PodSpec['containers'][number]
type Status = NonNullable<PodStatus['containerStatuses']>[number]

const busybox = (name: string, program: string): Container => ({ name, image: images.busybox, command: [program] })
const limited: Pick<Container, 'resources'> = { resources: { limits: { cpu: '100m' } } }
const initStatuses = (pod: Pod): readonly Status[] => pod.status?.initContainerStatuses ?? []

const testPod = (spec: PodSpec): Promise<Pod> =>
  createPod(podOf(namespace.name, uniqueName('pod-init'), spec, { labels: { name: 'foo', time: String(process.hrtime.bigint()) } }))

/** The suite's conditions PodCompleted and PodRunning. */
const completed = ({ type, object }: PodEvent): boolean => {
  if (type === 'DELETED') throw new Error('the pod was deleted')
  return object.status?.phase === 'Failed' || object.status?.phase === 'Succeeded'
}
const running = (event: PodEvent): boolean => {
  if (completed(event)) throw new Error(`the pod ended: ${JSON.stringify(event.object.status)}`)
  return event.object.status?.phase === 'Running'
}

function expectInitialized(pod: Pod): void {
  expect(conditionOf(pod, 'Initialized')).toMatchObject({ status: 'True' })
  expect(initStatuses(pod)).toHaveLength(2)
  for (const status of initStatuses(pod)) {
    expect(status.ready).toBe(true)
    expect(status.state?.terminated?.exitCode).toBe(0)
  }
}

/** Nothing of the main containers may begin. */
function expectMainWaits(pod: Pod): void {
  for (const { state } of pod.status?.containerStatuses ?? []) expect(state?.waiting?.reason).toBe('PodInitializing')
}

test('[sig-node] InitContainer [NodeConformance] should invoke init containers on a RestartNever pod [Conformance]', async () => {
  const pod = await testPod({
    restartPolicy: 'Never',
    initContainers: [busybox('init1', '/bin/true'), busybox('init2', '/bin/true')],
    containers: [busybox('run1', '/bin/true')],
  })
  const { object: end } = await followPod(pod, [completed])
  expect(end.status?.phase).toBe('Succeeded')
  expectInitialized(end)
})

test('[sig-node] InitContainer [NodeConformance] should invoke init containers on a RestartAlways pod [Conformance]', async () => {
  const pod = await testPod({
    initContainers: [busybox('init1', '/bin/true'), busybox('init2', '/bin/true')],
    containers: [{ name: 'run1', image: images.toolbox, ...limited }],
  })
  const { object: end } = await followPod(pod, [running])
  expectInitialized(end)
})

test('[sig-node] InitContainer [NodeConformance] should not start app containers if init containers fail on a RestartAlways pod [Conformance]', async () => {
  const pod = await testPod({
    initContainers: [busybox('init1', '/bin/false'), busybox('init2', '/bin/true')],
    containers: [{ name: 'run1', image: images.toolbox, ...limited }],
  })
  const failsOnce = ({ object }: PodEvent): boolean => {
    expectMainWaits(object)
    const [first, second] = initStatuses(object)
    if (!first || !second) return false
    expect(second.state?.waiting?.reason).toBe('PodInitializing')
    if (first.state?.terminated) expect(first.state.terminated.exitCode).not.toBe(0)
    return first.lastState?.terminated !== undefined
  }
  const restarted = ({ object }: PodEvent): boolean => (initStatuses(object)[0]?.restartCount ?? 0) >= 3
  const { object: end } = await followPod(pod, [failsOnce, restarted])
  expect(end.status?.phase).toBe('Pending')
  expect(conditionOf(end, 'Initialized')).toMatchObject({
    status: 'False', reason: 'ContainersNotInitialized', message: 'containers with incomplete status: [init1 init2]',
  })
  expect(initStatuses(end)).toHaveLength(2)
})

test('[sig-node] InitContainer [NodeConformance] should not start app containers and fail the pod if init containers fail on a RestartNever pod [Conformance]', async () => {
  const pod = await testPod({
    restartPolicy: 'Never',
    initContainers: [busybox('init1', '/bin/true'), busybox('init2', '/bin/false')],
    containers: [{ ...busybox('run1', '/bin/true'), ...limited }],
  })
  const secondFails = ({ object }: PodEvent): boolean => {
    expectMainWaits(object)
    const [first, second] = initStatuses(object)
    if (!first || !second) return false
    if (!first.state?.terminated) {
      if (first.state?.waiting) expect(first.state.waiting.reason).toBe('PodInitializing')
      return false
    }
    expect(first.state.terminated.exitCode).toBe(0)
    if (!second.state?.terminated) return false
    expect(second.state.terminated.exitCode).not.toBe(0)
    return true
  }
  const { object: end } = await followPod(pod, [secondFails, completed])
  expect(end.status?.phase).toBe('Failed')
  expect(conditionOf(end, 'Initialized')).toMatchObject({
    status: 'False', reason: 'ContainersNotInitialized', message: 'containers with incomplete status: [init2]',
  })
  expect(initStatuses(end)).toHaveLength(2)
  expect(end.status?.containerStatuses?.[0]?.state?.waiting).toBeDefined()
})
