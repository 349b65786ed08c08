import type { AnyObject, WatchEvent } from '../api/object.ts'
import type { ApiRequest, Handle } from '../api/request.ts'
import { StatusError } from '../api/status-error.ts'
import { configMaps, type ConfigMap } from '../api/types-config.ts'
import { ManualClock } from '../util/clock.ts'
import { DirectClient } from './direct-client.ts'
import type { InformerChange } from './informer.ts'
import { SharedInformers } from './shared-informers.ts'

const object = (name: string, revision: number, extra: object = {}): AnyObject =>
  ({ metadata: { namespace: 'a', name, uid: `uid-${name}`, resourceVersion: String(revision), ...extra } }) as AnyObject
const event = (type: WatchEvent['type'], of: AnyObject): WatchEvent<AnyObject> => ({ type, object: of })
const end = (revision: number): WatchEvent<AnyObject> =>
  event('BOOKMARK', { metadata: { resourceVersion: String(revision), annotations: { 'k8s.io/initial-events-end': 'true' } } } as AnyObject)

/** A server whose watches are pushed to by hand. */
class ScriptedServer {
  readonly requests: ApiRequest[] = []
  readonly #opened: (() => void)[] = []
  #push: ((batch: readonly WatchEvent<AnyObject>[] | Error | undefined) => void) | undefined
  readonly handle: Handle = async (request) => {
    this.requests.push(request)
    const pending: (readonly WatchEvent<AnyObject>[] | Error | undefined)[] = []
    let wake = (): void => undefined
    this.#push = (batch) => {
      pending.push(batch)
      wake()
    }
    request.signal?.addEventListener('abort', () => this.#push?.(undefined))
    const events = (async function* () {
      for (;;) {
        while (pending.length === 0) await new Promise<void>((resolve) => (wake = resolve))
        const next = pending.shift()
        if (next === undefined) return
        if (next instanceof Error) throw next
        yield next
      }
    })()
    for (const resolve of this.#opened.splice(0)) resolve()
    return { type: 'watch', code: 200, events }
  }

  push(...batch: WatchEvent<AnyObject>[]): void {
    this.#push?.(batch)
  }

  break(error?: Error): void {
    this.#push?.(error)
  }

  async opened(count: number): Promise<ApiRequest> {
    while (this.requests.length < count) await new Promise<void>((resolve) => this.#opened.push(resolve))
    return this.requests[count - 1] as ApiRequest
  }
}

describe('SharedInformers', () => {
  let server: ScriptedServer
  let clock: ManualClock
  let informers: SharedInformers
  let told: string[]
  const note = (change: InformerChange<ConfigMap>): void => {
    told.push(`${change.previous ? change.previous.metadata.resourceVersion : '-'}>${change.object ? change.object.metadata.resourceVersion : '-'}`)
  }
  beforeEach(() => {
    server = new ScriptedServer()
    clock = new ManualClock()
    told = []
    informers = new SharedInformers({ client: new DirectClient(server.handle, { username: 'x', groups: [] }), clock, log: () => undefined })
  })
  afterEach(() => informers.stop())

  const syncedWith = async (...objects: AnyObject[]) => {
    const informer = informers.for(configMaps)
    informer.onChange(note)
    const request = await server.opened(1)
    expect(request.options).toMatchObject({ sendInitialEvents: true, resourceVersionMatch: 'NotOlderThan', allowWatchBookmarks: true })
    server.push(...objects.map((one) => event('ADDED', one)), end(10))
    await informer.whenSynced()
    return informer
  }
  /** Steps through the reconnect delay until the next watch is open. */
  const reopened = async (count: number): Promise<ApiRequest> => {
    for (let turn = 0; turn < 100 && server.requests.length < count; turn++) {
      clock.step(1000)
      await new Promise((resolve) => setImmediate(resolve))
    }
    return server.opened(count)
  }

  it('fills, follows and forgets, with indexes', async () => {
    const first = object('one', 5, { ownerReferences: [{ uid: 'o', kind: 'K', name: 'n', apiVersion: 'v1' }] })
    const informer = await syncedWith(first, object('two', 3))
    expect(informer.revision).toBe(10)
    expect(informer.get({ namespace: 'a', name: 'one' })).toBe(first)
    expect(informer.ownedBy('o')).toEqual([first])
    server.push(event('MODIFIED', object('one', 11)), event('DELETED', object('two', 12)))
    await informer.until(() => informer.revision >= 12)
    expect(informer.ownedBy('o')).toEqual([])
    expect(informer.list('a').map((one) => one.metadata.name)).toEqual(['one'])
    expect(informer.list('b')).toEqual([])
    expect(told).toEqual(['->5', '->3', '5>11', '12>-'])
    const late: unknown[] = []
    informer.onChange((change) => late.push(change.object?.metadata.name))
    expect(late).toEqual(['one'])
  })

  it('tells a follower in slices what is there, each object once and at its newest', async () => {
    const names = Array.from({ length: 3000 }, (_, index) => `n${index}`)
    const informer = await syncedWith(...names.map((name) => object(name, 5)))
    const heard = new Map<string, string[]>()
    let count = 0
    const following = informer.follow(({ object: now, previous }) => {
      const name = (now ?? previous)?.metadata.name ?? ''
      heard.set(name, [...heard.get(name) ?? [], `${previous?.metadata.resourceVersion ?? '-'}>${now?.metadata.resourceVersion ?? '-'}`])
      count++
    })
    expect(count).toBe(0)
    server.push(event('MODIFIED', object('n0', 11)), event('MODIFIED', object('n2998', 12)), event('DELETED', object('n2999', 13)), event('ADDED', object('new', 14)))
    await following.told
    await informer.until(() => informer.revision >= 14)
    expect(heard.get('n0')?.at(-1)).toMatch(/>11$/)
    expect(heard.get('n0')?.[0]).toMatch(/^->/)
    expect(heard.get('n1')).toEqual(['->5'])
    expect(heard.get('n2998')?.[0]).toMatch(/^->/)
    expect(heard.get('n2998')?.at(-1)).toMatch(/>12$/)
    // Never told of, or of its end.
    expect(heard.get('n2999')?.at(-1) ?? '13>-').toMatch(/>-$/)
    expect(heard.get('new')).toEqual(['->14'])
    for (const name of names.slice(0, 2999)) expect(heard.get(name)?.filter((change) => change.startsWith('->'))).toHaveLength(1)
    following.end()
    server.push(event('MODIFIED', object('n1', 15)))
    await informer.until(() => informer.revision >= 15)
    expect(heard.get('n1')).toEqual(['->5'])
  })

  it('ends a following in the middle', async () => {
    const informer = await syncedWith(...Array.from({ length: 300 }, (_, index) => object(`n${index}`, 5)))
    let heard = 0
    const following = informer.follow(() => {
      // Each is a slice.
      for (const end = performance.now() + 12; performance.now() < end;);
      heard++
    })
    while (heard === 0) await new Promise((resolve) => setImmediate(resolve))
    following.end()
    await following.told
    expect(heard).toBe(1)
  })

  it('resumes from the last revision when the watch breaks', async () => {
    const informer = await syncedWith(object('one', 5))
    server.push(event('MODIFIED', object('one', 14)))
    await informer.until(() => informer.revision === 14)
    server.break()
    const request = await reopened(2)
    expect(request.options.resourceVersion).toBe('14')
    expect(request.options.sendInitialEvents).toBeUndefined()
  })

  it.each([
    ['thrown', () => server.break(new StatusError(410, 'Expired', 'too old'))],
    ['as an event', () => server.push(event('ERROR', new StatusError(410, 'Expired', 'too old').status as unknown as AnyObject))],
  ])('lists again after 410 (%s) and tells the difference only', async (_, expire) => {
    const informer = await syncedWith(object('kept', 5), object('gone', 6), object('changed', 7), object('replaced', 8))
    told = []
    expire()
    const request = await reopened(2)
    expect(request.options.sendInitialEvents).toBe(true)
    server.push(
      event('ADDED', object('kept', 5)), event('ADDED', object('changed', 20)), event('ADDED', object('replaced', 21, { uid: 'other' })),
      event('ADDED', object('new', 22)), end(30),
    )
    await informer.until(() => informer.revision === 30)
    expect(told).toEqual(['7>20', '8>-', '->21', '->22', '6>-'])
    expect(informer.list().map((one) => one.metadata.name).sort()).toEqual(['changed', 'kept', 'new', 'replaced'])
  })

  it('starts over when the watch breaks before the first full state', async () => {
    const informer = informers.for(configMaps)
    await server.opened(1)
    server.push(event('ADDED', object('one', 5)))
    server.break()
    const request = await reopened(2)
    expect(request.options.sendInitialEvents).toBe(true)
    expect(informer.synced).toBe(false)
    server.push(end(9))
    await informer.whenSynced()
    expect(informer.list()).toEqual([])
  })
})
