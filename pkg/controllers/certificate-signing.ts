// Certificate signing: approves kubelets' own requests, signs what is approved, and forgets what is old.
import { formatTime } from '../api/times.ts'
import { subjectAccessReviews } from '../api/types-auth.ts'
import { certificateSigningRequests, type CertificateSigningRequest, type CertificateSigningRequestCondition } from '../api/types-certificates.ts'
import { controller, type Controller, type ReconcileContext, type ReconcileResult } from '../controller/controller.ts'
import { isGone, messageOf } from '../controller/refusals.ts'
import { hasCondition, isHandled, keptForMs, selfApproval, signingFault, type RequestedSubject } from './certificate-signing-plan.ts'

/** Node and user certificates of a cluster, as it signs them. */
export interface CertificateSigner {
  /** What a request (PEM) asks for. Throws when it can't be read. */
  read(request: string): Promise<RequestedSubject>
  /** The certificate (PEM). */
  sign(request: string, options: { readonly usage: 'client' | 'server'; readonly lifetimeMs?: number }): Promise<string>
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
        await client.delete(certificateSigningRequests, key, { preconditions: { uid: request.metadata.uid } }).catch((error: unknown) => {
          if (!isGone(error)) throw error
        })
        return
      }
      await decide(request, signer, context)
      return { requeueAfterMs: leftMs } satisfies ReconcileResult
    },
  })
}

async function decide(request: CertificateSigningRequest, signer: CertificateSigner, context: ReconcileContext): Promise<void> {
  if (!isHandled(request) || request.status?.certificate || hasCondition(request, 'Denied') || hasCondition(request, 'Failed')) return
  const pem = Buffer.from(request.spec.request, 'base64').toString()
  const approved = hasCondition(request, 'Approved')
  let subject: RequestedSubject
  try {
    subject = await signer.read(pem)
  } catch (error) {
    if (approved) await write(request, 'status', { type: 'Failed', reason: 'SignerValidationFailure', message: messageOf(error) }, context)
    return
  }
  const fault = signingFault(request, subject)
  if (!approved) {
    const message = fault ? undefined : await mayApprove(request, subject, context)
    if (message) await write(request, 'approval', { type: 'Approved', reason: 'AutoApproved', message }, context)
    return
  }
  if (fault) return write(request, 'status', { type: 'Failed', reason: 'SignerValidationFailure', message: fault }, context)
  const { expirationSeconds, usages = [] } = request.spec
  const certificate = await signer.sign(pem, {
    usage: usages.includes('server auth') ? 'server' : 'client', ...(expirationSeconds === undefined ? {} : { lifetimeMs: expirationSeconds * 1000 }),
  })
  const status = { ...request.status, certificate: Buffer.from(certificate).toString('base64') }
  await context.client.update(certificateSigningRequests, { ...request, status }, { subresource: 'status' })
}

async function write(request: CertificateSigningRequest, subresource: string, condition: Pick<CertificateSigningRequestCondition, 'type' | 'reason' | 'message'>, { client, clock }: ReconcileContext): Promise<void> {
  const time = formatTime(clock.now())
  const conditions = [...(request.status?.conditions ?? []), { ...condition, status: 'True', lastUpdateTime: time, lastTransitionTime: time }]
  await client.update(certificateSigningRequests, { ...request, status: { ...request.status, conditions } }, { subresource })
}

/** The message of an approval, when who asks has the permission for it. */
async function mayApprove({ spec }: CertificateSigningRequest, subject: RequestedSubject, { client }: ReconcileContext): Promise<string | undefined> {
  for (const { subresource, message } of selfApproval({ metadata: {}, spec }, subject)) {
    const { status } = await client.create(subjectAccessReviews, {
      apiVersion: 'authorization.k8s.io/v1', kind: 'SubjectAccessReview', metadata: {},
      spec: {
        user: spec.username ?? '', groups: [...(spec.groups ?? [])],
        resourceAttributes: { group: 'certificates.k8s.io', resource: 'certificatesigningrequests', verb: 'create', subresource, version: '*' },
      },
    })
    if (status?.allowed) return message
  }
  return undefined
}
