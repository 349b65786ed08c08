// Runtime classes as objects of the API, and pods that name one which is not there (part of common/node/runtimeclass.go).
import { runtimeClasses, type RuntimeClass } from '../../../../pkg/api/types-config.ts'
import { client, eventually, existing, refusal, uniqueName, useNamespace } from '../../framework.ts'
import { annotated, expectDeleted, expectDiscovered, mergePatch, Watching } from '../../operations.ts'
import { createPod, images, podOf } from '../../pods.ts'

const namespace = useNamespace('runtimeclass')

const classOf = (name: string, handler: string, labels: Record<string, string> = {}): RuntimeClass =>
  ({ apiVersion: 'node.k8s.io/v1', kind: 'RuntimeClass', metadata: { name, labels }, handler })

const create = (runtimeClassName: string) => createPod(podOf(namespace.name, uniqueName('test-runtimeclass'), {
  containers: [{ name: 'test', image: images.busybox, command: ['true'] }], restartPolicy: 'Never', automountServiceAccountToken: false, runtimeClassName,
}))

test('[sig-node] RuntimeClass should reject a Pod requesting a non-existent RuntimeClass [NodeConformance] [Conformance]', async () => {
  expect((await refusal(create(`${namespace.name}-nonexistent`))).status.reason).toBe('Forbidden')
})

test('[sig-node] RuntimeClass should reject a Pod requesting a deleted RuntimeClass [NodeConformance] [Conformance]', async () => {
  const key = { name: `${namespace.name}-delete-me` }
  await client.create(runtimeClasses, classOf(key.name, 'runc'))
  await client.delete(runtimeClasses, key)
  await eventually(async () => (await existing(client.get(runtimeClasses, key))) === undefined, 'the class is gone')
  expect((await refusal(create(key.name))).status.reason).toBe('Forbidden')
})

test('[sig-node] RuntimeClass should support RuntimeClasses API operations [Conformance]', async () => {
  const label = uniqueName('runtimeclass')
  const place = { labelSelector: `test=${label}` }
  const named = (suffix: string): RuntimeClass => classOf(`${label}-handler${suffix}`, `${label}-conformance-runtime-class${suffix}`, { test: label })
  await expectDiscovered(runtimeClasses, ['runtimeclasses'])

  const created = await client.create(runtimeClasses, named(''))
  expect((await refusal(client.create(runtimeClasses, named('')))).status.reason).toBe('AlreadyExists')
  await client.create(runtimeClasses, named('2'))
  const watch = await Watching.start(runtimeClasses, place)
  try {
    await client.create(runtimeClasses, named('3'))
    const key = { name: created.metadata.name ?? '' }
    expect((await client.get(runtimeClasses, key)).metadata.uid).toBe(created.metadata.uid)
    expect((await client.list(runtimeClasses, place)).items).toHaveLength(3)
    const patched = await client.patch(runtimeClasses, key, mergePatch({ metadata: { annotations: { patched: 'true' } } }))
    expect(patched.metadata.annotations).toMatchObject({ patched: 'true' })
    const updated = await client.update(runtimeClasses, annotated(patched, { updated: 'true' }))
    expect(updated.metadata.annotations).toMatchObject({ updated: 'true' })

    await watch.until(({ type }) => type === 'ADDED', 'a class was added')
    await watch.until(({ type, object }) => type === 'MODIFIED' && object.metadata.annotations?.['patched'] === 'true', 'the patch')
    await watch.until(({ type, object }) => type === 'MODIFIED' && object.metadata.annotations?.['updated'] === 'true', 'the update')
    await expectDeleted(runtimeClasses, key, place, 2)
  } finally {
    watch.stop()
  }
})
