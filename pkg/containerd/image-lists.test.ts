import { ManualClock } from '../util/clock.ts'
import { ImageLists, imagesOf } from './image-lists.ts'

it('reads names line by line', () => {
  expect(imagesOf('busybox:1.36\n\n  # for the web\r\n registry.test/web@sha256:00\r\n')).toEqual(['busybox:1.36', 'registry.test/web@sha256:00'])
})

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

it('pulls what is missing, keeps all, and tries again what fails, ever less often and with one word in the log', async () => {
  const clock = new ManualClock(0)
  const [present, tried, pinned, logged] = [new Set(['there']), [] as string[], [] as string[], [] as string[]]
  let broken = true
  const lists = new ImageLists({
    clock, log: (text) => logged.push(text), has: async (image) => present.has(image), pin: async (image) => void pinned.push(image),
    pull: async (image) => {
      tried.push(image)
      if (broken && image === 'broken') throw new Error('no route')
      present.add(image)
    },
  })
  lists.want('a.txt', ['there', 'broken', 'new'])
  await settled()
  expect([tried, pinned]).toEqual([['broken', 'new'], ['there', 'new']])
  clock.step(10_000)
  await settled()
  clock.step(10_000)
  await settled()
  expect(tried).toEqual(['broken', 'new', 'broken'])
  broken = false
  clock.step(10_000)
  await settled()
  expect([tried.length, pinned.at(-1)]).toEqual([4, 'broken'])
  expect(logged).toEqual(["broken, which a.txt names, can't be pulled, and is tried again: no route", 'pulled new, which a.txt names', 'pulled broken, which a.txt names'])
  clock.step(1_000_000)
  await settled()
  expect(tried).toHaveLength(4)
  lists.stop()
})

it('a file that is written anew names other images', async () => {
  const clock = new ManualClock(0)
  const tried: string[] = []
  const lists = new ImageLists({ clock, log: () => undefined, has: async () => false, pin: async () => undefined, pull: async (image) => {
    tried.push(image)
    throw new Error('no route')
  } })
  lists.want('a.txt', ['one', 'two'])
  await settled()
  lists.want('a.txt', ['three'])
  await settled()
  clock.step(10_000)
  await settled()
  expect(tried).toEqual(['one', 'two', 'three', 'three'])
  lists.stop()
})
