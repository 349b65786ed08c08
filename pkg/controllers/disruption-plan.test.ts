import type { Pod } from '../api/types-pod.ts'
import type { PodDisruptionBudgetSpec } from '../api/types-config.ts'
import { disruptionStatus, failedStatus } from './disruption-plan.ts'

const nowMs = Date.UTC(2026, 0, 1)
const pods = (healthy: number, unhealthy = 0): Pod[] => Array.from({ length: healthy + unhealthy }, (_, index) => ({
  metadata: { name: `p${index}` }, spec: { containers: [] },
  status: { phase: 'Running', conditions: [{ type: 'Ready', status: index < healthy ? 'True' : 'False' }] },
}))

describe('disruptionStatus', () => {
  it.each<[PodDisruptionBudgetSpec, Pod[], number | undefined, [allowed: number, desired: number, expected: number] | string]>([
    [{ minAvailable: 2 }, pods(3), undefined, [1, 2, 3]],
    [{ minAvailable: 2 }, pods(1, 2), undefined, [0, 2, 3]],
    [{ minAvailable: '50%' }, pods(3), 5, [0, 3, 5]],
    [{ maxUnavailable: 1 }, pods(3), 3, [1, 2, 3]],
    [{ maxUnavailable: '34%' }, pods(3), 3, [2, 1, 3]],
    [{ minAvailable: 0 }, [], undefined, [0, 0, 0]],
    [{ maxUnavailable: 1 }, pods(1), undefined, 'found no controllers for one of the pods'],
  ])('%j', (spec, chosen, scale, expected) => {
    const status = disruptionStatus({ metadata: { generation: 1 }, spec }, chosen, { scale, nowMs })
    if ('failure' in status) return expect(status.failure).toBe(expected)
    expect([status.disruptionsAllowed, status.desiredHealthy, status.expectedPods]).toEqual(expected)
  })
  it('does not count pods that are about to be disrupted, until that is too long ago', () => {
    const budget = { metadata: {}, spec: { minAvailable: 1 }, status: { currentHealthy: 0, desiredHealthy: 0, disruptionsAllowed: 0, expectedPods: 0, disruptedPods: { p0: '2025-12-31T23:59:00Z', p1: '2025-12-31T23:00:00Z', gone: '2026-01-01T00:00:00Z' } } }
    expect(disruptionStatus(budget, pods(3), { scale: undefined, nowMs })).toMatchObject({ currentHealthy: 2, disruptionsAllowed: 1, disruptedPods: { p0: '2025-12-31T23:59:00Z' } })
  })
  it('allows nothing where it can not count, and keeps what it knew', () => {
    const status = failedStatus({ metadata: { generation: 2 }, spec: {}, status: { currentHealthy: 3, desiredHealthy: 2, disruptionsAllowed: 1, expectedPods: 3 } }, 'why', nowMs)
    expect(status).toMatchObject({ currentHealthy: 3, disruptionsAllowed: 0, observedGeneration: 2, conditions: [{ type: 'DisruptionAllowed', status: 'False', reason: 'SyncFailed', message: 'why' }] })
  })
})
