// When a pod that could not be spread is looked at again.
import { testInfo, testNode, testPod } from '../fixture.suite.ts'
import type { ClusterChange } from '../plugin.ts'
import { podTopologySpread } from './pod-topology-spread.ts'

const pod = testInfo('p', { spec: { topologySpreadConstraints: [{ topologyKey: 'zone', maxSkew: 1, whenUnsatisfiable: 'DoNotSchedule', labelSelector: { matchLabels: { app: 'web' } } }] } })
const labels = { app: 'web' }

it.each<[string, ClusterChange, boolean]>([
  ['a pod of its kind goes', { kind: 'pod-gone', object: testPod('other', { labels }) }, true],
  ['a pod of its kind comes', { kind: 'pod-placed', object: testPod('other', { labels }) }, true],
  ['a pod of another kind goes', { kind: 'pod-gone', object: testPod('other', { labels: { app: 'db' } }) }, false],
  ['a pod of its kind goes elsewhere', { kind: 'pod-gone', object: testPod('other', { labels, namespace: 'elsewhere' }) }, false],
  ['a node of a zone comes', { kind: 'node-added', object: testNode('a', { labels: { zone: 'x' } }) }, true],
  ['a node of no zone comes', { kind: 'node-added', object: testNode('a') }, false],
  ['a node loses its labels', { kind: 'node-labels', object: testNode('a') }, true],
])('when %s', (_, change, expected) => expect(podTopologySpread(() => undefined).mayHelp?.(pod, change)).toBe(expected))
