// Mirrors are looked at again however close one change comes after another.
import type { Pod } from '../api/types-pod.ts'
import type { Client } from '../client/client.ts'
import { ManualClock } from '../util/clock.ts'
import { MirrorPods } from './mirror-pods.ts'
import { makePod } from './fixture.suite.ts'
import { mirrorOf } from './static-pod.ts'

it.each([0, 1, 2, 3, 4, 5, 6, 7, 8])('a mirror that is deleted %d turns after another change of it goes', async (turns) => {
  const made = makePod({})
  const wanted: Pod = { ...made, metadata: { ...made.metadata, annotations: { 'kubernetes.io/config.hash': made.metadata.uid ?? '' } } }
  const deleted: unknown[] = []
  const client = { delete: async (_resource: unknown, { name }: { name: string }) => void deleted.push(name) } as unknown as Client
  const mirrors = new MirrorPods({ client, clock: new ManualClock(), log: (message) => { throw new Error(message) }, wanted: () => [wanted], nodeUid: () => 'n', onMirror: () => undefined })
  const own = mirrorOf(wanted, 'n')
  const mirror: Pod = { ...own, metadata: { ...own.metadata, uid: 'm' } }
  mirrors.observe(mirror)
  mirrors.markSynced()
  await new Promise((resolve) => setImmediate(resolve))
  mirrors.observe(mirror)
  for (let turn = 0; turn < turns; turn++) await Promise.resolve()
  mirrors.observe({ ...mirror, metadata: { ...mirror.metadata, deletionTimestamp: '2030-01-01T00:00:00Z' } })
  await new Promise((resolve) => setImmediate(resolve))
  expect(deleted).toEqual([wanted.metadata.name])
})

it('a mirror that somebody deleted comes again when whoever waits for its end has seen it', async () => {
  const made = makePod({})
  const wanted: Pod = { ...made, metadata: { ...made.metadata, annotations: { 'kubernetes.io/config.hash': made.metadata.uid ?? '' } } }
  let created = 0
  const client = { delete: async () => undefined, create: async () => void created++ } as unknown as Client
  const clock = new ManualClock()
  const mirrors = new MirrorPods({ client, clock, log: (message) => { throw new Error(message) }, wanted: () => [wanted], nodeUid: () => 'n', onMirror: () => undefined })
  const settle = () => new Promise((resolve) => setImmediate(resolve))
  const own = mirrorOf(wanted, 'n')
  mirrors.observe({ ...own, metadata: { ...own.metadata, uid: 'm', deletionTimestamp: '2030-01-01T00:00:00Z' } })
  mirrors.markSynced()
  mirrors.remove('m')
  await settle()
  clock.step(999)
  await settle()
  expect(created).toBe(0)
  clock.step(1)
  await settle()
  expect(created).toBe(1)
})
