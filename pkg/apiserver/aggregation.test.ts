// What is known of aggregated servers: asked for anew when it is old, without those who ask having to wait.
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { createAuthority, issueCertificate } from '../pki/certificates.ts'
import { defaultAdmission } from '../registry/admission-plugins.ts'
import { ensureObjects } from '../registry/bootstrap.ts'
import { builtinDefinitions } from '../registry/kinds.ts'
import { Registry } from '../registry/registry.ts'
import { MemoryStore } from '../storage/memory-store.ts'
import type { ApiService } from '../api/types-api-service.ts'
import { ManualClock, systemClock } from '../util/clock.ts'
import { Aggregation } from './aggregation.ts'

const names = ['first']
const asked: string[] = []
const authority = await createAuthority({ commonName: 'ca', clock: systemClock })
const serving = await issueCertificate(authority, { commonName: 'x', usages: ['server'], names: ['x.default.svc'], clock: systemClock })
const frontProxy = await issueCertificate(authority, { commonName: 'front-proxy-client', usages: ['client'], clock: systemClock })
const server = createServer({ key: serving.key, cert: serving.certificate }, (incoming, outgoing) => {
  asked.push(incoming.url ?? '')
  outgoing.end(JSON.stringify({ resources: names.map((name) => ({ name, kind: name, namespaced: true, verbs: ['get'] })) }))
})
const clock = new ManualClock()
const store = new MemoryStore()
const registry = new Registry({ store, clock, definitions: builtinDefinitions(), admission: defaultAdmission })
const ending = new AbortController()

afterAll(async () => {
  ending.abort()
  registry.stop()
  await store.close()
  server.closeAllConnections()
  server.close()
})

it('is asked again when somebody wants it after a minute', async () => {
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const metadata = { name: 'v1.x.io' }
  const conditions = [{ type: 'Available', status: 'True', reason: 'Passed', message: '', lastTransitionTime: '2026-01-01T00:00:00Z' }]
  await ensureObjects(registry, [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'default' } },
    { apiVersion: 'v1', kind: 'Service', metadata: { name: 'x', namespace: 'default' }, spec: { type: 'ExternalName', externalName: 'localhost' } } as object as ApiService,
  ])
  const spec = { group: 'x.io', version: 'v1', groupPriorityMinimum: 1, versionPriority: 1, service: { name: 'x', namespace: 'default', port }, insecureSkipTLSVerify: true }
  const definition = registry.definition('apiregistration.k8s.io', 'v1', 'apiservices')!
  const user = { username: 'a', groups: ['system:masters'] }
  const made = await registry.create(definition, { user, options: {}, object: { apiVersion: 'apiregistration.k8s.io/v1', kind: 'APIService', metadata, spec } as object as ApiService })
  await registry.update(definition, { user, options: {}, name: 'v1.x.io', subresource: 'status', object: { ...made, status: { conditions } } as object as ApiService })
  const aggregation = new Aggregation({ registry, clock, frontProxy, authorizer: { authorize: () => ({ allowed: true }) } as never, signal: ending.signal, onUnreachable: (name, message) => { throw new Error(`${name}: ${message}`) } })
  await aggregation.check(registry.get(definition, { name: 'v1.x.io' }) as object as ApiService)
  const shown = (): unknown => aggregation.discovered().map(({ resources, stale }) => [stale, ...(resources as { resource: string }[]).map(({ resource }) => resource)])
  expect(shown()).toEqual([[false, 'first']])
  const count = asked.length
  clock.step(59_000)
  const same = aggregation.discovered()
  expect(asked.length).toBe(count)
  names.push('second')
  clock.step(2000)
  const told = new Promise<void>((resolve) => void aggregation.onChange(resolve))
  expect([aggregation.discovered(), aggregation.discovered()]).toEqual([same, same])
  await told
  expect(shown()).toEqual([[false, 'first', 'second']])
  // Once, however many want it.
  expect(asked.slice(count).filter((url) => url === '/apis/x.io/v1')).toHaveLength(1)
})
