// Ephemeral containers: added to a pod that runs.
import type { Pod } from '../../../../pkg/api/types-pod.ts'
import { pods } from '../../../../pkg/api/types-pod.ts'
import { client, http, podSecurity, useNamespace } from '../../framework.ts'
import { createRunning, execIn, images, logsOf, podOf, updatePod, waitForPod } from '../../pods.ts'

const namespace = useNamespace('ephemeral-containers-test', podSecurity('baseline'))
const name = 'ephemeral-containers-target-pod'

async function podWithDebugger(): Promise<Pod> {
  const pod = await createRunning(podOf(namespace.name, name, {
    containers: [{ name: 'test-container-1', image: images.busybox, command: ['/bin/sleep'], args: ['10000'] }],
  }))
  expect(pod.metadata.generation).toBe(1)

  const container = {
    name: 'debugger', image: images.busybox, command: ['/bin/sh', '-c', 'while true; do echo polo; sleep 2; done'], stdin: true, tty: true,
  }
  await client.patch(pods, { namespace: namespace.name, name }, { type: 'strategic', body: { spec: { ephemeralContainers: [container] } } }, { subresource: 'ephemeralcontainers' })
  await waitForPod(pod, ({ status }) => status?.ephemeralContainerStatuses?.some((each) => each.name === 'debugger' && each.state?.running !== undefined) ?? false, 'runs its debugger', 60_000)
  expect((await client.get(pods, { namespace: namespace.name, name })).metadata.generation).toBe(2)

  expect(await execIn(pod, ['/bin/echo', 'marco'], 'debugger')).toContain('marco')
  expect(await logsOf(pod, 'debugger')).toContain('polo')
  return pod
}

const ephemeralContainers = async () =>
  (await http<Pod>('GET', `/api/v1/namespaces/${namespace.name}/pods/${name}/ephemeralcontainers`)).json().spec.ephemeralContainers

test('[sig-node] Ephemeral Containers [NodeConformance] will start an ephemeral container in an existing pod [Conformance]', async () => {
  await podWithDebugger()
})

test('[sig-node] Ephemeral Containers [NodeConformance] should update the ephemeral containers in an existing pod [Conformance]', async () => {
  const pod = await podWithDebugger()
  expect(await ephemeralContainers()).toHaveLength(1)
  const another = { name: 'debugger2', image: images.toolbox, imagePullPolicy: 'IfNotPresent', terminationMessagePolicy: 'File' }
  await updatePod(pod, (now) => ({ ...now, spec: { ...now.spec, ephemeralContainers: [...(now.spec.ephemeralContainers ?? []), another] } }), { subresource: 'ephemeralcontainers' })
  expect(await ephemeralContainers()).toHaveLength(2)
})
