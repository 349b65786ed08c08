// What is remembered of the runtime's pods must never be older than what has happened to them.
import type { RuntimeContainer, RuntimeSandbox } from './runtime-service.ts'
import { SeenPods } from './seen-pods.ts'

const sandbox = (id: string): RuntimeSandbox => ({ id, attempt: 0, ready: true, createdAtMs: 1, ips: ['10.0.0.2'] })
const container = (id: string, settled = true): RuntimeContainer & { settled: boolean } => ({
  id, sandboxId: 's', name: 'c', attempt: 0, phase: settled ? 'running' : 'created', createdAtMs: 1, startedAtMs: 0, finishedAtMs: 0, exitCode: 0, reason: '', message: '', image: '', imageId: '', annotations: {}, settled,
})
const names = (uid: string): { uid: string; name: string; namespace: string } => ({ uid, name: `pod-${uid}`, namespace: 'ns' })
const known = (): SeenPods => {
  const seen = new SeenPods()
  seen.put({ ...names('a'), sandboxes: [sandbox('s')], containers: [container('c'), container('d', false)] }, seen.time)
  seen.putAll(new Set(['a']), seen.time)
  return seen
}

it('keeps what a listing told, but not of a container that is about to start', () => {
  const pod = known().find('a')
  expect(pod).toMatchObject({ name: 'pod-a', namespace: 'ns' })
  expect(pod?.sandboxes.get('s')?.value).toMatchObject({ ready: true, ips: ['10.0.0.2'] })
  expect(pod?.containers.get('c')?.value?.phase).toBe('running')
  expect(pod?.containers.get('d')).toEqual({ id: 'd', sandboxId: 's', value: undefined })
})

it('knows a pod to have nothing once all were listed, and not before', () => {
  expect(new SeenPods().find('b')).toBeUndefined()
  expect(known().find('b')?.sandboxes.size).toBe(0)
})

it('adds to a pod that has nothing what was made for it, and no listing is needed', () => {
  const seen = known()
  seen.addSandbox(names('b'), 's2')
  seen.addContainer(names('b'), 'c2', 's2')
  expect(seen.find('b')).toMatchObject({ name: 'pod-b', listed: true })
  expect([...seen.find('b')?.containers.values() ?? []]).toEqual([{ id: 'c2', sandboxId: 's2', value: undefined }])
  expect(seen.kindOf('s2')).toBe('sandbox')
  expect(seen.kindOf('c2')).toBe('container')
})

it('of a pod that was never listed, what was made is not all', () => {
  const seen = new SeenPods()
  seen.addSandbox(names('b'), 's2')
  expect(seen.find('b')).toBeUndefined()
})

it('an answer to a question from before a change does not count', () => {
  const seen = known()
  const asked = seen.find('a')?.containers.get('c')
  seen.touch('c')
  if (asked) asked.value = container('c')
  expect(seen.find('a')?.containers.get('c')?.value).toBeUndefined()
  // Nor does it take away what has been touched since.
  if (asked) seen.remove(asked)
  expect(seen.find('a')?.containers.has('c')).toBe(true)
})

it.each<[string, (seen: SeenPods) => void, boolean]>([
  ['nothing', () => undefined, true],
  ['something in another pod', (seen) => seen.addSandbox(names('b'), 's2'), true],
  ['an end in it', (seen) => seen.touch('s'), false],
  ['a container more', (seen) => seen.addContainer(names('a'), 'e', 's'), false],
  ['a call that failed', (seen) => seen.doubt('a'), false],
  ['an end of what nobody knew', (seen) => seen.touch('e'), false],
  ['a gap in the events', (seen) => seen.doubtAll(), false],
])('a listing counts when meanwhile there was %s', (_what, happen, counts) => {
  const seen = known()
  const since = seen.time
  happen(seen)
  seen.put({ ...names('a'), sandboxes: [], containers: [container('new')] }, since)
  seen.putAll(new Set(['a']), since)
  expect(seen.find('a')?.containers.has('new') ?? false).toBe(counts)
})

it('a doubted pod is listed anew; a gap makes all of them doubtful, also those that had nothing', () => {
  const seen = known()
  seen.doubt('a')
  seen.doubt('b')
  expect([seen.find('a'), seen.find('b')]).toEqual([undefined, undefined])
  expect(seen.uidOf('c')).toBe('a')
  seen.put({ ...names('b'), name: '', sandboxes: [], containers: [] }, seen.time)
  expect(seen.find('b')).toBeDefined()
  seen.doubtAll()
  expect(seen.find('c')).toBeUndefined()
})

it('a pod that no listing of all has is gone, unless it was made meanwhile', () => {
  const seen = known()
  const since = seen.time
  seen.addSandbox(names('b'), 's2')
  seen.putAll(new Set(), since)
  expect(seen.find('a')?.sandboxes.size).toBe(0)
  expect(seen.uidOf('c')).toBeUndefined()
  expect(seen.find('b')?.sandboxes.size).toBe(1)
})
