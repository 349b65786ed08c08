// Image garbage: when the disk is full enough, and which images go.
import { ManualClock } from '../util/clock.ts'
import { bytesToFree, defaultGarbageLimits as limits, ImageGarbage, imagesToRemove, type KnownImage } from './image-garbage.ts'
import type { FileSystemUsage } from './machine-usage.ts'
import type { RuntimeImage } from './runtime-service.ts'

const disk = (availableBytes: number): FileSystemUsage => ({ capacityBytes: 1000, availableBytes, usedBytes: 1000 - availableBytes, inodes: 0, inodesFree: 0 })
const image = (id: string, more: Partial<RuntimeImage> = {}): RuntimeImage => ({ id, names: [`r.example/${id}@sha256:1`, `r.example/${id}:1`], sizeBytes: 30, username: '', ...more })

it.each([[1000, 0], [151, 0], [150, 50], [100, 100], [0, 200]])('with %d of 1000 bytes left, %d are to be freed', (left, wanted) => expect(bytesToFree(disk(left), limits)).toBe(wanted))

it('with a threshold of 100 % nothing is to be freed', () => expect(bytesToFree(disk(0), { ...limits, highPercent: 100 })).toBe(0))

it('what has been unused for too long goes although there is room', () => {
  const [now, hour] = [10_000_000, 3_600_000]
  const all = [['unused', 0, 0], ['young', 0, now - hour], ['used', now - 1000, 0], ['long ago', now - 2 * hour, 0]] as const
  const known = all.map(([id, lastUsedMs, firstSeenMs]): KnownImage => ({ image: image(id), lastUsedMs, firstSeenMs }))
  expect(imagesToRemove(known, 0, { nowMs: now, limits: { ...limits, mostUnusedMs: 1.5 * hour } }).map(({ id }) => id)).toEqual(['unused', 'long ago'])
  expect(imagesToRemove(known, 0, { nowMs: now, limits })).toEqual([])
})

describe('what goes', () => {
  const nowMs = 1_000_000
  const known = (id: string, lastUsedMs: number, more: Partial<RuntimeImage> = {}, firstSeenMs = 0): KnownImage => ({ image: image(id, more), firstSeenMs, lastUsedMs })
  it.each<[string, KnownImage[], number, string[]]>([
    ['longest unused first, and no more than needed', [known('b', 500), known('c', 900), known('a', 0)], 50, ['a', 'b']],
    ['the older of two never used', [known('b', 0, {}, 20), known('a', 0, {}, 10)], 1, ['a']],
    ['none in use', [known('a', nowMs)], 50, []],
    ['none that has just come', [known('a', 0, {}, nowMs - 119_999)], 50, []],
    ['none that is pinned', [known('a', 0, { pinned: true })], 50, []],
  ])('%s', (_name, all, wanted, ids) => expect(imagesToRemove(all, wanted, { nowMs, limits }).map(({ id }) => id)).toEqual(ids))
})

it('tells the node of what it cannot free, and of what goes wrong twice', async () => {
  const clock = new ManualClock(10_000_000)
  const events: string[] = []
  let usage = disk(0)
  const garbage = new ImageGarbage({
    clock, limits, disk: async () => usage, inUse: () => new Set(), log: () => undefined, images: { list: async () => [], remove: async () => undefined },
    record: ({ reason, message }) => void events.push(`${reason}: ${message}`),
  })
  const collect = async (): Promise<string[]> => {
    clock.step(300_000)
    await garbage.collect()
    return events.splice(0)
  }
  const shortage = 'Failed to garbage collect required amount of images. Attempted to free 200 bytes, but only found 0 bytes eligible to free.'
  expect(await collect()).toEqual([`FreeDiskSpaceFailed: ${shortage}`])
  expect(await collect()).toEqual([`FreeDiskSpaceFailed: ${shortage}`, `ImageGCFailed: ${shortage}`])
  usage = disk(900)
  expect(await collect()).toEqual([])
  usage = { ...disk(0), capacityBytes: 0 }
  expect(await collect()).toEqual(['InvalidDiskCapacity: invalid capacity 0 on image filesystem'])
})

it('looks every five minutes, and remembers what was used', async () => {
  const clock = new ManualClock(10_000_000)
  const removed: string[] = []
  const used = new Set(['r.example/a:1', 'b'])
  let left = 900
  const all = ['a', 'b', 'c', 'd'].map((id) => image(id))
  const garbage = new ImageGarbage({
    clock, limits, disk: async () => disk(left), inUse: () => used, log: () => undefined,
    images: { pinned: async () => new Set(['r.example/d:1']), list: async () => all.filter(({ id }) => !removed.includes(id)), remove: async (id) => void removed.push(id) },
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
