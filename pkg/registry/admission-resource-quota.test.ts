// ResourceQuota on real kinds: exact under concurrent writes, with the words that clients know.
import type { KubeObject } from '../api/object.ts'
import type { Pod, PodSpec } from '../api/types-pod.ts'
import { parseQuantity } from '../api/quantity.ts'
import { defaultAdmission } from './admission-plugins.ts'
import { addition, resourceQuotaAdmission, unsaid } from './admission-resource-quota.ts'
import { ensureObjects } from './bootstrap.ts'
import type { Definition } from './definition.ts'
import { asking, failure, fixture, type Fixture } from './fixture.suite.ts'
import { builtinDefinitions } from './kinds.ts'

const definitions = builtinDefinitions()
const definitionOf = (plural: string): Definition => definitions.find(({ resource }) => resource.plural === plural) as Definition
const [pods, quotas, configMaps, services, claims] = ['pods', 'resourcequotas', 'configmaps', 'services', 'persistentvolumeclaims'].map(definitionOf) as [Definition, Definition, Definition, Definition, Definition]
const admission = [...defaultAdmission.filter(({ name }) => name !== 'ResourceQuota'), resourceQuotaAdmission()]

async function open(hard: Record<string, string>, more: object = {}): Promise<Fixture> {
  const made = fixture({ definitions, admission })
  await ensureObjects(made.registry, [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'default' } },
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default' } },
  ])
  await made.create(quotas, { metadata: { name: 'q' }, spec: { hard, ...more } })
  return made
}
const addPod = (made: Fixture, name: string, requests: Record<string, string> = {}, spec: Partial<PodSpec> = {}) =>
  made.create(pods, { metadata: { name }, spec: { containers: [{ name: 'c', image: 'i', resources: { requests } }], ...spec } })

describe('a quota', () => {
  it('is never exceeded, nor wasted, by 200 creates at once', async () => {
    const made = await open({ pods: '37', 'requests.cpu': '10' })
    const results = await Promise.allSettled(Array.from({ length: 200 }, (_, index) => addPod(made, `p${index}`, { cpu: '100m' })))
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(37)
    for (const result of results) if (result.status === 'rejected') expect(String(result.reason)).toContain('exceeded quota: q, requested: pods=1, used: pods=37, limited: pods=37')
  })

  it('says what was asked, used and allowed of each amount that does not fit', async () => {
    const made = await open({ pods: '2', 'requests.cpu': '1', 'requests.memory': '1Gi', 'requests.example.com/dongle': '3' })
    await addPod(made, 'first', { cpu: '600m', memory: '512Mi' })
    const refused = await failure(() => addPod(made, 'second', { cpu: '500m', memory: '768Mi', 'example.com/dongle': '1' }, { containers: [{ name: 'c', image: 'i', resources: { requests: { cpu: '500m', memory: '768Mi' }, limits: { 'example.com/dongle': '4' } } }] }))
    expect(refused.code).toBe(403)
    expect(refused.message).toBe('pods "second" is forbidden: exceeded quota: q, requested: requests.cpu=500m,requests.example.com/dongle=4,requests.memory=768Mi, used: requests.cpu=600m,requests.example.com/dongle=0,requests.memory=512Mi, limited: requests.cpu=1,requests.example.com/dongle=3,requests.memory=1Gi')
    const silent = await failure(() => addPod(made, 'silent'))
    expect(silent.message).toBe('pods "silent" is forbidden: failed quota: q: must specify requests.cpu for: c; requests.memory for: c')
  })

  it('gives back what is deleted', async () => {
    const made = await open({ configmaps: '1', 'count/configmaps': '5' })
    await made.create(configMaps, { metadata: { name: 'a' } })
    expect((await failure(() => made.create(configMaps, { metadata: { name: 'b' } }))).message).toBe('configmaps "b" is forbidden: exceeded quota: q, requested: configmaps=1, used: configmaps=1, limited: configmaps=1')
    await made.registry.delete(configMaps, { ...asking(), namespace: 'default', name: 'a' })
    await made.create(configMaps, { metadata: { name: 'b' } })
  })

  it('holds only pods in its scope', async () => {
    const made = await open({ pods: '1' }, { scopes: ['BestEffort'] })
    await addPod(made, 'best')
    await addPod(made, 'burstable', { cpu: '1' })
    expect((await failure(() => addPod(made, 'second'))).message).toContain('exceeded quota: q, requested: pods=1, used: pods=1, limited: pods=1')
  })

  it('charges an update only for what is new', async () => {
    const made = await open({ services: '1', 'services.nodeports': '1', 'services.loadbalancers': '0' })
    const service = await made.create(services, { metadata: { name: 's' }, spec: { ports: [{ port: 80 }], type: 'NodePort' } })
    const { object: relabelled } = await made.registry.update(services, { ...asking(), namespace: 'default', name: 's', object: { ...service, metadata: { ...service.metadata, labels: { a: 'b' } } } })
    const spec = { ...(relabelled as unknown as { spec: object }).spec, type: 'LoadBalancer' }
    expect((await failure(() => made.registry.update(services, { ...asking(), namespace: 'default', name: 's', object: { ...relabelled, spec } as KubeObject }))).message).toContain('exceeded quota: q, requested: services.loadbalancers=1, used: services.loadbalancers=0, limited: services.loadbalancers=0')
  })

  it('counts storage, in all and by class', async () => {
    const made = await open({ 'requests.storage': '10Gi', 'gold.storageclass.storage.k8s.io/requests.storage': '2Gi' })
    const addClaim = (name: string, storage: string, storageClassName: string) =>
      made.create(claims, { metadata: { name }, spec: { accessModes: ['ReadWriteOnce'], storageClassName, resources: { requests: { storage } } } })
    await addClaim('a', '2Gi', 'gold')
    expect((await failure(() => addClaim('b', '1Gi', 'gold'))).message).toContain('limited: gold.storageclass.storage.k8s.io/requests.storage=2Gi')
    await addClaim('c', '8Gi', 'tin')
    expect((await failure(() => addClaim('d', '1', 'tin'))).message).toContain('exceeded quota: q, requested: requests.storage=1, used: requests.storage=10Gi, limited: requests.storage=10Gi')
  })
})

describe('unsaid', () => {
  const pod = (...containers: PodSpec['containers']): Pod => ({ metadata: {}, spec: { containers } })
  it.each<[Pod, string[], string | undefined]>([
    [pod({ name: 'b' }, { name: 'a' }), ['limits.cpu', 'pods'], 'must specify limits.cpu for: a,b'],
    [pod({ name: 'a', resources: { requests: { cpu: '1' } } }), ['cpu', 'requests.cpu', 'limits.memory'], 'must specify limits.memory for: a'],
    [pod({ name: 'a' }), ['pods', 'requests.ephemeral-storage', 'requests.example.com/x'], undefined],
  ])('%#', (object, limited, expected) => expect(unsaid(object, limited)).toBe(expected))
})

it('an addition is never negative, and names only what is limited', () => {
  const amounts = (values: Record<string, string>) => Object.fromEntries(Object.entries(values).map(([name, value]) => [name, parseQuantity(value)]))
  const more = addition(['a', 'b', 'c'], amounts({ a: '3', b: '1', c: '2', d: '1' }), amounts({ a: '1', b: '2', c: '2' }))
  expect(Object.entries(more).map(([name, { nanos }]) => `${name}=${nanos / 1_000_000_000n}`)).toEqual(['a=2'])
})
