// Watches: where they start, what they tell, how they end.
import type { AnyObject, WatchEvent } from '../api/object.ts'
import type { RequestOptions, WatchStream } from '../api/request.ts'
import type { Fixture } from './fixture.suite.ts'
import { asking, configMaps, failure, fixture, widgets } from './fixture.suite.ts'
import { encoded } from './object-view.ts'

/** Reads events one by one; `done` is true when the stream has ended. */
function reader(stream: WatchStream): { next(count: number): Promise<WatchEvent<AnyObject>[]>; done(): Promise<boolean>; leave(): Promise<void> } {
  const batches = stream[Symbol.asyncIterator]()
  const waiting: WatchEvent<AnyObject>[] = []
  return {
    async next(count) {
      while (waiting.length < count) {
        const { value, done } = await batches.next()
        if (done) break
        waiting.push(...value)
      }
      return waiting.splice(0, count)
    },
    done: async () => (await batches.next()).done === true,
    leave: async () => void await batches.return?.(),
  }
}

const told = (events: readonly WatchEvent<AnyObject>[]): string =>
  events.map(({ type, object: { metadata } }) => `${type} ${metadata.name ?? '-'}@${metadata.resourceVersion}`).join(', ')

async function filled(): Promise<Fixture> {
  const made = fixture()
  for (const name of ['a', 'b']) await made.create(configMaps, { metadata: { name, labels: { on: 'yes' } } })
  return made
}

const change = async ({ registry }: Fixture, name: string, labels: Record<string, string>): Promise<void> => {
  await registry.patch(configMaps, { ...asking(), namespace: 'default', name, patch: { type: 'merge', body: { metadata: { labels } } } })
}

