import { promise } from '../util/turn-share.ts'
import { Intake, type Source } from './intake.ts'

const nextTurn = (): Promise<void> => new Promise((resolve) => void setImmediate(() => setImmediate(resolve)))

function world(count: number) {
  const intake = new Intake()
  // In the order in which they were opened.
  const isOpen = new Set<number>()
  const sources = Array.from({ length: count }, (_, index) => ({
    bytesRead: 0,
    stop: () => void isOpen.delete(index),
    start: () => void isOpen.add(index),
  } satisfies Source))
  sources.forEach((source, index) => {
    intake.add(source)
    isOpen.add(index)
  })
  return { intake, sources, open: () => [...isOpen] }
}

beforeEach(nextTurn)

it('leaves all open while a turn has room', () => {
  const { intake, open } = world(3)
  intake.onRead()
  expect(open()).toEqual([0, 1, 2])
})

it('leaves what others have for later turns when one is used up', async () => {
  const { intake, open } = world(3)
  promise(20)
  intake.onRead()
  expect(open()).toEqual([])
  await nextTurn()
  expect(open()).toEqual([0, 1, 2])
})

it('opens those first who were passed over, a few in each turn', async () => {
  const { intake, sources, open } = world(150)
  const read = (source: number): void => {
    sources[source]!.bytesRead++
    promise(20)
    intake.onRead()
  }
  read(0)
  const readOf: number[] = []
  while (readOf.length < 151) {
    await new Promise<void>((resolve) => void setImmediate(resolve))
    const now = open()
    expect(now.length).toBeLessThanOrEqual(64)
    if (now.length === 0) continue
    // Whoever is the first uses the whole turn.
    readOf.push(now[0]!)
    read(now[0]!)
  }
  expect(readOf).toEqual([...Array.from({ length: 149 }, (_, index) => index + 1), 0, 1])
})

it('forgets who has gone', async () => {
  const { intake, sources, open } = world(2)
  promise(20)
  intake.onRead()
  intake.delete(sources[0]!)
  await nextTurn()
  expect(open()).toEqual([1])
})
