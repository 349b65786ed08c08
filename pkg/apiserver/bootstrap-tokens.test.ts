// Whom bootstrap tokens let in.
import type { Secret } from '../api/types-config.ts'
import { bootstrapUser } from './bootstrap-tokens.ts'
import { startServer, type TestServer } from './fixture.suite.ts'

const now = Date.UTC(2026, 0, 1)
const base64 = (text: string): string => Buffer.from(text).toString('base64')
const good = { 'token-id': 'abcdef', 'token-secret': '0123456789abcdef', 'usage-bootstrap-authentication': 'true' }
const secretOf = (data: Record<string, string>, more: Partial<Secret> = {}): Secret => ({
  apiVersion: 'v1', kind: 'Secret', metadata: { name: 'bootstrap-token-abcdef', namespace: 'kube-system' }, type: 'bootstrap.kubernetes.io/token',
  data: Object.fromEntries(Object.entries(data).map(([name, text]) => [name, base64(text)])), ...more,
})
const asked = { id: 'abcdef', secret: '0123456789abcdef', now }

it('lets in with the groups that are stated', () => {
  expect(bootstrapUser(secretOf(good), asked)).toEqual({ username: 'system:bootstrap:abcdef', groups: ['system:bootstrappers'] })
  const more = { ...good, expiration: '2026-01-01T00:00:01Z', 'auth-extra-groups': 'system:bootstrappers:worker,system:bootstrappers:a:b' }
  expect(bootstrapUser(secretOf(more), asked)?.groups).toEqual(['system:bootstrappers', 'system:bootstrappers:a:b', 'system:bootstrappers:worker'])
})

it.each<[string, Secret]>([
  ['another type', secretOf(good, { type: 'Opaque' })],
  ['another secret', secretOf({ ...good, 'token-secret': '0123456789abcdeg' })],
  ['a part of the secret', secretOf({ ...good, 'token-secret': '0123456789abcde' })],
  ['another id', secretOf({ ...good, 'token-id': 'fedcba' })],
  ['no such usage', secretOf({ ...good, 'usage-bootstrap-authentication': 'yes' })],
  ['the end', secretOf({ ...good, expiration: '2026-01-01T00:00:00Z' })],
  ['an end that is no time', secretOf({ ...good, expiration: 'tomorrow' })],
  ['a group of somebody else', secretOf({ ...good, 'auth-extra-groups': 'system:masters' })],
  ['a group with a second line', secretOf({ ...good, 'auth-extra-groups': 'system:bootstrappers:a\nsystem:masters' })],
  ['a secret in deletion', secretOf(good, { metadata: { name: 'bootstrap-token-abcdef', deletionTimestamp: '2026-01-01T00:00:00Z' } })],
])('lets nobody in by %s', (_, secret) => {
  expect(bootstrapUser(secret, asked)).toBeUndefined()
})

describe('over HTTPS', () => {
  let server: TestServer
  beforeAll(async () => {
    server = await startServer()
  })
  afterAll(() => server.stop())

  it('counts from the moment that the secret is there, until it is gone', async () => {
    const authorization = 'Bearer abcdef.0123456789abcdef'
    const whoAmI = () => server.call('POST', '/apis/authentication.k8s.io/v1/selfsubjectreviews', { as: 'nobody', headers: { authorization }, body: {} })
    expect((await whoAmI()).code).toBe(401)
    await server.call('POST', '/api/v1/namespaces', { body: { metadata: { name: 'kube-system' } } })
    expect((await server.call('POST', '/api/v1/namespaces/kube-system/secrets', { body: secretOf(good) })).code).toBe(201)
    // It is somebody now, who may not ask this here: the fixture has no roles.
    expect((await whoAmI()).text).toContain('system:bootstrap:abcdef')
    const review = { spec: { token: 'abcdef.0123456789abcdef' } }
    expect((await server.call('POST', '/apis/authentication.k8s.io/v1/tokenreviews', { body: review })).json).toMatchObject({
      status: { authenticated: true, user: { username: 'system:bootstrap:abcdef', groups: ['system:bootstrappers', 'system:authenticated'] } },
    })
    await server.call('DELETE', '/api/v1/namespaces/kube-system/secrets/bootstrap-token-abcdef')
    expect((await whoAmI()).code).toBe(401)
  })
})
