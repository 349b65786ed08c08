import type { KubeObject } from '../api/object.ts'
import { namespaces } from '../api/types-config.ts'
import type { InformerChange, Informers } from '../client/informer.ts'
import { ManualClock } from '../util/clock.ts'
import { KeptObjects } from './kept-objects.ts'

function keeping(outcomes: ('fails' | 'works')[]) {
  const clock = new ManualClock()
  const calls: string[] = []
  let listener: (change: InformerChange<KubeObject>) => void = () => undefined
  const informers = { for: () => ({ onChange: (given: typeof listener) => { listener = given; return () => { listener = () => undefined } } }) } as unknown as Informers
  const kept = new KeptObjects({
    informers, clock, log: () => undefined, kept: [{ resource: namespaces, keys: [{ name: 'needed' }] }],
    restore: () => {
      const outcome = outcomes[calls.length] ?? 'works'
      calls.push(outcome)
      return outcome === 'works' ? Promise.resolve() : Promise.reject(new Error('not now'))
    },
  })
  kept.start()
  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < 5; turn++) await Promise.resolve()
  }
  const gone = async (name: string): Promise<void> => {
    listener({ object: undefined, previous: { metadata: { name } } } as InformerChange<KubeObject>)
    await settle()
  }
  return { clock, calls, kept, gone, settle }
}

it('restores what is kept, and nothing else', async () => {
  const { calls, gone } = keeping([])
  await gone('other')
  expect(calls).toEqual([])
  await gone('needed')
  expect(calls).toEqual(['works'])
})

it('tries again until it works, and not any more once it has stopped', async () => {
  const { clock, calls, gone, settle, kept } = keeping(['fails', 'fails', 'works', 'fails'])
  const later = async (): Promise<void> => {
    clock.step(10_000)
    await settle()
  }
  await gone('needed')
  await later()
  await later()
  await later()
  expect(calls).toEqual(['fails', 'fails', 'works'])
  await gone('needed')
  await kept.stop()
  await later()
  expect(calls).toEqual(['fails', 'fails', 'works', 'fails'])
})
