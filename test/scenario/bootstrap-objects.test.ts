// What a cluster keeps for itself comes back when somebody deletes or changes it: flow control's objects, its own APIServices, and what nothing works without.
import { get } from 'node:https'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { load } from 'js-yaml'
import type { KubeObject, ObjectKey, Resource } from '../../pkg/api/object.ts'
import { configMaps, namespaces } from '../../pkg/api/types-config.ts'
import { endpoints, endpointSlices, services } from '../../pkg/api/types-service.ts'
import { flowSchemas, priorityLevels, type PriorityLevel } from '../../pkg/api/types-flow-control.ts'
import { Cluster } from '../../pkg/cluster/cluster.ts'
import { defaultClusterOptions } from '../../pkg/cluster/options.ts'

const directory = mkdtempSync(join(tmpdir(), 'kinglet-bootstrap-'))
let cluster: Cluster
beforeAll(async () => {
  cluster = await Cluster.start({
    ...defaultClusterOptions, dataDirectory: directory, stateDirectory: join(directory, 'run'), bindAddress: '127.0.0.1', httpsPort: 0, inMemory: true,
    nodeName: 'test', nodeIP: '192.0.2.7', disableAgent: true,
  })
})
afterAll(async () => {
  await cluster.stop()
  rmSync(directory, { recursive: true, force: true })
})

/** Watches until the object is as it should be. */
async function until<T extends KubeObject>(resource: Resource<T>, name: string, holds: (object: T) => boolean): Promise<void> {
  const { client } = cluster
  const ending = new AbortController()
  for await (const batch of client.watch(resource, { sendInitialEvents: true, signal: ending.signal })) {
    if (batch.some(({ type, object }) => type !== 'DELETED' && type !== 'BOOKMARK' && object.metadata.name === name && holds(object as T))) break
  }
  ending.abort()
}

it.each(['exempt', 'catch-all', 'workload-low'])('the priority level %s comes back', async (name) => {
  const before = await cluster.client.get(priorityLevels, { name })
  await cluster.client.delete(priorityLevels, { name })
  await until(priorityLevels, name, ({ metadata, spec }) => metadata.uid !== before.metadata.uid && JSON.stringify(spec) === JSON.stringify(before.spec))
})

it('the flow schema exempt comes back, and what is written into it is undone', async () => {
  const before = await cluster.client.get(flowSchemas, { name: 'exempt' })
  await cluster.client.delete(flowSchemas, { name: 'exempt' })
  await until(flowSchemas, 'exempt', ({ metadata }) => metadata.uid !== before.metadata.uid)
  await cluster.client.patch(flowSchemas, { name: 'exempt' }, { type: 'merge', body: { metadata: { annotations: { 'apf.kubernetes.io/autoupdate-spec': 'false' } } } })
  await until(flowSchemas, 'exempt', ({ metadata }) => metadata.annotations?.['apf.kubernetes.io/autoupdate-spec'] === 'true')
})

it('a suggested level is kept as it was, until it says that it wants to be its own', async () => {
  const shares = (): Promise<PriorityLevel> => cluster.client.get(priorityLevels, { name: 'system' })
  const before = (await shares()).spec.limited?.nominalConcurrencyShares
  const write = (annotation: string): Promise<PriorityLevel> => cluster.client.patch(priorityLevels, { name: 'system' }, { type: 'merge', body: { metadata: { annotations: { 'apf.kubernetes.io/autoupdate-spec': annotation } }, spec: { limited: { nominalConcurrencyShares: 77 } } } })
  await write('true')
  await until(priorityLevels, 'system', ({ spec }) => spec.limited?.nominalConcurrencyShares === before)
  const own = await write('false')
  // Something later that would have been undone by then.
  await cluster.client.delete(priorityLevels, { name: 'catch-all' })
  await until(priorityLevels, 'catch-all', () => true)
  expect((await shares()).metadata.resourceVersion).toBe(own.metadata.resourceVersion)
})

it.each<[string, Resource, ObjectKey]>([
  ['the service kubernetes', services, { namespace: 'default', name: 'kubernetes' }], ['its endpoints', endpoints, { namespace: 'default', name: 'kubernetes' }],
  ['its slice', endpointSlices, { namespace: 'default', name: 'kubernetes' }], ['what aggregated servers trust', configMaps, { namespace: 'kube-system', name: 'extension-apiserver-authentication' }],
  ['the namespace of heartbeats', namespaces, { name: 'kube-node-lease' }],
])('%s: comes back', async (_title, resource, key) => {
  const before = await cluster.client.get(resource, key)
  await cluster.client.delete(resource, key)
  await until(resource, key.name, ({ metadata }) => metadata.namespace === key.namespace && metadata.uid !== before.metadata.uid)
})

/** What the administrator is told at a path. */
function read(path: string): Promise<string> {
  const { clusters: [{ cluster: { server, 'certificate-authority-data': ca } }], users: [{ user }] } = load(cluster.kubeconfig) as Kubeconfig
  const decoded = (text: string): string => Buffer.from(text, 'base64').toString()
  return new Promise((resolve, reject) => {
    const outgoing = get(`${server}${path}`, { ca: decoded(ca), cert: decoded(user['client-certificate-data']), key: decoded(user['client-key-data']), agent: false }, (incoming) => {
      const chunks: Buffer[] = []
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk)).on('end', () => resolve(Buffer.concat(chunks).toString()))
    })
    outgoing.on('error', reject)
  })
}

