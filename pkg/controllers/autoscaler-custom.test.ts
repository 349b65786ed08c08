// Metrics that others serve: where they are asked for, and what they propose.
import type { MetricSpec, MetricTarget } from '../api/types-config.ts'
import type { Pod } from '../api/types-pod.ts'
import { customProposal, metricPath, readingsOf, selectorText } from './autoscaler-custom.ts'

const nowMs = Date.UTC(2026, 0, 1)
const pod = (name: string, ready = true): Pod => ({
  apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec: { containers: [] },
  status: { phase: 'Running', startTime: '2025-12-31T00:00:00Z', conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] },
})
const facts = (count: number, current = count) => ({ pods: Array.from({ length: count }, (_, index) => pod(`p${index}`)), current, counted: current, nowMs })
const podsMetric = (averageValue: string): MetricSpec => ({ type: 'Pods', pods: { metric: { name: 'requests' }, target: { type: 'AverageValue', averageValue } } })
const objectMetric = (target: MetricTarget): MetricSpec =>
  ({ type: 'Object', object: { describedObject: { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', name: 'main' }, metric: { name: 'hits' }, target } })
const externalMetric = (target: MetricTarget): MetricSpec => ({ type: 'External', external: { metric: { name: 'queue', selector: { matchLabels: { q: 'a b' } } }, target } })
const list = (...values: string[]) => readingsOf({ items: values.map((value, index) => ({ describedObject: { name: `p${index}` }, timestamp: '2026-01-01T00:00:00Z', value })) }, nowMs)

it('asks where the metrics APIs answer', () => {
  const asking = { namespace: 'n', podSelector: 'app=w', resourceName: () => 'ingresses.networking.k8s.io' }
  expect(metricPath(podsMetric('1'), asking)).toBe('/apis/custom.metrics.k8s.io/v1beta2/namespaces/n/pods/*/requests?labelSelector=app%3Dw')
  expect(metricPath(objectMetric({ type: 'Value', value: '1' }), asking)).toBe('/apis/custom.metrics.k8s.io/v1beta2/namespaces/n/ingresses.networking.k8s.io/main/hits')
  expect(metricPath(objectMetric({ type: 'Value', value: '1' }), { ...asking, resourceName: () => 'namespaces' })).toBe('/apis/custom.metrics.k8s.io/v1beta2/namespaces/main/metrics/hits')
  expect(metricPath(objectMetric({ type: 'Value', value: '1' }), { ...asking, resourceName: () => undefined })).toBeUndefined()
  expect(metricPath(externalMetric({ type: 'Value', value: '1' }), asking)).toBe('/apis/external.metrics.k8s.io/v1beta1/namespaces/n/queue?labelSelector=q%3Da+b')
  expect(selectorText({ matchLabels: { a: 'b' }, matchExpressions: [{ key: 'c', operator: 'NotIn', values: ['d', 'e'] }, { key: 'f', operator: 'Exists' }, { key: 'g', operator: 'DoesNotExist' }] })).toBe('a=b,c notin (d,e),f,!g')
})

it.each<[string, MetricSpec, string[], ReturnType<typeof facts>, number, object]>([
  ['pods above their share', podsMetric('10'), ['20', '30'], facts(2), 5, { pods: { current: { averageValue: '25' } } }],
  ['pods within tolerance', podsMetric('10'), ['10500m', '10'], facts(2), 2, { pods: { current: { averageValue: '10250m' } } }],
  ['an object held against a value', objectMetric({ type: 'Value', value: '100' }), ['250'], facts(2), 5, { object: { current: { value: '250' } } }],
  ['an object at its value', objectMetric({ type: 'Value', value: '100' }), ['105'], facts(2), 2, { object: { current: { value: '105' } } }],
  ['an object whose amount is shared', objectMetric({ type: 'AverageValue', averageValue: '10' }), ['45'], facts(2), 5, { object: { current: { averageValue: '22500m' } } }],
  ['amounts from outside, together', externalMetric({ type: 'AverageValue', averageValue: '10' }), ['15', '16'], facts(1), 4, { external: { current: { averageValue: '31' } } }],
  ['amounts from outside, held against a value', externalMetric({ type: 'Value', value: '10' }), ['5'], facts(4), 2, { external: { current: { value: '5' } } }],
  ['what starts from nothing', externalMetric({ type: 'Value', value: '10' }), ['25'], facts(0), 3, { external: { current: { value: '25' } } }],
])('%s', (_, metric, values, given, replicas, status) => {
  expect(customProposal(metric, list(...values), given)).toMatchObject({ replicas, status })
})

it('tells what is missing', () => {
  expect(customProposal(podsMetric('1'), [], facts(1))).toContain('no metrics returned from custom metrics API')
  expect(customProposal(externalMetric({ type: 'Value', value: '1' }), [], facts(1))).toContain('no metrics returned from external metrics API')
})
