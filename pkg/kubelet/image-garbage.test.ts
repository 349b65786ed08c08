// Image garbage: when the disk is full enough, and which images go.
import { ManualClock } from '../util/clock.ts'
import { bytesToFree, ImageGarbage, imagesToRemove, type KnownImage } from './image-garbage.ts'
import type { FileSystemUsage } from './machine-usage.ts'
import type { RuntimeImage } from './runtime-service.ts'

const disk = (availableBytes: number): FileSystemUsage => ({ capacityBytes: 1000, availableBytes, usedBytes: 1000 - availableBytes, inodes: 0, inodesFree: 0 })
const image = (id: string, more: Partial<RuntimeImage> = {}): RuntimeImage => ({ id, names: [`r.example/${id}@sha256:1`, `r.example/${id}:1`], sizeBytes: 30, username: '', ...more })

it.each([[1000, 0], [151, 0], [150, 50], [100, 100], [0, 200]])('with %d of 1000 bytes left, %d are to be freed', (left, wanted) => expect(bytesToFree(disk(left))).toBe(wanted))

describe('what goes', () => {
  const nowMs = 1_000_000
  const known = (id: string, lastUsedMs: number, more: Partial<RuntimeImage> = {}, firstSeenMs = 0): KnownImage => ({ image: image(id, more), firstSeenMs, lastUsedMs })
  it.each<[string, KnownImage[], number, string[]]>([
    ['longest unused first, and no more than needed', [known('b', 500), known('c', 900), known('a', 0)], 50, ['a', 'b']],
    ['the older of two never used', [known('b', 0, {}, 20), known('a', 0, {}, 10)], 1, ['a']],
    ['none in use', [known('a', nowMs)], 50, []],
    ['none that has just come', [known('a', 0, {}, nowMs - 119_999)], 50, []],
    ['none that is pinned', [known('a', 0, { pinned: true })], 50, []],
    ['none that was imported', [known('a', 0, { names: ['r.example/a:1'] })], 50, []],
  ])('%s', (_name, all, wanted, ids) => expect(imagesToRemove(all, wanted, nowMs).map(({ id }) => id)).toEqual(ids))
})

it('looks every five minutes, and remembers what was used', async () => {
  const clock = new ManualClock(10_000_000)
  const removed: string[] = []
  const used = new Set(['r.example/a:1', 'b'])
  let left = 900
  const all = ['a', 'b', 'c'].map((id) => image(id))
  const garbage = new ImageGarbage({
    clock, disk: async () => disk(left), inUse: () => used, log: () => undefined,
    images: { list: async () => all.filter(({ id }) => !removed.includes(id)), remove: async (id) => void removed.push(id) },
  })
  await garbage.collect()
  left = 140
  await garbage.collect()
  expect(removed).toEqual([])
  clock.step(300_000)
  used.delete('b')
  await garbage.collect()
  // 60 bytes: c was never used, b was five minutes ago, a is.
  expect(removed).toEqual(['c', 'b'])
})
