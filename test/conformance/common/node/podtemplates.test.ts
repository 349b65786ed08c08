// Pod templates as objects of the API.
import { podTemplates, type PodTemplate } from '../../../../pkg/api/types-pod.ts'
import { client, eventually, uniqueName, useNamespace } from '../../framework.ts'
import { strategicPatch, updateWith } from '../../operations.ts'
import { images } from '../../pods.ts'

const namespace = useNamespace('podtemplate')

const templateOf = (name: string, labels: Record<string, string>, container: string, image: string): PodTemplate => ({
  apiVersion: 'v1', kind: 'PodTemplate', metadata: { name, namespace: namespace.name, labels }, template: { spec: { containers: [{ name: container, image }] } },
})

test('[sig-node] PodTemplates should run the lifecycle of PodTemplates [Conformance]', async () => {
  const labelSelector = 'podtemplate-static=true'
  const key = { namespace: namespace.name, name: uniqueName('nginx-pod-template') }
  expect((await client.list(podTemplates, { labelSelector })).items).toHaveLength(0)
  await client.create(podTemplates, templateOf(key.name, { 'podtemplate-static': 'true' }, 'nginx', images.nginx))
  const found = await client.get(podTemplates, key)
  expect(found.metadata.name).toBe(key.name)
  expect(found.metadata.resourceVersion).toMatch(/^[1-9][0-9]*$/)

  const patched = await client.patch(podTemplates, key, strategicPatch({ metadata: { labels: { podtemplate: 'patched' } } }))
  expect(BigInt(patched.metadata.resourceVersion ?? '')).toBeGreaterThan(BigInt(found.metadata.resourceVersion ?? ''))
  expect((await client.get(podTemplates, key)).metadata.labels).toMatchObject({ podtemplate: 'patched' })

  await client.delete(podTemplates, key)
  expect((await client.list(podTemplates, { labelSelector })).items).toHaveLength(0)
})

test('[sig-node] PodTemplates should delete a collection of pod templates [Conformance]', async () => {
  const place = { namespace: namespace.name, labelSelector: 'podtemplate-set=true' }
  for (const name of ['test-podtemplate-1', 'test-podtemplate-2', 'test-podtemplate-3']) {
    await client.create(podTemplates, templateOf(name, { 'podtemplate-set': 'true' }, 'token-test', images.toolbox))
  }
  expect((await client.list(podTemplates, place)).items).toHaveLength(3)
  await client.deleteCollection(podTemplates, place)
  await eventually(async () => (await client.list(podTemplates, place)).items.length === 0, 'the templates are gone')
})

test('[sig-node] PodTemplates should replace a pod template [Conformance]', async () => {
  const key = { namespace: namespace.name, name: uniqueName('podtemplate') }
  await client.create(podTemplates, templateOf(key.name, {}, 'e2e-test', images.toolbox))
  const updated = await updateWith(podTemplates, key, (template) => ({ ...template, metadata: { ...template.metadata, annotations: { updated: 'true' } } }))
  expect(updated.metadata.annotations).toMatchObject({ updated: 'true' })
})
