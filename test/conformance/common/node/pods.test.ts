// Pods: their life, their status, what their containers see.
import { useNamespace, uniqueName } from '../../framework.ts'
import { createPod, images, podOf, waitForPod } from '../../pods.ts'

const namespace = useNamespace('pods')

test('[sig-node] Pods should get a host IP [NodeConformance] [Conformance]', async () => {
  const pod = await createPod(podOf(namespace.name, uniqueName('pod-hostip'), { containers: [{ name: 'test', image: images.toolbox }] }))
  const running = await waitForPod(pod, ({ status }) => Boolean(status?.hostIP), 'has a host IP')
  expect(running.status?.hostIP).toMatch(/^[0-9.]+$/)
})
