// A namespace takes its pods with it.
import { namespaces } from '../../../pkg/api/types-config.ts'
import { pods } from '../../../pkg/api/types-pod.ts'
import { client, createNamespace, eventually, existing } from '../framework.ts'
import { createPod, images, podOf, waitRunning } from '../pods.ts'

test('[sig-api-machinery] Namespaces [Serial] should ensure that all pods are removed when a namespace is deleted [Conformance]', async () => {
  const namespace = await createNamespace('nsdeletetest')
  const pod = await waitRunning(await createPod(podOf(namespace, 'test-pod', { containers: [{ name: 'nginx', image: images.toolbox }] })))
  const gone = async (): Promise<boolean> => (await existing(client.get(namespaces, { name: namespace }))) === undefined

  await client.delete(namespaces, { name: namespace })
  // As long as the pod may take, and a minute.
  await eventually(gone, 'the namespace is gone', ((pod.spec.terminationGracePeriodSeconds ?? 0) + 60) * 1000)

  await client.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace }, spec: {} })
  expect(await existing(client.get(pods, { namespace, name: 'test-pod' }))).toBeUndefined()
  await client.delete(namespaces, { name: namespace })
})
