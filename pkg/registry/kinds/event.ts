// Events, as core/v1 and as events.k8s.io/v1: one stored object (core/v1), two views.
import type { AnyObject, KubeObject } from '../../api/object.ts'
import type { Event } from '../../api/types-config.ts'
import { events } from '../../api/types-config.ts'
import type { ObjectReference } from '../../api/types-volume.ts'
import type { Column, Definition } from '../definition.ts'
import { nameColumn, number, since, text, wide } from './columns.ts'
import { define, named } from './define.ts'
import { eventErrors, strictEventErrors } from './event-validation.ts'

interface RegardingEvent extends KubeObject {
  action?: string
  deprecatedCount?: number
  deprecatedFirstTimestamp?: string
  deprecatedLastTimestamp?: string
  deprecatedSource?: { component?: string; host?: string }
  eventTime?: string | null
  note?: string
  reason?: string
  regarding?: ObjectReference
  related?: ObjectReference
  reportingController?: string
  reportingInstance?: string
  series?: { count?: number; lastObservedTime?: string }
  type?: string
}

// Field of core/v1 by field of events.k8s.io/v1; the rest have the same names.
const renamed: Readonly<Record<string, string>> = {
  regarding: 'involvedObject', note: 'message', deprecatedSource: 'source', deprecatedFirstTimestamp: 'firstTimestamp',
  deprecatedLastTimestamp: 'lastTimestamp', deprecatedCount: 'count', reportingController: 'reportingComponent',
}
const renamedBack = Object.fromEntries(Object.entries(renamed).map(([later, core]) => [core, later]))

function rename(object: AnyObject, names: Readonly<Record<string, string>>, apiVersion: string): AnyObject {
  const fields = Object.entries(object).map(([name, value]) => [names[name] ?? name, value])
  return { ...Object.fromEntries(fields), metadata: object.metadata, apiVersion }
}

const lifetime = { ttlSeconds: 3600 }

function lastTime(event: Event): string | undefined {
  return event.series?.lastObservedTime ?? event.lastTimestamp ?? event.eventTime ?? undefined
}

// A newer event may have a series instead of a first and a last time.
function lastSeen(event: Event, now: number): string {
  return since(lastTime(event) ?? undefined, now)
}

function firstSeen(event: Event, now: number): string {
  return since(event.firstTimestamp ?? event.eventTime ?? undefined, now)
}

function sourceText({ source, reportingComponent, reportingInstance }: Event): string {
  const component = source?.component || reportingComponent || ''
  const host = source?.host || reportingInstance || ''
  return [component, host].filter((part) => part !== '').join(', ')
}

function objectText({ involvedObject }: Event): string {
  return involvedObject?.name ? `${involvedObject.kind?.toLowerCase() ?? ''}/${involvedObject.name}` : involvedObject?.kind?.toLowerCase() ?? ''
}

const columns: readonly Column<Event>[] = [
  text('Last Seen', 'Time since it happened last.', (event, { now }) => lastSeen(event, now)),
  text('Type', 'Normal or Warning.', ({ type = '' }) => type),
  text('Reason', 'Why, in one word.', ({ reason = '' }) => reason),
  text('Object', 'What it happened to.', objectText),
  wide(text('Subobject', 'Part of the object, such as a container.', ({ involvedObject }) => involvedObject?.fieldPath ?? '')),
  wide(text('Source', 'Who reported it.', sourceText)),
  text('Message', 'What happened.', ({ message = '' }) => message.trim()),
  wide(text('First Seen', 'Time since it happened first.', (event, { now }) => firstSeen(event, now))),
  wide(number('Count', 'How often it happened.', ({ count, series }) => series?.count ?? (count || 1))),
  wide(nameColumn as Column<Event>),
]

const referenceFields = ['kind', 'namespace', 'name', 'uid', 'apiVersion', 'resourceVersion', 'fieldPath'] as const

function referenceSelectors<T extends KubeObject>(prefix: string, of: (event: T) => ObjectReference | undefined): Record<string, (event: T) => string> {
  return Object.fromEntries(referenceFields.map((field) => [`${prefix}.${field}`, (event: T) => of(event)?.[field] ?? '']))
}

const coreEvents = define(events, {
  generation: false,
  volatile: lifetime,
  storage: 'events',
  names: 'path-segment',
  allowCreateOnUpdate: true,
  defaultPropagation: 'none',
  defaults(draft) {
    draft.involvedObject ??= {}
    draft.reportingComponent ??= ''
    draft.reportingInstance ??= ''
    draft.source ??= {}
  },
  validate: eventErrors,
  fields: {
    ...referenceSelectors<Event>('involvedObject', ({ involvedObject }) => involvedObject),
    reason: ({ reason = '' }) => reason,
    reportingComponent: ({ reportingComponent = '' }) => reportingComponent,
    source: ({ source, reportingComponent = '' }) => source?.component || reportingComponent,
    type: ({ type = '' }) => type,
  },
  columns,
})

const regardingResource = named<RegardingEvent>('events.k8s.io/v1', 'events')
const toStored = (object: AnyObject): AnyObject => rename(object, renamed, 'v1')

const stored = (event: RegardingEvent): Event => toStored(event as unknown as AnyObject) as unknown as Event

const regardingEvents = define(regardingResource, {
  generation: false,
  volatile: lifetime,
  storage: 'events',
  defaultPropagation: 'none',
  convert: { toStored, fromStored: (object) => rename(object, renamedBack, 'events.k8s.io/v1') },
  defaults(draft) {
    draft.regarding ??= {}
    draft.deprecatedSource ??= {}
  },
  validate: (event, old) => strictEventErrors(stored(event), old && stored(old)),
  fields: {
    ...referenceSelectors<RegardingEvent>('regarding', ({ regarding }) => regarding),
    reason: ({ reason = '' }) => reason,
    reportingController: ({ reportingController = '' }) => reportingController,
    reportingComponent: ({ reportingController = '' }) => reportingController,
    type: ({ type = '' }) => type,
  },
  columns: columns.map((column) => ({ ...column, value: (event, context) => column.value(stored(event), context) })),
})

const both: readonly Definition[] = [coreEvents, regardingEvents]
export default both
