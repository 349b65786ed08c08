// When the store's log is shortened.
import type { Store } from '../storage/store.ts'
import { ManualClock } from '../util/clock.ts'
import { CompactionSchedule } from './compaction.ts'

function scheduled(): { clock: ManualClock; schedule: CompactionSchedule; store: { revision: number }; compacted: number[] } {
  const clock = new ManualClock()
  const compacted: number[] = []
  const store = { revision: 10, compactedRevision: 0, compact: async (revision: number) => void compacted.push(revision) }
  const schedule = new CompactionSchedule({ clock, log: (text) => { throw new Error(text) } })
  schedule.start(store as unknown as Store)
  return { clock, schedule, store, compacted }
}

it('keeps five to ten minutes', () => {
  const { clock, schedule, store, compacted } = scheduled()
  store.revision = 20
  clock.step(5 * 60_000 - 1)
  expect(compacted).toEqual([])
  clock.step(1)
  expect(compacted).toEqual([10])
  clock.step(5 * 60_000)
  expect(compacted).toEqual([10, 20])
  schedule.stop()
  clock.step(60 * 60_000)
  expect(compacted).toEqual([10, 20])
})

it('keeps less when much is written, and counts the time anew', () => {
  const { clock, schedule, store, compacted } = scheduled()
  store.revision = 20
  schedule.written(63 << 20)
  expect(compacted).toEqual([])
  schedule.written(1 << 20)
  expect(compacted).toEqual([10])
  store.revision = 30
  schedule.written(64 << 20)
  expect(compacted).toEqual([10, 20])
  clock.step(5 * 60_000 - 1)
  expect(compacted).toEqual([10, 20])
  clock.step(1)
  expect(compacted).toEqual([10, 20, 30])
})
