import type { KubeObject, Resource } from './object.ts'
import { configMaps, type ResourceQuotaSpec } from './types-config.ts'
import { pods, type Pod } from './types-pod.ts'
import { services } from './types-service.ts'
import { persistentVolumeClaims } from './types-volume.ts'
import { replicaSets } from './types-workload.ts'
import { atOnce } from '../util/slices.ts'
import { quotaUsed } from './quota-usage.ts'

const pod = (requests: Record<string, string>, more: Partial<Pod['spec']> = {}, phase = 'Running'): Pod =>
  ({ metadata: {}, spec: { containers: [{ name: 'c', resources: { requests, limits: requests } }], ...more }, status: { phase } })
const now = Date.parse('2026-01-01T00:00:00Z')
const going = (deletionTimestamp: string): KubeObject['metadata'] => ({ deletionTimestamp, deletionGracePeriodSeconds: 30 })
const resizing = (reason: string): Pod => ({ ...pod({ cpu: '1' }), status: {
  phase: 'Running', conditions: [{ type: 'PodResizePending', status: 'True', reason }],
  containerStatuses: [{ name: 'c', resources: { requests: { cpu: '500m' }, limits: { cpu: '700m' } }, allocatedResources: { cpu: '600m' } }],
} as unknown as NonNullable<Pod['status']> })
const resourceClaims: Resource = { group: 'resource.k8s.io', version: 'v1', plural: 'resourceclaims', kind: 'ResourceClaim', namespaced: true }
const object = (resource: Resource, value: object = {}): { resource: Resource; object: KubeObject } => ({ resource, object: { metadata: {}, ...value } })

