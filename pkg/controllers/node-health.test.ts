import type { Node, NodeCondition, Taint } from '../api/types-node.ts'
import type { Toleration } from '../api/types-pod.ts'
import { silentConditions, wantedTaints } from './node-health.ts'
import { evictionTimeMs } from './taint-eviction.ts'

const nowMs = Date.UTC(2026, 0, 1)
const now = '2026-01-01T00:00:00Z'
const condition = (type: string, status: string): NodeCondition => ({ type, status, reason: 'KubeletSaysSo' })
const node = (conditions: NodeCondition[], taints: Taint[] = [], unschedulable = false): Node => ({ metadata: { name: 'n' }, spec: { taints, unschedulable }, status: { conditions } })
const notReady: Taint = { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' }
const own: Taint = { key: 'mine', effect: 'NoSchedule' }

describe('wantedTaints', () => {
  it.each<[string, Node, Taint[] | undefined]>([
    ['ready: nothing to do', node([condition('Ready', 'True')], [own]), undefined],
    ['ready again: own taints stay', node([condition('Ready', 'True')], [own, notReady, { ...notReady, effect: 'NoExecute' }]), [own]],
    ['not ready', node([condition('Ready', 'False')], [notReady]), [notReady, { ...notReady, effect: 'NoExecute', timeAdded: now }]],
    ['unknown after not ready', node([condition('Ready', 'Unknown')], [notReady]), [
      { key: 'node.kubernetes.io/unreachable', effect: 'NoSchedule' }, { key: 'node.kubernetes.io/unreachable', effect: 'NoExecute', timeAdded: now },
    ]],
    ['not reported yet: stays as admitted', node([], [notReady]), undefined],
    ['pressure', node([condition('Ready', 'True'), condition('DiskPressure', 'True')]), [{ key: 'node.kubernetes.io/disk-pressure', effect: 'NoSchedule' }]],
    ['cordoned', node([condition('Ready', 'True')], [], true), [{ key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' }]],
    ['uncordoned', node([condition('Ready', 'True')], [{ key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' }]), []],
  ])('%s', (_, subject, expected) => {
    expect(wantedTaints(subject, nowMs)).toEqual(expected)
  })
})

describe('silentConditions', () => {
  it('turns what was reported to Unknown, once', () => {
    const silent = silentConditions(node([condition('Ready', 'True'), condition('Custom', 'True')]), nowMs)
    expect(silent?.map(({ type, status, reason }) => `${type} ${status} ${reason}`)).toEqual([
      'Custom True KubeletSaysSo', 'Ready Unknown NodeStatusUnknown', 'MemoryPressure Unknown NodeStatusNeverUpdated',
      'DiskPressure Unknown NodeStatusNeverUpdated', 'PIDPressure Unknown NodeStatusNeverUpdated',
    ])
    expect(silentConditions(node(silent ?? []), nowMs)).toBeUndefined()
  })
})

describe('evictionTimeMs', () => {
  const taint = (key: string, timeAdded?: string): Taint => ({ key, effect: 'NoExecute', timeAdded })
  it.each<[string, Toleration[], Taint[], number | undefined]>([
    ['no taint', [], [{ key: 'a', effect: 'NoSchedule' }], undefined],
    ['not tolerated', [], [taint('a')], 0],
    ['tolerated for ever', [{ key: 'a', operator: 'Exists' }], [taint('a')], undefined],
    ['tolerated for a while', [{ key: 'a', operator: 'Exists', tolerationSeconds: 300 }], [taint('a', now)], nowMs + 300_000],
    ['since it was seen', [{ operator: 'Exists', tolerationSeconds: 10 }], [taint('a')], 5 + 10_000],
    ['the shorter of two', [{ key: 'a', operator: 'Exists', tolerationSeconds: 300 }, { operator: 'Exists', tolerationSeconds: 60 }], [taint('a', now)], nowMs + 60_000],
    ['one of two taints not tolerated', [{ key: 'a', operator: 'Exists' }], [taint('a', now), taint('b', now)], 0],
    ['another value', [{ key: 'a', operator: 'Equal', value: 'x' }], [{ ...taint('a'), value: 'y' }], 0],
  ])('%s', (_, tolerations, taints, expected) => {
    expect(evictionTimeMs({ metadata: {}, spec: { containers: [], tolerations } }, taints, 5)).toBe(expected)
  })
})
