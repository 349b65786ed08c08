// How long a request took, in its own record.
import { AuditRecord } from './audit-record.ts'
import type { AuditEvent } from './audit.ts'

function told(ms: number, lasting = false): AuditEvent['annotations'] {
  const events: AuditEvent[] = []
  let now = 1000
  const record = new AuditRecord({ id: 'i', uri: '/', verb: 'get', sourceIPs: [] }, { level: 'Metadata', omitStages: new Set(), omitManagedFields: false }, { write: (_line, event) => void events.push(event), now: () => now })
  if (lasting) record.started(200)
  now += ms
  record.completed(200)
  return events.at(-1)?.annotations
}

it.each<[number, boolean, AuditEvent['annotations']]>([
  [500, false, undefined], [501, false, { 'apiserver.latency.k8s.io/total': '501ms' }], [61_500, false, { 'apiserver.latency.k8s.io/total': '1m1.5s' }],
  // A watch lasts as long as it was meant to.
  [61_500, true, undefined],
])('%d ms, lasting %j', (ms, lasting, expected) => expect(told(ms, lasting)).toEqual(expected))
