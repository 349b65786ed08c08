import { ManualClock } from '../util/clock.ts'
import { RateLimit } from './rate-limit.ts'

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

it('lets a burst begin at once and the rest at the rate; a rest allows one burst again', async () => {
  const clock = new ManualClock(0)
  const limit = new RateLimit({ perSecond: 5, burst: 3 }, clock)
  const begun: number[] = []
  const ask = (count: number): void => { for (let each = 0; each < count; each++) void limit.wait().then(() => begun.push(clock.monotonic())) }
  ask(6)
  await turn()
  for (let each = 0; each < 10; each++) {
    clock.step(100)
    await turn()
  }
  expect(begun).toEqual([0, 0, 0, 200, 400, 600])
  clock.step(60_000)
  ask(4)
  await turn()
  expect(begun.slice(6)).toEqual([61_000, 61_000, 61_000])
})

it('a rate of nothing is no limit', async () => {
  const limit = new RateLimit({ perSecond: 0, burst: 1 }, new ManualClock(0))
  await Promise.all(Array.from({ length: 100 }, () => limit.wait()))
})
