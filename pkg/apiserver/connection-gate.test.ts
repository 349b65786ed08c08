import { ManualClock } from '../util/clock.ts'
import { ConnectionGate } from './connection-gate.ts'

function world(options: { perTurn: number; atOnce: number }) {
  const turns: (() => void)[] = []
  const clock = new ManualClock()
  const gate = new ConnectionGate({ clock, onNextTurn: (callback) => void turns.push(callback), longestMs: 50, ...options })
  const begun: number[] = []
  const left: (() => void)[] = []
  const enter = (...names: number[]): void => {
    for (const name of names) {
      gate.enter((leave) => {
        begun.push(name)
        left[name] = leave
      })
    }
  }
  const turn = (): void => turns.splice(0).forEach((callback) => callback())
  return { clock, enter, turn, begun, left, turns }
}

it('begins a few in each turn, in order', () => {
  const { enter, turn, begun, turns } = world({ perTurn: 2, atOnce: 100 })
  enter(0, 1, 2, 3, 4)
  expect(begun).toEqual([0, 1])
  turn()
  expect(begun).toEqual([0, 1, 2, 3])
  // Who comes now comes after those who wait.
  enter(5)
  turn()
  expect(begun).toEqual([0, 1, 2, 3, 4, 5])
  turn()
  turn()
  expect(turns).toEqual([])
  enter(6)
  expect(begun.at(-1)).toBe(6)
})

it('has a few under way, and waits for the slow for a while only', () => {
  const { clock, enter, turn, begun, left } = world({ perTurn: 2, atOnce: 3 })
  enter(0, 1, 2, 3, 4, 5, 6)
  turn()
  turn()
  expect(begun).toEqual([0, 1, 2])
  left[1]!()
  left[1]!()
  expect(begun).toEqual([0, 1, 2, 3])
  clock.step(50)
  turn()
  expect(begun).toEqual([0, 1, 2, 3, 4, 5, 6])
})
