// What every store promises, as tests that each implementation runs.
import type { Change, Entry, ListResult, Store } from './store.ts'
import { RevisionCompactedError, RevisionInFutureError } from './store.ts'

const until = async (condition: () => boolean): Promise<void> => {
  for (let turn = 0; !condition(); turn++) {
    if (turn > 20_000) throw new Error(`never came true: ${condition}`)
    await new Promise((resolve) => setImmediate(resolve))
  }
}
const put = (store: Store, key: string, value: unknown, volatile = false): Promise<Entry> => store.transact((transaction) => transaction.put(key, value, { volatile }))
const remove = (store: Store, key: string): Promise<Change | undefined> => store.transact((transaction) => transaction.delete(key))
const keys = (entries: Iterable<Entry>): string[] => [...entries].map((entry) => entry.key)

/** Runs all of the contract's tests against the stores that `open` makes; each is a new, empty one. */
export function describeStore(name: string, open: () => Promise<Store>): void {
  describe(`${name} as a Store`, () => {
    let store: Store
    beforeEach(async () => {
      store = await open()
    })
    afterEach(() => store.close())

    it('starts empty at revision 0', () => {
      expect(store.revision).toBe(0)
      expect(store.compactedRevision).toBe(0)
      expect(store.get('/a')).toBeUndefined()
      expect(store.list('/')).toEqual({ entries: [], revision: 0, remaining: 0 })
    })

    it('gives each change its own revision and keeps the one that made the key', async () => {
      const values = await store.transact((transaction) => [transaction.put('/a', { n: 1 }), transaction.put('/b', { n: 2 }), transaction.put('/a', { n: 3 })])
      expect(values.map((entry) => entry.revision)).toEqual([1, 2, 3])
      expect(store.get('/a')).toEqual({ key: '/a', value: { n: 3 }, revision: 3, createRevision: 1 })
      expect(await remove(store, '/a')).toMatchObject({ type: 'delete', revision: 4, previous: { revision: 3 } })
      expect(await remove(store, '/a')).toBeUndefined()
      expect(store.get('/a')).toBeUndefined()
      expect((await put(store, '/a', {})).createRevision).toBe(5)
      expect(store.revision).toBe(5)
    })

    it('freezes values all the way down and shares them', async () => {
      const value = { spec: { list: [{ a: 1 }] } }
      await put(store, '/a', value)
      const stored = store.get<typeof value>('/a')?.value
      expect(stored).toBe(value)
      expect(() => (stored as typeof value).spec.list.push({ a: 2 })).toThrow(TypeError)
      expect(() => Object.assign((stored as typeof value).spec.list[0] as object, { a: 3 })).toThrow(TypeError)
    })

    it('lets a transaction read its own writes and all that came before it', async () => {
      const first = put(store, '/a', { n: 1 })
      const second = store.transact((transaction) => {
        transaction.put('/c', {})
        transaction.delete('/a')
        return { a: transaction.get('/a'), keys: keys(transaction.list('/')) }
      })
      const third = store.transact((transaction) => ({ a: transaction.get('/a'), keys: keys(transaction.list('/')) }))
      expect(await second).toEqual({ a: undefined, keys: ['/c'] })
      expect(await third).toEqual({ a: undefined, keys: ['/c'] })
      expect((await first).revision).toBe(1)
    })

    it('leaves nothing behind when a change throws', async () => {
      await put(store, '/a', { n: 1 })
      const seen: Change[] = []
      store.watch('/', 1, (changes) => seen.push(...changes))
      const failing = store.transact((transaction) => {
        transaction.put('/a', { n: 2 })
        transaction.delete('/a')
        transaction.put('/b', {})
        throw new Error('no')
      })
      await expect(failing).rejects.toThrow('no')
      expect(store.get('/a')).toMatchObject({ value: { n: 1 }, revision: 1 })
      expect(store.count('/')).toBe(1)
      expect((await put(store, '/b', {})).revision).toBe(2)
      expect(seen.map((change) => change.revision)).toEqual([2])
    })

    it('shows what a refusal has seen before it refuses', async () => {
      const first = put(store, '/a', { n: 1 })
      const refused = store.transact((transaction) => {
        if (transaction.get('/a')) throw new Error('it is there')
      })
      await expect(refused).rejects.toThrow('it is there')
      expect(store.get('/a')).toMatchObject({ value: { n: 1 } })
      await first
    })

    it('refuses a transaction in a transaction, and the use of one that has ended', async () => {
      let inner: Promise<unknown> | undefined
      const leaked = await store.transact((transaction) => {
        inner = put(store, '/inner', {})
        inner.catch(() => undefined)
        return transaction
      })
      await expect(inner).rejects.toThrow('inside another')
      expect(() => leaked.put('/late', {})).toThrow('has ended')
      expect(store.revision).toBe(0)
    })

    it('lists a prefix in key order, in pages, at one revision', async () => {
      await store.transact((transaction) => {
        for (let index = 0; index < 2500; index++) transaction.put(`/p/${(index * 7919) % 2500}`, { index })
        transaction.put('/o', {})
        transaction.put('/p0', {})
      })
      const at = store.revision
      const all = keys(store.list('/p/').entries)
      expect(all).toEqual([...all].sort())
      expect(all).toHaveLength(2500)
      expect(store.count('/p/')).toBe(2500)
      const paged: string[] = []
      for (let start: string | undefined = '/p/'; start !== undefined; ) {
        const page: ListResult = store.list('/p/', { start, limit: 999, revision: at })
        expect(page.revision).toBe(at)
        paged.push(...keys(page.entries))
        expect(page.remaining).toBe(2500 - paged.length)
        start = page.remaining > 0 ? `${paged[paged.length - 1]}\0` : undefined
        await store.transact((transaction) => {
          transaction.put(`/p/new-${paged.length}`, {})
          transaction.delete(all[all.length - paged.length] as string)
        })
      }
      expect(paged).toEqual(all)
      expect(() => store.list('/p/', { start: '/o' })).toThrow(RangeError)
    })

    it('lists the exact past', async () => {
      const pictures: unknown[] = [[]]
      for (let step = 1; step <= 40; step++) {
        if (step % 5 === 0) await remove(store, `/k${(step * 3) % 7}`)
        else await put(store, `/k${(step * 3) % 7}`, { step })
        if (store.revision === pictures.length) pictures.push(store.list('/').entries)
      }
      pictures.forEach((picture, revision) => expect(store.list('/', { revision })).toMatchObject({ entries: picture, revision }))
      expect(() => store.list('/', { revision: pictures.length })).toThrow(RevisionInFutureError)
    })

    it('resumes a watch from any revision, without gap or repetition', async () => {
      const seen = new Map<number, number[]>()
      const watchFrom = (after: number): void => {
        const revisions: number[] = []
        seen.set(after, revisions)
        store.watch('/w/', after, (changes) => revisions.push(...changes.map((change) => change.revision)))
      }
      const writes: Promise<unknown>[] = []
      for (let step = 0; step < 60; step++) {
        writes.push(put(store, step % 3 === 0 ? '/x/other' : `/w/${step % 4}`, { step }, step % 7 === 0))
        if (step % 2 === 0) await writes[Math.floor(step / 2)]
        // Both from the past and from right now, with writes under way.
        watchFrom(store.revision)
        if (!seen.has(Math.floor(store.revision / 2))) watchFrom(Math.floor(store.revision / 2))
      }
      await Promise.all(writes)
      const expected = Array.from({ length: 60 }, (_, step) => step + 1).filter((revision) => (revision - 1) % 3 !== 0)
      await until(() => [...seen].every(([after, revisions]) => after === 60 || revisions.at(-1) === 60))
      for (const [after, revisions] of seen) expect(revisions).toEqual(expected.filter((revision) => revision > after))
      expect(() => store.watch('/', 61, () => undefined)).toThrow(RevisionInFutureError)
    })

    it('tells watchers one array a commit, before the writer knows', async () => {
      const seen: number[][] = []
      store.watch('/', 0, (changes) => seen.push(changes.map((change) => change.revision)))
      await store.transact((transaction) => {
        transaction.put('/a', {})
        transaction.put('/b', {})
        transaction.delete('/a')
      })
      expect(seen).toEqual([[1, 2, 3]])
      await put(store, '/c', {})
      expect(seen).toEqual([[1, 2, 3], [4]])
    })

    it('calls no listener after close, not even with what was missed', async () => {
      await put(store, '/a', {})
      let calls = 0
      const watches = [store.watch('/', 0, () => calls++), store.watch('/', 1, () => calls++)]
      watches.forEach((watch) => watch.close())
      await put(store, '/b', {})
      expect(calls).toBe(0)
      const once = store.watch('/', 2, () => {
        calls++
        once.close()
      })
      await put(store, '/c', {})
      await put(store, '/d', {})
      expect(calls).toBe(1)
    })

    it('keeps the order for all when a listener writes', async () => {
      const seen: number[][] = [[], [], []]
      const follow = (index: number): void => {
        store.watch('/', 0, (changes) => {
          seen[index]?.push(...changes.map((change) => change.revision))
          if (index === 0 && (changes.at(-1)?.revision ?? 99) < 4) void put(store, '/more', {}, true)
          // A watch that starts in the middle of being told.
          if (index === 0 && changes[0]?.revision === 2) follow(2)
        })
      }
      follow(0)
      follow(1)
      await put(store, '/a', {})
      await until(() => seen.every((revisions) => revisions.at(-1) === 4))
      expect(seen).toEqual([[1, 2, 3, 4], [1, 2, 3, 4], [1, 2, 3, 4]])
    })

    it('forgets what is compacted and keeps what is current', async () => {
      for (let step = 0; step < 10; step++) await put(store, `/k${step % 3}`, { step })
      await remove(store, '/k0')
      await store.compact(8)
      expect(store.compactedRevision).toBe(8)
      expect(() => store.watch('/', 7, () => undefined)).toThrow(RevisionCompactedError)
      expect(() => store.list('/', { revision: 7 })).toThrow(RevisionCompactedError)
      expect(keys(store.list('/', { revision: 8 }).entries)).toEqual(['/k0', '/k1', '/k2'])
      expect(keys(store.list('/').entries)).toEqual(['/k1', '/k2'])
      const seen: number[] = []
      store.watch('/', 8, (changes) => seen.push(...changes.map((change) => change.revision)))
      await until(() => seen.length === 3)
      expect(seen).toEqual([9, 10, 11])
      await store.compact(3)
      expect(store.compactedRevision).toBe(8)
      await expect(store.compact(12)).rejects.toThrow(RevisionInFutureError)
      await store.compact(store.revision)
      expect(keys(store.list('/').entries)).toEqual(['/k1', '/k2'])
    })

    it('takes no transaction once it is closed, but finishes those under way', async () => {
      const last = put(store, '/a', {})
      const closing = store.close()
      await expect(put(store, '/b', {})).rejects.toThrow('closed')
      await last
      await closing
    })

    it.each([1, 2, 3])('does what a plain model does, seed %i', async (seed) => {
      await compareWithModel(store, seed)
    })
  })
}

