// Fields behind features that are off in 1.35: gone from new objects, kept by those that had them, each kind by its paths.
import { changed, created, definitionOf, context, type Json, judged, updated } from './kind.suite.ts'
import type { AnyObject } from '../../api/object.ts'

const podSpec: Json = {
  workloadRef: { name: 'w', podGroup: 'g' },
  volumes: [
    { name: 'a', projected: { sources: [{ clusterTrustBundle: { name: 'b', path: 'p' } }, { secret: { name: 's' } }] } }, { name: 'b', projected: { sources: [{ podCertificate: { signerName: 'a.b/c', keyType: 'ED25519', keyPath: 'k' } }] } },
  ],
  containers: [{ name: 'c', image: 'i', lifecycle: { stopSignal: 'SIGTERM' } }, { name: 'd', image: 'i', lifecycle: { stopSignal: 'SIGTERM', preStop: { sleep: { seconds: 1 } } } }],
  initContainers: [{ name: 'i', image: 'i', restartPolicy: 'Always', lifecycle: { stopSignal: 'SIGTERM' } }], os: { name: 'linux' },
}
const words = /workloadRef|clusterTrustBundle|podCertificate|stopSignal/g
const found = (object: unknown): string[] => [...new Set(JSON.stringify(object).match(words) ?? [])].sort()
const all = ['clusterTrustBundle', 'podCertificate', 'stopSignal', 'workloadRef']
const template = { metadata: { labels: { a: 'b' } }, spec: podSpec }
const workload = { selector: { matchLabels: { a: 'b' } }, template }

const templates: [string, Json][] = [
  ['pods.v1', { spec: podSpec }], ['podtemplates.v1', { template }], ['replicationcontrollers.v1', { spec: { selector: { a: 'b' }, template } }], ['replicasets.apps/v1', { spec: workload }], ['deployments.apps/v1', { spec: workload }],
  ['daemonsets.apps/v1', { spec: workload }], ['statefulsets.apps/v1', { spec: { ...workload, serviceName: 's' } }], ['jobs.batch/v1', { spec: { template } }], ['cronjobs.batch/v1', { spec: { schedule: '@daily', jobTemplate: { spec: { template } } } }],
]

it.each(templates)('%s: what a pod has', (kind, body) => {
  const object = { metadata: { name: 'x', namespace: 'default', uid: 'u' }, ...body }
  expect(found(created(kind, object))).toEqual([])
  // One feature is no reason to keep another.
  const old = JSON.parse(JSON.stringify(object).replace(/"workloadRef":\{[^}]*\},/, '')) as object
  expect(found(updated(kind, object, old))).toEqual(all.slice(0, 3))
  expect(found(updated(kind, object, object))).toEqual(all)
})

it('takes a life cycle away that is nothing else', () => {
  const { spec } = created('pods.v1', { metadata: { name: 'x' }, spec: podSpec }) as unknown as { spec: { containers: Json[]; initContainers: Json[]; volumes: Json[] } }
  expect(spec.containers.map(({ lifecycle }) => lifecycle)).toEqual([undefined, { preStop: { sleep: { seconds: 1 } } }])
  expect(spec.initContainers[0]).not.toHaveProperty('lifecycle')
  expect((spec.volumes[0]?.['projected'] as { sources: Json[] }).sources[0]).toEqual({})
})

const request = { name: 'r', exactly: { deviceClassName: 'c', tolerations: [{ key: 'k', operator: 'Exists' }], capacity: { requests: { m: '1' } } } }
const claimSpec = { devices: { requests: [request, { name: 's', firstAvailable: [{ name: 'a', deviceClassName: 'c', tolerations: [{ operator: 'Exists' }], capacity: { requests: { m: '1' } } }] }], constraints: [{ requests: ['r'], distinctAttribute: 'a/b' }] } }
const bareSpec = { devices: { requests: [{ name: 'r', exactly: { deviceClassName: 'c' } }, { name: 's', firstAvailable: [{ name: 'a', deviceClassName: 'c' }] }], constraints: [{ requests: ['r'] }] } }
const device = {
  name: 'd', taints: [{ key: 'k', effect: 'NoSchedule' }], consumesCounters: [{ counterSet: 's', counters: { c: { value: '1' } } }], nodeName: 'n', allNodes: true, nodeSelector: {}, bindsToNode: true, bindingConditions: ['a'], bindingFailureConditions: ['b'],
  allowMultipleAllocations: true, capacity: { m: { value: '1', requestPolicy: { default: '1' } } },
}