describe('watch', () => {
  it.each<[string, RequestOptions, string]>([
    ['the state, when no version is given', {}, 'ADDED a@1, ADDED b@2, ADDED c@3'],
    ['the state, at version 0', { resourceVersion: '0' }, 'ADDED a@1, ADDED b@2, ADDED c@3'],
    ['what came after a version', { resourceVersion: '1' }, 'ADDED b@2, ADDED c@3'],
    ['the state and a bookmark', { sendInitialEvents: true, resourceVersionMatch: 'NotOlderThan', allowWatchBookmarks: true }, 'ADDED a@1, ADDED b@2, BOOKMARK -@2, ADDED c@3'],
    ['the state and a bookmark, when no version is given', { allowWatchBookmarks: true }, 'ADDED a@1, ADDED b@2, BOOKMARK -@2, ADDED c@3'],
    ['the state alone for who takes no bookmarks', { sendInitialEvents: true, resourceVersionMatch: 'NotOlderThan' }, 'ADDED a@1, ADDED b@2, ADDED c@3'],
    ['no state, on request', { sendInitialEvents: false, resourceVersionMatch: 'NotOlderThan' }, 'ADDED c@3'],
    ['one object', { fieldSelector: 'metadata.name=b' }, 'ADDED b@2'],
  ])('starts with %s', async (_title, options, expected) => {
    const made = await filled()
    const events = reader(made.registry.watch(configMaps, { options }))
    await made.create(configMaps, { metadata: { name: 'c', labels: { on: 'yes' } } })
    expect(told(await events.next(expected.split(',').length))).toBe(expected)
    await events.leave()
  })

  it('marks the end of the initial events', async () => {
    const made = await filled()
    const events = reader(made.registry.watch(configMaps, { options: { sendInitialEvents: true, resourceVersionMatch: 'NotOlderThan', allowWatchBookmarks: true } }))
    const [, , bookmark] = await events.next(3)
    expect(bookmark).toEqual({ type: 'BOOKMARK', object: { kind: 'ConfigMap', apiVersion: 'v1', metadata: { resourceVersion: '2', annotations: { 'k8s.io/initial-events-end': 'true' } } } })
    await events.leave()
  })

  it('tells of objects that enter and leave a selector', async () => {
    const made = await filled()
    const events = reader(made.registry.watch(configMaps, { options: { labelSelector: 'on=yes', resourceVersion: '2' } }))
    await change(made, 'a', { on: 'no' })
    await change(made, 'a', { other: 'x' })
    await change(made, 'a', { on: 'yes' })
    await change(made, 'a', { other: 'y' })
    await made.registry.delete(configMaps, { ...asking(), namespace: 'default', name: 'a' })
    const all = await events.next(4)
    expect(told(all)).toBe('DELETED a@3, ADDED a@5, MODIFIED a@6, DELETED a@7')
    expect(all[0]?.object.metadata.labels).toEqual({ on: 'yes' })
    await events.leave()
  })

  it('gives all watchers the same events, so that they are encoded once', async () => {
    const made = await filled()
    const readers = [0, 1].map(() => reader(made.registry.watch(configMaps, { options: { resourceVersion: '2' } })))
    await change(made, 'b', { x: 'y' })
    const [one, two] = (await Promise.all(readers.map((each) => each.next(1)))).flat()
    expect(one).toBe(two)
    expect(encoded(one?.object ?? {})).toBe(encoded(made.registry.get(configMaps, { namespace: 'default', name: 'b' })))
    await Promise.all(readers.map((each) => each.leave()))
  })

  it('tells a version that is too old in the stream', async () => {
    const made = await filled()
    await made.store.compact(2)
    const events = reader(made.registry.watch(configMaps, { options: { resourceVersion: '1' } }))
    expect(await events.next(2)).toEqual([{ type: 'ERROR', object: expect.objectContaining({ kind: 'Status', code: 410, reason: 'Expired', message: 'too old resource version: 1 (2)' }) }])
  })

  it('sends bookmarks each minute and before it ends', async () => {
    const made = await filled()
    const events = reader(made.registry.watch(configMaps, { options: { resourceVersion: '2', allowWatchBookmarks: true, timeoutSeconds: 90 } }))
    await made.create(widgets, { metadata: { name: 'w' } })
    made.clock.step(60_000)
    expect(told(await events.next(1))).toBe('BOOKMARK -@3')
    made.clock.step(28_000)
    expect(told(await events.next(1))).toBe('BOOKMARK -@3')
    made.clock.step(2_000)
    expect(await events.done()).toBe(true)
  })

  it('ends by its signal and with the registry', async () => {
    const made = await filled()
    const stop = new AbortController()
    const [own, other] = [made.registry.watch(configMaps, { options: { resourceVersion: '2' }, signal: stop.signal }), made.registry.watch(configMaps, { options: { resourceVersion: '2' } })].map(reader)
    stop.abort()
    expect(await own?.done()).toBe(true)
    made.registry.stop()
    expect(await other?.done()).toBe(true)
  })

  it('ends when its consumer leaves, also while that waits', async () => {
    const made = await filled()
    const batches = made.registry.watch(configMaps, { options: { resourceVersion: '2' } })[Symbol.asyncIterator]()
    const waiting = batches.next()
    await batches.return?.()
    expect(await waiting).toMatchObject({ done: true })
  })

  it('cuts a slow watcher off after what it has', async () => {
    const made = fixture({ watchCapacity: 3 })
    const events = reader(made.registry.watch(configMaps, { options: { resourceVersion: '0' } }))
    for (const name of ['a', 'b', 'c', 'd']) await made.create(configMaps, { metadata: { name } })
    expect(told(await events.next(9))).toBe('ADDED a@1, ADDED b@2, ADDED c@3')
  })

  it.each<[RequestOptions, number, unknown]>([
    [{ resourceVersion: '-1' }, 500, 'resourceVersion: Invalid value: "-1": strconv.ParseUint: parsing "-1": invalid syntax'],
    [{ sendInitialEvents: true }, 422, expect.stringContaining('sendInitialEvents requires setting resourceVersionMatch to NotOlderThan')],
    [{ resourceVersionMatch: 'NotOlderThan', resourceVersion: '1' }, 422, expect.stringContaining('resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided')],
  ])('refuses %j', async (options, code, message) => {
    const { registry } = await filled()
    expect(await failure(() => registry.watch(configMaps, { options }))).toMatchObject({ code, message })
  })
})
