// What the cluster's own signers sign, and for how long requests are kept. Pure.
import { X509Certificate } from 'node:crypto'
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
const dayMs = 24 * hourMs

export const isHandled = ({ spec }: CertificateSigningRequest): boolean => handled.has(spec.signerName)

export const hasCondition = ({ status }: CertificateSigningRequest, type: string): boolean => status?.conditions?.some((condition) => condition.type === type) ?? false

const optionalUsages: readonly string[] = ['digital signature', 'key encipherment']
const keyEncipherment = 'key encipherment'

/** What a client of the API server may not ask for. */
function clientFault(usages: readonly string[]): string | undefined {
  const other = usages.find((usage) => usage !== 'client auth' && !optionalUsages.includes(usage))
  if (other !== undefined) return `invalid usage for client certificate: ${other}`
  return usages.includes('client auth') ? undefined : 'missing required usage for client certificate: client auth'
}

/** Keys that are not of RSA encipher none. */
function kubeletUsageFault(usages: readonly string[], extended: string): string | undefined {
  const needed = ['digital signature', extended]
  const exact = needed.every((usage) => usages.includes(usage)) && usages.every((usage) => needed.includes(usage) || usage === keyEncipherment)
  return exact ? undefined : `usages did not match [${[...needed, keyEncipherment].sort().join(' ')}]`
}

const organizationFault = ({ organizations }: RequestedSubject): string | undefined => (organizations.length === 1 && organizations[0] === 'system:nodes' ? undefined : 'subject organization is not system:nodes')
const nameFault = ({ commonName }: RequestedSubject): string | undefined => (commonName.startsWith('system:node:') ? undefined : 'subject common name does not begin with system:node:')
const notAllowed = (kind: string, names: readonly string[]): string | undefined => (names.length > 0 ? `${kind} subjectAltNames are not allowed` : undefined)

/** Why the signer refuses; undefined when it signs. */
export function signingFault({ spec: { signerName, usages = [] } }: CertificateSigningRequest, subject: RequestedSubject): string | undefined {
  const { dnsNames, emailAddresses, ipAddresses, uris } = subject
  switch (signerName) {
    // Such requests do not come through the API server; who gets one past it gains nothing.
    case signers.client: return clientFault(usages) ?? (subject.organizations.includes('system:masters') ? `use of ${signerName} signer with system:masters group is not allowed` : undefined)
    case signers.kubeletClient:
      return organizationFault(subject) ?? notAllowed('DNS', dnsNames) ?? notAllowed('Email', emailAddresses) ?? notAllowed('IP', ipAddresses) ?? notAllowed('URI', uris)
        ?? nameFault(subject) ?? kubeletUsageFault(usages, 'client auth')
    case signers.kubeletServing:
      return organizationFault(subject) ?? (dnsNames.length + ipAddresses.length === 0 ? 'DNS or IP subjectAltName is required' : undefined)
        ?? notAllowed('Email', emailAddresses) ?? notAllowed('URI', uris) ?? kubeletUsageFault(usages, 'server auth') ?? nameFault(subject)
    default: return `signer "${signerName}" is not one of this cluster`
  }
}

/** How long the request is still of use: what was answered an hour, and no longer than its certificate; what still waits a day. Others' conditions alone keep it for ever. */
export function keptForMs({ metadata, status: { conditions = [], certificate } = {} }: CertificateSigningRequest, nowMs: number): number {
  const since = (time: string | undefined, keptMs: number): number => (millisOf(time) ?? Infinity) + keptMs
  if (conditions.length === 0) return since(metadata.creationTimestamp, dayMs) - nowMs
  const ends = conditions.map(({ type, lastUpdateTime }) => {
    if (type === 'Denied' || type === 'Failed') return since(lastUpdateTime, hourMs)
    if (type !== 'Approved') return Infinity
    return certificate ? Math.min(since(lastUpdateTime, hourMs), endOf(certificate)) : since(lastUpdateTime, dayMs)
  })
  return Math.min(...ends) - nowMs
}

/** When the certificate is over. */
function endOf(certificate: string): number {
  try {
    return new X509Certificate(Buffer.from(certificate, 'base64')).validToDate.getTime()
  } catch {
    // Others' signers may have put there what they like.
    return Infinity
  }
}

/** The permissions by which a kubelet's own request is approved without asking anybody. */
export function selfApproval(request: CertificateSigningRequest, subject: RequestedSubject): { subresource: string; message: string }[] {
  if (request.spec.signerName !== signers.kubeletClient || signingFault(request, subject)) return []
  const node = { subresource: 'nodeclient', message: 'Auto approving kubelet client certificate after SubjectAccessReview.' }
  const own = { subresource: 'selfnodeclient', message: 'Auto approving self kubelet client certificate after SubjectAccessReview.' }
  return request.spec.username === subject.commonName ? [own, node] : [node]
}
