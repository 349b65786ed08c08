import { ConnectionGate } from './connection-gate.ts'

it('begins a few in each turn, in order', () => {
  const turns: (() => void)[] = []
  const gate = new ConnectionGate((callback) => void turns.push(callback), 2)
  const begun: number[] = []
  const turn = (): void => turns.splice(0).forEach((callback) => callback())
  for (let index = 0; index < 5; index++) gate.enter(() => void begun.push(index))
  expect(begun).toEqual([0, 1])
  turn()
  expect(begun).toEqual([0, 1, 2, 3])
  // Who comes now comes after those who wait.
  gate.enter(() => void begun.push(5))
  turn()
  expect(begun).toEqual([0, 1, 2, 3, 4, 5])
  turn()
  turn()
  expect(turns).toEqual([])
  gate.enter(() => void begun.push(6))
  expect(begun.at(-1)).toBe(6)
})
