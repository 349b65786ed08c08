// The order in which a namespace's objects go: pods before everything else.
import { configMaps, namespaces } from '../../../pkg/api/types-config.ts'
import { pods } from '../../../pkg/api/types-pod.ts'
import { client, createNamespace, eventually, existing, retryOnConflict } from '../framework.ts'
import { createPod, images, podOf, timeouts, waitGone, waitRunning } from '../pods.ts'

const deletionMs = 15 * 60_000

test('[sig-api-machinery] OrderedNamespaceDeletion namespace deletion should delete pod first [Conformance]', async () => {
  const namespace = await createNamespace('nsdeletetest')
  const pod = await createPod(podOf(namespace, 'test-pod', { containers: [{ name: 'nginx', image: images.toolbox, args: ['pause'] }] }, { finalizers: ['e2e.example.com/finalizer'] }))
  await waitRunning(pod)
  await client.create(configMaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'test-configmap', namespace }, data: { key: 'value' } })
  await client.delete(namespaces, { name: namespace })

  await eventually(async () => {
    const { status } = await client.get(namespaces, { name: namespace })
    return status?.phase === 'Terminating' && status.conditions?.some(({ type }) => type === 'NamespaceDeletionContentFailure')
  }, 'the controller has told what is left', deletionMs)
  await eventually(async () => {
    await client.get(configMaps, { namespace, name: 'test-configmap' })
    return (await client.get(pods, { namespace, name: 'test-pod' })).metadata.deletionTimestamp
  }, 'the pod is being deleted while the config map is still there', deletionMs)

  await retryOnConflict(async () => {
    const read = await client.get(pods, { namespace, name: 'test-pod' })
    return client.update(pods, { ...read, metadata: { ...read.metadata, finalizers: [] } })
  })
  await waitGone(pod, timeouts.podDelete)
  await eventually(async () => (await existing(client.get(namespaces, { name: namespace }))) === undefined, 'the namespace is removed', deletionMs)
}, deletionMs)
