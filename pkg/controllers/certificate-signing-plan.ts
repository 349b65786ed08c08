// What the cluster's own signers sign, and for how long requests are kept. Pure.
import type { CertificateSigningRequest } from '../api/types-certificates.ts'
import { millisOf } from './pod-facts.ts'

/** What the request itself asks for. */
export interface RequestedSubject {
  readonly commonName: string
  readonly organizations: readonly string[]
  readonly dnsNames: readonly string[]
  readonly ipAddresses: readonly string[]
  readonly emailAddresses: readonly string[]
  readonly uris: readonly string[]
}

export const signers = {
  client: 'kubernetes.io/kube-apiserver-client',
  kubeletClient: 'kubernetes.io/kube-apiserver-client-kubelet',
  kubeletServing: 'kubernetes.io/kubelet-serving',
} as const

const handled: ReadonlySet<string> = new Set(Object.values(signers))
const hourMs = 3_600_000

export const isHandled = ({ spec }: CertificateSigningRequest): boolean => handled.has(spec.signerName)

export const hasCondition = ({ status }: CertificateSigningRequest, type: string): boolean => status?.conditions?.some((condition) => condition.type === type) ?? false

const isNode = ({ commonName, organizations }: RequestedSubject): boolean => commonName.startsWith('system:node:') && organizations.join() === 'system:nodes'
const hasOnly = (usages: readonly string[], needed: readonly string[]): boolean =>
  needed.every((usage) => usages.includes(usage)) && usages.every((usage) => needed.includes(usage) || usage === 'key encipherment' || usage === 'digital signature')

/** Why the signer refuses; undefined when it signs. */
export function signingFault({ spec }: CertificateSigningRequest, subject: RequestedSubject): string | undefined {
  const usages = spec.usages ?? []
  const names = subject.dnsNames.length + subject.ipAddresses.length
  const others = subject.emailAddresses.length + subject.uris.length
  switch (spec.signerName) {
    case signers.client:
      if (!hasOnly(usages, ['client auth'])) return `invalid usages for signer "${spec.signerName}": expected client auth and no other extended usage`
      return subject.organizations.includes('system:masters') ? `use of ${spec.signerName} signer with system:masters group is not allowed` : undefined
    case signers.kubeletClient:
      if (!hasOnly(usages, ['client auth', 'digital signature'])) return `invalid usages for signer "${spec.signerName}": expected digital signature and client auth`
      if (!isNode(subject)) return 'subject organization is not system:nodes, or subject common name does not begin with system:node:'
      return names + others > 0 ? 'DNS, IP, Email and URI subjectAltNames are not allowed' : undefined
    case signers.kubeletServing:
      if (!hasOnly(usages, ['server auth', 'digital signature'])) return `invalid usages for signer "${spec.signerName}": expected digital signature and server auth`
      if (!isNode(subject)) return 'subject organization is not system:nodes, or subject common name does not begin with system:node:'
      if (names === 0) return 'DNS or IP subjectAltName is required'
      if (spec.username !== subject.commonName) return 'subject common name is not the requestor'
      return others > 0 ? 'Email and URI subjectAltNames are not allowed' : undefined
    default: return `signer "${spec.signerName}" is not one of this cluster`
  }
}

/** How long the request is still of use: decided ones an hour, undecided ones a day. */
export function keptForMs({ metadata, status }: CertificateSigningRequest, nowMs: number): number {
  const decided = status?.conditions?.find(({ type }) => type === 'Approved' || type === 'Denied' || type === 'Failed')
  const sinceMs = millisOf(decided?.lastUpdateTime ?? decided?.lastTransitionTime ?? metadata.creationTimestamp) ?? nowMs
  return sinceMs + (decided ? hourMs : 24 * hourMs) - nowMs
}

/** The permission by which a kubelet's own request is approved without asking anybody. */
export function selfApproval({ spec }: CertificateSigningRequest, subject: RequestedSubject): { subresource: string; message: string }[] {
  if (spec.signerName !== signers.kubeletClient || !isNode(subject)) return []
  const node = { subresource: 'nodeclient', message: 'Auto approving kubelet client certificate after SubjectAccessReview.' }
  const own = { subresource: 'selfnodeclient', message: 'Auto approving self kubelet client certificate after SubjectAccessReview.' }
  return spec.username === subject.commonName ? [own, node] : [node]
}
