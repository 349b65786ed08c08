// Pods with claims for devices on a node that can prepare none.
import { notFound } from '../api/status-error.ts'
import { resourceClaims, type ResourceClaim } from '../api/types-device.ts'
import type { Pod } from '../api/types-pod.ts'
import type { Client } from '../client/client.ts'
import { claimFault } from './pod-claims.ts'

const pod = (entry: { resourceClaimName?: string; resourceClaimTemplateName?: string }, status?: Pod['status']): Pod =>
  ({ metadata: { namespace: 'a', name: 'p', uid: 'u' }, spec: { containers: [], resourceClaims: [{ name: 'd', ...entry }] }, ...(status ? { status } : {}) })
const reserved = { reservedFor: [{ resource: 'pods', name: 'p', uid: 'u' }] }
const results = [{ driver: 'gpu.example.com' }]

it.each<[string, Pod, ResourceClaim['status'] | null, string | undefined]>([
  ['no claim yet', pod({ resourceClaimTemplateName: 't' }), null, 'pod "a/p": ResourceClaim not created yet'],
  ['none needed', pod({ resourceClaimTemplateName: 't' }, { resourceClaimStatuses: [{ name: 'd' }] }), null, undefined],
  ['claim gone', pod({ resourceClaimName: 'c' }), null, 'fetch ResourceClaim c: resourceclaims.resource.k8s.io "c" not found'],
  ['claim of another pod', pod({ resourceClaimTemplateName: 't' }, { resourceClaimStatuses: [{ name: 'd', resourceClaimName: 'c' }] }), reserved, 'ResourceClaim a/c was not created for pod a/p (pod is not owner)'],
  ['claim that is not reserved', pod({ resourceClaimName: 'c' }), {}, 'pod p (u) is not allowed to use ResourceClaim c (claim)'],
  ['claim that is not allocated', pod({ resourceClaimName: 'c' }), reserved, 'ResourceClaim c: not allocated'],
  ['devices of a driver', pod({ resourceClaimName: 'c' }), { ...reserved, allocation: { devices: { results } } }, 'DRA driver gpu.example.com is not registered'],
  ['no devices', pod({ resourceClaimName: 'c' }), { ...reserved, allocation: {} }, undefined],
])('%s', async (_, one, status, expected) => {
  const client = {
    get: async (_resource: unknown, { namespace, name }: { namespace: string; name: string }) => {
      if (!status) throw notFound(resourceClaims, name)
      return { metadata: { namespace, name, uid: 'claim' }, spec: {}, status }
    },
  } as unknown as Client
  expect(await claimFault(one, client)).toBe(expected)
})