it.each<[string, Json, Json]>([
  ['leases.coordination.k8s.io/v1', { spec: { holderIdentity: 'a', strategy: 'OldestEmulationVersion', preferredHolder: 'b' } }, { spec: { holderIdentity: 'a' } }],
  ['deviceclasses.resource.k8s.io/v1', { spec: { extendedResourceName: 'a.b/c' } }, { spec: {} }],
  ['resourceslices.resource.k8s.io/v1', { spec: { driver: 'd', sharedCounters: [{ name: 's' }], perDeviceNodeSelection: true, devices: [device] } }, { spec: { driver: 'd', devices: [{ name: 'd', capacity: { m: { value: '1' } } }] } }],
  ['resourceclaims.resource.k8s.io/v1', { spec: claimSpec }, { spec: bareSpec }],
  ['resourceclaimtemplates.resource.k8s.io/v1', { spec: { spec: claimSpec } }, { spec: { spec: bareSpec } }],
  ['statefulsets.apps/v1', { spec: { updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 1, maxUnavailable: 2 } } } }, { spec: { updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 1 } } } }],
])('%s', (kind, body, expected) => {
  const object = { metadata: { name: 'x' }, ...body }
  expect(created(kind, object)).toMatchObject(expected)
  expect(updated(kind, object, object)).toMatchObject(body)
  const dropped = ['tolerations', 'distinctAttribute', 'taints', 'consumesCounters', 'bindsToNode', 'bindingConditions', 'bindingFailureConditions', 'allowMultipleAllocations', 'requestPolicy', 'sharedCounters', 'perDeviceNodeSelection', 'strategy"', 'preferredHolder', 'extendedResourceName', 'maxUnavailable', 'allNodes', 'nodeSelector', '"nodeName', '"exactly":{"deviceClassName":"c","capacity']
  expect(dropped.filter((word) => JSON.stringify(created(kind, object)).includes(word))).toEqual([])
})

/** What a write of the status leaves of it. */
function statusOf(kind: string, old: Json, status: Json): unknown {
  const draft = structuredClone({ metadata: { name: 'x' }, ...old, status }) as unknown as AnyObject & { status: unknown }
  definitionOf(kind).subresources.find(({ name }) => name === 'status')?.prepareUpdate?.(draft, { metadata: { name: 'x' }, ...old } as unknown as AnyObject, context)
  return draft.status
}

it('drops them from a status', () => {
  const result = { request: 'r', driver: 'd', pool: 'p', device: 'e' }
  const more = { ...result, shareID: 'u', consumedCapacity: { m: '1' }, bindingConditions: ['a'], bindingFailureConditions: ['b'] }
  const claim = (one: Json): Json => ({ allocation: { devices: { results: [one] } } })
  expect(statusOf('resourceclaims.resource.k8s.io/v1', { spec: bareSpec }, { ...claim(more), devices: [{ driver: 'd', shareID: 'u' }] })).toEqual({ ...claim(result), devices: [{ driver: 'd' }] })
  expect(statusOf('resourceclaims.resource.k8s.io/v1', { spec: bareSpec, status: claim({ ...result, bindingConditions: ['x'] }) }, claim(more))).toEqual(claim({ ...result, bindingConditions: ['a'], bindingFailureConditions: ['b'] }))
  const pod = { spec: { containers: [{ name: 'c' }] } }
  const health = [{ name: 'c', allocatedResourcesStatus: [{ name: 'a' }] }]
  expect(statusOf('pods.v1', pod, { phase: 'Running', resources: { requests: { cpu: '1' } }, allocatedResources: { cpu: '1' }, extendedResourceClaimStatus: { resourceClaimName: 'a' }, containerStatuses: health })).toEqual({ phase: 'Running', containerStatuses: [{ name: 'c' }] })
  // Health is not kept even so.
  expect(statusOf('pods.v1', { ...pod, status: { containerStatuses: health, resources: { requests: {} } } }, { resources: { requests: { cpu: '1' } }, initContainerStatuses: health })).toEqual({ resources: { requests: { cpu: '1' } }, initContainerStatuses: [{ name: 'c' }] })
  expect(statusOf('nodes.v1', { spec: {} }, { phase: 'x', declaredFeatures: ['a'] })).toEqual({ phase: 'x' })
})

it('still judges what is kept', () => {
  expect(judged('statefulsets.apps/v1', changed({ metadata: { name: 'x' }, spec: { ...workload, template: { ...template, spec: { containers: [{ name: 'c', image: 'i' }] } }, serviceName: 's' } }, { spec: { updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0 } } } }))).toEqual(['spec.updateStrategy.rollingUpdate.maxUnavailable: Invalid value: 0: cannot be 0'])
})
