import { ManualClock } from './clock.ts'
import { MemoryReturn } from './memory-return.ts'

const mb = 1 << 20

it('collects once after the start and once after each busy time, when it is worth it', () => {
  const clock = new ManualClock()
  let resident = 200 * mb
  let collections = 0
  const memory = new MemoryReturn({
    clock, residentBytes: () => resident, quietMs: 1000, leastBytes: 20 * mb,
    collect: () => {
      collections++
      resident = 100 * mb
    },
  })
  clock.step(999)
  expect(collections).toBe(0)
  clock.step(1)
  expect(collections).toBe(1)
  // Idle: no timer is left, nothing happens.
  resident = 300 * mb
  clock.step(100_000)
  expect(collections).toBe(1)
  // Busy: as long as there is garbage, it waits.
  for (let turn = 0; turn < 10; turn++) {
    memory.noteCollection()
    clock.step(900)
  }
  expect(collections).toBe(1)
  clock.step(100)
  expect(collections).toBe(2)
  resident = 119 * mb
  memory.noteCollection()
  clock.step(2000)
  expect(collections).toBe(2)
  resident = 121 * mb
  memory.noteCollection()
  clock.step(2000)
  expect(collections).toBe(3)
  memory.noteCollection()
  memory.stop()
  resident = 500 * mb
  clock.step(10_000)
  expect(collections).toBe(3)
})
