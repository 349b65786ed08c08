// /etc/hosts: the kubelet's own, unless the pod mounts another or is on the node's network.
import type { Pod } from '../../../../pkg/api/types-pod.ts'
import { eventually, useNamespace } from '../../framework.ts'
import type { PodSpec } from '../../pods.ts'
import { createRunning, execIn, images, podOf } from '../../pods.ts'

const namespace = useNamespace('e2e-kubelet-etc-hosts')
const hostFile = { name: 'host-etc-hosts', hostPath: { path: '/etc/hosts', type: 'FileOrCreate' } }

const container = (name: string, ...paths: string[]): PodSpec['containers'][number] =>
  ({ name, image: images.toolbox, volumeMounts: paths.map((mountPath) => ({ name: hostFile.name, mountPath })) })

const original = '/etc/hosts-original'

async function expectManaged(pod: Pod, name: string, managed: boolean): Promise<void> {
  let seen = ''
  await eventually(async () => {
    seen = await execIn(pod, ['cat', '/etc/hosts'], name)
    const hosts = await execIn(pod, ['cat', original], name)
    const isManaged = seen.startsWith('# Kubernetes-managed hosts file.') && seen !== hosts
    return seen !== '' && hosts !== '' && isManaged === managed
  }, () => `/etc/hosts of ${name} is ${managed ? '' : 'not '}the kubelet's: ${seen}`, 30_000)
}

test('[sig-node] KubeletManagedEtcHosts should test kubelet managed /etc/hosts file [NodeConformance] [Conformance]', async () => {
  const pod = await createRunning(podOf(namespace.name, 'test-pod', {
    containers: [container('busybox-1', original), container('busybox-2', original), container('busybox-3', original, '/etc/hosts')],
    volumes: [hostFile],
  }))
  const hostPod = await createRunning(podOf(namespace.name, 'test-host-network-pod', {
    hostNetwork: true, securityContext: {},
    containers: [container('busybox-1', original), container('busybox-2', original)],
    volumes: [hostFile],
  }))
  await expectManaged(pod, 'busybox-1', true)
  await expectManaged(pod, 'busybox-2', true)
  await expectManaged(pod, 'busybox-3', false)
  await expectManaged(hostPod, 'busybox-1', false)
  await expectManaged(hostPod, 'busybox-2', false)
})