/** Random operations, many of them under way at once; the model applies each in the order of the calls. */
async function compareWithModel(store: Store, seed: number): Promise<void> {
  const random = (below: number): number => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0
    return Math.floor((seed / 2 ** 32) * below)
  }
  const pictures: Map<string, Entry>[] = [new Map()]
  const log: Change[] = []
  const followers: { after: number; prefix: string; seen: Change[]; end?: number }[] = []
  const running: Promise<unknown>[] = []
  const randomKey = (): string => `/${'ab'[random(2)]}/${random(12)}`
  const inOrder = (picture: Map<string, Entry>, prefix: string): Entry[] =>
    [...picture.values()].filter((entry) => entry.key.startsWith(prefix)).sort((a, b) => (a.key < b.key ? -1 : 1))
  const newest = (): Map<string, Entry> => pictures[pictures.length - 1] as Map<string, Entry>

  const model = (type: 'put' | 'delete', key: string, value: unknown): void => {
    const previous = newest().get(key)
    if (type === 'delete' && !previous) return
    const picture = new Map(newest())
    const revision = pictures.length
    const entry = type === 'put' ? { key, value, revision, createRevision: previous?.createRevision ?? revision } : undefined
    if (entry) picture.set(key, entry)
    else picture.delete(key)
    pictures.push(picture)
    log.push({ type, key, revision, entry, previous })
  }

  for (let step = 0; step < 1500; step++) {
    const kind = random(20)
    if (kind < 12) {
      const volatile = random(3) === 0
      const steps = Array.from({ length: 1 + random(3) }, () => ({ type: random(3) === 0 ? ('delete' as const) : ('put' as const), key: randomKey(), value: { step, r: random(1e6) } }))
      running.push(
        store.transact((transaction) => {
          for (const each of steps) {
            if (each.type === 'put') transaction.put(each.key, each.value, { volatile })
            else transaction.delete(each.key, { volatile })
          }
        }),
      )
      for (const each of steps) model(each.type, each.key, each.value)
    } else if (kind < 14) {
      running.push(
        store
          .transact((transaction) => {
            transaction.put(randomKey(), {})
            transaction.delete(randomKey())
            throw new Error('on purpose')
          })
          .catch(() => undefined),
      )
    } else if (kind < 16) {
      const prefix = ['/', '/a/', '/b/1'][random(3)] as string
      const after = store.compactedRevision + random(store.revision - store.compactedRevision + 1)
      const follower: (typeof followers)[number] = { after, prefix, seen: [] }
      followers.push(follower)
      const watch = store.watch(prefix, after, (changes) => {
        follower.seen.push(...changes)
        if (random(50) === 0) {
          watch.close()
          follower.end = changes.at(-1)?.revision
        }
      })
    } else if (kind === 16 && random(4) === 0) {
      running.push(store.compact(store.compactedRevision + random(store.revision - store.compactedRevision + 1)))
    } else {
      await Promise.all(running.splice(0, random(running.length + 1)))
    }
    const prefix = ['/', '/a/', '/b/1'][random(3)] as string
    const at = random(2) === 0 ? store.revision : store.compactedRevision + random(store.revision - store.compactedRevision + 1)
    const expected = inOrder(pictures[at] as Map<string, Entry>, prefix)
    const from = random(3) === 0 ? `${prefix}${random(9)}` : prefix
    const limit = 1 + random(12)
    const rest = expected.filter((entry) => entry.key >= from)
    expect(store.list(prefix, { revision: at, start: from, limit })).toEqual({ entries: rest.slice(0, limit), revision: at, remaining: Math.max(0, rest.length - limit) })
    const visible = pictures[store.revision] as Map<string, Entry>
    expect(store.count(prefix)).toBe(inOrder(visible, prefix).length)
    const key = randomKey()
    expect(store.get(key)).toEqual(visible.get(key))
  }
  await Promise.all(running)
  expect(store.revision).toBe(log.length)
  await until(() => true)
  for (const { after, prefix, seen, end = Infinity } of followers) {
    expect(seen).toEqual(log.filter((change) => change.revision > after && change.revision <= end && change.key.startsWith(prefix)))
  }
}
