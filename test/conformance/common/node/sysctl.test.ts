// Kernel parameters of a pod.
import { events } from '../../../../pkg/api/types-config.ts'
import { client, eventually, refusal, uniqueName, useNamespace } from '../../framework.ts'
import type { PodSpec } from '../../pods.ts'
import { createPod, images, logsOf, podOf, timeouts, waitForPod } from '../../pods.ts'

const namespace = useNamespace('sysctl')

const testPod = (sysctls: { name: string; value: string }[], command?: string[]) => podOf(namespace.name, uniqueName('sysctl'), {
  restartPolicy: 'Never', securityContext: { sysctls },
  containers: [{ name: 'test-container', image: images.busybox, ...(command ? { command } : {}) }],
} satisfies PodSpec)

test('[sig-node] Sysctls [LinuxOnly] [NodeConformance] should support sysctls [Environment:NotInUserNS] [Conformance]', async () => {
  const pod = await createPod(testPod([{ name: 'kernel.shm_rmid_forced', value: '1' }], ['/bin/sysctl', 'kernel.shm_rmid_forced']))
  await eventually(async () => {
    const { items } = await client.list(events, { namespace: namespace.name, fieldSelector: `involvedObject.name=${pod.metadata.name}` })
    const failure = items.find(({ reason }) => ['Failed', 'FailedCreatePodSandBox', 'SysctlForbidden', 'BackOff'].includes(reason ?? ''))
    if (failure) throw new Error(`an error event: ${failure.reason} ${failure.message}`)
    return items.some(({ reason }) => reason === 'Started')
  }, 'the container has started', timeouts.podStart)
  const end = await waitForPod(pod, ({ status }) => status?.phase === 'Succeeded' || status?.phase === 'Failed', 'has ended')
  expect(end.status?.phase).toBe('Succeeded')
  expect(await logsOf(end)).toContain('kernel.shm_rmid_forced = 1')
})

test('[sig-node] Sysctls [LinuxOnly] [NodeConformance] should reject invalid sysctls [Conformance]', async () => {
  const { message } = await refusal(createPod(testPod([
    { name: 'foo-', value: 'bar' }, { name: 'kernel.shmmax', value: '100000000' }, { name: 'safe-and-unsafe', value: '100000000' }, { name: 'bar..', value: '42' },
  ])))
  expect(message).toContain('Invalid value: "foo-"')
  expect(message).toContain('Invalid value: "bar.."')
  expect(message).not.toContain('safe-and-unsafe')
  expect(message).not.toContain('kernel.shmmax')
})
