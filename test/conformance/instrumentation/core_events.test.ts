// Events of the core group: their life, and removal of a set of them.
import type { AnyObject } from '../../../pkg/api/object.ts'
import { client, eventually, existing, useNamespace } from '../framework.ts'
import { kindOf, strategicPatch } from '../operations.ts'

const namespace = useNamespace('events')
const events = kindOf('v1', 'events', 'Event')

const eventOf = (name: string, labels: Record<string, string>, message: string): AnyObject => ({
  apiVersion: 'v1', kind: 'Event', metadata: { name, namespace: namespace.name, labels },
  message, reason: 'Test', type: 'Normal', count: 1, involvedObject: { namespace: namespace.name },
})

const listed = async (): Promise<boolean> => {
  const { items } = await client.list(events, { labelSelector: 'testevent-constant=true' })
  return items.some(({ metadata }) => metadata.name === 'event-test' && metadata.namespace === namespace.name)
}

test('[sig-instrumentation] Events should manage the lifecycle of an event [Conformance]', async () => {
  const key = { namespace: namespace.name, name: 'event-test' }
  await client.create(events, eventOf('event-test', { 'testevent-constant': 'true' }, 'This is a test event'))
  expect(await listed()).toBe(true)

  const message = 'This is a test event - patched'
  await client.patch(events, key, strategicPatch({ message }))
  const patched = await client.get(events, key)
  expect(patched['message']).toBe(message)

  const { resourceVersion: _version, managedFields: _managed, ...metadata } = patched.metadata
  const wanted = { ...patched, metadata, series: { count: 100, lastObservedTime: '2017-09-19T13:49:16.000000Z' } }
  await client.update(events, wanted)
  const { metadata: { resourceVersion: _newVersion, managedFields: _newManaged, ...newMetadata }, ...rest } = await client.get(events, key)
  expect({ ...rest, metadata: newMetadata }).toEqual(wanted)

  await client.delete(events, key)
  expect(await existing(client.get(events, key))).toBeUndefined()
  expect(await listed()).toBe(false)
})

test('[sig-instrumentation] Events should delete a collection of events [Conformance]', async () => {
  const place = { namespace: namespace.name, labelSelector: 'testevent-set=true' }
  for (const name of ['test-event-1', 'test-event-2', 'test-event-3']) await client.create(events, eventOf(name, { 'testevent-set': 'true' }, `This is ${name}`))
  expect((await client.list(events, place)).items).toHaveLength(3)
  await client.deleteCollection(events, place)
  await eventually(async () => (await client.list(events, place)).items.length === 0, 'the events are gone')
})
