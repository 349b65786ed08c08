// Requests for a state that has not come yet: it is waited for, three seconds long, and told as soon as it is there.
import type { AnyObject, ObjectList, WatchEvent } from '../api/object.ts'
import type { RequestOptions } from '../api/request.ts'
import { asking, configMaps, failure, fixture, type Fixture } from './fixture.suite.ts'

async function filled(): Promise<Fixture> {
  const made = fixture()
  await made.create(configMaps, { metadata: { name: 'a' } })
  return made
}

const watchList: RequestOptions = { sendInitialEvents: true, resourceVersionMatch: 'NotOlderThan' }

async function firstEvent({ registry }: Fixture, options: RequestOptions): Promise<string> {
  for await (const [event] of registry.watch(configMaps, { options })) return told(event!)
  return 'the end'
}

const told = ({ type, object }: WatchEvent<AnyObject>): string =>
  (type === 'ERROR' ? `ERROR ${String(object.code)} ${String(object.message)}` : `${type} ${object.metadata.name ?? ''}`)

const namesOf = ({ items }: ObjectList): string => items.map(({ metadata }) => metadata.name).join(' ')

const asks: Record<string, (made: Fixture, resourceVersion: string) => Promise<string>> = {
  get: async ({ registry }, resourceVersion) => (await registry.getConverted(configMaps, { namespace: 'default', name: 'a', options: { resourceVersion } })).metadata.name ?? '',
  list: async ({ registry }, resourceVersion) => namesOf(await registry.listConverted(configMaps, asking({ resourceVersion }))),
  'list of exactly that': async ({ registry }, resourceVersion) => namesOf(await registry.listConverted(configMaps, asking({ resourceVersion, resourceVersionMatch: 'Exact' }))),
  'list by pages': async ({ registry }, resourceVersion) => namesOf(await registry.listConverted(configMaps, asking({ resourceVersion, limit: 9 }))),
  watch: (made, resourceVersion) => firstEvent(made, { resourceVersion }),
  'watch with a state': (made, resourceVersion) => firstEvent(made, { resourceVersion, ...watchList }),
}

it.each([['get', 'a'], ['list', 'a b c'], ['list of exactly that', 'a b c'], ['list by pages', 'a b c'], ['watch', 'ADDED d'], ['watch with a state', 'ADDED a']])('%s: answered as soon as it is there', async (verb, expected) => {
  const made = await filled()
  const answer = asks[verb]!(made, '3')
  made.clock.step(2_999)
  for (const name of ['b', 'c', 'd']) await made.create(configMaps, { metadata: { name } })
  expect(await answer).toBe(expected)
})

it.each(['get', 'list', 'list of exactly that', 'list by pages'])('%s: refused after three seconds', async (verb) => {
  const made = await filled()
  let settled = false
  const refused = failure(() => asks[verb]!(made, '9')).finally(() => void (settled = true))
  made.clock.step(2_999)
  await new Promise(setImmediate)
  expect(settled).toBe(false)
  made.clock.step(1)
  expect(await refused).toMatchObject({
    code: 504, reason: 'Timeout', message: 'Timeout: Too large resource version: 9, current: 1',
    details: { retryAfterSeconds: 1, causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }] },
  })
})

it.each([['watch', 'ERROR 410 too new resource version: 9 (1)'], ['watch with a state', 'ERROR 504 Timeout: Too large resource version: 9, current: 1']])('%s: refused in the stream', async (verb, expected) => {
  const made = await filled()
  const answer = asks[verb]!(made, '9')
  made.clock.step(3_000)
  expect(await answer).toBe(expected)
})

it('ends with the registry', async () => {
  const made = await filled()
  const [listed, watched] = [failure(() => asks['list']!(made, '9')), asks['watch']!(made, '9')]
  made.registry.stop()
  expect(await listed).toMatchObject({ code: 504 })
  expect(await watched).toBe('the end')
})

it('what is refused at once is not waited for', async () => {
  const { registry } = await filled()
  expect(await failure(() => registry.listConverted(configMaps, asking({ resourceVersion: '9', labelSelector: 'a=b=c' })))).toMatchObject({ code: 400 })
})
