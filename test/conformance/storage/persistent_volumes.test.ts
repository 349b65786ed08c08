// Persistent volumes and claims as objects of the API.
import { persistentVolumeClaims, persistentVolumes, type PersistentVolume, type PersistentVolumeClaim } from '../../../pkg/api/types-volume.ts'
import { client, eventually, uniqueName, useNamespace } from '../framework.ts'
import { foreverMs, getSubresource, keyOf, labelled, mergePatch, strategicPatch, updateWith } from '../operations.ts'

const namespace = useNamespace('pv')
const modes = ['ReadWriteOnce', 'ReadOnlyMany', 'ReadWriteMany']

/** A volume of a driver that isn't there, and a claim for it. */
async function createPair(volumeHandle: string): Promise<{ volume: PersistentVolume; claim: PersistentVolumeClaim }> {
  const place = namespace.name
  const volume = await client.create(persistentVolumes, {
    apiVersion: 'v1', kind: 'PersistentVolume', metadata: { generateName: `${place}-`, labels: { 'e2e-pv-pool': place } },
    spec: {
      persistentVolumeReclaimPolicy: 'Retain', capacity: { storage: '2Gi' }, csi: { driver: uniqueName('e2e-driver'), volumeHandle }, accessModes: modes, storageClassName: place,
    },
  })
  const claim = await client.create(persistentVolumeClaims, {
    apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { generateName: 'pvc-', namespace: place },
    spec: { accessModes: modes, resources: { requests: { storage: '1Gi' } }, storageClassName: place },
  })
  return { volume, claim }
}

async function onlyOnes(): Promise<{ volume: PersistentVolume; claim: PersistentVolumeClaim }> {
  const [volume, ...volumes] = (await client.list(persistentVolumes, { labelSelector: `e2e-pv-pool=${namespace.name}` })).items
  const [claim, ...claims] = (await client.list(persistentVolumeClaims, { namespace: namespace.name })).items
  expect([...volumes, ...claims]).toHaveLength(0)
  if (!volume || !claim) throw new Error('no volume or no claim')
  return { volume, claim }
}

const newer = (one: { metadata: { resourceVersion?: string } }, other: { metadata: { resourceVersion?: string } }): void =>
  expect(BigInt(one.metadata.resourceVersion ?? '')).toBeGreaterThan(BigInt(other.metadata.resourceVersion ?? ''))

const claimsGone = (labelSelector?: string) => eventually(
  async () => (await client.list(persistentVolumeClaims, { namespace: namespace.name, ...(labelSelector ? { labelSelector } : {}) })).items.length === 0, 'the claim is gone', foreverMs)
const volumesGone = (labelSelector: string) =>
  eventually(async () => (await client.list(persistentVolumes, { labelSelector })).items.length === 0, 'the volume is gone', foreverMs)

