// SqliteStore keeps the Store's promises, and its own: what was acknowledged survives kill -9, disk errors and reopening.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, existsSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { ManualClock } from '../util/clock.ts'
import { CommitFailedError, flushIntervalMs, SqliteStore } from './sqlite-store.ts'
import type { Change } from './store.ts'
import { RevisionCompactedError } from './store.ts'
import { describeStore } from './store.suite.ts'

const directories: string[] = []
const newDirectory = (): string => {
  const directory = mkdtempSync(join(tmpdir(), 'kinglet-store-'))
  directories.push(directory)
  return directory
}
afterAll(() => directories.forEach((directory) => rmSync(directory, { recursive: true })))

const clock = new ManualClock()
const open = (directory: string, options: { maxBytes?: number } = {}): Promise<SqliteStore> => SqliteStore.open({ directory, clock, ...options })
/** What a crash now would leave behind: a copy of the files as they are. */
const crashed = (directory: string): string => {
  const copy = newDirectory()
  for (const suffix of ['', '-wal']) {
    const from = join(directory, `state.db${suffix}`)
    if (existsSync(from)) copyFileSync(from, join(copy, `state.db${suffix}`))
  }
  return copy
}
const rowsOnDisk = (directory: string): number => {
  const database = new Database(join(crashed(directory), 'state.db'))
  try {
    return database.prepare('SELECT count(*) FROM changes').pluck().get() as number
  } finally {
    database.close()
  }
}

describeStore('SqliteStore', () => open(newDirectory()))

