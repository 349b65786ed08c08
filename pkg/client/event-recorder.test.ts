// Events that come close upon each other are written together, in their order, and repeats are counted.
import type { Event } from '../api/types-config.ts'
import { ManualClock } from '../util/clock.ts'
import type { Client } from './client.ts'
import { QueuedEventRecorder } from './event-recorder.ts'

describe('QueuedEventRecorder', () => {
  const about = (name: string): { apiVersion: string; kind: string; metadata: { name: string; namespace: string; uid: string } } => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'default', uid: name } })
  const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
  const setUp = (): { clock: ManualClock; recorder: QueuedEventRecorder; said: string[]; answers: (() => void)[]; record: (...names: string[]) => void } => {
    const clock = new ManualClock()
    const said: string[] = []
    const answers: (() => void)[] = []
    const answered = (text: string): Promise<void> => {
      said.push(text)
      return new Promise((resolve) => answers.push(resolve))
    }
    const client = {
      create: (_resource: unknown, event: Event) => answered(`${event.involvedObject.name} ${event.reason}`),
      patch: (_resource: unknown, _key: unknown, { body }: { body: { count: number } }) => answered(`count ${body.count}`),
    } as unknown as Client
    const recorder = new QueuedEventRecorder({ client, clock, component: 'test', log: (text) => said.push(text) })
    return { clock, recorder, said, answers, record: (...names) => names.forEach((name) => recorder.record(about(name), { type: 'Normal', reason: 'Started', message: 'it runs' })) }
  }
  const answer = async (answers: (() => void)[]): Promise<void> => {
    for (const one of answers.splice(0)) one()
    await settle()
  }

  it('names what two of them tell of one name at the same time differently', async () => {
    const clock = new ManualClock()
    const names: (string | undefined)[] = []
    const client = { create: async (_: unknown, { metadata }: Event) => void names.push(metadata.name) } as unknown as Client
    for (const component of ['one', 'other']) new QueuedEventRecorder({ client, clock, component, log: () => undefined }).record(about('a'), { type: 'Normal', reason: 'Started', message: 'Started' })
    await settle()
    expect(new Set(names).size).toBe(2)
  })

  it('tells what has an action with the time of the first and a series of its repeats', async () => {
    const clock = new ManualClock(Date.parse('2026-01-01T00:00:00.5Z'))
    const written: object[] = []
    const client = {
      create: async (_: unknown, { metadata: _metadata, ...event }: Event) => void written.push(event), patch: async (_: unknown, _key: unknown, { body }: { body: object }) => void written.push(body),
    } as unknown as Client
    const recorder = new QueuedEventRecorder({ client, clock, component: 'default-scheduler', host: 'here', log: () => undefined })
    const preempted = { type: 'Normal', reason: 'Preempted', action: 'Preempting', related: about('b'), message: 'gone' } as const
    recorder.record(about('a'), preempted)
    recorder.record(about('a'), preempted)
    await recorder.flush()
    expect(written).toEqual([{
      apiVersion: 'v1', kind: 'Event', type: 'Normal', reason: 'Preempted', action: 'Preempting', message: 'gone', eventTime: '2026-01-01T00:00:00.500000Z',
      involvedObject: { ...about('a').metadata, apiVersion: 'v1', kind: 'Pod' }, related: { ...about('b').metadata, apiVersion: 'v1', kind: 'Pod' },
      reportingComponent: 'default-scheduler', reportingInstance: 'default-scheduler-here',
    }, { series: { count: 2, lastObservedTime: '2026-01-01T00:00:00.500000Z' } }])
  })

  it('writes the first at once, and what soon follows together', async () => {
    const { clock, said, answers, record } = setUp()
    record('a')
    expect(said).toEqual(['a Started'])
    await answer(answers)
    record('b')
    await settle()
    record('c', 'd')
    clock.step(49)
    await settle()
    expect(said).toEqual(['a Started'])
    clock.step(1)
    await settle()
    expect(said).toEqual(['a Started', 'b Started', 'c Started', 'd Started'])
    await answer(answers)
    clock.step(50)
    record('e')
    expect(said.at(-1)).toBe('e Started')
  })

  it('counts repeats that come together', async () => {
    const { clock, said, answers, record } = setUp()
    record('a', 'b', 'b', 'b')
    await answer(answers)
    clock.step(50)
    await settle()
    expect(said).toEqual(['a Started', 'b Started'])
    await answer(answers)
    await answer(answers)
    await answer(answers)
    expect(said).toEqual(['a Started', 'b Started', 'count 2', 'count 3'])
  })

  it('waits for nobody when it is to be flushed', async () => {
    const { recorder, said, answers, record } = setUp()
    record('a')
    await answer(answers)
    record('b')
    const flushed = recorder.flush()
    await settle()
    expect(said).toEqual(['a Started', 'b Started'])
    await answer(answers)
    await flushed
  })
})
