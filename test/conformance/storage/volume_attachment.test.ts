// Volume attachments as objects of the API.
import type { AnyObject } from '../../../pkg/api/object.ts'
import { nodes } from '../../../pkg/api/types-node.ts'
import { client, eventually, uniqueName } from '../framework.ts'
import { foreverMs, getSubresource, kindOf, mergePatch, updateWith } from '../operations.ts'

const attachments = kindOf('storage.k8s.io/v1', 'volumeattachments', 'VolumeAttachment', false)

async function create(): Promise<AnyObject> {
  const name = uniqueName('va-e2e')
  const [node] = (await client.list(nodes)).items
  const created = await client.create(attachments, {
    apiVersion: 'storage.k8s.io/v1', kind: 'VolumeAttachment', metadata: { name, uid: name },
    spec: { attacher: 'e2e-test.storage.k8s.io', nodeName: node?.metadata.name, source: { persistentVolumeName: uniqueName('pv-e2e') } }, status: { attached: false },
  })
  expect(created.metadata.name).toBe(name)
  return created
}

const gone = (labelSelector: string) =>
  eventually(async () => (await client.list(attachments, { labelSelector })).items.length === 0, 'the attachment is gone', foreverMs)

test('[sig-storage] VolumeAttachment Conformance should run through the lifecycle of a VolumeAttachment [Conformance]', async () => {
  const { metadata: { name = '' } } = await create()
  const found = await client.get(attachments, { name })
  expect(found.metadata.name).toBe(name)
  expect(found.metadata.resourceVersion).toMatch(/^[1-9][0-9]*$/)
  const patched = await client.patch(attachments, { name }, mergePatch({ metadata: { labels: { [name]: 'patched' } } }))
  expect(patched.metadata.labels).toMatchObject({ [name]: 'patched' })
  expect(BigInt(patched.metadata.resourceVersion ?? '')).toBeGreaterThan(BigInt(found.metadata.resourceVersion ?? ''))
  expect((await client.list(attachments, { labelSelector: `${name}=patched` })).items).toHaveLength(1)
  await client.delete(attachments, { name })
  await gone(`${name}=patched`)

  const label = uniqueName('updated')
  for (const { metadata } of [await create(), await create()]) {
    const updated = await updateWith(attachments, { name: metadata.name ?? '' }, (object) => ({ ...object, metadata: { ...object.metadata, labels: { 'va-e2e': label } } }))
    expect(updated.metadata.labels).toMatchObject({ 'va-e2e': label })
  }
  expect((await client.list(attachments, { labelSelector: `va-e2e=${label}` })).items).toHaveLength(2)
  await client.deleteCollection(attachments, { labelSelector: `va-e2e=${label}` })
  await gone(`va-e2e=${label}`)
})

test('[sig-storage] VolumeAttachment Conformance should apply changes to a volumeattachment status [Conformance]', async () => {
  const { metadata: { name = '' } } = await create()
  const patched = await client.patch(attachments, { name }, mergePatch({ metadata: { labels: { [name]: 'patched' } } }))
  expect(patched.metadata.labels).toMatchObject({ [name]: 'patched' })
  expect(await getSubresource(attachments, { name }, 'status')).toMatchObject({ status: { attached: false } })
  expect(await client.patch(attachments, { name }, mergePatch({ status: { attached: true } }), { subresource: 'status' })).toMatchObject({ status: { attached: true } })
  const updated = await updateWith(attachments, { name }, (object) => ({ ...object, status: { ...object['status'] as object, attached: false } }), 'status')
  expect(updated).toMatchObject({ status: { attached: false } })
  await client.delete(attachments, { name })
  await gone(`${name}=patched`)
})
