// Daemon sets: a pod on each node that is selected, replaced when it fails and when the template changes.
import { nodes } from '../../../pkg/api/types-node.ts'
import { pods } from '../../../pkg/api/types-pod.ts'
import { daemonSets } from '../../../pkg/api/types-workload.ts'
import { client, eventually, existing, useNamespace } from '../framework.ts'
import { strategicPatch } from '../operations.ts'
import { isReady } from '../pods.ts'
import { colour, daemonMs, daemonPods, daemonSetOf, label, labelSelector, schedulableNodes, setNodeLabels, waitCounted, waitEverywhere, waitOnNodes, waitRevisions } from './daemon-sets.ts'
import { agnhost, expectStatusEndpoints } from './workloads.ts'

const namespace = useNamespace('daemonsets')
const key = () => ({ namespace: namespace.name, name: 'daemon-set' })

const clearNodeLabels = async (): Promise<void> => { for (const name of await schedulableNodes()) await setNodeLabels({ name }, {}) }
beforeEach(clearNodeLabels)
afterEach(async () => {
  await client.deleteCollection(daemonSets, { namespace: namespace.name }, { propagationPolicy: 'Background' })
  await clearNodeLabels()
})

test('[sig-apps] Daemon set [Serial] should run and stop simple daemon [Conformance]', async () => {
  const set = await client.create(daemonSets, daemonSetOf(namespace.name))
  await waitEverywhere(set)
  const [pod] = await daemonPods(set)
  await client.delete(pods, { namespace: namespace.name, name: pod?.metadata.name ?? '' })
  await waitEverywhere(set)
  expect((await daemonPods(set)).map(({ metadata }) => metadata.uid)).not.toContain(pod?.metadata.uid)
})

test('[sig-apps] Daemon set [Serial] should run and stop complex daemon [Conformance]', async () => {
  const set = await client.create(daemonSets, daemonSetOf(namespace.name, { nodeSelector: { [colour]: 'blue' } }))
  await waitOnNodes(set, [])
  const [node = ''] = await schedulableNodes()
  await setNodeLabels({ name: node }, { [colour]: 'blue' })
  await waitOnNodes(set, [node])
  await waitCounted(set)
  await setNodeLabels({ name: node }, { [colour]: 'green' })
  await waitOnNodes(set, [])
  const patched = await client.patch(daemonSets, key(), strategicPatch({ spec: { template: { spec: { nodeSelector: { [colour]: 'green' } } }, updateStrategy: { type: 'RollingUpdate' } } }))
  expect((await client.get(nodes, { name: node })).metadata.labels).toMatchObject({ [colour]: 'green' })
  await waitOnNodes(patched, [node])
  await waitCounted(patched)
})

test('[sig-apps] Daemon set [Serial] should retry creating failed daemon pods [Conformance]', async () => {
  const set = await client.create(daemonSets, daemonSetOf(namespace.name))
  await waitEverywhere(set)
  const [pod] = await daemonPods(set)
  if (!pod) throw new Error('no pod')
  const { resourceVersion: _version, ...metadata } = pod.metadata
  await client.update(pods, { ...pod, metadata, status: { ...pod.status, phase: 'Failed' } }, { subresource: 'status' })
  await waitEverywhere(set)
  await eventually(async () => (await existing(client.get(pods, { namespace: namespace.name, name: metadata.name ?? '' }))) === undefined, 'the failed pod is deleted', daemonMs)
})

test('[sig-apps] Daemon set [Serial] should update pod when spec was updated and update strategy is RollingUpdate [Conformance]', async () => {
  const set = await client.create(daemonSets, daemonSetOf(namespace.name, { spec: { updateStrategy: { type: 'RollingUpdate' } } }))
  await waitEverywhere(set)
  /** The newest of so many revisions is this one, and the pods are of it. */
  const expectRevision = async (revision: number): Promise<void> => {
    const all = await waitRevisions(namespace.name, labelSelector, revision)
    const current = all.find((one) => one.revision === revision)
    const hash = current?.metadata.labels?.['controller-revision-hash']
    expect(hash).toMatch(/./)
    for (const { metadata } of await daemonPods(set)) expect(metadata.labels?.['controller-revision-hash']).toBe(hash)
  }
  await expectRevision(1)
  await client.patch(daemonSets, key(), strategicPatch({ spec: { template: { spec: { containers: [{ name: 'app', image: agnhost.image }] } } } }))
  const names = await schedulableNodes()
  await eventually(async () => {
    const all = await daemonPods(set)
    const unavailable = all.filter((pod) => !isReady(pod)).length
    if (unavailable > 1) throw new Error(`${unavailable} pods are unavailable at once`)
    const updated = new Set(all.filter(({ spec }) => spec?.containers[0]?.image === agnhost.image).map(({ spec }) => spec?.nodeName))
    return names.every((name) => updated.has(name))
  }, 'the pods are updated', daemonMs + names.length * 30_000)
  await waitEverywhere(set)
  await expectRevision(2)
})

test('[sig-apps] Daemon set [Serial] should list and delete a collection of DaemonSets [Conformance]', async () => {
  await waitEverywhere(await client.create(daemonSets, daemonSetOf(namespace.name, { labels: label })))
  expect((await client.list(daemonSets, { labelSelector })).items).toHaveLength(1)
  await client.deleteCollection(daemonSets, { namespace: namespace.name, labelSelector }, { gracePeriodSeconds: 1 })
  expect((await client.list(daemonSets, { labelSelector })).items).toEqual([])
})

test('[sig-apps] Daemon set [Serial] should verify changes to a daemon set status [Conformance]', async () => {
  const { metadata: { resourceVersion = '' } } = await client.list(daemonSets, { labelSelector })
  await waitEverywhere(await client.create(daemonSets, daemonSetOf(namespace.name, { labels: label })))
  await expectStatusEndpoints(daemonSets, key(), { labelSelector, resourceVersion })
})
