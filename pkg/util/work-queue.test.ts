import { ManualClock } from './clock.ts'
import { WorkQueue } from './work-queue.ts'

// Long enough for a key that ended to let the next one start.
const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve))
}

describe('WorkQueue', () => {
  const started: string[] = []
  let finish: Map<string, () => void>
  const make = (concurrency: number, clock = new ManualClock()) => new WorkQueue<string>({
    clock, concurrency,
    work: (key) => new Promise((resolve) => {
      started.push(key)
      finish.set(key, resolve)
    }),
  })
  beforeEach(() => {
    started.length = 0
    finish = new Map()
  })

  it('runs a key once however often it is added while it waits, and again when added while at work', async () => {
    const queue = make(1)
    queue.add('a')
    queue.add('a')
    queue.add('b')
    await settle()
    expect(started).toEqual(['a'])
    queue.add('a')
    queue.add('a')
    finish.get('a')?.()
    await settle()
    expect(started).toEqual(['a', 'b'])
    finish.get('b')?.()
    await settle()
    expect(started).toEqual(['a', 'b', 'a'])
    finish.get('a')?.()
    await settle()
    expect(queue.size).toBe(0)
  })

  it('works on several keys at once, but never on one key twice at once', async () => {
    const queue = make(2)
    for (const key of ['a', 'b', 'c', 'a']) queue.add(key)
    await settle()
    expect(started).toEqual(['a', 'b'])
    finish.get('b')?.()
    await settle()
    expect(started).toEqual(['a', 'b', 'c'])
  })

  it('tells how long keys waited and were at work', async () => {
    const clock = new ManualClock()
    const told: [string, number][] = []
    const ends = new Map<string, () => void>()
    const queue = new WorkQueue<string>({
      clock, work: (key) => new Promise((resolve) => void ends.set(key, resolve)), onTimes: { waited: (seconds) => void told.push(['waited', seconds]), worked: (seconds) => void told.push(['worked', seconds]) },
    })
    queue.add('a')
    queue.add('b')
    await settle()
    clock.step(2000)
    // Added while at work it waits from now on.
    queue.add('a')
    expect(queue.unfinished).toEqual({ all: 2, longest: 2 })
    clock.step(1000)
    ends.get('a')?.()
    await settle()
    clock.step(500)
    ends.get('b')?.()
    await settle()
    expect(told).toEqual([['waited', 0], ['worked', 3], ['waited', 3], ['worked', 0.5], ['waited', 1.5]])
    ends.get('a')?.()
    await settle()
    expect(queue.unfinished).toEqual({ all: 0, longest: 0 })
  })

  it('doubles the delay of retries until the key is forgotten', async () => {
    const clock = new ManualClock()
    const queue = make(1, clock)
    const runsAfter = async (ms: number): Promise<boolean> => {
      started.length = 0
      clock.step(ms - 1)
      await settle()
      const early = started.length > 0
      clock.step(1)
      await settle()
      finish.get('a')?.()
      await settle()
      return !early && started.length === 1
    }
    queue.retry('a')
    expect(await runsAfter(5)).toBe(true)
    queue.retry('a')
    expect(await runsAfter(10)).toBe(true)
    queue.forget('a')
    queue.retry('a')
    expect(await runsAfter(5)).toBe(true)
  })

  it('keeps the earliest of several delays, and add overtakes them', async () => {
    const clock = new ManualClock()
    const queue = make(1, clock)
    queue.addAfter('a', 100)
    queue.addAfter('a', 50)
    queue.addAfter('a', 70)
    clock.step(50)
    await settle()
    expect(started).toEqual(['a'])
    finish.get('a')?.()
    await settle()
    clock.step(1000)
    await settle()
    expect(started).toEqual(['a'])
  })

  it('stops when its work has ended, and starts nothing more', async () => {
    const queue = make(1)
    queue.add('a')
    queue.add('b')
    await settle()
    let stopped = false
    const stop = queue.stop().then(() => (stopped = true))
    queue.add('c')
    await settle()
    expect(stopped).toBe(false)
    finish.get('a')?.()
    await stop
    expect(started).toEqual(['a'])
  })
})
