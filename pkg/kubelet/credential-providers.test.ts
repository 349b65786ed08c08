// Credential providers: real programs, asked once as long as their answer lasts.
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { KubeObject } from '../api/object.ts'
import type { Pod } from '../api/types-pod.ts'
import type { Client } from '../client/client.ts'
import { ManualClock } from '../util/clock.ts'
import { type CredentialProvider, CredentialProviders, parseCredentialProviders } from './credential-providers.ts'

const v1 = 'credentialprovider.kubelet.k8s.io/v1'
const directory = mkdtempSync(join(tmpdir(), 'kinglet-providers-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

const pod = { metadata: { name: 'p', namespace: 'ns', uid: 'u' }, spec: { serviceAccountName: 'robot', containers: [] } } as unknown as Pod
const clock = new ManualClock(1_000_000)
const logged: string[] = []

let made = 0
/** A provider that gives this answer; `asked` are the requests that it got. */
function provider(answer: object | string, more: Partial<CredentialProvider> = {}): { provider: CredentialProvider; asked: () => Record<string, unknown>[] } {
  const name = `p${++made}`
  const [program, log] = [join(directory, name), join(directory, `${name}.log`)]
  writeFileSync(program, `#!/bin/sh\n{ cat; echo; } >> ${log}\ncat <<'END'\n${typeof answer === 'string' ? answer : JSON.stringify(answer)}\nEND\n`)
  chmodSync(program, 0o755)
  return {
    provider: { name, matchImages: ['*.registry.example'], defaultCacheDuration: '1m', apiVersion: v1, ...more },
    asked: () => (existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n').map((line) => JSON.parse(line) as Record<string, unknown>) : []),
  }
}
const answer = (more: object = {}): object => ({ kind: 'CredentialProviderResponse', apiVersion: v1, cacheKeyType: 'Image', auth: { 'a.registry.example': { username: 'u', password: 'p' } }, ...more })

const providersOf = (...providers: CredentialProvider[]): CredentialProviders => new CredentialProviders({
  providers, binDirectory: directory, clock, log: (text) => logged.push(text),
  client: { get: async () => ({ metadata: { name: 'robot', namespace: 'ns', uid: 'account', annotations: { role: 'reader', other: 'x' } } }) as KubeObject } as unknown as Client,
  tokens: { token: async (_pod, { audience }) => ({ token: `token-for-${audience}`, refreshAtMs: Infinity, expirationTimestamp: '' }) },
})

const usernames = async (all: CredentialProviders, image: string): Promise<(string | undefined)[]> => (await all.logins(pod, image)).map(({ login }) => login.username)

it('is asked for images that it is for, and no others', async () => {
  const one = provider(answer())
  const all = providersOf(one.provider)
  expect(await usernames(all, 'a.registry.example/x:1')).toEqual(['u'])
  expect(await usernames(all, 'registry.example/x:1')).toEqual([])
  expect(await usernames(all, 'a.registry.example:5000/x:1')).toEqual([])
  expect(one.asked()).toEqual([{ kind: 'CredentialProviderRequest', apiVersion: v1, image: 'a.registry.example/x:1' }])
})

describe('how long an answer lasts, and for what', () => {
  const [first, sameHost, otherHost] = ['a.registry.example/x:1', 'a.registry.example/y:1', 'b.registry.example/x:1']
  it.each([
    ['Image', [first, first, sameHost, otherHost], 3], ['Registry', [first, sameHost, otherHost], 2], ['Global', [first, sameHost, otherHost], 1],
  ] as const)('%s', async (cacheKeyType, images, times) => {
    const one = provider(answer({ cacheKeyType }))
    const all = providersOf(one.provider)
    for (const image of images) await all.logins(pod, image)
    expect(one.asked()).toHaveLength(times)
    clock.step(60_001)
    await all.logins(pod, first)
    expect(one.asked()).toHaveLength(times + 1)
  })
  it.each([['0s', 2], ['1h', 1]])('its own word: %s', async (cacheDuration, times) => {
    const one = provider(answer({ cacheDuration }))
    const all = providersOf(one.provider)
    await all.logins(pod, first)
    clock.step(120_000)
    await all.logins(pod, first)
    expect(one.asked()).toHaveLength(times)
  })
  it('who asks at the same time gets the same answer', async () => {
    const one = provider(answer())
    const all = providersOf(one.provider)
    await Promise.all([all.logins(pod, first), all.logins(pod, first)])
    expect(one.asked()).toHaveLength(1)
  })
})

it('the most specific login is tried first', async () => {
  const auth = { '*.registry.example': { username: 'any' }, 'a.registry.example': { username: 'host' }, 'a.registry.example/team': { username: 'team' } }
  expect(await usernames(providersOf(provider(answer({ auth })).provider), 'a.registry.example/team/x:1')).toEqual(['team', 'host', 'any'])
})

it('gets the token and the annotations of the pod\'s account where it asks for them', async () => {
  const tokenAttributes = { serviceAccountTokenAudience: 'registry', cacheType: 'ServiceAccount', requireServiceAccount: true, requiredServiceAccountAnnotationKeys: ['role'], optionalServiceAccountAnnotationKeys: ['none'] } as const
  const one = provider(answer(), { tokenAttributes })
  const found = await providersOf(one.provider).logins(pod, 'a.registry.example/x:1')
  expect(found[0]?.owner).toEqual({ account: { namespace: 'ns', name: 'robot', uid: 'account' } })
  expect(one.asked()).toEqual([expect.objectContaining({ serviceAccountToken: 'token-for-registry', serviceAccountAnnotations: { role: 'reader' } })])
  const strict = provider(answer(), { tokenAttributes: { ...tokenAttributes, requiredServiceAccountAnnotationKeys: ['absent'] } })
  expect(await providersOf(strict.provider).logins(pod, 'a.registry.example/x:1')).toEqual([])
  expect(strict.asked()).toEqual([])
})

it.each<[string, object | string, RegExp]>([
  ['no JSON', 'hello', /it answered no JSON: hello/], ['another version', answer({ apiVersion: 'v9' }), /it answered as "v9"/], ['no key type', answer({ cacheKeyType: '' }), /cacheKeyType "" is none of/],
])('one that answers %s is told of, and the pull goes on without', async (_name, said, words) => {
  expect(await usernames(providersOf(provider(said).provider, provider(answer()).provider), 'a.registry.example/x:1')).toEqual(['u'])
  expect(logged.pop()).toMatch(words)
})

describe('the configuration', () => {
  const config = (more: object, top: object = {}): string => JSON.stringify({
    apiVersion: 'kubelet.config.k8s.io/v1', kind: 'CredentialProviderConfig', providers: [{ name: 'p', matchImages: ['x'], defaultCacheDuration: '1m', apiVersion: v1, ...more }], ...top,
  })
  it('is read', () => expect(parseCredentialProviders(config({}))).toMatchObject([{ name: 'p' }]))
  it.each<[object, object, RegExp]>([
    [{}, { kind: 'Other' }, /expected a CredentialProviderConfig/], [{}, { providers: [] }, /at least 1 item/], [{ name: '../p' }, {}, /without a path/],
    [{ apiVersion: 'v1' }, {}, /apiVersion "v1" is not one of/], [{ matchImages: [] }, {}, /matchImages is required/], [{ defaultCacheDuration: 'soon' }, {}, /is no duration/],
  ])('%j %j is refused', (more, top, words) => expect(() => parseCredentialProviders(config(more, top))).toThrow(words))
})
