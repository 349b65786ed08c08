import type { HPAScalingRules, HorizontalPodAutoscalerSpec, MetricSpec } from '../api/types-config.ts'
import type { Pod } from '../api/types-pod.ts'
import { scalingStep, type ScalingHistory } from './autoscaler-behavior.ts'
import { metricProposal } from './autoscaler-metric.ts'
import { replicasFor, type Sample } from './autoscaler-replicas.ts'

const nowMs = Date.parse('2026-01-01T12:00:00Z')
const at = (secondsAgo: number): string => new Date(nowMs - secondsAgo * 1000).toISOString().replace('.000Z', 'Z')
interface Shape { ready?: boolean; phase?: string; startedAgo?: number; readyAgo?: number; deleted?: boolean }
const pod = (name: string, { ready = true, phase = 'Running', startedAgo = 3600, readyAgo = 3500, deleted }: Shape = {}): Pod => ({
  metadata: { name, ...(deleted ? { deletionTimestamp: at(1) } : {}) },
  spec: { containers: [{ name: 'c', resources: { requests: { cpu: '1' } } }] },
  status: { phase, startTime: at(startedAgo), conditions: [{ type: 'Ready', status: ready ? 'True' : 'False', lastTransitionTime: at(readyAgo) }] },
})

describe('replicasFor: three pods that ask for 1 CPU each, 50 % wanted', () => {
  const ask = (milli: readonly (number | undefined)[], shapes: readonly Shape[] = [], current = milli.length): number | undefined => {
    const pods = milli.map((_, index) => pod(`p${index}`, shapes[index]))
    const samples = new Map(milli.flatMap((value, index): [string, Sample][] => (value === undefined ? [] : [[`p${index}`, { milli: value, atMs: nowMs, windowMs: 30_000 }]])))
    return replicasFor({ resource: 'cpu', pods, samples, requests: new Map(pods.map(({ metadata }) => [metadata.name ?? '', 1000])), target: 50, current, nowMs })?.replicas
  }
  it.each<[string, (number | undefined)[], Shape[], number | undefined]>([
    ['as wanted', [500, 500, 500], [], 3],
    ['within the tolerance', [540, 540, 540], [], 3],
    ['twice as much', [1000, 1000, 1000], [], 6],
    ['half as much', [250, 250, 250], [], 2],
    ['nothing is known', [undefined, undefined, undefined], [], undefined],
    ['growing: what is unknown uses nothing', [1000, 1000, undefined], [], 4],
    ['shrinking: what is unknown uses all', [100, 100, undefined], [], 3],
    ['growing: one that warms up uses nothing', [1000, 1000, 1000], [{}, {}, { startedAgo: 60, readyAgo: 10 }], 4],
    ['shrinking: one that warms up is not looked at', [100, 100, 900], [{}, {}, { startedAgo: 60, readyAgo: 10 }], 1],
    ['one that goes is not counted', [1000, 1000, 1000], [{}, {}, { deleted: true }], 4],
    ['one that has not started', [1000, 1000, undefined], [{}, {}, { phase: 'Pending' }], 4],
  ])('%s', (_, milli, shapes, expected) => expect(ask(milli, shapes)).toBe(expected))
})

