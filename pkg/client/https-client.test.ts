import { admin, alice, startServer, stranger, type TestServer } from '../apiserver/fixture.suite.ts'
import type { WatchEvent } from '../api/object.ts'
import { configMaps, type ConfigMap } from '../api/types-config.ts'
import { systemClock, type Clock } from '../util/clock.ts'
import { HttpsClient } from './https-client.ts'
import { SharedInformers } from './shared-informers.ts'

const map = (name: string, data: Record<string, string> = {}): ConfigMap => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace: 'a', name }, data })

describe('HttpsClient', () => {
  let server: TestServer
  let client: HttpsClient
  beforeAll(async () => {
    server = await startServer()
    client = new HttpsClient({ server: server.url, ca: server.ca, certificate: admin.certificate, key: admin.key })
  })
  afterAll(async () => {
    client.close()
    await server.stop()
  })

  it('writes and reads, with frozen objects', async () => {
    const made = await client.create(configMaps, map('one', { x: '1' }))
    expect(Object.isFrozen(made.data)).toBe(true)
    const patched = await client.patch(configMaps, { namespace: 'a', name: 'one' }, { type: 'merge', body: { data: { y: '2' } } })
    expect(patched.data).toEqual({ x: '1', y: '2' })
    const updated = await client.update(configMaps, { ...patched, data: {} })
    expect(await client.get(configMaps, { namespace: 'a', name: 'one' })).toEqual(updated)
    expect((await client.list(configMaps, { namespace: 'a', fieldSelector: 'metadata.name=one' })).items).toHaveLength(1)
    expect(await client.delete(configMaps, { namespace: 'a', name: 'one' })).toBeUndefined()
    await expect(client.get(configMaps, { namespace: 'a', name: 'one' })).rejects.toMatchObject({ status: { code: 404, reason: 'NotFound', message: 'configmaps "one" not found' } })
  })

  it('keeps an informer current, and ends its watch on stop', async () => {
    const informers = new SharedInformers({ client, clock: systemClock, log: () => undefined })
    const informer = informers.for(configMaps)
    await client.create(configMaps, map('two'))
    await informer.whenSynced()
    const { metadata } = await client.patch(configMaps, { namespace: 'a', name: 'two' }, { type: 'merge', body: { data: { z: 'ü'.repeat(5000) } } })
    await informer.until(() => informer.revision >= Number(metadata.resourceVersion))
    expect(informer.get({ namespace: 'a', name: 'two' })?.data?.z).toHaveLength(5000)
    await informers.stop()
  })

  it('sends again what a busy server turned away', async () => {
    const flowControl = '/apis/flowcontrol.apiserver.k8s.io/v1'
    const roles = '/apis/rbac.authorization.k8s.io/v1'
    await server.call('POST', `${roles}/clusterroles`, { body: { metadata: { name: 'all' }, rules: [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }] } })
    await server.call('POST', `${roles}/clusterrolebindings`, { body: { metadata: { name: 'all' }, roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'all' }, subjects: [{ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: 'alice' }] } })
    await server.call('POST', `${flowControl}/prioritylevelconfigurations`, { body: { metadata: { name: 'none' }, spec: { type: 'Limited', limited: { nominalConcurrencyShares: 0, limitResponse: { type: 'Reject' } } } } })
    const rule = { subjects: [{ kind: 'User', user: { name: 'alice' } }], resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'], namespaces: ['*'], clusterScope: true }] }
    await server.call('POST', `${flowControl}/flowschemas`, { body: { metadata: { name: 'none' }, spec: { matchingPrecedence: 2, priorityLevelConfiguration: { name: 'none' }, rules: [rule] } } })
    while ((await server.call('GET', '/api/v1/namespaces/a/configmaps', { as: alice })).code !== 429);
    const waits: number[] = []
    const clock: Clock = { ...systemClock, setTimer: (callback, delayMs) => {
      waits.push(delayMs)
      return systemClock.setTimer(callback, 0)
    } }
    const busy = new HttpsClient({ server: server.url, ca: server.ca, certificate: alice.certificate, key: alice.key, clock })
    await expect(busy.list(configMaps, { namespace: 'a' })).rejects.toMatchObject({ status: { code: 429, reason: 'TooManyRequests' } })
    expect(waits).toEqual(Array(10).fill(1000))
    const later = busy.create(configMaps, map('later'))
    await server.call('DELETE', `${flowControl}/flowschemas/none`)
    // Turned away at first or not: in the end it is made, once.
    expect((await later.catch(() => busy.create(configMaps, map('later')))).metadata.name).toBe('later')
    busy.close()
  })

  it('gives the revision that never comes as an error', async () => {
    const watch = async (): Promise<readonly WatchEvent[]> => {
      for await (const batch of client.watch(configMaps, { resourceVersion: '99999999', signal: AbortSignal.timeout(10_000) })) return batch
      return []
    }
    await expect(watch()).rejects.toMatchObject({ name: 'StatusError' })
  })

  it('tells of refusals and of a server that is not there as StatusError', async () => {
    const nobody = new HttpsClient({ server: server.url, ca: server.ca, token: () => 'wrong' })
    await expect(nobody.get(configMaps, { namespace: 'a', name: 'x' })).rejects.toMatchObject({ status: { code: 401 } })
    nobody.close()
    const other = new HttpsClient({ server: server.url, ca: server.ca, certificate: stranger.certificate, key: stranger.key })
    await expect(other.get(configMaps, { namespace: 'a', name: 'x' })).rejects.toMatchObject({ name: 'StatusError' })
    other.close()
    const gone = new HttpsClient({ server: 'https://127.0.0.1:1' })
    await expect(gone.get(configMaps, { namespace: 'a', name: 'x' })).rejects.toMatchObject({ status: { code: 503 } })
    gone.close()
  })
})
