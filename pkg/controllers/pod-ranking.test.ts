import type { Pod } from '../api/types-pod.ts'
import { podsToDelete } from './pod-ranking.ts'

const nowMs = Date.UTC(2026, 0, 2)
const ago = (seconds: number): string => new Date(nowMs - seconds * 1000).toISOString()
interface Facts { node?: string; phase?: string; ready?: number; cost?: string; restarts?: number; age?: number }
const pod = (name: string, { node = 'n', phase = 'Running', ready = 1000, cost, restarts = 0, age = 2000 }: Facts = {}): Pod => ({
  metadata: { name, uid: name, creationTimestamp: ago(age), annotations: cost === undefined ? {} : { 'controller.kubernetes.io/pod-deletion-cost': cost } },
  spec: { containers: [], nodeName: node },
  status: {
    phase, conditions: ready < 0 ? [] : [{ type: 'Ready', status: 'True', lastTransitionTime: ago(ready) }],
    containerStatuses: [{ name: 'c', image: '', imageID: '', ready: true, restartCount: restarts }],
  },
})

describe('podsToDelete', () => {
  it.each<[string, Pod, Pod]>([
    ['one without a node', pod('worse', { node: '' }), pod('better')],
    ['a pending one', pod('worse', { phase: 'Pending' }), pod('better', { phase: 'Unknown' })],
    ['an unknown one', pod('worse', { phase: 'Unknown' }), pod('better')],
    ['one not ready', pod('worse', { ready: -1 }), pod('better')],
    ['a cheap one, ready or not for long', pod('worse', { cost: '-5', ready: 100_000 }), pod('better')],
    ['one ready for a shorter time', pod('worse', { ready: 10 }), pod('better')],
    ['one restarted more often', pod('worse', { restarts: 3 }), pod('better', { age: 10 })],
    ['a newer one', pod('worse', { age: 10 }), pod('better')],
    ['the lower uid among those of about one age', pod('worse-not', { ready: 1001 }), pod('zzz')],
  ])('gives up %s first', (_, worse, better) => {
    for (const order of [[worse, better], [better, worse]]) expect(podsToDelete(order, 1, { related: [], nowMs })).toEqual([worse])
  })

  it('gives up pods that share their node with related pods first', () => {
    const crowded = pod('crowded', { node: 'a' })
    const alone = pod('alone', { node: 'b' })
    expect(podsToDelete([alone, crowded], 1, { related: [crowded, alone, pod('sibling', { node: 'a' })], nowMs })).toEqual([crowded])
  })
  it('ignores a cost that is no number', () => {
    expect(podsToDelete([pod('b', { cost: 'cheap' }), pod('a', { cost: '1' })], 1, { related: [], nowMs })[0]?.metadata.name).toBe('b')
  })
})
