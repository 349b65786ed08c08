// A status that the API server does not take as it is told is not told again and again.
import { conflict } from '../api/status-error.ts'
import { pods, type Pod, type PodStatus } from '../api/types-pod.ts'
import type { Client } from '../client/client.ts'
import { ManualClock } from '../util/clock.ts'
import { makePod } from './fixture.suite.ts'
import { StatusWriter } from './status-writer.ts'

it('waits ever longer while a part of it is not taken', async () => {
  const clock = new ManualClock()
  const logged: string[] = []
  let patches = 0
  const stubborn: Pod = { ...makePod({}), status: { phase: 'Pending', qosClass: 'BestEffort' } }
  const client = { patch: async () => {
    patches++
    return { ...stubborn, metadata: { ...stubborn.metadata, resourceVersion: String(patches + 1) }, status: { phase: 'Running', qosClass: 'BestEffort' } satisfies PodStatus }
  } } as unknown as Client
  const writer = new StatusWriter(stubborn, { client, clock, log: (text) => logged.push(text) })
  const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
  writer.write({ phase: 'Running' })
  await settle()
  // The first write brought something; the second one did not.
  expect(patches).toBe(2)
  clock.step(99)
  await settle()
  expect(patches).toBe(2)
  clock.step(1)
  await settle()
  clock.step(199)
  await settle()
  expect(patches).toBe(3)
  expect(logged[0]).toMatch(/was not written: the API server does not take qosClass$/)
  writer.stop()
})

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** A server with one pod; `onPatch` may refuse. */
function serverOf(pod: Pod, onPatch: (count: number) => void = () => undefined): { client: Client; now: () => Pod; replace(next: Pod): void } {
  let now = pod
  let patches = 0
  const client = {
    get: async () => now,
    patch: async (_resource: unknown, _key: unknown, { body }: { body: { status: PodStatus } }) => {
      onPatch(++patches)
      return (now = { ...now, metadata: { ...now.metadata, resourceVersion: String(patches + 1) }, status: { ...now.status, ...body.status } })
    },
  } as unknown as Client
  return { client, now: () => now, replace: (next) => void (now = next) }
}

it.each([1, 2, 3, 4, 5, 6, 7, 8])('loses nothing that is wanted %i steps after the server has taken what was wanted before', async (steps) => {
  const { client, now } = serverOf({ ...makePod({}), status: { phase: 'Pending' } }, (count) => {
    if (count > 1) return
    void (async () => {
      for (let step = 0; step < steps; step++) await Promise.resolve()
      writer.write({ phase: 'Succeeded' })
    })()
  })
  const writer = new StatusWriter(now(), { client, clock: new ManualClock(), log: () => undefined })
  writer.write({ phase: 'Running' })
  await settle()
  expect(now().status?.phase).toBe('Succeeded')
})

it.each([['goes on after a conflict over the same pod', 'same', 'Running'], ['leaves a pod alone that has taken the name', 'other', 'Pending']])('%s', async (_, uid, phase) => {
  const clock = new ManualClock()
  const pod: Pod = { ...makePod({}), status: { phase: 'Pending' } }
  const server = serverOf({ ...pod, metadata: { ...pod.metadata, uid: 'same' } }, (count) => {
    if (count === 1) throw conflict(pods, 'web')
  })
  const writer = new StatusWriter(server.now(), { client: server.client, clock, log: () => undefined })
  server.replace({ ...server.now(), metadata: { ...server.now().metadata, uid } })
  writer.write({ phase: 'Running' })
  await settle()
  clock.step(100)
  await settle()
  expect(server.now().status?.phase).toBe(phase)
})
