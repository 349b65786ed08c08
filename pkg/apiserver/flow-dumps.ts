// The state of flow control as kube-apiserver prints it under /debug/api_priority_and_fairness. Pure.
import { apiVersionOf } from '../api/object.ts'
import { tabTable } from '../util/tab-table.ts'
import type { Guest } from './flow-figures.ts'

export interface LevelState {
  readonly name: string
  /** None for levels that don't let anybody wait. */
  readonly queues: number
  readonly guests: readonly Guest[]
  readonly dispatched: number
  readonly refused: number
  readonly timedOut: number
  readonly cancelled: number
}

/** From the monotonic clock to the time of day. */
type TimeOf = (monotonicMs: number) => number

const byName = (a: LevelState, b: LevelState): number => (a.name < b.name ? -1 : 1)
const waits = ({ startedMs }: Guest): boolean => startedMs === undefined

/** Flows lie in no queues here; each is shown in one, always the same. */
function queueOf({ schema, distinguisher }: Guest, queues: number): number {
  if (queues === 0) return -1
  let hash = 0
  for (const character of `${schema}\n${distinguisher}`) hash = (hash * 31 + character.codePointAt(0)!) >>> 0
  return hash % queues
}

export function dumpLevels(levels: readonly LevelState[]): string {
  return tabTable([
    ['PriorityLevelName', 'ActiveQueues', 'IsIdle', 'IsQuiescing', 'WaitingRequests', 'ExecutingRequests', 'DispatchedRequests', 'RejectedRequests', 'TimedoutRequests', 'CancelledRequests'],
    ...[...levels].sort(byName).map(({ name, queues, guests, dispatched, refused, timedOut, cancelled }) => {
      const waiting = guests.filter(waits)
      const active = new Set(waiting.map((guest) => queueOf(guest, queues))).size
      return [name, active, guests.length === 0, false, waiting.length, guests.length - waiting.length, dispatched, refused, timedOut, cancelled].map(String)
    }),
  ])
}

const noWork = '0.00000000ss'

export function dumpQueues(levels: readonly LevelState[]): string {
  return tabTable([
    ['PriorityLevelName', 'Index', 'PendingRequests', 'ExecutingRequests', 'SeatsInUse', 'NextDispatchR', 'InitialSeatsSum', 'MaxSeatsSum', 'TotalWorkSum'],
    ...[...levels].sort(byName).flatMap(({ name, queues, guests }) => Array.from({ length: queues }, (_, index) => {
      const inside = guests.filter((guest) => queueOf(guest, queues) === index)
      const pending = inside.filter(waits).length
      const executing = inside.length - pending
      return [name, index, pending, executing, executing, noWork, pending, pending, noWork].map(String)
    })),
  ])
}

/** Fractions of seconds without zeros at their end. */
const timeText = (ms: number): string => new Date(Math.round(ms)).toISOString().replace(/\.?0+Z$/, 'Z')

export function dumpRequests(levels: readonly LevelState[], timeOf: TimeOf, details: boolean): string {
  const more = (guest: Guest): string[] => {
    const { request: { user, verb, path, resource }, name = '', version = '' } = guest
    return [user.username, verb, path, resource?.namespace ?? '', name, resource ? apiVersionOf({ group: resource.group, version }) : '', resource?.plural ?? '', resource?.subresource ?? '']
  }
  const row = (guest: Guest, queue: number, at: number): string[] => [
    guest.level, guest.schema, String(queue), String(at), guest.distinguisher, timeText(timeOf(guest.arrivedMs)), '1', '0', '0s',
    guest.startedMs === undefined ? '0001-01-01T00:00:00Z' : timeText(timeOf(guest.startedMs)), ...(details ? more(guest) : []),
  ]
  return tabTable([
    [
      'PriorityLevelName', 'FlowSchemaName', 'QueueIndex', 'RequestIndexInQueue', 'FlowDistingsher', 'ArriveTime', 'InitialSeats', 'FinalSeats', 'AdditionalLatency', 'StartTime',
      ...(details ? ['UserName', 'Verb', 'APIPath', 'Namespace', 'Name', 'APIVersion', 'Resource', 'SubResource'] : []),
    ],
    ...[...levels].sort(byName).flatMap(({ queues, guests }) => {
      const places = new Map<number, number>()
      const rows = guests.map((guest): { queue: number; at: number; cells: string[] } => {
        const queue = queueOf(guest, queues)
        const at = waits(guest) ? places.get(queue) ?? 0 : -1
        if (at >= 0) places.set(queue, at + 1)
        return { queue, at, cells: row(guest, queue, at) }
      })
      // Queue by queue: those that wait before those that run.
      return rows.sort((a, b) => (a.queue >>> 0) - (b.queue >>> 0) || (a.at >>> 0) - (b.at >>> 0)).map(({ cells }) => cells)
    }),
  ])
}
