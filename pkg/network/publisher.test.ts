import { ManualClock } from '../util/clock.ts'
import { Publisher } from './publisher.ts'

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

function setUp(outcomes: string[]): { clock: ManualClock; publisher: Publisher; told: string[] } {
  const clock = new ManualClock()
  const told: string[] = []
  const publish = async (): Promise<void> => {
    const outcome = outcomes.shift() ?? 'published'
    if (outcome !== 'published') throw new Error(outcome)
    told.push(outcome)
  }
  return { clock, told, publisher: new Publisher({ publish, clock, failed: ({ message }) => void told.push(message) }) }
}

it('makes one run of many triggers', async () => {
  const { publisher, told } = setUp([])
  for (let count = 0; count < 5; count++) publisher.trigger()
  await publisher.idle()
  expect(told).toEqual(['published'])
})

it('tries again what failed, ever later, although nothing changes', async () => {
  const { clock, publisher, told } = setUp(['first', 'second'])
  publisher.trigger()
  await publisher.idle()
  for (const [waitMs, before, after] of [[500, ['first'], ['first', 'second']], [1000, ['first', 'second'], ['first', 'second', 'published']]] as const) {
    clock.step(waitMs - 1)
    await settle()
    expect(told).toEqual(before)
    clock.step(1)
    await settle()
    expect(told).toEqual(after)
  }
  clock.step(100_000)
  await settle()
  expect(told).toHaveLength(3)
})

it('tries nothing after its end', async () => {
  const { clock, publisher, told } = setUp(['first'])
  publisher.trigger()
  await publisher.idle()
  publisher.stop()
  clock.step(100_000)
  publisher.trigger()
  await settle()
  expect(told).toEqual(['first'])
})
