// Certificate signing: approves kubelets' own requests, signs what is approved, and forgets what is old.
import { formatTime } from '../api/times.ts'
import { subjectAccessReviews } from '../api/types-auth.ts'
import { certificateSigningRequests, type CertificateSigningRequest, type CertificateSigningRequestCondition } from '../api/types-certificates.ts'
import { controller, type Controller, type ReconcileContext, type ReconcileResult } from '../controller/controller.ts'
import { messageOf } from '../controller/refusals.ts'
import { removeObject } from '../controller/removal.ts'
import { millisOf } from './pod-facts.ts'
import { hasCondition, isHandled, keptForMs, selfApproval, signingFault, type RequestedSubject } from './certificate-signing-plan.ts'

/** Node and user certificates of a cluster, as it signs them. */
export interface CertificateSigner {
  /** What a request (PEM) asks for. Throws when it can't be read. */
  read(request: string): Promise<RequestedSubject>
  /** The certificate (PEM). */
  sign(request: string, options: { readonly usages: readonly string[]; readonly lifetimeMs?: number }): Promise<string>
}

export function certificateSigningController(signer: CertificateSigner): Controller {
  return controller<CertificateSigningRequest>({
    name: 'certificatesigningrequest',
    for: certificateSigningRequests,
    async reconcile(key, request, context) {
      if (!request || request.metadata.deletionTimestamp) return
      const { client, clock } = context
      const leftMs = keptForMs(request, clock.now())
      if (leftMs <= 0) {
        await removeObject(client, certificateSigningRequests, request)
        return
      }
      const open = await decide(request, signer, context)
      const waitMs = open ? Math.min(leftMs, retryAfterMs(request, clock.now())) : leftMs
      return waitMs === Infinity ? {} : { requeueAfterMs: waitMs } satisfies ReconcileResult
    },
  })
}

/** Whether a kubelet's request waits for a permission, which may come. */
async function decide(request: CertificateSigningRequest, signer: CertificateSigner, context: ReconcileContext): Promise<boolean> {
  if (!isHandled(request) || request.status?.certificate || hasCondition(request, 'Denied') || hasCondition(request, 'Failed')) return false
  const pem = Buffer.from(request.spec.request, 'base64').toString()
  const approved = hasCondition(request, 'Approved')
  let subject: RequestedSubject
  try {
    subject = await signer.read(pem)
  } catch (error) {
    if (approved) await write(request, 'status', { type: 'Failed', reason: 'SignerValidationFailure', message: messageOf(error) }, context)
    return false
  }
  if (!approved) return approve(request, selfApproval(request, subject), context)
  const fault = signingFault(request, subject)
  if (fault) {
    await write(request, 'status', { type: 'Failed', reason: 'SignerValidationFailure', message: fault }, context)
    return false
  }
  const { expirationSeconds, usages = [] } = request.spec
  const certificate = await signer.sign(pem, { usages, ...(expirationSeconds === undefined ? {} : { lifetimeMs: expirationSeconds * 1000 }) })
  const status = { ...request.status, certificate: Buffer.from(certificate).toString('base64') }
  await context.client.update(certificateSigningRequests, { ...request, status }, { subresource: 'status' })
  return false
}

/** As long as it has waited already, so that the waits double. */
const retryAfterMs = ({ metadata }: CertificateSigningRequest, nowMs: number): number => Math.min(Math.max(nowMs - (millisOf(metadata.creationTimestamp) ?? nowMs), 1000), 1_000_000)

async function write(request: CertificateSigningRequest, subresource: string, condition: Pick<CertificateSigningRequestCondition, 'type' | 'reason' | 'message'>, { client, clock }: ReconcileContext): Promise<void> {
  const time = formatTime(clock.now())
  const conditions = [...(request.status?.conditions ?? []), { ...condition, status: 'True', lastUpdateTime: time, lastTransitionTime: time }]
  await client.update(certificateSigningRequests, { ...request, status: { ...request.status, conditions } }, { subresource })
}

/** Approves when who asks has one of the permissions for it; whether it has none of some. */
async function approve(request: CertificateSigningRequest, permissions: ReturnType<typeof selfApproval>, context: ReconcileContext): Promise<boolean> {
  const { username = '', uid, groups = [], extra } = request.spec
  for (const { subresource, message } of permissions) {
    const { status } = await context.client.create(subjectAccessReviews, {
      apiVersion: 'authorization.k8s.io/v1', kind: 'SubjectAccessReview', metadata: {},
      spec: {
        user: username, groups: [...groups], ...(uid ? { uid } : {}), ...(extra ? { extra } : {}),
        resourceAttributes: { group: 'certificates.k8s.io', resource: 'certificatesigningrequests', verb: 'create', subresource, version: '*' },
      },
    })
    if (!status?.allowed) continue
    await write(request, 'approval', { type: 'Approved', reason: 'AutoApproved', message }, context)
    return false
  }
  return permissions.length > 0
}
