// What autoscalers and disruption budgets are refused for.
import type { Json } from './kind.suite.ts'
import { changed, created, creates, definitionOf, faults, statuses, updates } from './kind.suite.ts'

const meta = { name: 'x', namespace: 'n' }
const autoscaler = { metadata: meta, spec: { maxReplicas: 3, scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'd' } } }
const v2 = 'horizontalpodautoscalers.autoscaling/v2'
const v1 = 'horizontalpodautoscalers.autoscaling/v1'
const at = 'spec.metrics[0]'
const types = '"ContainerResource", "External", "Object", "Pods", "Resource"'
const metrics = (...list: Json[]): Json => ({ spec: { metrics: list } })
const target = { type: 'AverageValue', averageValue: '1' }

creates(v2, autoscaler, [
  ['numbers', { spec: { minReplicas: 0, maxReplicas: -1 } }, [
    'spec.minReplicas: Invalid value: 0: must be greater than or equal to 1', 'spec.maxReplicas: Invalid value: -1: must be greater than 0', 'spec.maxReplicas: Invalid value: -1: must be greater than or equal to `minReplicas`',
    'spec.metrics: Forbidden: must specify at least one Object or External metric to support scaling to zero replicas',
  ]],
  ['target', { spec: { scaleTargetRef: { apiVersion: null, kind: 'a/b', name: null } } }, [
    "spec.scaleTargetRef.kind: Invalid value: \"a/b\": may not contain '/'", 'spec.scaleTargetRef.name: Required value', 'spec.scaleTargetRef.apiVersion: Invalid value: "": apiVersion must specify API group',
  ]],
  ['version', { spec: { scaleTargetRef: { apiVersion: 'a/b/c' } } }, ['spec.scaleTargetRef.apiVersion: Invalid value: "a/b/c": unexpected GroupVersion string: a/b/c']],
  ['the core group\'s own', { spec: { scaleTargetRef: { apiVersion: 'v1', kind: 'ReplicationController' } } }, []],
  ['no type', metrics({}), [`${at}.type: Required value: must specify a metric source type`, ...Array<string>(2).fill(`${at}.type: Unsupported value: "": supported values: ${types}`)]],
  ['no source', metrics({ type: 'Pods' }), [`${at}.pods: Required value: must populate information for the given metric source`]],
  ['another source', metrics({ type: 'Pods', resource: { name: 'cpu', target } }), [
    `${at}.pods: Required value: must populate information for the given metric source`,
  ]],
  ['two sources', metrics({ type: 'Resource', resource: { name: 'cpu', target }, pods: { metric: { name: 'm' }, target } }), [`${at}.pods: Forbidden: must populate the given metric source only`]],
  ['resource', metrics({ type: 'Resource', resource: { target: { type: 'Most', averageUtilization: 0, averageValue: '0', value: '-1' } } }), [
    `${at}.resource.name: Required value: must specify a resource name`, `${at}.resource.target.type: Invalid value: "Most": must be either Utilization, Value, or AverageValue`,
    `${at}.resource.target.value: Invalid value: "-1": must be positive`, `${at}.resource.target.averageValue: Invalid value: "0": must be positive`,
    `${at}.resource.target.averageUtilization: Invalid value: 0: must be greater than 0`, `${at}.resource.target.averageValue: Forbidden: may not set both a target raw value and a target utilization`,
  ]],
  ['container', metrics({ type: 'ContainerResource', containerResource: { name: 'pods', container: 'a.b', target: { type: '' } } }), [
    `${at}.containerResource.name: Invalid value: "pods": must be a standard resource for containers`, `${at}.containerResource.container: Invalid value: "a.b": must not contain dots`,
    `${at}.containerResource.target.type: Required value: must specify a metric target type`, `${at}.containerResource.target.type: Invalid value: "": must be either Utilization, Value, or AverageValue`,
    `${at}.containerResource.target.averageUtilization: Required value: must set either a target raw value or a target utilization`,
  ]],
  ['object', metrics({ type: 'Object', object: { describedObject: { kind: 'Service', name: '' }, metric: { name: 'a%' }, target: { type: 'Value' } } }), [
    `${at}.object.describedObject.name: Required value`, `${at}.object.metric.name: Invalid value: "a%": may not contain '%'`, `${at}.object.target.averageValue: Required value: must set either a target value or averageValue`,
  ]],
  ['external', metrics({ type: 'External', external: { metric: {}, target: { type: 'Value', value: '1', averageValue: '1' } } }), [
    `${at}.external.metric.name: Required value: must specify a metric name`, `${at}.external.target.value: Forbidden: may not set both a target value for metric and a per-pod target`,
  ]],
  ['external without target', metrics({ type: 'External', external: { metric: { name: 'm' }, target: { type: 'Value' } } }), [`${at}.external.target.averageValue: Required value: must set either a target value for metric or a per-pod target`]],
  ['pods', metrics({ type: 'Pods', pods: { metric: { name: 'm' }, target: { type: 'Value', value: '1' } } }), [`${at}.pods.target.averageValue: Required value: must specify a positive target averageValue`]],
  ['behavior', { spec: { behavior: { scaleUp: { stabilizationWindowSeconds: -1, selectPolicy: 'x', policies: [{ type: 'y', value: 0, periodSeconds: 0 }], tolerance: '-1' }, scaleDown: { stabilizationWindowSeconds: 3601, policies: [{ type: 'Pods', value: 1, periodSeconds: 1801 }] } } } }, [
    'spec.behavior.scaleUp.stabilizationWindowSeconds: Invalid value: -1: must be greater than or equal to zero', 'spec.behavior.scaleUp.selectPolicy: Unsupported value: "x": supported values: "Disabled", "Max", "Min"',
    'spec.behavior.scaleUp.policies[0].type: Unsupported value: "y": supported values: "Percent", "Pods"', 'spec.behavior.scaleUp.policies[0].value: Invalid value: 0: must be greater than zero',
    'spec.behavior.scaleUp.policies[0].periodSeconds: Invalid value: 0: must be greater than zero', 'spec.behavior.scaleUp.tolerance: Invalid value: "-1": must be greater than or equal to 0',
    'spec.behavior.scaleDown.stabilizationWindowSeconds: Invalid value: 3601: must be less than or equal to 3600', 'spec.behavior.scaleDown.policies[0].periodSeconds: Invalid value: 1801: must be less than or equal to 1800',
  ]],
])

