// Checks of events: those of core/v1 say little, those of events.k8s.io/v1 all that a machine wants to know. Both are judged in the stored form, by its field names.
import { qualifiedNameFaults } from '../../api/names.ts'
import type { Event } from '../../api/types-config.ts'
import type { ObjectReference } from '../../api/types-volume.ts'
import { inGo } from './go-values.ts'
import type { Errors } from './rules.ts'
import { addFaults, immutableText, invalid, required, same } from './rules.ts'

const longestName = 128
const longestNote = 1024

function checkLength(out: Errors, path: string, value: string, max: number): void {
  if (Buffer.byteLength(value) > max) out.push(invalid(path, '', `can have at most ${max} characters`))
}

/** Old events tell of an object in their namespace; those of objects without one are in `default`. */
function checkPlace(out: Errors, { metadata, involvedObject, eventTime }: Event): void {
  const about = involvedObject.namespace ?? ''
  const home = metadata.namespace ?? ''
  const fits = about === '' ? home === 'default' || (home === 'kube-system' && eventTime) : eventTime || about === home
  if (!fits) out.push(invalid('involvedObject.namespace', about, 'does not match event.namespace'))
}

/** Every event. One with a time of its own is of the newer kind, whatever version it is written in. */
export function eventErrors(event: Event): Errors {
  const out: Errors = []
  checkPlace(out, event)
  if (!event.eventTime) return out
  const { reportingComponent = '', reportingInstance = '', action = '', reason = '', message = '' } = event
  if (reportingComponent === '') out.push(required('reportingController'))
  addFaults(out, 'reportingController', reportingComponent, qualifiedNameFaults(reportingComponent))
  for (const [path, value] of Object.entries({ reportingInstance, action, reason })) {
    if (value === '') out.push(required(path))
    checkLength(out, path, value, longestName)
  }
  checkLength(out, 'message', message, longestNote)
  return out
}

function checkSeries(out: Errors, { series }: Event): void {
  if (!series) return
  if ((series.count ?? 0) < 2) out.push(invalid('series.count', '', 'should be at least 2'))
  if (!series.lastObservedTime) out.push(required('series.lastObservedTime'))
}

// As the API's own forms are shown.
const shownReference = ({ kind = '', namespace = '', name = '', uid = '', apiVersion = '', resourceVersion = '', fieldPath = '' }: ObjectReference): object =>
  ({ Kind: kind, Namespace: namespace, Name: name, UID: uid, APIVersion: apiVersion, ResourceVersion: resourceVersion, FieldPath: fieldPath })
const shownSource = (source: Event['source']): object => inGo(source, { Component: '', Host: '' })

/** What an event says stays said; only its series goes on. In the order of complaint. */
const immutable: readonly [path: string, shown: (event: Event) => unknown][] = [
  ['involvedObject', ({ involvedObject }) => shownReference(involvedObject)],
  ['reason', ({ reason }) => reason ?? ''],
  ['message', ({ message }) => message ?? ''],
  ['source', ({ source }) => shownSource(source)],
  ['firstTimestamp', ({ firstTimestamp }) => firstTimestamp ?? null],
  ['lastTimestamp', ({ lastTimestamp }) => lastTimestamp ?? null],
  ['count', ({ count }) => count ?? 0],
  ['type', ({ type }) => type ?? ''],
  ['eventTime', ({ eventTime }) => eventTime ?? null],
  ['action', ({ action }) => action ?? ''],
  ['related', ({ related }) => (related ? shownReference(related) : null)],
  ['reportingController', ({ reportingComponent }) => reportingComponent ?? ''],
  ['reportingInstance', ({ reportingInstance }) => reportingInstance ?? ''],
]

/** An event that is written as events.k8s.io/v1. */
export function strictEventErrors(event: Event, old?: Event): Errors {
  const out = eventErrors(event)
  if (old) {
    if (!same(event.series, old.series)) checkSeries(out, event)
    for (const [path, shown] of immutable) if (!same(shown(event), shown(old))) out.push(invalid(path, shown(event), immutableText))
    return out
  }
  checkSeries(out, event)
  if (!event.eventTime) out.push(required('eventTime'))
  const { type = '', source = {} } = event
  if (type !== 'Normal' && type !== 'Warning') out.push(invalid('type', '', `has invalid value: ${type}`))
  const unset = { firstTimestamp: !event.firstTimestamp, lastTimestamp: !event.lastTimestamp, count: !event.count, source: !source.component && !source.host }
  for (const [path, fine] of Object.entries(unset)) if (!fine) out.push(invalid(path, '', 'needs to be unset'))
  return out
}