describe('quotaUsed', () => {
  it.each<[string, Partial<ResourceQuotaSpec>, string[], { resource: Resource; object: KubeObject }[], Record<string, string>]>([
    ['nothing', {}, ['pods', 'cpu'], [], { pods: '0', cpu: '0' }],
    ['pods with their formats', {}, ['pods', 'requests.cpu', 'memory', 'limits.memory', 'count/pods'],
      [object(pods, pod({ cpu: '500m', memory: '1Gi' })), object(pods, pod({ cpu: '1', memory: '512Mi' }))],
      { pods: '2', 'requests.cpu': '1500m', memory: '1536Mi', 'limits.memory': '1536Mi', 'count/pods': '2' }],
    ['finished pods use nothing, but are there', {}, ['pods', 'cpu', 'count/pods'], [object(pods, pod({ cpu: '1' }, {}, 'Succeeded'))], { pods: '0', cpu: '0', 'count/pods': '1' }],
    ['the larger of init and main containers', {}, ['cpu', 'requests.example.com/dongle'],
      [object(pods, pod({ cpu: '1', 'example.com/dongle': '3' }, { initContainers: [{ name: 'i', resources: { requests: { cpu: '2' } } }] }))], { cpu: '2', 'requests.example.com/dongle': '3' }],
    ['the whole pod instead of its containers, with overhead', {}, ['cpu', 'limits.cpu', 'memory', 'limits.memory', 'requests.ephemeral-storage'],
      [object(pods, pod({ cpu: '1', 'ephemeral-storage': '1Gi' }, { resources: { requests: { cpu: '2' }, limits: { cpu: '3' } }, overhead: { cpu: '100m', memory: '1Mi' } }))],
      { cpu: '2100m', 'limits.cpu': '3100m', memory: '1Mi', 'limits.memory': '0', 'requests.ephemeral-storage': '1Gi' }],
    ['what is given while a resize is done', {}, ['cpu', 'limits.cpu'], [object(pods, resizing('Deferred'))], { cpu: '1', 'limits.cpu': '1' }],
    ['what is given when a resize cannot be done', {}, ['cpu', 'limits.cpu'], [object(pods, resizing('Infeasible'))], { cpu: '600m', 'limits.cpu': '700m' }],
    ['pods that should have gone long ago', {}, ['pods', 'count/pods'],
      ['2025-12-31T23:59:29Z', '2025-12-31T23:59:30Z', '2026-01-01T00:00:10Z'].map((time) => object(pods, { ...pod({}), metadata: going(time) })), { pods: '2', 'count/pods': '3' }],
    ['scopes', { scopes: ['BestEffort'] }, ['pods'], [object(pods, pod({})), object(pods, pod({ cpu: '1' }))], { pods: '1' }],
    ['scope Terminating', { scopes: ['Terminating'] }, ['pods'], [object(pods, pod({}, { activeDeadlineSeconds: 5 })), object(pods, pod({}))], { pods: '1' }],
    ['scope by priority', { scopeSelector: { matchExpressions: [{ scopeName: 'PriorityClass', operator: 'In', values: ['high'] }] } }, ['pods'],
      [object(pods, pod({}, { priorityClassName: 'high' })), object(pods, pod({}))], { pods: '1' }],
    ['scope by class of attributes', { scopeSelector: { matchExpressions: [{ scopeName: 'VolumeAttributesClass', operator: 'In', values: ['gold'] }] } }, ['persistentvolumeclaims'],
      [object(persistentVolumeClaims, { spec: { volumeAttributesClassName: 'gold' } }), object(persistentVolumeClaims, { spec: {}, status: { currentVolumeAttributesClassName: 'gold' } }), object(persistentVolumeClaims, { spec: {} })],
      { persistentvolumeclaims: '2' }],
    ['scope by other classes of attributes', { scopeSelector: { matchExpressions: [{ scopeName: 'VolumeAttributesClass', operator: 'NotIn', values: ['gold'] }] } }, ['persistentvolumeclaims'],
      [object(persistentVolumeClaims, { spec: { volumeAttributesClassName: 'gold' } }), object(persistentVolumeClaims, { spec: { volumeAttributesClassName: 'gold' }, status: { currentVolumeAttributesClassName: 'tin' } }), object(persistentVolumeClaims, { spec: {} })],
      { persistentvolumeclaims: '2' }],
    ['node ports that a load balancer has although it needs none', {}, ['services.nodeports'],
      [object(services, { spec: { type: 'LoadBalancer', allocateLoadBalancerNodePorts: false, ports: [{ port: 1, nodePort: 30000 }, { port: 2 }] } })], { 'services.nodeports': '1' }],
    ['services', {}, ['services', 'services.nodeports', 'services.loadbalancers'],
      [object(services, { spec: { type: 'NodePort', ports: [{ port: 1 }, { port: 2 }] } }), object(services, { spec: { type: 'LoadBalancer', ports: [{ port: 1 }] } })],
      { services: '2', 'services.nodeports': '3', 'services.loadbalancers': '1' }],
    ['claims', {}, ['persistentvolumeclaims', 'requests.storage', 'gold.storageclass.storage.k8s.io/requests.storage'],
      [object(persistentVolumeClaims, { spec: { storageClassName: 'gold', resources: { requests: { storage: '1Gi' } } } })],
      { persistentvolumeclaims: '1', 'requests.storage': '1Gi', 'gold.storageclass.storage.k8s.io/requests.storage': '1Gi' }],
    ['claims with an annotation, in whole bytes, and what they have already', {}, ['requests.storage', 'gold.storageclass.storage.k8s.io/requests.storage', 'gold.storageclass.storage.k8s.io/persistentvolumeclaims'],
      [object(persistentVolumeClaims, { metadata: { annotations: { 'volume.beta.kubernetes.io/storage-class': 'gold' } }, spec: { resources: { requests: { storage: '1500m' } } } }),
        object(persistentVolumeClaims, { spec: { resources: { requests: { storage: '1Gi' } } }, status: { allocatedResources: { storage: '2Gi' } } })],
      { 'requests.storage': '2147483650', 'gold.storageclass.storage.k8s.io/requests.storage': '2', 'gold.storageclass.storage.k8s.io/persistentvolumeclaims': '1' }],
    ['devices', {}, ['gold.deviceclass.resource.k8s.io/devices', 'tin.deviceclass.resource.k8s.io/devices', 'count/resourceclaims.resource.k8s.io'], [object(resourceClaims, { spec: { devices: { requests: [
      { name: 'a', exactly: { deviceClassName: 'gold', allocationMode: 'ExactCount', count: 2 } },
      { name: 'b', firstAvailable: [{ name: 'c', deviceClassName: 'gold', allocationMode: 'ExactCount', count: 3 }, { name: 'd', deviceClassName: 'gold', allocationMode: 'ExactCount', count: 1 }, { name: 'e', deviceClassName: 'tin', allocationMode: 'All' }] },
    ] } } })], { 'gold.deviceclass.resource.k8s.io/devices': '5', 'tin.deviceclass.resource.k8s.io/devices': '32', 'count/resourceclaims.resource.k8s.io': '1' }],
    ['counts of kinds', {}, ['configmaps', 'count/configmaps', 'count/replicasets.apps'], [object(configMaps), object(replicaSets)], { configmaps: '1', 'count/configmaps': '1', 'count/replicasets.apps': '1' }],
  ])('%s', (_, spec, names, objects, expected) => {
    const hard = Object.fromEntries(names.map((name) => [name, '10']))
    expect(atOnce(quotaUsed({ metadata: {}, spec: { ...spec, hard } }, objects, now))).toEqual(expected)
  })
})
