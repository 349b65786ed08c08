import type { Deployment, ReplicaSet } from '../api/types-workload.ts'
import { isScaling, newSetSize, planRolling, planScale } from './deployment-plan.ts'
import { boundsOf, newSetAnnotations, setsToForget } from './deployment-sets.ts'

const deployment = (replicas: number, maxSurge: number | string = '25%', maxUnavailable: number | string = '25%', more: object = {}): Deployment => ({
  metadata: { name: 'web', uid: 'd' },
  spec: { replicas, strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge, maxUnavailable } }, template: {}, ...more },
})
let age = 0
const set = (name: string, replicas: number, available = replicas, annotations: Record<string, string> = {}): ReplicaSet => ({
  metadata: { name, uid: name, creationTimestamp: `2026-01-01T00:00:${String(age++ % 60).padStart(2, '0')}Z`, annotations },
  spec: { replicas }, status: { replicas, availableReplicas: available },
})
const shown = (plan: readonly { set: ReplicaSet; replicas: number }[]): Record<string, number> => Object.fromEntries(plan.map(({ set: { metadata }, replicas }) => [metadata.name, replicas]))

describe('boundsOf', () => {
  it.each([
    [10, '25%', '25%', { maxSurge: 3, maxUnavailable: 2 }],
    [1, '25%', '25%', { maxSurge: 1, maxUnavailable: 0 }],
    [1, 0, '25%', { maxSurge: 0, maxUnavailable: 1 }],
    [3, 0, 5, { maxSurge: 0, maxUnavailable: 3 }],
  ])('%d replicas, surge %s, unavailable %s', (replicas, surge, unavailable, expected) => {
    expect(boundsOf(deployment(replicas, surge, unavailable))).toMatchObject(expected)
  })
})

describe('planRolling', () => {
  it.each<[string, Deployment, ReplicaSet, ReplicaSet[], Record<string, number>]>([
    ['starts with the surge', deployment(10, 3, 2), set('new', 0), [set('old', 10)], { new: 3 }],
    ['takes as many old pods as may be unavailable', deployment(10, 3, 2), set('new', 3, 0), [set('old', 10)], { old: 8 }],
    ['goes on as new pods become available', deployment(10, 3, 2), set('new', 5, 3), [set('old', 8)], { old: 5 }],
    ['waits while nothing may go', deployment(10, 3, 2), set('new', 5, 0), [set('old', 8)], {}],
    ['takes unhealthy old pods first', deployment(4, 1, 0), set('new', 1, 1), [set('older', 2, 0), set('old', 2, 2)], { older: 1 }],
    ['never goes above the wanted number', deployment(3, 3, 0), set('new', 5), [], { new: 3 }],
    ['ends with nothing to do', deployment(3), set('new', 3), [set('old', 0)], {}],
  ])('%s', (_, owner, fresh, old, expected) => {
    expect(shown(planRolling(owner, fresh, old))).toEqual(expected)
  })
})

describe('newSetSize', () => {
  it('fills only the room that old sets leave, and all of it for Recreate', () => {
    expect(newSetSize(deployment(4, 1, 1), [set('old', 4)], 0)).toBe(1)
    expect(newSetSize(deployment(4, 1, 1), [set('old', 6)], 2)).toBe(2)
    expect(newSetSize(deployment(4, 0, 0, { strategy: { type: 'Recreate' } }), [set('old', 4)], 0)).toBe(4)
  })
})

describe('planScale', () => {
  const noted = (desired: number, max: number): Record<string, string> => ({ 'deployment.kubernetes.io/desired-replicas': String(desired), 'deployment.kubernetes.io/max-replicas': String(max) })
  it('notices a change of size only by the annotations of active sets', () => {
    expect(isScaling(deployment(5), [set('a', 3, 3, noted(3, 4))])).toBe(true)
    expect(isScaling(deployment(5), [set('a', 0, 0, noted(3, 4)), set('b', 3)])).toBe(false)
  })
  it.each<[string, Deployment, ReplicaSet | undefined, ReplicaSet[], Record<string, number>]>([
    ['one active set takes all', deployment(7), set('new', 0), [set('old', 3)], { old: 7 }],
    ['nothing active: the new set takes all', deployment(7), set('new', 0), [set('old', 0)], { new: 7 }],
    ['each set gets its share, the largest the rest', deployment(20, 3, 2), set('new', 5, 0, noted(10, 13)), [set('old', 8, 8, noted(10, 13))], { old: 14, new: 9 }],
    ['shares shrink too', deployment(5, 3, 2), set('new', 5, 0, noted(10, 13)), [set('old', 8, 8, noted(10, 13))], { old: 5, new: 3 }],
    ['to nothing', deployment(0, 3, 2), set('new', 5, 0, noted(10, 13)), [set('old', 8, 8, noted(10, 13))], { old: 0, new: 0 }],
    ['a saturated new set ends the old ones', deployment(5, 3, 2), set('new', 5, 5, noted(5, 8)), [set('old', 2)], { old: 0 }],
  ])('%s', (_, owner, fresh, old, expected) => {
    expect(shown(planScale(owner, fresh, old))).toEqual(expected)
  })
})

describe('annotations and history', () => {
  it('counts revisions up and remembers the earlier ones of a set', () => {
    const revision = 'deployment.kubernetes.io/revision'
    const owner = { ...deployment(1), metadata: { name: 'web', annotations: { team: 'a', 'kubectl.kubernetes.io/last-applied-configuration': '{}', [revision]: '2' } } }
    expect(newSetAnnotations(owner, undefined, [set('old', 1, 1, { [revision]: '4' })])).toEqual({ team: 'a', [revision]: '5' })
    expect(newSetAnnotations(owner, undefined, [set('adopted', 1, 1, { [revision]: '3546343826724305832' })])).toMatchObject({ [revision]: '3546343826724305833' })
    expect(newSetAnnotations(owner, set('back', 0, 0, { [revision]: '1' }), [set('old', 1, 1, { [revision]: '2' })]))
      .toEqual({ team: 'a', [revision]: '3', 'deployment.kubernetes.io/revision-history': '1' })
    const current = set('new', 1, 1, { [revision]: '3', team: 'a' })
    expect(newSetAnnotations(owner, current, [set('old', 0, 0, { [revision]: '2' })])).toEqual(current.metadata.annotations)
  })
  it('forgets the oldest finished sets beyond the limit', () => {
    const old = [3, 1, 2].map((revision) => set(`r${revision}`, 0, 0, { 'deployment.kubernetes.io/revision': String(revision) }))
    const busy = set('busy', 1, 1, { 'deployment.kubernetes.io/revision': '0' })
    expect(setsToForget(deployment(1, 1, 1, { revisionHistoryLimit: 1 }), [...old, busy]).map(({ metadata }) => metadata.name)).toEqual(['r1', 'r2'])
  })
})