interface Kubeconfig {
  readonly clusters: [{ cluster: { server: string; 'certificate-authority-data': string } }]
  readonly users: [{ user: { 'client-certificate-data': string; 'client-key-data': string } }]
}

it('says how it is, by the names that tools know', async () => {
  const ready = (await read('/readyz?verbose')).split('\n')
  const hooks = ready.filter((line) => /^\[\+\](?:poststarthook\/|autoregister)/.test(line))
  expect(ready).toEqual(['[+]ping ok', '[+]log ok', '[+]etcd ok', '[+]etcd-readiness ok', '[+]informer-sync ok', ...hooks, '[+]shutdown ok', 'readyz check passed', ''])
  expect((await read('/livez?verbose')).split('\n')).toEqual(['[+]ping ok', '[+]log ok', '[+]etcd ok', ...hooks, 'livez check passed', ''])
  expect(hooks.length).toBeGreaterThan(20)
  expect(await read('/readyz/poststarthook/rbac/bootstrap-roles')).toBe('ok')
  expect(await read('/livez/etcd')).toBe('ok')
  await read('/api/v1/namespaces/default')
  const metrics = await read('/metrics')
  const value = (series: string): number => Number(metrics.split('\n').find((line) => line.startsWith(`${series} `))?.split(' ')[1])
  const request = 'component="apiserver",dry_run="",group="",resource="namespaces",scope="resource",subresource="",verb="GET",version="v1"'
  expect(value(`apiserver_request_total{code="200",${request}}`)).toBe(1)
  expect(value(`apiserver_request_duration_seconds_count{${request}}`)).toBe(1)
  expect(value(`apiserver_request_duration_seconds_bucket{${request},le="60"}`)).toBe(1)
  expect(value('apiserver_current_inflight_requests{request_kind="readOnly"}')).toBe(1)
  expect(value('apiserver_storage_objects{resource="namespaces"}')).toBe(4)
  expect(value('apiserver_storage_objects{resource="flowschemas.flowcontrol.apiserver.k8s.io"}')).toBeGreaterThan(5)
  expect(value('workqueue_adds_total{name="namespace"}')).toBeGreaterThan(3)
  expect(value('workqueue_depth{name="deployment"}')).toBe(0)
  expect(['active', 'backoff', 'gated', 'unschedulable'].map((queue) => value(`scheduler_pending_pods{queue="${queue}"}`))).toEqual([0, 0, 0, 0])
  expect(value('workqueue_queue_duration_seconds_count{name="namespace"}')).toBeGreaterThan(3)
  expect(value('workqueue_work_duration_seconds_bucket{name="namespace",le="+Inf"}')).toBeGreaterThan(3)
  expect(value('workqueue_unfinished_work_seconds{name="namespace"}')).toBe(0)
  // What rules and dashboards of kube-prometheus read.
  const labels = request.replace('dry_run="",', '')
  expect(value(`apiserver_request_sli_duration_seconds_bucket{${labels},le="1"}`)).toBe(1)
  expect(value(`apiserver_response_sizes_bucket{${labels},le="1e+06"}`)).toBe(1)
  expect(value('apiserver_admission_controller_admission_duration_seconds_count{name="NamespaceLifecycle",operation="CREATE",rejected="false",type="validate"}')).toBeGreaterThan(10)
  expect(value('apiserver_admission_step_admission_duration_seconds_bucket{operation="CREATE",rejected="false",type="admit",le="2.5"}')).toBeGreaterThan(10)
  // The four that every cluster has, one of them twice.
  expect(value('etcd_request_duration_seconds_count{group="",operation="create",resource="namespaces"}')).toBe(5)
  expect(value('etcd_requests_total{group="",operation="create",resource="namespaces"}')).toBe(5)
  expect(value('apiserver_client_certificate_expiration_seconds_count')).toBeGreaterThan(3)
  expect(value('authentication_attempts{result="success"}')).toBeGreaterThan(3)
  expect(value('authenticated_user_requests{username="other"}')).toBeGreaterThan(3)
  expect(value('authorization_attempts_total{result="allowed"}')).toBeGreaterThan(0)
  expect(value('apiserver_flowcontrol_dispatched_requests_total{flow_schema="exempt",priority_level="exempt"}')).toBeGreaterThan(1)
  expect(value('apiserver_flowcontrol_current_executing_requests{flow_schema="exempt",priority_level="exempt"}')).toBe(1)
  expect(value('apiserver_flowcontrol_upper_limit_seats{priority_level="catch-all"}')).toBe(600)
  expect(value('aggregator_unavailable_apiservice{name="v1."}')).toBe(0)
  expect(value('process_open_fds')).toBeGreaterThan(3)
  for (const line of metrics.trimEnd().split('\n')) expect(line).toMatch(/^(# (HELP|TYPE) [a-z_0-9]+ .+|[a-z_0-9]+(\{([a-z_]+="[^"]*",?)+\})? [-+.e\d]+)$/)
  expect(await read('/metrics/slis')).toContain('kubernetes_healthchecks_total{name="etcd",status="success",type="readyz"} 1\n')
  expect(await read('/debug/api_priority_and_fairness/dump_priority_levels')).toMatch(/^PriorityLevelName, +ActiveQueues, .*\ncatch-all, +0, +true, /)
})
