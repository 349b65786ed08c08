// Claims that look for a volume while others bind theirs, before the cache shows it.
import { conflict } from '../api/status-error.ts'
import { persistentVolumeClaims, persistentVolumes, type PersistentVolume, type PersistentVolumeClaim } from '../api/types-volume.ts'
import type { Controller, ReconcileResult } from '../controller/controller.ts'
import { ManualClock } from '../util/clock.ts'
import { TestContext } from './context.suite.ts'
import { claimBinder } from './persistent-volume-binder.ts'

const accessModes = ['ReadWriteOnce']
const volume = (name: string): PersistentVolume => ({
  metadata: { name, uid: name, resourceVersion: '1' }, spec: { accessModes, capacity: { storage: '1Gi' }, storageClassName: '' }, status: { phase: 'Available' },
})
const claim = (name: string): PersistentVolumeClaim => ({
  metadata: { namespace: 'a', name, uid: name, resourceVersion: '1' }, spec: { accessModes, storageClassName: '', resources: { requests: { storage: '1Gi' } } }, status: { phase: 'Pending' },
})

/** Reconciles the first claim, and the others while its first write is under way. */
async function bindAtOnce([first, ...others]: PersistentVolumeClaim[], { refused = false } = {}): Promise<(ReconcileResult | void | Error)[]> {
  const meanwhile: ReturnType<typeof reconcile>[] = []
  context.onWrite = () => {
    context.onWrite = () => undefined
    meanwhile.push(...others.map(reconcile))
    if (refused) throw conflict(persistentVolumes, 'one', 'changed')
  }
  const result = await reconcile(first!)
  return [result, ...await Promise.all(meanwhile)]
}

const reconcile = (one: PersistentVolumeClaim): Promise<ReconcileResult | void | Error> =>
  binder.reconcile({ namespace: 'a', name: one.metadata.name ?? '' }, one, context.context).catch((error: Error) => error)
const owners = (): Record<string, string | undefined> =>
  Object.fromEntries(['one', 'two'].map((name) => [name, context.get(persistentVolumes, { name })?.spec.claimRef?.name]))

let context: TestContext
let binder: Controller
beforeEach(() => {
  binder = claimBinder()
  context = new TestContext(new ManualClock())
  context.put(persistentVolumeClaims, claim('x'), claim('y'), claim('z'))
})

it('gives each another volume, and has those look again for whom none is left', async () => {
  context.put(persistentVolumes, volume('one'), volume('two'))
  const [x, y, z] = await bindAtOnce([claim('x'), claim('y'), claim('z')])
  expect(owners()).toEqual({ one: 'x', two: 'y' })
  expect([x, y, z]).toEqual([undefined, undefined, { requeueAfterMs: 1000 }])
})

it('lets others have what a claim did not get after all', async () => {
  context.put(persistentVolumes, volume('one'))
  const [x, y] = await bindAtOnce([claim('x'), claim('y')], { refused: true })
  expect([x instanceof Error, y]).toEqual([true, { requeueAfterMs: 1000 }])
  await reconcile(claim('y'))
  expect(owners()['one']).toBe('y')
})