describe('scalingStep', () => {
  const step = (wanted: number, current: number, { up, down, history = {}, max = 20 }: { up?: HPAScalingRules; down?: HPAScalingRules; history?: Partial<ScalingHistory>; max?: number } = {}): string => {
    const spec: HorizontalPodAutoscalerSpec = { minReplicas: 2, maxReplicas: max, scaleTargetRef: { kind: 'Deployment', name: 'd' }, behavior: { ...(up ? { scaleUp: up } : {}), ...(down ? { scaleDown: down } : {}) } }
    const { replicas, limited, ableToScale } = scalingStep({ spec, wanted, current, history: { recommendations: [], changes: [], ...history }, nowMs })
    return `${replicas} ${limited.reason} ${ableToScale.reason}`
  }
  const fine = 'DesiredWithinRange ReadyForNewScale'
  const ago = (seconds: number): number => nowMs - seconds * 1000
  it.each<[string, string, string]>([
    ['stays', step(5, 5), `5 ${fine}`],
    ['up by four or by double', step(12, 3), '7 ScaleUpLimit ReadyForNewScale'],
    ['up by double', step(19, 8), '16 ScaleUpLimit ReadyForNewScale'],
    ['what was added just now counts', step(19, 8, { history: { changes: [{ by: 4, atMs: ago(5) }] } }), '8 ScaleUpLimit ReadyForNewScale'],
    ['what went and came again counts once', step(9, 3, { history: { changes: [{ by: 1, atMs: ago(5) }, { by: -1, atMs: ago(4) }, { by: 1, atMs: ago(3) }, { by: 1, atMs: ago(2) }] } }), '5 ScaleUpLimit ReadyForNewScale'],
    ['what was added before does not', step(12, 8, { history: { changes: [{ by: 4, atMs: ago(20) }] } }), `12 ${fine}`],
    ['the maximum', step(30, 15), '20 TooManyReplicas ReadyForNewScale'],
    ['the minimum', step(1, 5), '2 TooFewReplicas ReadyForNewScale'],
    ['down waits for five minutes', step(3, 9, { history: { recommendations: [{ replicas: 7, atMs: ago(200) }] } }), '7 DesiredWithinRange ScaleDownStabilized'],
    ['and no longer', step(3, 9, { history: { recommendations: [{ replicas: 7, atMs: ago(301) }] } }), `3 ${fine}`],
    ['never up while waiting to go down', step(3, 5, { history: { recommendations: [{ replicas: 9, atMs: ago(10) }] } }), '5 DesiredWithinRange ScaleDownStabilized'],
    ['up waits where it is told to', step(9, 3, { up: { stabilizationWindowSeconds: 60 }, history: { recommendations: [{ replicas: 4, atMs: ago(30) }] } }), '4 DesiredWithinRange ScaleUpStabilized'],
    ['down by one a minute', step(2, 9, { down: { stabilizationWindowSeconds: 0, policies: [{ type: 'Pods', value: 1, periodSeconds: 60 }] } }), '8 ScaleDownLimit ReadyForNewScale'],
    ['not at all', step(2, 9, { down: { stabilizationWindowSeconds: 0, selectPolicy: 'Disabled' } }), '9 ScaleDownLimit ReadyForNewScale'],
    ['the least of policies', step(19, 8, { up: { selectPolicy: 'Min', policies: [{ type: 'Pods', value: 1, periodSeconds: 60 }, { type: 'Percent', value: 100, periodSeconds: 60 }] } }), '9 ScaleUpLimit ReadyForNewScale'],
  ])('%s', (_, result, expected) => expect(result).toBe(expected))
})

describe('metricProposal', () => {
  const usage = [{ metadata: { name: 'p' }, timestamp: at(0), window: '30s', atMs: nowMs, windowMs: 30_000, containers: [{ name: 'c', usage: { cpu: '900m', memory: '64Mi' } }] }]
  const cpu: MetricSpec = { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 30 } } }
  const facts = { pods: [pod('p')], usage, current: 1, nowMs }
  it.each<[string, MetricSpec, object, unknown]>([
    ['a share of the request', cpu, {}, { replicas: 3, name: 'cpu resource utilization (percentage of request)', status: { type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: 90, averageValue: '900m' } } } }],
    ['an amount', { type: 'Resource', resource: { name: 'memory', target: { type: 'AverageValue', averageValue: '32Mi' } } }, {}, expect.objectContaining({ replicas: 2, name: 'memory resource' })],
    ['of one container', { type: 'ContainerResource', containerResource: { name: 'cpu', container: 'other', target: { type: 'Utilization', averageUtilization: 30 } } }, {}, 'failed to get cpu utilization: unable to get metrics for resource cpu: no metrics returned from resource metrics API'],
    ['no request', cpu, { pods: [{ ...pod('p'), spec: { containers: [{ name: 'c' }] } }] }, 'failed to get cpu utilization: missing request for cpu in container c of Pod p'],
    ['a metric of something else', { type: 'Pods' }, {}, 'invalid metrics: metrics of type Pods are not served by this cluster'],
  ])('%s', (_, metric, more, expected) => expect(metricProposal(metric, { ...facts, ...more })).toEqual(expected))
})
