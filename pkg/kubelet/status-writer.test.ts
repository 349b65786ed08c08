// A status that the API server does not take as it is told is not told again and again.
import type { Pod, PodStatus } from '../api/types-pod.ts'
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