describe('SqliteStore', () => {
  it('has everything again after it is reopened: state, log, counter, compaction', async () => {
    const directory = newDirectory()
    const first = await open(directory)
    for (let step = 0; step < 200; step++) {
      await first.transact((transaction) => {
        if (step % 9 === 8) transaction.delete(`/k${step % 7}`)
        else transaction.put(`/k${step % 7}`, { step, text: 'é\u{1f600}\u2028' }, { volatile: step % 3 === 0 })
      })
      if (step === 100) await first.compact(60)
    }
    await first.transact((transaction) => transaction.delete('/k1'))
    const end = first.revision
    const now = first.list('/').entries
    const past = first.list('/', { revision: 77 }).entries
    const log: Change[] = []
    first.watch('/', 60, (changes) => log.push(...changes))
    await first.close()

    const second = await open(directory)
    expect(second.revision).toBe(end)
    expect(second.compactedRevision).toBe(60)
    expect(second.list('/').entries).toEqual(now)
    expect(Object.isFrozen(second.list<{ text: string }>('/').entries[0]?.value)).toBe(true)
    expect(second.list('/', { revision: 77 }).entries).toEqual(past)
    expect(() => second.watch('/', 59, () => undefined)).toThrow(RevisionCompactedError)
    const again: Change[] = []
    second.watch('/', 60, (changes) => again.push(...changes))
    await second.compact(end)
    expect(again).toEqual(log)
    await second.close()

    // Nothing but the state is left, and the last change, a deletion, still counts.
    const third = await open(directory)
    expect(third.revision).toBe(end)
    expect(third.list('/').entries).toEqual(now)
    await third.close()
    expect(rowsOnDisk(directory)).toBe(now.length)
  })

  it('shows volatile changes at once and writes them within the budget', async () => {
    const directory = newDirectory()
    const store = await open(directory)
    const beat = (n: number): Promise<unknown> => store.transact((transaction) => transaction.put('/lease', { n }, { volatile: true }))
    // The first one reserves revisions, on disk.
    await beat(0)
    expect(rowsOnDisk(directory)).toBe(1)
    for (let n = 1; n <= 20; n++) {
      void beat(n)
      expect(store.get('/lease')).toMatchObject({ value: { n }, revision: n + 1 })
    }
    expect(rowsOnDisk(directory)).toBe(1)
    clock.step(flushIntervalMs)
    // A transaction that changes nothing waits for no disk; one that does takes all before it along.
    await store.transact((transaction) => transaction.put('/durable', {}))
    expect(rowsOnDisk(directory)).toBe(22)
    await beat(21)
    await store.close()
    expect(rowsOnDisk(directory)).toBe(23)
  })

  it('compacts nothing away that a lost volatile change has replaced', async () => {
    const directory = newDirectory()
    const store = await open(directory)
    await store.transact((transaction) => transaction.put('/a', { n: 1 }))
    await store.transact((transaction) => transaction.put('/b', {}, { volatile: true }))
    await store.transact((transaction) => transaction.put('/a', { n: 2 }, { volatile: true }))
    expect(rowsOnDisk(directory)).toBe(2)
    await store.compact(3)
    const survivor = await open(crashed(directory))
    expect(survivor.get('/a')).toMatchObject({ value: { n: 2 }, revision: 3, createRevision: 1 })
    await survivor.close()
    await store.close()
  })

  it('gives the space of what was compacted back', async () => {
    const directory = newDirectory()
    const store = await open(directory)
    const fill = 'x'.repeat(4000)
    for (let round = 0; round < 4; round++) {
      await store.transact((transaction) => {
        for (let index = 0; index < 1000; index++) transaction.put(`/k${index}`, { round, fill })
      })
    }
    await store.compact(store.revision)
    await store.close()
    expect(statSync(join(directory, 'state.db')).size).toBeLessThan(12_000_000)
    const again = await open(directory)
    expect(again.count('/')).toBe(1000)
    expect(again.get('/k999')).toMatchObject({ value: { round: 3 }, revision: 4000 })
    await again.close()
  })

  it('refuses a second store on its directory', async () => {
    const directory = newDirectory()
    const store = await open(directory)
    await expect(open(directory)).rejects.toThrow(`data directory ${directory} is in use by another kinglet`)
    await store.close()
    await (await open(directory)).close()
  })

  it('refuses a directory of a newer format, and leaves it alone', async () => {
    const directory = newDirectory()
    await (await open(directory)).close()
    const database = new Database(join(directory, 'state.db'))
    database.exec("UPDATE meta SET value = 7 WHERE name = 'format'")
    database.close()
    const message = `data directory ${directory} was written by a newer kinglet (format 7, this one reads up to 1)`
    await expect(open(directory)).rejects.toThrow(message)
    await expect(open(directory)).rejects.toThrow(message)
  })

  it('refuses a value that is not JSON, alone', async () => {
    const store = await open(newDirectory())
    const good = store.transact((transaction) => transaction.put('/a', {}))
    await expect(store.transact((transaction) => transaction.put('/b', { n: 1n }))).rejects.toThrow(TypeError)
    await good
    expect(store.list('/').entries).toHaveLength(1)
    await store.close()
  })

  it('goes back to the committed state when the disk refuses a batch, and goes on', async () => {
    const directory = newDirectory()
    const store = await open(directory, { maxBytes: 256 * 1024 })
    const seen: number[] = []
    store.watch('/', 0, (changes) => seen.push(...changes.map((change) => change.revision)))
    const put = (key: string, size: number, volatile = false): Promise<unknown> => store.transact((transaction) => transaction.put(key, { fill: 'x'.repeat(size) }, { volatile }))
    await put('/a', 10)
    await put('/beat', 1, true)
    const results = await Promise.allSettled([put('/a', 20), put('/huge', 1_000_000), put('/b', 10), store.transact((transaction) => transaction.get('/b'))])
    expect(results.map((result) => result.status)).toEqual(['rejected', 'rejected', 'rejected', 'rejected'])
    expect((results[0] as PromiseRejectedResult).reason).toBeInstanceOf(CommitFailedError)
    expect(store.list('/').entries.map((entry) => [entry.key, entry.revision])).toEqual([['/a', 1], ['/beat', 2]])
    // Transactions see the committed state too, and the counter goes on where it stood.
    expect(await store.transact((transaction) => [transaction.get('/huge'), transaction.get<{ fill: string }>('/a')?.value.fill.length])).toEqual([undefined, 10])
    await put('/b', 10)
    expect(seen).toEqual([1, 2, 3])
    await store.close()
    const again = await open(directory)
    expect(again.list('/').entries.map((entry) => [entry.key, entry.revision])).toEqual([['/a', 1], ['/b', 3], ['/beat', 2]])
    await again.close()
  })

  it('loses nothing acknowledged to kill -9, and its revisions never go back', async () => {
    const directory = newDirectory()
    const acknowledged = new Map<string, { revision: number; step: number }>()
    let highest = 0
    for (let round = 0; round < 4; round++) {
      const child = spawn(process.execPath, [join(import.meta.dirname, 'killed-writer.suite.ts'), directory], { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, NODE_OPTIONS: '' } })
      let output = ''
      child.stdout.setEncoding('utf8')
      const wanted = 2000 + 1777 * round
      child.stdout.on('data', (text: string) => {
        output += text
        if (output.length > wanted * 20) child.kill('SIGKILL')
      })
      await once(child, 'close')
      expect(child.signalCode).toBe('SIGKILL')
      const lines = output.split('\n').slice(0, -1)
      expect(Number(lines[0]?.split(' ')[1])).toBeGreaterThanOrEqual(highest)
      for (const line of lines.slice(1)) {
        const [type, key, revision, step] = line.split(' ') as [string, string, string, string]
        highest = Math.max(highest, Number(revision))
        if (type === 'put') acknowledged.set(key, { revision: Number(revision), step: Number(step) })
      }
      const store = await open(directory)
      expect(store.revision).toBeGreaterThanOrEqual(highest)
      for (const [key, { revision, step }] of acknowledged) {
        const entry = store.get<{ step: number }>(key)
        // A later write of the key may be on disk though nobody was told.
        expect(entry?.revision).toBeGreaterThanOrEqual(revision)
        if (entry?.revision === revision) expect(entry.value.step).toBe(step)
      }
      // Who saw a revision that is lost now can't resume from it as if nothing had been.
      const log = await changesSince(store, store.compactedRevision)
      const last = log.at(-1)?.revision ?? store.compactedRevision
      expect(() => store.watch('/', last, () => undefined).close()).not.toThrow()
      expect(() => store.watch('/', store.revision, () => undefined).close()).not.toThrow()
      expect(store.revision).toBeGreaterThan(last + 1)
      expect(() => store.watch('/', last + 1, () => undefined)).toThrow(RevisionCompactedError)
      await store.close()
    }
  }, 60_000)
})

async function changesSince(store: SqliteStore, revision: number): Promise<Change[]> {
  const log: Change[] = []
  const watch = store.watch('/', revision, (changes) => log.push(...changes))
  await Promise.resolve()
  watch.close()
  return log
}
