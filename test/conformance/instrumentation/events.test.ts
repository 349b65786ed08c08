// Events of events.k8s.io, and as the core group shows them.
import type { AnyObject } from '../../../pkg/api/object.ts'
import { client, useNamespace } from '../framework.ts'
import { kindOf, strategicPatch } from '../operations.ts'

const namespace = useNamespace('events')
const events = kindOf('events.k8s.io/v1', 'events', 'Event')
const coreEvents = kindOf('v1', 'events', 'Event')

const eventOf = (name: string, label: string): AnyObject => ({
  apiVersion: 'events.k8s.io/v1', kind: 'Event', metadata: { name, namespace: namespace.name, labels: { [label]: 'true' } },
  regarding: { namespace: namespace.name }, eventTime: '2017-09-19T13:49:16.000000Z', note: `This is ${name}`,
  action: 'Do', reason: 'Test', type: 'Normal', reportingController: 'test-controller', reportingInstance: 'test-node',
})

const listed = async (place: { namespace?: string }): Promise<boolean> => {
  const { items } = await client.list(events, { ...place, labelSelector: 'testevent-constant=true' })
  return items.some(({ metadata }) => metadata.name === 'event-test' && metadata.namespace === namespace.name)
}

/** Without what every write changes. */
function lasting({ metadata: { resourceVersion: _version, managedFields: _managed, ...metadata }, ...rest }: AnyObject): AnyObject {
  return { ...rest, metadata }
}

test('[sig-instrumentation] Events API should ensure that an event can be fetched, patched, deleted, and listed [Conformance]', async () => {
  const here = { namespace: namespace.name }
  const key = { ...here, name: 'event-test' }
  await client.create(events, eventOf(key.name, 'testevent-constant'))
  expect(await listed({})).toBe(true)
  expect(await listed(here)).toBe(true)

  const bySource = await client.list(coreEvents, { ...here, fieldSelector: 'source=test-controller' })
  expect(bySource.items.map(({ metadata }) => metadata.name)).toEqual([key.name])
  const byController = await client.list(events, { ...here, fieldSelector: 'reportingController=test-controller' })
  expect(byController.items.map(({ metadata }) => metadata.name)).toEqual([key.name])

  const created = await client.get(events, key)
  const series = { count: 2, lastObservedTime: '2017-09-19T13:49:11.000000Z' }
  await client.patch(events, key, strategicPatch({ series }))
  const patched = await client.get(events, key)
  expect(lasting(patched)).toEqual({ ...lasting(created), series })
  expect(Number(patched.metadata.resourceVersion)).toBeGreaterThan(Number(created.metadata.resourceVersion))

  const wanted = { ...lasting(patched), series: { count: 100, lastObservedTime: '2017-09-19T13:49:16.000000Z' } }
  await client.update(events, wanted as AnyObject)
  expect(lasting(await client.get(events, key))).toEqual(wanted)

  await client.delete(events, key)
  expect(await listed({})).toBe(false)
  expect(await listed(here)).toBe(false)
})

test('[sig-instrumentation] Events API should delete a collection of events [Conformance]', async () => {
  const place = { namespace: namespace.name, labelSelector: 'testevent-set=true' }
  for (const name of ['test-event-1', 'test-event-2', 'test-event-3']) await client.create(events, eventOf(name, 'testevent-set'))
  expect((await client.list(events, place)).items).toHaveLength(3)
  await client.deleteCollection(events, place)
  expect((await client.list(events, place)).items).toHaveLength(0)
})
