// Watches of single objects: shared by those who listen, and nobody misses what came while it joined.
import type { WatchEvent } from '../api/object.ts'
import { configMaps, type ConfigMap } from '../api/types-config.ts'
import type { Client } from '../client/client.ts'
import { ManualClock } from '../util/clock.ts'
import { ObjectWatches } from './object-watches.ts'

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
const ref = { resource: configMaps, namespace: 'a', name: 'm' }
const event: WatchEvent<ConfigMap> = { type: 'BOOKMARK', object: { metadata: {} } }

function setUp(): { watches: ObjectWatches; tell: () => void; opened: () => number } {
  let opened = 0
  let tell: () => void = () => undefined
  const client = {
    async *watch(_: unknown, { signal }: { signal: AbortSignal }) {
      opened++
      for (; !signal.aborted;) {
        await new Promise<void>((resolve) => {
          tell = resolve
          signal.addEventListener('abort', () => resolve(), { once: true })
        })
        yield [event]
      }
    },
  } as unknown as Client
  return { watches: new ObjectWatches(client, new ManualClock()), tell: () => tell(), opened: () => opened }
}

it('calls each when the watch runs and when something changes, by one watch', async () => {
  const { watches, tell, opened } = setUp()
  const heard = [0, 0]
  heard.forEach((_, index) => watches.watch(ref, () => void heard[index]!++))
  await settle()
  expect(heard).toEqual([0, 0])
  for (const count of [1, 2]) {
    tell()
    await settle()
    expect(heard).toEqual([count, count])
  }
  expect(opened()).toBe(1)
  watches.stop()
})

it.each([[true, 1], [false, 0]])('calls who joins a watch that runs, when it wants to catch up: %s', async (catchUp, times) => {
  const { watches, tell } = setUp()
  watches.watch(ref, () => undefined)
  await settle()
  tell()
  await settle()
  let heard = 0
  watches.watch(ref, () => void heard++, { catchUp })
  await settle()
  expect(heard).toBe(times)
  tell()
  await settle()
  expect(heard).toBe(times + 1)
  watches.stop()
})

it('calls nobody who has left', async () => {
  const { watches, tell } = setUp()
  watches.watch(ref, () => undefined)
  await settle()
  tell()
  await settle()
  let heard = 0
  watches.watch(ref, () => void heard++, { catchUp: true })()
  await settle()
  expect(heard).toBe(0)
  watches.stop()
})