test('[sig-storage] PersistentVolumes CSI Conformance should run through the lifecycle of a PV and a PVC [Conformance]', async () => {
  await createPair('e2e-conformance')
  const { volume, claim } = await onlyOnes()
  for (const { metadata } of [volume, claim]) expect(metadata.resourceVersion).toMatch(/^[1-9][0-9]*$/)
  const nameOf = ({ metadata: { name = '' } }: { metadata: { name?: string } }): string => name

  const patchedVolume = await client.patch(persistentVolumes, keyOf(volume), strategicPatch({ metadata: { labels: { [nameOf(volume)]: 'patched' } } }))
  expect(patchedVolume.metadata.labels).toMatchObject({ [nameOf(volume)]: 'patched' })
  newer(patchedVolume, volume)
  const patchedClaim = await client.patch(persistentVolumeClaims, keyOf(claim), strategicPatch({ metadata: { labels: { [nameOf(claim)]: 'patched' } } }))
  expect(patchedClaim.metadata.labels).toMatchObject({ [nameOf(claim)]: 'patched' })
  newer(patchedClaim, claim)
  expect((await client.get(persistentVolumes, keyOf(volume))).metadata.uid).toBe(patchedVolume.metadata.uid)
  expect((await client.get(persistentVolumeClaims, keyOf(claim))).metadata.uid).toBe(patchedClaim.metadata.uid)

  await client.delete(persistentVolumeClaims, keyOf(claim))
  await claimsGone()
  await client.delete(persistentVolumes, keyOf(volume))
  await volumesGone(`e2e-pv-pool=${namespace.name}`)

  const again = await createPair('e2e-conformance')
  const [volumeLabel, claimLabel] = [nameOf(again.volume), nameOf(again.claim)]
  const updatedVolume = await updateWith(persistentVolumes, keyOf(again.volume), (object) => labelled(object, { [volumeLabel]: 'updated' }))
  expect(updatedVolume.metadata.labels).toMatchObject({ [volumeLabel]: 'updated' })
  const updatedClaim = await updateWith(persistentVolumeClaims, keyOf(again.claim), (object) => ({ ...object, metadata: { ...object.metadata, labels: { [claimLabel]: 'updated' } } }))
  expect(updatedClaim.metadata.labels).toMatchObject({ [claimLabel]: 'updated' })
  expect((await client.list(persistentVolumeClaims, { labelSelector: `${claimLabel}=updated` })).items).toHaveLength(1)

  await client.deleteCollection(persistentVolumeClaims, { namespace: namespace.name, labelSelector: `${claimLabel}=updated` })
  await claimsGone(`${claimLabel}=updated`)
  await client.deleteCollection(persistentVolumes, { labelSelector: `${volumeLabel}=updated` })
  await volumesGone(`${volumeLabel}=updated`)
})

test('[sig-storage] PersistentVolumes CSI Conformance should apply changes to a pv/pvc status [Conformance]', async () => {
  await createPair('e2e-status-conformance')
  const { volume, claim } = await onlyOnes()
  expect(['Pending', 'Bound']).toContain((await getSubresource(persistentVolumeClaims, keyOf(claim), 'status')).status?.phase)
  expect(['Available', 'Bound', 'Pending']).toContain((await getSubresource(persistentVolumes, keyOf(volume), 'status')).status?.phase)

  const condition = (type: string, reason: string) => ({ type, status: 'True', reason, message: 'Set from e2e test' })
  const patchedClaim = await client.patch(persistentVolumeClaims, keyOf(claim), mergePatch({ status: { conditions: [condition('StatusPatched', 'E2E patchedStatus')] } }), { subresource: 'status' })
  expect(patchedClaim.status?.conditions).toContainEqual(expect.objectContaining(condition('StatusPatched', 'E2E patchedStatus')))
  const patchedVolume = await client.patch(persistentVolumes, keyOf(volume), mergePatch({ status: { message: 'StatusPatched', reason: 'E2E patchStatus' } }), { subresource: 'status' })
  expect(patchedVolume.status).toMatchObject({ reason: 'E2E patchStatus', message: 'StatusPatched' })

  const updatedClaim = await updateWith(persistentVolumeClaims, keyOf(claim), (object) => ({
    ...object, status: { ...object.status, conditions: [...object.status?.conditions ?? [], condition('StatusUpdated', 'E2E updateStatus')] },
  }), 'status')
  expect(updatedClaim.status?.conditions).toContainEqual(expect.objectContaining(condition('StatusUpdated', 'E2E updateStatus')))
  const updatedVolume = await updateWith(persistentVolumes, keyOf(volume), (object) => ({ ...object, status: { ...object.status, reason: 'E2E updateStatus', message: 'StatusUpdated' } }), 'status')
  expect(updatedVolume.status).toMatchObject({ reason: 'E2E updateStatus', message: 'StatusUpdated' })

  await client.delete(persistentVolumeClaims, keyOf(claim))
  await client.delete(persistentVolumes, keyOf(volume))
})
