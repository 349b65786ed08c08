// Inline CSI volumes in the pod API, and CSI drivers as objects of the API.
import type { AnyObject } from '../../../pkg/api/object.ts'
import { pods } from '../../../pkg/api/types-pod.ts'
import { client, existing, refusal, uniqueName, useNamespace } from '../framework.ts'
import { kindOf, labelled, mergePatch, strategicPatch, updateWith } from '../operations.ts'
import { createPod, images, podOf } from '../pods.ts'

const namespace = useNamespace('csiinlinevolumes')
const drivers = kindOf('storage.k8s.io/v1', 'csidrivers', 'CSIDriver', false)

test('[sig-storage] CSIInlineVolumes should support CSIVolumeSource in Pod API [Conformance]', async () => {
  const name = 'pod-csi-inline-volumes'
  const key = { namespace: namespace.name, name }
  const driver = 'e2e.example.com'
  const pod = podOf(namespace.name, name, {
    volumes: [{ name: 'csi-inline-vol1', csi: { driver } }, { name: 'csi-inline-vol2', csi: { driver, fsType: 'ext4', readOnly: true } }],
    containers: [{
      name, image: images.busybox, command: ['sh', '-c', 'ls /mnt/*'],
      volumeMounts: [{ name: 'csi-inline-vol1', mountPath: '/mnt/vol1' }, { name: 'csi-inline-vol2', mountPath: '/mnt/vol2' }],
    }],
  })
  const created = await createPod(pod)
  expect((await refusal(createPod(pod))).status.reason).toBe('AlreadyExists')
  expect((await client.get(pods, key)).metadata.uid).toBe(created.metadata.uid)
  expect((await client.list(pods, { namespace: namespace.name })).items).toHaveLength(1)
  const patched = await client.patch(pods, key, mergePatch({ metadata: { annotations: { patched: 'true' } } }))
  expect(patched.metadata.annotations).toMatchObject({ patched: 'true' })
  await client.delete(pods, key)
  const left = await existing(client.get(pods, key))
  if (left) expect(left.metadata.deletionTimestamp).toBeDefined()
})

test('[sig-storage] CSIInlineVolumes should run through the lifecycle of a CSIDriver [Conformance]', async () => {
  const label = uniqueName('csi')
  const driverOf = (volumeLifecycleModes: string[]): AnyObject => ({
    apiVersion: 'storage.k8s.io/v1', kind: 'CSIDriver', metadata: { name: uniqueName('inline-driver'), labels: { 'e2e-test': label } },
    spec: { volumeLifecycleModes, fsGroupPolicy: 'ReadWriteOnceWithFSType' },
  })
  const firstDriver = driverOf(['Ephemeral'])
  const first = await client.create(drivers, firstDriver)
  const second = await client.create(drivers, driverOf(['Persistent', 'Ephemeral']))
  expect((await refusal(client.create(drivers, firstDriver))).status.reason).toBe('AlreadyExists')
  for (const { metadata: { name = '', uid } } of [first, second]) expect((await client.get(drivers, { name })).metadata.uid).toBe(uid)

  const { name = '' } = second.metadata
  const patched = await client.patch(drivers, { name }, strategicPatch({ metadata: { labels: { [name]: 'patched' } } }))
  expect(patched.metadata.labels).toMatchObject({ [name]: 'patched' })
  const updated = await updateWith(drivers, { name }, (driver) => labelled(driver, { [name]: 'updated' }))
  expect(updated.metadata.labels).toMatchObject({ [name]: 'updated' })
  expect((await client.list(drivers, { labelSelector: `e2e-test=${label}` })).items).toHaveLength(2)

  await client.delete(drivers, { name: first.metadata.name ?? '' })
  await expectGoing(first.metadata.name ?? '')
  await client.deleteCollection(drivers, { labelSelector: `${name}=updated` })
  await expectGoing(name)
})

async function expectGoing(name: string): Promise<void> {
  const left = await existing(client.get(drivers, { name }))
  if (left) expect(left.metadata.deletionTimestamp).toBeDefined()
}
