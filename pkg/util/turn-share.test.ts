import { isTurnUsedUp, laterRoom, promise, room } from './turn-share.ts'

const nextTurn = (): Promise<void> => new Promise((resolve) => void setImmediate(() => setImmediate(resolve)))

it('has no room for more when the platform was promised a share, until the next turn', async () => {
  await nextTurn()
  expect([isTurnUsedUp(), room()]).toEqual([false, undefined])
  promise(20)
  expect(isTurnUsedUp()).toBe(true)
  const later = room()
  expect(later).toBeInstanceOf(Promise)
  await later
  expect(isTurnUsedUp()).toBe(false)
})

it('goes on in the order of the calls, one at least in each turn', async () => {
  const order: number[] = []
  await Promise.all(Array.from({ length: 600 }, async (_, index) => {
    await laterRoom()
    // Whoever resumes uses the whole turn.
    promise(20)
    order.push(index)
  }))
  expect(order).toEqual(Array.from({ length: 600 }, (_, index) => index))
})

it('lets nobody overtake those who wait', async () => {
  const order: string[] = []
  const waiting = laterRoom().then(() => order.push('first'))
  const second = room()
  expect(second).toBeInstanceOf(Promise)
  await Promise.all([waiting, second?.then(() => order.push('second'))])
  expect(order).toEqual(['first', 'second'])
})
