import { ManualClock } from '../util/clock.ts'
import { testInfo } from './fixture.suite.ts'
import type { ClusterChange, Plugin } from './plugin.ts'
import { SchedulingQueue } from './queue.ts'

const picky: Plugin = { name: 'Picky', enqueueOn: ['node-added', 'pod-gone'], mayHelp: (_pod, { object }) => object.metadata.name !== 'useless' }
const other: Plugin = { name: 'Other', enqueueOn: ['claim'] }
const change = (kind: ClusterChange['kind'], name = 'x'): ClusterChange => ({ kind, object: { metadata: { name } } })

describe('SchedulingQueue', () => {
  let clock: ManualClock
  let queue: SchedulingQueue
  let woken: number
  let came: string[]
  beforeEach(() => {
    clock = new ManualClock()
    woken = 0
    came = []
    queue = new SchedulingQueue({ clock, plugins: [picky, other], onReady: () => woken++, incoming: (name, event) => void came.push(`${name} ${event}`) })
  })
  const popped = (): string | undefined => queue.pop()?.info.pod.metadata.name
  const uid = (name: string): string => `uid-default-${name}`
  const refuse = (name: string, ...rejectors: string[]): void => {
    queue.add(testInfo(name))
    expect(popped()).toBe(name)
    queue.reject(uid(name), new Set(rejectors))
  }

  it('gives the more important first, then the older', () => {
    queue.add(testInfo('a'))
    clock.step(1)
    queue.add(testInfo('b'))
    queue.add(testInfo('c', { spec: { priority: 5 } }))
    queue.add(testInfo('d'))
    expect([popped(), popped(), popped(), popped(), popped()]).toEqual(['c', 'a', 'b', 'd', undefined])
  })

  it('counts who waits where', () => {
    refuse('a', 'Picky')
    queue.add(testInfo('b'))
    expect(popped()).toBe('b')
    queue.retry(uid('b'))
    queue.add(testInfo('c', { spec: { schedulingGates: [{ name: 'x' }] } }))
    queue.add(testInfo('d'))
    queue.add(testInfo('e'))
    expect(queue.pending()).toEqual({ active: 2, backoff: 1, gated: 1, unschedulable: 1 })
    popped()
    expect(queue.pending().active).toBe(1)
  })

  it('says who comes to wait, where and why', () => {
    queue.add(testInfo('gated', { spec: { schedulingGates: [{ name: 'x' }] } }))
    queue.add(testInfo('gated'))
    // Only its priority.
    queue.add(testInfo('gated', { spec: { priority: 1 } }))
    expect(came.splice(0)).toEqual(['unschedulable UnschedulablePodAdd', 'active UnschedulablePodUpdate'])
    popped()
    refuse('a', 'Picky', 'Other')
    refuse('b', 'Other')
    expect([...queue.rejections()]).toEqual([['Picky', 1], ['Other', 2]])
    queue.notify({ ...change('claim'), action: 'Add' })
    expect([popped(), popped()]).toEqual(['a', 'b'])
    expect(came.splice(0)).toEqual([
      'active UnschedulablePodAdd', 'unschedulable ScheduleAttemptFailure', 'active UnschedulablePodAdd', 'unschedulable ScheduleAttemptFailure',
      'backoff PersistentVolumeClaimAdd', 'backoff PersistentVolumeClaimAdd', 'active PopFromBackoffQ', 'active PopFromBackoffQ',
    ])
    queue.retry(uid('a'))
    queue.reject(uid('b'), new Set(['Picky']))
    clock.step(300_000)
    expect(came.splice(0)).toEqual(['backoff ScheduleAttemptFailure', 'unschedulable ScheduleAttemptFailure', 'active BackoffComplete', 'active UnschedulableTimeout'])
  })

  it('knows since when a pod could be tried', () => {
    queue.add(testInfo('a', { spec: { schedulingGates: [{ name: 'x' }] } }))
    clock.step(5000)
    const activeMs = clock.now()
    queue.add(testInfo('a'))
    expect(queue.pop()).toMatchObject({ attempts: 1, activeMs })
    queue.retry(uid('a'))
    clock.step(1000)
    expect(queue.pop()).toMatchObject({ attempts: 2, activeMs })
  })

  it('follows a priority that changes while the pod waits', () => {
    queue.add(testInfo('a'))
    queue.add(testInfo('b'))
    queue.add(testInfo('b', { spec: { priority: 1 } }))
    expect([popped(), popped(), popped()]).toEqual(['b', 'a', undefined])
  })

  it.each([
    ['one that a rejecting plugin names', ['Picky'], change('node-added'), true],
    ['one that it does not name', ['Picky'], change('claim'), false],
    ['one that another rejecting plugin names', ['Picky', 'Other'], change('claim'), true],
    ['one that can not help this pod', ['Picky'], change('node-added', 'useless'), false],
    ['any, when nobody rejected', [], change('volume'), true],
  ])('brings a rejected pod back by a change: %s', (_what, rejectors, event, comes) => {
    refuse('a', ...rejectors)
    expect(queue.placeOf(uid('a'))).toBe('unschedulable')
    clock.step(1000)
    expect(woken).toBe(1)
    queue.notify(event)
    expect(queue.placeOf(uid('a'))).toBe(comes ? 'active' : 'unschedulable')
    expect(woken).toBe(comes ? 2 : 1)
    expect(popped()).toBe(comes ? 'a' : undefined)
  })

  it('takes a backed-off pod early only when nothing else is active', () => {
    refuse('a', 'Picky')
    queue.add(testInfo('b'))
    queue.notify(change('pod-gone'))
    expect(queue.placeOf(uid('a'))).toBe('back-off')
    expect([popped(), popped(), popped()]).toEqual(['b', 'a', undefined])
  })

  it('backs off after errors from 1 s to 10 s, and no sooner', () => {
    queue.add(testInfo('a'))
    for (const seconds of [1, 2, 4, 8, 10, 10]) {
      expect(popped()).toBe('a')
      queue.retry(uid('a'))
      clock.step(seconds * 1000 - 1)
      expect(popped()).toBeUndefined()
      clock.step(1)
      expect(queue.placeOf(uid('a'))).toBe('active')
    }
    expect(popped()).toBe('a')
  })

  it('wakes each of several at its own time, also when the earliest goes', () => {
    for (const name of ['a', 'b']) {
      queue.add(testInfo(name))
      popped()
      queue.retry(uid(name))
      clock.step(300)
    }
    queue.remove(uid('a'))
    clock.step(699)
    expect(queue.placeOf(uid('b'))).toBe('back-off')
    clock.step(1)
    expect(popped()).toBe('b')
  })

  it('holds gated pods, and lets them go without their gates', () => {
    queue.add(testInfo('a', { spec: { schedulingGates: [{ name: 'g' }] } }))
    queue.notify(change('node-added'))
    expect([popped(), queue.placeOf(uid('a'))]).toEqual([undefined, 'gated'])
    queue.add(testInfo('a'))
    expect(popped()).toBe('a')
  })

  it('brings a rejected pod back when the pod itself changes', () => {
    refuse('a', 'Picky')
    clock.step(1000)
    queue.add(testInfo('a', { labels: { new: 'label' } }))
    expect(queue.pop()?.info.pod.metadata.labels).toEqual({ new: 'label' })
  })

  it('leaves pods in flight in flight, and forgets what is removed', () => {
    queue.add(testInfo('a'))
    popped()
    queue.add(testInfo('a'))
    queue.notify(change('node-added'))
    expect(popped()).toBeUndefined()
    queue.remove(uid('a'))
    queue.retry(uid('a'))
    queue.reject(uid('a'), new Set())
    clock.step(20_000)
    expect([popped(), queue.size]).toEqual([undefined, 0])
  })

  it('tries again what was refused five minutes ago, whatever is told', () => {
    refuse('a', 'Picky')
    clock.step(60_000)
    refuse('b', 'Other')
    clock.step(239_999)
    expect(popped()).toBeUndefined()
    clock.step(1)
    expect([popped(), popped()]).toEqual(['a', undefined])
    queue.reject(uid('a'), new Set(['Picky']))
    clock.step(60_000)
    expect([popped(), popped()]).toEqual(['b', undefined])
    clock.step(240_000)
    expect([popped(), popped()]).toEqual(['a', undefined])
  })

  it('leaves no timer behind', () => {
    queue.add(testInfo('a'))
    popped()
    queue.retry(uid('a'))
    queue.stop()
    clock.step(20_000)
    expect(queue.placeOf(uid('a'))).toBe('back-off')
  })
})
