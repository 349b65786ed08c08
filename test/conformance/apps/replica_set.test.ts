// Replica sets: what they keep running, adopt and release; scale, status and collections of them.
import { replicaSets, type ReplicaSet } from '../../../pkg/api/types-workload.ts'
import { client, uniqueName, useNamespace } from '../framework.ts'
import { strategicPatch, updateWith, Watching } from '../operations.ts'
import { createRunning, images, podOf, timeouts } from '../pods.ts'
import { expectHostnames, expectReleased, expectStatusEndpoints, expectWorkingScale, podsBy, selectorOf, waitAdopted, waitRunningPods, webserver } from './workloads.ts'

const namespace = useNamespace('replicaset')

const setOf = (name: string, replicas: number, labels: Record<string, string>, container: object = webserver): ReplicaSet => ({
  apiVersion: 'apps/v1', kind: 'ReplicaSet', metadata: { name, namespace: namespace.name, labels },
  spec: { replicas, selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { terminationGracePeriodSeconds: 0, containers: [{ ...webserver, ...container }] } } },
})
const labels = { name: 'sample-pod', pod: 'httpd' }

test('[sig-apps] ReplicaSet should serve a basic image on each replica with a public image [Conformance]', async () => {
  const name = uniqueName('my-hostname-basic')
  await client.create(replicaSets, setOf(name, 1, { name }, { name, image: images.toolbox, args: ['serve-hostname'], ports: [{ containerPort: 9376 }] }))
  await expectHostnames(await waitRunningPods(namespace.name, { name }, 1))
})

test('[sig-apps] ReplicaSet should adopt matching pods on creation and release no longer matching pods [Conformance]', async () => {
  const name = 'pod-adoption-release'
  await createRunning(podOf(namespace.name, name, { containers: [{ ...webserver, name }] }, { labels: { name } }))
  const owner = await client.create(replicaSets, setOf(name, 1, { name }, { name }))
  await waitAdopted({ namespace: namespace.name, name }, owner)
  await waitRunningPods(namespace.name, { name }, 1)
  const [pod] = await podsBy(namespace.name, { name })
  if (!pod) throw new Error('no pod')
  await expectReleased(pod, owner)
})

test('[sig-apps] ReplicaSet Replicaset should have a working scale subresource [Conformance]', async () => {
  await client.create(replicaSets, setOf('test-rs', 1, labels))
  await waitRunningPods(namespace.name, labels, 1)
  await expectWorkingScale(replicaSets, { namespace: namespace.name, name: 'test-rs' })
})

test('[sig-apps] ReplicaSet Replace and Patch tests [Conformance]', async () => {
  const key = { namespace: namespace.name, name: 'test-rs' }
  const labelSelector = 'test-rs=patched'
  const { metadata: { resourceVersion = '' } } = await client.list(replicaSets, { labelSelector })
  const created = await client.create(replicaSets, setOf(key.name, 1, labels))
  expect(created.metadata.resourceVersion).toMatch(/^[1-9][0-9]*$/)
  await waitRunningPods(namespace.name, labels, 1)
  await updateWith(replicaSets, key, (set) => ({ ...set, spec: { ...set.spec, replicas: 2 } }))

  const image = images.busybox
  const patched = await client.patch(replicaSets, key, strategicPatch({
    metadata: { labels: { 'test-rs': 'patched' } },
    // The original patches in the pause image; this one of its own pauses by a command.
    spec: { replicas: 3, template: { spec: { terminationGracePeriodSeconds: 0, containers: [{ name: key.name, image, command: ['sleep', '3600'] }] } } },
  }))
  expect(BigInt(patched.metadata.resourceVersion ?? '')).toBeGreaterThan(BigInt(created.metadata.resourceVersion ?? ''))
  const watch = await Watching.start(replicaSets, { namespace: namespace.name, labelSelector, resourceVersion })
  try {
    await watch.until(({ object: { metadata, status, spec } }) => metadata.name === key.name && metadata.labels?.['test-rs'] === 'patched'
      && status?.readyReplicas === 3 && status.availableReplicas === 3
      && spec?.template?.spec?.containers[0]?.image === image && spec.template.spec.terminationGracePeriodSeconds === 0, 'three new replicas are available', timeouts.podStart)
  } finally {
    watch.stop()
  }
})

test('[sig-apps] ReplicaSet should list and delete a collection of ReplicaSets [Conformance]', async () => {
  const mine = { ...labels, e2e: uniqueName('e2e') }
  await client.create(replicaSets, setOf('test-rs', 3, mine))
  await waitRunningPods(namespace.name, mine, 3)
  const labelSelector = `e2e=${mine.e2e}`
  expect((await client.list(replicaSets, { labelSelector })).items).toHaveLength(1)
  await client.deleteCollection(replicaSets, { namespace: namespace.name, labelSelector }, { gracePeriodSeconds: 1 })
  expect((await client.list(replicaSets, { labelSelector })).items).toHaveLength(0)
})

test('[sig-apps] ReplicaSet should validate Replicaset Status endpoints [Conformance]', async () => {
  const labelSelector = selectorOf(labels)
  const { metadata: { resourceVersion = '' } } = await client.list(replicaSets, { labelSelector })
  await client.create(replicaSets, setOf('test-rs', 1, labels))
  await waitRunningPods(namespace.name, labels, 1)
  await expectStatusEndpoints(replicaSets, { namespace: namespace.name, name: 'test-rs' }, { labelSelector, resourceVersion })
})
