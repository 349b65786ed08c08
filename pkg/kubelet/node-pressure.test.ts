// Pressures of a node: when it is short of something, and for how long that is told.
import { ManualClock } from '../util/clock.ts'
import { type NodeMeasure, type Pressure, PressureGauge, pressuresOf } from './node-pressure.ts'

const mebi = 2 ** 20
const measure = (availableMiB: number, diskAvailable: number, inodesFree = 50, inodes = 100): NodeMeasure => ({
  memory: { totalBytes: 1000 * mebi, usedBytes: 1000 * mebi, workingSetBytes: (1000 - availableMiB) * mebi, rssBytes: 0, swapBytes: 0 },
  disk: { capacityBytes: 1000, availableBytes: diskAvailable, usedBytes: 1000 - diskAvailable, inodes, inodesFree },
})
const calm = measure(500, 500)

it.each<[string, NodeMeasure, Pressure[]]>([
  ['plenty of all', calm, []],
  ['just enough memory', measure(100, 500), []],
  ['too little memory', measure(99, 500), ['MemoryPressure']],
  ['just enough disk', measure(500, 50), []],
  ['too little disk', measure(500, 49), ['DiskPressure']],
  ['too few inodes', measure(500, 500, 4), ['DiskPressure']],
  ['a file system without inodes', measure(500, 500, 0, 0), []],
  ['both', measure(1, 1), ['MemoryPressure', 'DiskPressure']],
])('%s', (_name, found, pressures) => expect([...pressuresOf(found)]).toEqual(pressures))

it('is told of at once, and until it has been gone for five minutes', async () => {
  const clock = new ManualClock()
  let now = calm
  const gauge = new PressureGauge({ clock, measure: async () => now })
  const after = async (ms: number, next: NodeMeasure): Promise<Pressure[]> => {
    clock.step(ms)
    now = next
    return [...await gauge.now()]
  }
  expect(await after(0, calm)).toEqual([])
  expect(await after(10_000, measure(500, 1))).toEqual(['DiskPressure'])
  expect(await after(200_000, calm)).toEqual(['DiskPressure'])
  expect(await after(10_000, measure(500, 1))).toEqual(['DiskPressure'])
  expect(await after(299_000, calm)).toEqual(['DiskPressure'])
  expect(await after(1_000, calm)).toEqual([])
})
