import type { CertificateSigningRequest } from '../api/types-certificates.ts'
import { keptForMs, selfApproval, signers, signingFault, type RequestedSubject } from './certificate-signing-plan.ts'

const request = (signerName: string, usages: string[], more: Partial<CertificateSigningRequest['spec']> = {}): CertificateSigningRequest =>
  ({ metadata: { creationTimestamp: '2026-01-01T00:00:00Z' }, spec: { request: '', signerName, usages, ...more } })
const subject = (more: Partial<RequestedSubject> = {}): RequestedSubject => ({ commonName: 'jane', organizations: [], dnsNames: [], ipAddresses: [], emailAddresses: [], uris: [], ...more })
const node = (more: Partial<RequestedSubject> = {}): RequestedSubject => subject({ commonName: 'system:node:a', organizations: ['system:nodes'], ...more })

describe('signingFault', () => {
  const serving = ['server auth', 'digital signature']
  const kubelet = ['client auth', 'digital signature', 'key encipherment']
  it.each<[string, CertificateSigningRequest, RequestedSubject, RegExp | undefined]>([
    ['a user', request(signers.client, ['client auth']), subject(), undefined],
    ['a user who wants to be a server too', request(signers.client, ['client auth', 'server auth']), subject(), /invalid usages/],
    ['a user without usages', request(signers.client, []), subject(), /invalid usages/],
    ['a user who wants everything', request(signers.client, ['client auth']), subject({ organizations: ['dev', 'system:masters'] }), /system:masters/],
    ['a kubelet', request(signers.kubeletClient, kubelet), node(), undefined],
    ['a kubelet in another group', request(signers.kubeletClient, kubelet), node({ organizations: ['system:nodes', 'system:masters'] }), /organization/],
    ['a kubelet with names', request(signers.kubeletClient, kubelet), node({ dnsNames: ['x'] }), /not allowed/],
    ['a serving kubelet', request(signers.kubeletServing, serving, { username: 'system:node:a' }), node({ ipAddresses: ['10.0.0.1'] }), undefined],
    ['a serving kubelet for another node', request(signers.kubeletServing, serving, { username: 'system:node:b' }), node({ ipAddresses: ['10.0.0.1'] }), /requestor/],
    ['a serving kubelet without names', request(signers.kubeletServing, serving, { username: 'system:node:a' }), node(), /required/],
    ['another signer', request('example.com/own', ['client auth']), subject(), /not one of this cluster/],
  ])('%s', (_, asked, whom, expected) => expected ? expect(signingFault(asked, whom)).toMatch(expected) : expect(signingFault(asked, whom)).toBeUndefined())
})

it('only kubelets approve themselves', () => {
  const asked = request(signers.kubeletClient, [], { username: 'system:node:a' })
  expect(selfApproval(asked, node()).map(({ subresource }) => subresource)).toEqual(['selfnodeclient', 'nodeclient'])
  expect(selfApproval(asked, node({ commonName: 'system:node:b' })).map(({ subresource }) => subresource)).toEqual(['nodeclient'])
  expect(selfApproval(asked, subject())).toEqual([])
})

it('decided requests are kept for an hour, open ones for a day', () => {
  const nowMs = Date.parse('2026-01-01T02:00:00Z')
  const asked = request(signers.client, [])
  expect(keptForMs(asked, nowMs)).toBe(22 * 3_600_000)
  expect(keptForMs({ ...asked, status: { conditions: [{ type: 'Denied', status: 'True', lastUpdateTime: '2026-01-01T01:30:00Z' }] } }, nowMs)).toBe(30 * 60_000)
})
