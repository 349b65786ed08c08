// Containers that end: restarts and phases by the restart policy, and the message that they leave.
import type { Pod } from '../../../../pkg/api/types-pod.ts'
import { pods } from '../../../../pkg/api/types-pod.ts'
import { client, existing, podSecurity, uniqueName, useNamespace } from '../../framework.ts'
import type { PodSpec } from '../../pods.ts'
import { createPod, images, isReady, podOf, waitForPod, waitGone } from '../../pods.ts'

const namespace = useNamespace('container-runtime', podSecurity('baseline'))
type Container = PodSpec['containers'][number]

const statusOf = (pod: Pod) => pod.status?.containerStatuses?.[0]
const remove = (pod: Pod) => client.delete(pods, { namespace: namespace.name, name: pod.metadata.name ?? '' }, { gracePeriodSeconds: 0 })

const testPod = (container: Container, spec: Partial<PodSpec>): Promise<Pod> =>
  createPod(podOf(namespace.name, uniqueName(container.name), { containers: [container], ...spec }))

// Fails the first time, succeeds the second, and runs on the third.
const script = `
f=/restart-count/restartCount
echo hello >> $f
case $(wc -l < $f) in
  1) exit 1 ;;
  2) exit 0 ;;
esac
while true; do sleep 1; done
`

test('[sig-node] Container Runtime blackbox test when starting a container that exits should run with the expected status [NodeConformance] [Conformance]', async () => {
  for (const { name, restartPolicy, phase, state, restartCount, ready } of [
    { name: 'terminate-cmd-rpa', restartPolicy: 'Always', phase: 'Running', state: 'running', restartCount: 2, ready: true },
    { name: 'terminate-cmd-rpof', restartPolicy: 'OnFailure', phase: 'Succeeded', state: 'terminated', restartCount: 1, ready: false },
    { name: 'terminate-cmd-rpn', restartPolicy: 'Never', phase: 'Failed', state: 'terminated', restartCount: 0, ready: false },
  ]) {
    const pod = await testPod(
      { name, image: images.busybox, command: ['sh', '-c', script], volumeMounts: [{ name: 'restart-count', mountPath: '/restart-count' }] },
      { restartPolicy, volumes: [{ name: 'restart-count', emptyDir: { medium: 'Memory' } }] },
    )
    await waitForPod(pod, (now) => statusOf(now)?.restartCount === restartCount, `was restarted ${restartCount} times`)
    await waitForPod(pod, ({ status }) => status?.phase === phase, `is ${phase}`)
    const end = await client.get(pods, { namespace: namespace.name, name: pod.metadata.name ?? '' })
    expect(isReady(end)).toBe(ready)
    expect(Object.keys(statusOf(end)?.state ?? {})).toEqual([state])
    await remove(pod)
    await waitGone(pod)
  }
})

async function expectMessage(container: Partial<Container>, phase: string, message: string): Promise<void> {
  const pod = await testPod({ name: 'termination-message-container', image: images.busybox, command: ['/bin/sh', '-c'], ...container }, { restartPolicy: 'Never' })
  const end = await waitForPod(pod, ({ status }) => status?.phase === phase, `is ${phase}`)
  const ended = statusOf(end)?.state?.terminated
  expect(ended).toBeDefined()
  expect(ended?.message ?? '').toBe(message)
  await existing(remove(pod))
}

test('[sig-node] Container Runtime blackbox test on terminated container should report termination message if TerminationMessagePath is set as non-root user and at a non-default path [NodeConformance] [Conformance]', async () => {
  await expectMessage({
    args: ['/bin/echo -n DONE > /dev/termination-custom-log'], terminationMessagePath: '/dev/termination-custom-log', securityContext: { runAsUser: 10000 },
  }, 'Succeeded', 'DONE')
})

const orLogs = { terminationMessagePath: '/dev/termination-log', terminationMessagePolicy: 'FallbackToLogsOnError' }

test('[sig-node] Container Runtime blackbox test on terminated container should report termination message from log output if TerminationMessagePolicy FallbackToLogsOnError is set [NodeConformance] [Conformance]', async () => {
  await expectMessage({ args: ['/bin/echo -n DONE; /bin/false'], ...orLogs }, 'Failed', 'DONE')
})

test('[sig-node] Container Runtime blackbox test on terminated container should report termination message as empty when pod succeeds and TerminationMessagePolicy FallbackToLogsOnError is set [NodeConformance] [Conformance]', async () => {
  await expectMessage({ args: ['/bin/echo -n DONE; /bin/true'], ...orLogs }, 'Succeeded', '')
})

test('[sig-node] Container Runtime blackbox test on terminated container should report termination message from file when pod succeeds and TerminationMessagePolicy FallbackToLogsOnError is set [NodeConformance] [Conformance]', async () => {
  await expectMessage({ args: ['/bin/echo -n OK > /dev/termination-log; /bin/echo DONE; /bin/true'], ...orLogs }, 'Succeeded', 'OK')
})