creates(v1, autoscaler, [
  ['utilization', { spec: { targetCPUUtilizationPercentage: 0 } }, [`${at}.resource.target.averageUtilization: Invalid value: 0: must be greater than 0`]],
  ['version', { spec: { scaleTargetRef: { apiVersion: 'v1' } } }, ['spec.scaleTargetRef.apiVersion: Invalid value: "v1": apiVersion must specify API group']],
])

describe('autoscalers: update', () => {
  it('keep what they were let in with', () => {
    const old = created(v2, changed(autoscaler, { spec: { minReplicas: 0, scaleTargetRef: { apiVersion: 'v1' }, metrics: [{ type: 'Object', object: { describedObject: { apiVersion: 'a/b/c', kind: 'k', name: 'n' }, metric: { name: 'm' }, target } }] } }))
    expect(faults(v2, changed(old, { spec: { maxReplicas: 4 } }), old)).toEqual([])
    expect(faults(v2, changed(old, { spec: { scaleTargetRef: { kind: 'Other' } } }), old)).toEqual(['spec.scaleTargetRef.apiVersion: Invalid value: "v1": apiVersion must specify API group'])
  })
})

for (const version of [v1, v2]) statuses(version, autoscaler, [['numbers', { status: { currentReplicas: -1, desiredReplicas: -2 } }, [
  'status.currentReplicas: Invalid value: -1: must be greater than or equal to 0', 'status.desiredReplicas: Invalid value: -2: must be greater than or equal to 0',
]]])

const budgets = 'poddisruptionbudgets.policy/v1'
const budget = { metadata: meta, spec: { minAvailable: 1, selector: { matchLabels: { a: 'b' } } } }
const percent = "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')"

creates(budgets, budget, [
  ['both', { spec: { maxUnavailable: '50%' } }, ['spec: Invalid value: {"MinAvailable":1,"Selector":{"matchLabels":{"a":"b"}},"MaxUnavailable":"50%","UnhealthyPodEvictionPolicy":null}: minAvailable and maxUnavailable cannot be both set']],
  ['all', { spec: { minAvailable: '101%', selector: { matchExpressions: [{ key: 'a', operator: 'Is' }] }, unhealthyPodEvictionPolicy: 'Never' } }, [
    'spec.minAvailable: Invalid value: "101%": must not be greater than 100%', 'spec.selector.matchExpressions[0].operator: Invalid value: "Is": not a valid selector operator',
    'spec.unhealthyPodEvictionPolicy: Unsupported value: "Never": supported values: "AlwaysAllow", "IfHealthyBudget"',
  ]],
  ['numbers', { spec: { minAvailable: -1 } }, ['spec.minAvailable: Invalid value: -1: must be greater than or equal to 0']],
  ['texts', { spec: { minAvailable: '1' } }, [`spec.minAvailable: Invalid value: "1": ${percent}`]],
])

updates(budgets, budget, [['everything may change', { spec: { minAvailable: 2, selector: { matchLabels: { c: 'd' } } } }, []]])

statuses(budgets, budget, [
  ['numbers', { status: { disruptionsAllowed: -1, currentHealthy: -1, desiredHealthy: -1, expectedPods: -1 } },
    ['disruptionsAllowed', 'currentHealthy', 'desiredHealthy', 'expectedPods'].map((field) => `status.${field}: Invalid value: -1: must be greater than or equal to 0`)],
  ['conditions', { status: { conditions: [{ type: 'A', status: 'True', reason: 'R', lastTransitionTime: '2026-01-01T00:00:00Z' }, { type: 'A', status: 'x', observedGeneration: -1, reason: '1' }] } }, [
    'status.conditions[1].type: Duplicate value: "A"', 'status.conditions[1].status: Unsupported value: "x": supported values: "False", "True", "Unknown"',
    'status.conditions[1].observedGeneration: Invalid value: -1: must be greater than or equal to zero', 'status.conditions[1].lastTransitionTime: Required value',
    "status.conditions[1].reason: Invalid value: \"1\": a condition reason must start with alphabetic character, optionally followed by a string of alphanumeric characters or '_,:', and must end with an alphanumeric character or '_' (e.g. 'my_name',  or 'MY_NAME',  or 'MyName',  or 'ReasonA,ReasonB',  or 'ReasonA:ReasonB', regex used for validation is '[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?')",
  ]],
])

it('lets a budget have a name that is no domain', () => expect(definitionOf(budgets).names).toBe('path-segment'))
