import { sampleRequest } from '../api/certificate-request.suite.ts'
import type { ApiRequest } from '../api/request.ts'
import { defaultAdmission } from '../registry/admission-plugins.ts'
import { builtinDefinitions } from '../registry/kinds.ts'
import { Registry } from '../registry/registry.ts'
import { MemoryStore } from '../storage/memory-store.ts'
import { ManualClock } from '../util/clock.ts'
import type { Attributes } from './authorizer.ts'
import { certificateGuard } from './certificate-guard.ts'

describe('certificateGuard', () => {
  const registry = new Registry({ store: new MemoryStore(), clock: new ManualClock(), definitions: builtinDefinitions(), admission: defaultAdmission, allocators: [] })
  const user = { username: 'jo', groups: [] }
  beforeAll(async () => {
    await registry.create(registry.definition('certificates.k8s.io', 'v1', 'certificatesigningrequests')!, {
      user, options: {}, object: {
        apiVersion: 'certificates.k8s.io/v1', kind: 'CertificateSigningRequest', metadata: { name: 'r' },
        spec: { request: Buffer.from(sampleRequest).toString('base64'), signerName: 'example.com/own', usages: ['client auth'] },
      } as never,
    })
  })
  afterAll(() => registry.stop())

  const guard = (grants: readonly string[]): ((request: ApiRequest) => void) => certificateGuard(registry, {
    authorize: (asked: Attributes) => ({ allowed: 'resource' in asked && asked.resource === 'signers' && grants.includes(`${asked.verb} ${asked.name}`) }),
    rulesFor: () => ({ resourceRules: [], nonResourceRules: [], rules: [] }),
  })
  const request = (subresource: string, more: Partial<ApiRequest> = {}): ApiRequest =>
    ({ verb: 'update', user, group: 'certificates.k8s.io', version: 'v1', plural: 'certificatesigningrequests', subresource, name: 'r', options: {}, ...more })

  it.each<[string, string[], ApiRequest, string | undefined]>([
    ['no permission', [], request('approval'), 'certificatesigningrequests.certificates.k8s.io "r" is forbidden: user not permitted to approve requests with signerName "example.com/own"'],
    ['for this signer', ['approve example.com/own'], request('approval'), undefined],
    ['for all of the domain', ['approve example.com/*'], request('approval', { verb: 'patch' }), undefined],
    ['for another', ['approve example.com/other'], request('approval'), 'user not permitted to approve'],
    ['approving is not signing', ['approve example.com/own'], request('status'), 'user not permitted to sign requests with signerName "example.com/own"'],
    ['signing', ['sign example.com/own'], request('status'), undefined],
    ['the request itself', [], request(''), undefined],
    ['one that is not there', [], request('approval', { name: 'none' }), undefined],
  ])('%s', (_, grants, asked, expected) => {
    if (expected === undefined) expect(() => guard(grants)(asked)).not.toThrow()
    else expect(() => guard(grants)(asked)).toThrow(expected)
  })
})
