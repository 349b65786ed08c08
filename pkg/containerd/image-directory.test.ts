// A watched directory of image archives: what is imported, when, and how often.
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ManualClock } from '../util/clock.ts'
import { ImageDirectory } from './image-directory.ts'

const root = mkdtempSync(join(tmpdir(), 'kinglet-imagedir-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

let made = 0
function setUp() {
  const base = join(root, String(++made))
  const directory = join(base, 'images')
  mkdirSync(directory, { recursive: true })
  const clock = new ManualClock(Date.parse('2030-01-01'))
  const imported: string[] = []
  const logged: string[] = []
  const present = new Set<string>()
  const store = {
    importFile: async (path: string): Promise<string[]> => {
      const name = path.slice(directory.length + 1)
      if (name.startsWith('broken')) throw new Error('no archive')
      imported.push(name)
      present.add(`image-of-${name}`)
      return [`image-of-${name}`]
    },
    has: async (name: string) => present.has(name),
  }
  const wanted: [string, readonly string[]][] = []
  const lists = { want: (file: string, images: readonly string[]) => void wanted.push([file, images]) }
  const open = (): ImageDirectory => new ImageDirectory({ lists, directory, recordPath: join(base, 'record.json'), store, clock, log: (text) => logged.push(text) })
  /** As if written at this time of the clock. */
  const write = (name: string, atMs: number, text = name): void => {
    writeFileSync(join(base, name), text)
    utimesSync(join(base, name), new Date(atMs), new Date(atMs))
    copyFileSync(join(base, name), join(directory, name))
    utimesSync(join(directory, name), new Date(atMs), new Date(atMs))
  }
  return { open, write, clock, imported, logged, present, wanted }
}

/** The directory's changes come in real time; the waiting for a file to settle goes by the clock. */
async function eventually(holds: () => boolean, clock: ManualClock): Promise<void> {
  for (const deadline = performance.now() + 50_000; !holds();) {
    if (performance.now() > deadline) throw new Error('it did not happen')
    await new Promise((resolve) => setTimeout(resolve, 5))
    clock.step(100)
  }
}

it('imports what is there, and remembers it for the next time unless the store has lost it', async () => {
  const { open, write, clock, imported, logged, present } = setUp()
  const old = clock.now() - 60_000
  for (const name of ['b.tar.gz', 'a.tar', 'c.tar.zst', 'notes.md', 'broken.tar']) write(name, old)
  const first = open()
  await first.start()
  await first.stop()
  expect(imported).toEqual(['a.tar', 'b.tar.gz', 'c.tar.zst'])
  expect(logged.filter((line) => line.includes('broken.tar'))).toEqual([expect.stringContaining("can't be imported: no archive")])
  present.delete('image-of-a.tar')
  const second = open()
  await second.start()
  await second.stop()
  expect(imported.slice(3)).toEqual(['a.tar'])
})

it('imports what appears or changes once it is written, and no failed file twice', async () => {
  const { open, write, clock, imported, logged } = setUp()
  const directory = open()
  await directory.start()
  write('new.tar', clock.now())
  await eventually(() => imported.length === 1, clock)
  write('broken.tar', clock.now() - 5000)
  await eventually(() => logged.some((line) => line.includes('broken.tar')), clock)
  write('new.tar', clock.now(), 'another text')
  await eventually(() => imported.length === 2, clock)
  await directory.stop()
  expect(logged.filter((line) => line.includes('broken.tar'))).toHaveLength(1)
})

it('leaves a file alone while it grows', async () => {
  const { open, write, clock, imported } = setUp()
  const directory = open()
  await directory.start()
  // Its last change is always a moment ago.
  write('growing.tar', clock.now() + 30_000)
  clock.step(2000)
  await new Promise((resolve) => setTimeout(resolve, 50))
  clock.step(2000)
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect(imported).toEqual([])
  clock.step(30_000)
  await eventually(() => imported.length === 1, clock)
  await directory.stop()
})

it('hands on what lists name, at each start and when they change', async () => {
  const { open, write, clock, wanted } = setUp()
  write('base.txt', clock.now() - 60_000, 'busybox:1.36\nredis:7\n')
  const first = open()
  await first.start()
  write('base.txt', clock.now() - 5000, 'redis:7\n')
  await eventually(() => wanted.length === 2, clock)
  await first.stop()
  const second = open()
  await second.start()
  await second.stop()
  expect(wanted).toEqual([['base.txt', ['busybox:1.36', 'redis:7']], ['base.txt', ['redis:7']], ['base.txt', ['redis:7']]])
})
