// Who may approve and sign certificate requests, and whose rights nobody may ask for.
import 'reflect-metadata'
import { webcrypto } from 'node:crypto'
import { Pkcs10CertificateRequestGenerator } from '@peculiar/x509'
import { sampleRequest } from '../api/certificate-request.suite.ts'
import type { ApiRequest } from '../api/request.ts'
import { defaultAdmission } from '../registry/admission-plugins.ts'
import { builtinDefinitions } from '../registry/kinds.ts'
import { Registry } from '../registry/registry.ts'
import { MemoryStore } from '../storage/memory-store.ts'
import { ManualClock } from '../util/clock.ts'
import type { Attributes } from './authorizer.ts'
import { certificateGuard, subjectGuard } from './certificate-guard.ts'

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
    rulesFor: () => ({ resourceRules: [], nonResourceRules: [], rules: [], faults: [] }),
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
    ['reading', [], request('approval', { verb: 'get' }), undefined],
    ['the request itself', [], request(''), undefined],
    ['one that is not there', [], request('approval', { name: 'none' }), undefined],
  ])('%s', (_, grants, asked, expected) => {
    if (expected === undefined) expect(() => guard(grants)(asked)).not.toThrow()
    else expect(() => guard(grants)(asked)).toThrow(expected)
  })
})

describe('subjectGuard', () => {
  const signing = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
  it.each<[string, string, string, boolean]>([
    ['everything, of the signer of clients', 'kubernetes.io/kube-apiserver-client', 'CN=ann,O=devs,O=system:masters', false],
    ['something, of the signer of clients', 'kubernetes.io/kube-apiserver-client', 'CN=ann,O=devs', true],
    ['everything, of another', 'example.com/own', 'CN=ann,O=system:masters', true],
  ])('%s', async (_, signerName, name, allowed) => {
    const keys = await webcrypto.subtle.generateKey(signing, true, ['sign', 'verify'])
    const pem = (await Pkcs10CertificateRequestGenerator.create({ name, keys: keys as never, signingAlgorithm: signing })).toString('pem')
    const object = { metadata: { name: 'r' }, spec: { signerName, request: Buffer.from(pem).toString('base64'), usages: ['client auth'] } }
    const judged = (): unknown => subjectGuard({ verb: 'create', user: { username: 'jo', groups: [] }, group: 'certificates.k8s.io', version: 'v1', plural: 'certificatesigningrequests', options: {}, object: object as never })
    if (allowed) await judged()
    else await expect(judged()).rejects.toThrow('certificatesigningrequests.certificates.k8s.io "r" is forbidden: use of kubernetes.io/kube-apiserver-client signer with system:masters group is not allowed')
  })
})
