// Limit ranges: what they give to pods and refuse, and as objects of the API.
import { parseQuantity } from '../../../pkg/api/quantity.ts'
import { limitRanges, type LimitRange } from '../../../pkg/api/types-config.ts'
import { pods, type Pod } from '../../../pkg/api/types-pod.ts'
import { client, createNamespace, eventually, refusal, uniqueName, useNamespace } from '../framework.ts'
import { foreverMs, strategicPatch, updateWith, Watching } from '../operations.ts'
import { createPod, images, podOf } from '../pods.ts'

const namespace = useNamespace('limitrange')
const respondingMs = 300_000

type Amounts = Record<string, string>
const amounts = (cpu: string, memory: string, storage: string): Amounts =>
  Object.fromEntries(Object.entries({ cpu, memory, 'ephemeral-storage': storage }).filter(([, amount]) => amount !== ''))

const min = amounts('50m', '100Mi', '100Gi')
const max = amounts('500m', '500Mi', '500Gi')
const defaultRequest = amounts('100m', '200Mi', '200Gi')
const newMin = amounts('9m', '49Mi', '49Gi')

const rangeOf = (place: string, name: string, labels: Record<string, string>): LimitRange => ({
  apiVersion: 'v1', kind: 'LimitRange', metadata: { name, namespace: place, labels }, spec: { limits: [{ type: 'Container', min, max, default: max, defaultRequest, maxLimitRequestRatio: {} }] },
})

const create = (name: string, requests: Amounts, limits: Amounts): Promise<Pod> =>
  createPod(podOf(namespace.name, name, { containers: [{ name: 'pause', image: images.toolbox, args: ['pause'], resources: { requests, limits } }] }))

function expectAmounts(actual: Amounts | undefined, wanted: Amounts): void {
  const values = (list: Amounts = {}): Record<string, unknown> => Object.fromEntries(Object.keys(wanted).map((name) => [name, parseQuantity(list[name] ?? '')]))
  expect(values(actual)).toEqual(values(wanted))
}

async function expectResources(name: string, requests: Amounts, limits: Amounts): Promise<void> {
  const { spec } = await client.get(pods, { namespace: namespace.name, name })
  for (const { resources } of spec?.containers ?? []) {
    expectAmounts(resources?.requests, requests)
    expectAmounts(resources?.limits, limits)
  }
}

test('[sig-scheduling] LimitRange should create a LimitRange with defaults and ensure pod has those defaults applied. [Conformance]', async () => {
  const key = { namespace: namespace.name, name: 'limit-range' }
  const place = { namespace: namespace.name, labelSelector: `time=${uniqueName('t')}` }
  expect((await client.list(limitRanges, place)).items).toHaveLength(0)
  const watch = await Watching.start(limitRanges, place)
  try {
    await client.create(limitRanges, rangeOf(namespace.name, key.name, { time: place.labelSelector.slice('time='.length) }))
    await watch.until(({ type }) => { expect(type).toBe('ADDED'); return true }, 'the range was added', respondingMs)
  } finally {
    watch.stop()
  }
  const [limits] = (await client.get(limitRanges, key)).spec.limits
  expectAmounts(limits?.defaultRequest, defaultRequest)
  expectAmounts(limits?.default, max)

  await create('pod-no-resources', {}, {})
  await expectResources('pod-no-resources', defaultRequest, max)
  await create('pod-partial-resources', amounts('', '150Mi', '150Gi'), amounts('300m', '', ''))
  await expectResources('pod-partial-resources', amounts('300m', '150Mi', '150Gi'), amounts('300m', '500Mi', '500Gi'))
  await refusal(create('pfpod', amounts('10m', '50Mi', '50Gi'), {}))
  await refusal(create('pfpod', amounts('600m', '600Mi', '600Gi'), {}))

  await updateWith(limitRanges, key, (range) => ({ ...range, spec: { limits: range.spec.limits.map((item) => ({ ...item, min: newMin })) } }))
  await eventually(async () => JSON.stringify((await client.get(limitRanges, key)).spec.limits[0]?.min) === JSON.stringify(newMin), 'the update is effective', 20_000)
  await create('pfpod', amounts('10m', '50Mi', '50Gi'), {})
  await refusal(create('pfpod', amounts('600m', '600Mi', '600Gi'), {}))

  await client.delete(limitRanges, key, { gracePeriodSeconds: 30 })
  await eventually(async () => (await client.list(limitRanges, { namespace: namespace.name })).items.length === 0, 'the range is gone', respondingMs)
  // The original allows 30 s for what a cache may still know.
  await create('pfpod2', amounts('600m', '600Mi', '600Gi'), {})
})

test('[sig-scheduling] LimitRange should list, patch and delete a LimitRange by collection [Conformance]', async () => {
  const name = uniqueName('e2e-limitrange')
  const labelSelector = `e2e-test=${name}`
  const labels = { 'e2e-test': name, [name]: 'created' }
  const created = await client.create(limitRanges, rangeOf(namespace.name, name, labels))
  expect(created.metadata.resourceVersion).toMatch(/^[1-9][0-9]*$/)
  await client.create(limitRanges, rangeOf(await createNamespace('limitrange'), name, labels))
  expect((await client.list(limitRanges, { labelSelector })).items).toHaveLength(2)

  const patched = await client.patch(limitRanges, { namespace: namespace.name, name }, strategicPatch({
    metadata: { creationTimestamp: created.metadata.creationTimestamp, labels: { [name]: 'patched' } }, spec: { limits: created.spec.limits.map((item) => ({ ...item, min: newMin })) },
  }))
  expect(patched.metadata.labels).toMatchObject({ [name]: 'patched' })
  expectAmounts(patched.spec.limits[0]?.min, newMin)
  expect(BigInt(patched.metadata.resourceVersion ?? '')).toBeGreaterThan(BigInt(created.metadata.resourceVersion ?? ''))

  const patchedPlace = { namespace: namespace.name, labelSelector: `${name}=patched` }
  await client.deleteCollection(limitRanges, patchedPlace)
  await eventually(async () => (await client.list(limitRanges, patchedPlace)).items.length === 0, 'the range is gone', 10_000)
  expect((await client.list(limitRanges, { labelSelector })).items).toHaveLength(1)
}, foreverMs)
