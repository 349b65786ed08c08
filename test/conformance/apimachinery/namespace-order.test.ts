// The order in which a namespace's contents go: pods first. (The rest of namespace.go is in namespace*.serial.ts.)
import { configMaps, namespaces } from '../../../pkg/api/types-config.ts'
import { pods } from '../../../pkg/api/types-pod.ts'
import { client, createNamespace, eventually, existing, podSecurity } from '../framework.ts'
import { createPod, images, podOf, timeouts, updatePod, waitGone, waitRunning } from '../pods.ts'

const deletionMs = 300_000

test('[sig-api-machinery] OrderedNamespaceDeletion namespace deletion should delete pod first [Conformance]', async () => {
  const namespace = await createNamespace('nsdeletetest', podSecurity('baseline'))
  const pod = await waitRunning(await createPod(podOf(namespace, 'test-pod', { containers: [{ name: 'nginx', image: images.toolbox }] }, { finalizers: ['e2e.example.com/finalizer'] })))
  const configMap = { namespace, name: 'test-configmap' }
  await client.create(configMaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata: configMap, data: { key: 'value' } })

  await client.delete(namespaces, { name: namespace })
  await eventually(async () => {
    const { status } = await client.get(namespaces, { name: namespace })
    return status?.phase === 'Terminating' && status.conditions?.some(({ type }) => type === 'NamespaceDeletionContentFailure')
  }, 'the namespace controller has begun', deletionMs)
  await eventually(async () => {
    await client.get(configMaps, configMap)
    return (await client.get(pods, { namespace, name: 'test-pod' })).metadata.deletionTimestamp !== undefined
  }, 'the pod is being deleted while the ConfigMap stays', deletionMs)

  await updatePod(pod, (it) => ({ ...it, metadata: { ...it.metadata, finalizers: [] } }))
  await waitGone(pod, timeouts.podDelete)
  await eventually(async () => (await existing(client.get(namespaces, { name: namespace }))) === undefined, 'the namespace is gone', deletionMs)
})
