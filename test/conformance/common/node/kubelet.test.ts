// The kubelet: logs, the status of what fails, /etc/hosts, a read-only root file system.
import type { Pod } from '../../../../pkg/api/types-pod.ts'
import { pods } from '../../../../pkg/api/types-pod.ts'
import { client, eventually, http, podSecurity, uniqueName, useNamespace } from '../../framework.ts'
import { createPod, createRunning, images, logsOf, podOf, timeouts, toolboxPod, waitForPod } from '../../pods.ts'

const namespace = useNamespace('kubelet-test', podSecurity('baseline'))
const minute = 60_000

/** It is expected to exit, so it is not restarted. */
const busyboxPod = (name: string, command: string[], securityContext = {}): Pod =>
  podOf(namespace.name, name, { restartPolicy: 'Never', containers: [{ name, image: images.busybox, command, securityContext }] })

test('[sig-node] Kubelet when scheduling a busybox command in a pod should print the output to logs [NodeConformance] [Conformance]', async () => {
  const name = uniqueName('busybox-scheduling')
  await createRunning(busyboxPod(name, ['sh', '-c', 'echo \'Hello World\' ; sleep 240']))
  const sinceTime = new Date(Date.now() - 60 * minute).toISOString().replace(/\.\d+/, '')
  await eventually(async () => {
    const { status, text } = await http('GET', `/api/v1/namespaces/${namespace.name}/pods/${name}/log?sinceTime=${sinceTime}`, { headers: { accept: '*/*' } })
    return status === 200 && text === 'Hello World\n'
  }, 'the log has the output', minute)
})

test('[sig-node] Kubelet when scheduling a busybox command that always fails in a pod should have an terminated reason [NodeConformance] [Conformance]', async () => {
  const pod = await createPod(busyboxPod(uniqueName('bin-false'), ['/bin/false']))
  await waitForPod(pod, ({ status }) => {
    const ended = status?.containerStatuses?.length === 1 ? status.containerStatuses[0]?.state?.terminated : undefined
    return ended !== undefined && ended.exitCode !== 0 && Boolean(ended.reason)
  }, 'has ended with a reason')
})

test('[sig-node] Kubelet when scheduling a busybox command that always fails in a pod should be possible to delete [NodeConformance] [Conformance]', async () => {
  const pod = await createPod(busyboxPod(uniqueName('bin-false'), ['/bin/false']))
  await client.delete(pods, { namespace: namespace.name, name: pod.metadata.name ?? '' })
})

test('[sig-node] Kubelet when scheduling an agnhost Pod with hostAliases should write entries to /etc/hosts [NodeConformance] [Conformance]', async () => {
  const pod = await createPod(toolboxPod(namespace.name, uniqueName('agnhost-host-aliases'), ['etc-hosts'], {
    restartPolicy: 'Never', hostAliases: [{ ip: '123.45.67.89', hostnames: ['foo', 'bar'] }],
  }))
  await waitForPod(pod, ({ status }) => status?.phase === 'Succeeded' || status?.phase === 'Failed', 'has ended', timeouts.podStart)
  expect(await logsOf(pod)).toContain('123.45.67.89\tfoo\tbar')
})

test('[sig-node] Kubelet when scheduling a read only busybox container should not write to root filesystem [LinuxOnly] [NodeConformance] [Conformance]', async () => {
  const pod = await createRunning(busyboxPod(uniqueName('busybox-readonly-fs'), ['/bin/sh', '-c', 'echo test > /file; sleep 240'], { readOnlyRootFilesystem: true }))
  await eventually(async () => (await logsOf(pod)) === '/bin/sh: can\'t create /file: Read-only file system\n', 'the log says that the file system is read-only', minute)
})
