// Claims for devices: made for pods from templates, reserved by the scheduler, given back when pods end. On the real API server, with the real scheduler.
import { events, namespaces, serviceAccounts } from '../../pkg/api/types-config.ts'
import { resourceClaims, resourceClaimTemplates, type ResourceClaim } from '../../pkg/api/types-device.ts'
import { nodes } from '../../pkg/api/types-node.ts'
import { pods, type PodResourceClaim } from '../../pkg/api/types-pod.ts'
import { claimNameBase, resourceClaimControllers } from '../../pkg/controllers/resource-claim.ts'
import { BareCluster } from './bare-cluster.ts'

const namespace = 'devices'
const spec = { devices: { requests: [{ name: 'r', exactly: { deviceClassName: 'gpu' } }] } }

describe('claims for devices', () => {
  let cluster: BareCluster
  let stops: { stop(): Promise<void> }[]

  beforeAll(async () => {
    cluster = new BareCluster()
    const { client } = cluster
    const { scheduler, recorder } = cluster.newScheduler()
    const runner = cluster.newRunner(resourceClaimControllers)
    await cluster.makeRoles()
    await client.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace }, spec: {} })
    await client.create(serviceAccounts, { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { namespace, name: 'default' } })
    const size = { cpu: '4', memory: '4Gi', pods: '20' }
    await client.create(nodes, { apiVersion: 'v1', kind: 'Node', metadata: { name: 'here' }, spec: {}, status: { allocatable: size, capacity: size } })
    await client.patch(nodes, { name: 'here' }, { type: 'merge', body: { spec: { taints: null } } })
    await Promise.all([scheduler.start(), runner.start()])
    stops = [scheduler, runner, recorder]
  })
  afterAll(async () => {
    for (const one of stops) await one.stop()
    await cluster.stop()
    expect(cluster.logged.filter((text) => !text.includes('"template" not found'))).toEqual([])
  })

  const run = (name: string, claim: Omit<PodResourceClaim, 'name'>) => cluster.client.create(pods, {
    apiVersion: 'v1', kind: 'Pod', metadata: { namespace, name }, spec: { containers: [{ name: 'c', image: 'c' }], resourceClaims: [{ name: 'd', ...claim }] },
  })
  const pod = (name: string) => cluster.informers.for(pods).get({ namespace, name })
  const claim = (name: string) => cluster.informers.for(resourceClaims).get({ namespace, name })
  const allocate = async (one: ResourceClaim) => {
    const kept = await cluster.client.update(resourceClaims, { ...one, metadata: { ...one.metadata, finalizers: ['resource.kubernetes.io/delete-protection'] } })
    const results = [{ request: 'r', driver: 'a.b', pool: 'p', device: 'd' }]
    await cluster.client.update(resourceClaims, { ...kept, status: { allocation: { devices: { results } } } as ResourceClaim['status'] }, { subresource: 'status' })
  }

  it('let their pods wait until they are there and allocated, and are free again after the last pod', async () => {
    await run('user', { resourceClaimName: 'shared' })
    const shared = await cluster.client.create(resourceClaims, { apiVersion: 'resource.k8s.io/v1', kind: 'ResourceClaim', metadata: { namespace, name: 'shared' }, spec })
    await cluster.until(pods, 'its class is missed', () => pod('user')?.status?.conditions?.[0]?.message?.startsWith('0/1 nodes are available: request r: device class gpu does not exist. no new claims to deallocate, preemption:') ?? false)
    await allocate(shared)
    await cluster.until(pods, 'the pod has a node', () => pod('user')?.spec.nodeName === 'here')
    const { uid } = pod('user')?.metadata ?? {}
    await cluster.until(resourceClaims, 'it is reserved', () => claim('shared')?.status?.reservedFor?.[0]?.uid === uid)
    await cluster.client.patch(pods, { namespace, name: 'user' }, { type: 'merge', body: { status: { phase: 'Succeeded' } } }, { subresource: 'status' })
    await cluster.until(resourceClaims, 'it is free', () => claim('shared')?.status?.allocation === undefined && claim('shared')?.metadata.finalizers === undefined)
  })

  it('are made from templates, and go with the end of their pod', async () => {
    await run('made', { resourceClaimTemplateName: 'template' })
    await cluster.until(events, 'the template is missed', (informer) => informer.list(namespace).some(({ reason, message }) => reason === 'FailedResourceClaimCreation'
      && message === 'PodResourceClaim d: resource claim template "template": resourceclaimtemplate.resource.k8s.io "template" not found'))
    await cluster.client.create(resourceClaimTemplates, { apiVersion: 'resource.k8s.io/v1', kind: 'ResourceClaimTemplate', metadata: { namespace, name: 'template' }, spec: { metadata: { labels: { a: 'b' } }, spec } })
    const name = () => pod('made')?.status?.resourceClaimStatuses?.[0]?.resourceClaimName ?? ''
    await cluster.until(pods, 'the claim is named', () => name().startsWith('made-d-'))
    expect((await cluster.client.get(resourceClaims, { namespace, name: name() })).metadata).toMatchObject({
      labels: { a: 'b' }, annotations: { 'resource.kubernetes.io/pod-claim-name': 'd' }, ownerReferences: [{ kind: 'Pod', name: 'made', controller: true }],
    })
    await cluster.client.patch(pods, { namespace, name: 'made' }, { type: 'merge', body: { status: { phase: 'Failed' } } }, { subresource: 'status' })
    await cluster.until(resourceClaims, 'the claim is gone', () => claim(name()) === undefined)
  })
})

it('names that are too long are cut', () => {
  expect(claimNameBase('pod', 'gpu')).toBe('pod-gpu-')
  const cut = claimNameBase('p'.repeat(80), 'g'.repeat(40))
  expect([cut.length <= 57, /^p+-g+$/.test(cut)]).toEqual([true, true])
})
