// metrics.k8s.io on the real registry, with nodes that measure what they are told to.
import type { KubeObject } from '../api/object.ts'
import type { ApiRequest, Handle } from '../api/request.ts'
import { ensureObjects } from '../registry/bootstrap.ts'
import { builtinDefinitions } from '../registry/kinds.ts'
import { metricsDefinitions } from '../registry/kinds/metrics.ts'
import { Registry } from '../registry/registry.ts'
import { MemoryStore } from '../storage/memory-store.ts'
import { systemClock } from '../util/clock.ts'
import { createHandle } from './handle.ts'
import { metricsRequests } from './metrics-requests.ts'
import type { NodeConnection, NodeUsageReport } from '../api/node-connection.ts'

const report: NodeUsageReport = {
  atMs: Date.UTC(2026, 0, 2), windowMs: 15_250, node: { cpuNanoCores: 250_000_000, memoryBytes: 1536 * 1024 },
  pods: [
    { namespace: 'default', name: 'web', windowMs: 15_000, containers: [{ name: 'a', cpuNanoCores: 1_234_567, memoryBytes: 4096 }, { name: 'b', cpuNanoCores: 0, memoryBytes: 512 }] },
    { namespace: 'default', name: 'done', windowMs: 15_000, containers: [{ name: 'a', cpuNanoCores: 1, memoryBytes: 1 }] },
  ],
}
const store = new MemoryStore()
const registry = new Registry({ store, definitions: [...builtinDefinitions(), ...metricsDefinitions], clock: systemClock })
const logged: string[] = []
const nodes: Record<string, Pick<NodeConnection, 'usage'>> = { n1: { usage: async () => report }, broken: { usage: async () => { throw new Error('the runtime is down') } }, old: {} }
const handle: Handle = createHandle({
  registry, authorizer: { authorize: () => ({ allowed: true }), rulesFor: () => ({ resourceRules: [], nonResourceRules: [], rules: [], faults: [] }) },
  special: new Map(metricsRequests({ registry, nodeConnections: (name) => nodes[name] as NodeConnection | undefined, log: (text) => void logged.push(text) })),
})

const pod = (name: string, nodeName: string, phase: string): KubeObject => ({
  apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'default', labels: { app: name } }, spec: { nodeName, containers: [{ name: 'a', image: 'x' }] }, status: { phase },
} as KubeObject)

beforeAll(async () => {
  await ensureObjects(registry, [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'default' } },
    ...['n1', 'broken', 'old', 'away'].map((name) => ({ apiVersion: 'v1', kind: 'Node', metadata: { name, labels: { node: name } } })),
  ])
  const pods = registry.definition('', 'v1', 'pods')!
  const user = { username: 'admin', groups: [] }
  for (const [name, node, phase] of [['web', 'n1', 'Running'], ['new', 'n1', 'Running'], ['done', 'n1', 'Succeeded'], ['lost', 'broken', 'Running']] as const) {
    const object = pod(name, node, phase)
    await registry.create(pods, { user, namespace: 'default', options: {}, object })
    await registry.patch(pods, { user, namespace: 'default', name, subresource: 'status', options: {}, patch: { type: 'merge', body: { status: { phase } } } })
  }
})
afterAll(async () => {
  registry.stop()
  await store.close()
})

const ask = (verb: 'get' | 'list', plural: string, more: Partial<ApiRequest> = {}): ReturnType<Handle> =>
  handle({ verb, user: { username: 'admin', groups: [] }, group: 'metrics.k8s.io', version: 'v1beta1', plural, options: {}, ...more })
const inDefault = { namespace: 'default' }

it('lists nodes that are measured, as they are labelled', async () => {
  expect(await ask('list', 'nodes')).toMatchObject({
    type: 'list', list: {
      kind: 'NodeMetricsList', apiVersion: 'metrics.k8s.io/v1beta1',
      items: [{ kind: 'NodeMetrics', metadata: { name: 'n1', labels: { node: 'n1' } }, timestamp: '2026-01-02T00:00:00Z', window: '15.25s', usage: { cpu: '250m', memory: '1536Ki' } }],
    },
  })
  expect(logged).toEqual(['usage of node broken: the runtime is down'])
})

it('lists running pods that are measured', async () => {
  const response = await ask('list', 'pods', inDefault)
  expect(response).toMatchObject({
    list: { kind: 'PodMetricsList', items: [{ metadata: { name: 'web', namespace: 'default', labels: { app: 'web' } }, window: '15s', containers: [{ name: 'a', usage: { cpu: '1234567n', memory: '4Ki' } }, { name: 'b', usage: { cpu: '0', memory: '512' } }] }] },
  })
  expect(response.type === 'list' && response.list.items).toHaveLength(1)
})

it('selects', async () => {
  const count = async (options: ApiRequest['options']): Promise<number> => {
    const response = await ask('list', 'pods', { options })
    return response.type === 'list' ? response.list.items.length : -1
  }
  expect(await count({ labelSelector: 'app=web' })).toBe(1)
  expect(await count({ labelSelector: 'app=new' })).toBe(0)
  expect(await count({ fieldSelector: 'metadata.name=web' })).toBe(1)
})

it('gets by name', async () => {
  expect(await ask('get', 'pods', { ...inDefault, name: 'web' })).toMatchObject({ type: 'object', object: { kind: 'PodMetrics', metadata: { name: 'web' } } })
  await expect(ask('get', 'nodes', { name: 'old' })).rejects.toThrow('nodemetrics.metrics.k8s.io "old" not found')
  await expect(ask('get', 'nodes', { name: 'nobody' })).rejects.toThrow('nodes "nobody" not found')
  await expect(ask('get', 'pods', { ...inDefault, name: 'new' })).rejects.toThrow('podmetrics.metrics.k8s.io "default/new" not found')
  await expect(ask('get', 'pods', { ...inDefault, name: 'done' })).rejects.toThrow('podmetrics.metrics.k8s.io "default/done" not found')
})

it('can only be read', async () => {
  await expect(handle({ verb: 'delete', user: { username: 'admin', groups: [] }, group: 'metrics.k8s.io', version: 'v1beta1', plural: 'pods', ...inDefault, name: 'web', options: {} })).rejects.toThrow('does not allow this method')
})
