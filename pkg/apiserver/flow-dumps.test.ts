// The state of flow control as kube-apiserver's debug paths print it.
import type { UserInfo } from '../api/request.ts'
import { dumpLevels, dumpQueues, dumpRequests, type LevelState } from './flow-dumps.ts'
import type { Guest } from './flow-figures.ts'

const user: UserInfo = { username: 'ann', groups: [] }
const guest = (level: string, more: Partial<Guest> = {}): Guest => ({
  level, schema: 'service-accounts', distinguisher: 'ann', arrivedMs: 1000, name: undefined, version: 'v1', request: { user, verb: 'list', path: '/api/v1/pods', resource: { group: '', plural: 'pods', namespace: 'a' } }, ...more,
})
const state = (name: string, more: Partial<LevelState> = {}): LevelState => ({ name, queues: 0, guests: [], dispatched: 0, refused: 0, timedOut: 0, cancelled: 0, ...more })
const levels = [
  state('workload-low', { queues: 2, guests: [guest('workload-low'), guest('workload-low', { startedMs: 1500.4 })], dispatched: 12, refused: 3, timedOut: 2, cancelled: 1 }),
  state('exempt', { guests: [guest('exempt', { schema: 'exempt', startedMs: 1000, name: 'p', request: { user, verb: 'get', path: '/x' }, version: undefined })], dispatched: 7 }),
]

it('prints levels by name', () => {
  expect(dumpLevels(levels)).toBe([
    'PriorityLevelName, ActiveQueues, IsIdle, IsQuiescing, WaitingRequests, ExecutingRequests, DispatchedRequests, RejectedRequests, TimedoutRequests, CancelledRequests',
    'exempt,            0,            false,  false,       0,               1,                 7,                  0,                0,                0',
    'workload-low,      1,            false,  false,       1,               1,                 12,                 3,                2,                1', '',
  ].join('\n'))
  expect(dumpLevels([state('idle')]).split('\n')[1]).toMatch(/^idle, +0, +true, +false, +0, +0, +0, +0, +0, +0$/)
})

it('prints the queues of levels that have some', () => {
  const rows = dumpQueues(levels).trimEnd().split('\n')
  expect(rows[0]).toBe('PriorityLevelName, Index,  PendingRequests, ExecutingRequests, SeatsInUse, NextDispatchR, InitialSeatsSum, MaxSeatsSum, TotalWorkSum')
  expect(rows).toHaveLength(3)
  // Both requests are of one flow.
  expect(rows.slice(1).map((row) => row.split(/, */).slice(0, 5)).filter(([, , pending]) => pending === '1')).toEqual([['workload-low', expect.stringMatching(/[01]/), '1', '1', '1']])
})

it('prints requests, and who they are', () => {
  const rows = dumpRequests(levels, (ms) => Date.UTC(2026, 0, 1) + ms, false).trimEnd().split('\n').map((row) => row.split(/, */))
  expect(rows[0]).toEqual(['PriorityLevelName', 'FlowSchemaName', 'QueueIndex', 'RequestIndexInQueue', 'FlowDistingsher', 'ArriveTime', 'InitialSeats', 'FinalSeats', 'AdditionalLatency', 'StartTime'])
  const queue = rows[2]![2]
  expect(rows.slice(1)).toEqual([
    ['exempt', 'exempt', '-1', '-1', 'ann', '2026-01-01T00:00:01Z', '1', '0', '0s', '2026-01-01T00:00:01Z'],
    ['workload-low', 'service-accounts', queue, '0', 'ann', '2026-01-01T00:00:01Z', '1', '0', '0s', '0001-01-01T00:00:00Z'],
    ['workload-low', 'service-accounts', queue, '-1', 'ann', '2026-01-01T00:00:01Z', '1', '0', '0s', '2026-01-01T00:00:01.5Z'],
  ])
  const detailed = dumpRequests(levels, (ms) => ms, true).trimEnd().split('\n').map((row) => row.split(/, */).slice(10))
  expect(detailed).toEqual([
    ['UserName', 'Verb', 'APIPath', 'Namespace', 'Name', 'APIVersion', 'Resource', 'SubResource'],
    ['ann', 'get', '/x', '', 'p', '', '', ''], ['ann', 'list', '/api/v1/pods', 'a', '', 'v1', 'pods', ''], ['ann', 'list', '/api/v1/pods', 'a', '', 'v1', 'pods', ''],
  ])
})
