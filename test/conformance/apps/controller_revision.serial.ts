// The revisions of a daemon set, as objects of the API.
import { controllerRevisions, daemonSets, type ControllerRevision } from '../../../pkg/api/types-workload.ts'
import { client, uniqueName, useNamespace } from '../framework.ts'
import { keyOf, labelled, strategicPatch, updateWith } from '../operations.ts'
import { daemonSetOf, label, revisionsOf, waitEverywhere, waitRevisions } from './daemon-sets.ts'

const namespace = useNamespace('controllerrevisions')

test('[sig-apps] ControllerRevision [Serial] should manage the lifecycle of a ControllerRevision [Conformance]', async () => {
  const podLabels = { ...label, app: uniqueName('e2e') }
  const selector = Object.entries(podLabels).map((pair) => pair.join('=')).join(',')
  const set = await client.create(daemonSets, daemonSetOf(namespace.name, { labels: podLabels, podLabels }))
  await waitEverywhere(set)
  expect((await client.list(daemonSets, { labelSelector: selector })).items).toHaveLength(1)

  expect(await client.list(controllerRevisions, { labelSelector: selector })).toMatchObject({ items: [expect.objectContaining({ revision: 1 })] })
  const [initial] = await revisionsOf(namespace.name, selector)
  if (!initial) throw new Error('no revision')
  const { name = '' } = initial.metadata
  const found = await client.get(controllerRevisions, keyOf(initial))
  expect(found).toMatchObject({ metadata: { name, uid: initial.metadata.uid } })

  const patched = await client.patch(controllerRevisions, keyOf(initial), strategicPatch({ metadata: { labels: { [name]: 'patched' } } }))
  expect(patched.metadata.labels).toMatchObject({ [name]: 'patched' })

  const ownerReferences = [{ apiVersion: 'apps/v1', kind: 'DaemonSet', name: set.metadata.name ?? '', uid: set.metadata.uid ?? '', controller: true, blockOwnerDeletion: true }]
  const second = await client.create<ControllerRevision>(controllerRevisions, {
    apiVersion: 'apps/v1', kind: 'ControllerRevision', metadata: { name: uniqueName('daemon-set'), namespace: namespace.name, labels: initial.metadata.labels ?? {}, ownerReferences },
    data: initial.data, revision: initial.revision + 1,
  })
  await waitRevisions(namespace.name, selector, 2)
  await client.delete(controllerRevisions, keyOf(initial))
  await waitRevisions(namespace.name, selector, 1)

  const remaining = await updateWith(controllerRevisions, keyOf(second), (revision) => labelled(revision, { [second.metadata.name ?? '']: 'updated' }))
  expect(remaining.metadata.labels).toMatchObject({ [second.metadata.name ?? '']: 'updated' })
  await client.patch(daemonSets, keyOf(set), strategicPatch({ spec: { template: { spec: { terminationGracePeriodSeconds: 1 } } }, updateStrategy: { type: 'RollingUpdate' } }))
  await waitRevisions(namespace.name, selector, 2)
  await client.deleteCollection(controllerRevisions, { namespace: namespace.name, labelSelector: `${second.metadata.name}=updated` })
  const [last] = await waitRevisions(namespace.name, selector, 1)
  expect(last?.revision).toBe(3)
})
