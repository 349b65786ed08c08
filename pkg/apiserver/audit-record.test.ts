// How long a request took, in its own record.
import { AuditRecord } from './audit-record.ts'
import type { AuditEvent } from './audit.ts'

function told(ms: number, verb = 'get', layers: readonly Parameters<AuditRecord['took']>[] = []): AuditEvent['annotations'] {
  const events: AuditEvent[] = []
  let now = 1000
  const output = { write: (_line: string, event: AuditEvent) => void events.push(event), now: () => now, monotonic: () => now + 0.25 }
  const record = new AuditRecord({ id: 'i', uri: '/', verb, sourceIPs: [] }, { decision: { level: 'Metadata', omitStages: new Set(), omitManagedFields: false }, output, arrival: { ms: 1000, monotonicMs: 1000 } })
  for (const [layer, took] of layers) record.took(layer, took)
  now += ms
  void record.completed(200)
  return events.at(-1)?.annotations
}

it.each<[number, string, AuditEvent['annotations']]>([
  [499, 'get', undefined], [501, 'get', { 'apiserver.latency.k8s.io/total': '501.25ms' }], [61_500, 'get', { 'apiserver.latency.k8s.io/total': '1m1.50025s' }],
  // A watch lasts as long as it was meant to.
  [61_500, 'watch', undefined],
])('%d ms of %s', (ms, verb, expected) => expect(told(ms, verb)).toEqual(expected))

it('tells in which layers; validating webhooks are asked at the same time, mutating ones one after the other', () => {
  expect(told(1000, 'create', [['mutating-webhook', 100], ['mutating-webhook', 200.5], ['validating-webhook', 30], ['validating-webhook', 20], ['etcd', 0.0015], ['authorization', 0]])).toEqual({
    'apiserver.latency.k8s.io/mutating-webhook': '300.5ms', 'apiserver.latency.k8s.io/validating-webhook': '30ms', 'apiserver.latency.k8s.io/etcd': '1.5µs', 'apiserver.latency.k8s.io/total': '1.00025s',
  })
})
