// CertificateSigningRequest: a request for a certificate, approved and signed by others.
import { humanDuration } from '../../api/human-duration.ts'
import type { KubeObject } from '../../api/object.ts'
import { formatTime } from '../../api/times.ts'
import type { RuleContext } from '../definition.ts'
import { ageColumn, nameColumn, none, text } from './columns.ts'
import { define, named, subresource } from './define.ts'
import type { Errors } from './rules.ts'
import { checkDnsSubdomain, checkImmutable, duplicate, invalid, notSupported, required } from './rules.ts'

interface Condition {
  type: string
  status: string
  reason?: string
  message?: string
  lastUpdateTime?: string
  lastTransitionTime?: string
}

interface SigningRequest extends KubeObject {
  spec: {
    request?: string
    signerName?: string
    expirationSeconds?: number
    usages?: string[]
    username?: string
    uid?: string
    groups?: string[]
    extra?: Record<string, readonly string[]>
  }
  status?: { conditions?: Condition[]; certificate?: string }
}

const usages = [
  'any', 'cert sign', 'client auth', 'code signing', 'content commitment', 'crl sign', 'data encipherment', 'decipher only', 'digital signature', 'email protection',
  'encipher only', 'ipsec end system', 'ipsec tunnel', 'ipsec user', 'key agreement', 'key encipherment', 'microsoft sgc', 'netscape sgc', 'ocsp signing', 's/mime',
  'server auth', 'signing', 'timestamping',
]

function conditionText({ status }: SigningRequest): string {
  const types = (status?.conditions ?? []).map(({ type }) => type)
  const decided = types.includes('Denied') ? 'Denied' : types.includes('Approved') ? 'Approved' : 'Pending'
  return [decided, ...(types.includes('Failed') ? ['Failed'] : []), ...(status?.certificate ? ['Issued'] : [])].join(',')
}

function isRequest(base64: string | undefined): boolean {
  return /-----BEGIN (NEW )?CERTIFICATE REQUEST-----/.test(Buffer.from(base64 ?? '', 'base64').toString('latin1'))
}

function checkConditions(out: Errors, conditions: readonly Condition[]): void {
  const types = new Set<string>()
  for (const [index, { type, status }] of conditions.entries()) {
    const path = `status.conditions[${index}]`
    if (!type) out.push(required(`${path}.type`))
    if ((type === 'Approved' || type === 'Denied' || type === 'Failed') && status !== 'True') out.push(notSupported(`${path}.status`, status ?? '', ['True']))
    if (types.has(type)) out.push(duplicate(`${path}.type`, type))
    types.add(type)
  }
  if (types.has('Approved') && types.has('Denied')) out.push(invalid('status.conditions', 'Denied', 'Approved and Denied conditions are mutually exclusive'))
}

function validate({ spec, status }: SigningRequest, old?: SigningRequest): Errors {
  const out: Errors = []
  if (!isRequest(spec.request)) out.push(invalid('spec.request', spec.request ?? '', 'PEM block type must be CERTIFICATE REQUEST'))
  if (!spec.usages?.length) out.push(required('spec.usages'))
  for (const [index, usage] of (spec.usages ?? []).entries()) {
    if (!usages.includes(usage)) out.push(notSupported(`spec.usages[${index}]`, usage, usages))
    if (spec.usages?.indexOf(usage) !== index) out.push(duplicate(`spec.usages[${index}]`, usage))
  }
  const [domain = '', ...path] = (spec.signerName ?? '').split('/')
  if (!spec.signerName) out.push(required('spec.signerName'))
  else if (path.length !== 1 || path[0] === '') out.push(invalid('spec.signerName', spec.signerName, 'must be a fully qualified domain and path of the form \'example.com/signer-name\''))
  else checkDnsSubdomain(out, 'spec.signerName', domain)
  if (spec.expirationSeconds !== undefined && spec.expirationSeconds < 600) {
    out.push(invalid('spec.expirationSeconds', spec.expirationSeconds, 'may not specify a duration less than 600 seconds (10 minutes)'))
  }
  checkConditions(out, status?.conditions ?? [])
  if (old) checkImmutable(out, 'spec', spec, old.spec)
  return out
}

const decisions = new Set(['Approved', 'Denied'])

/** Status keeps every decision as it stands, where the body has it; what the body left out comes last. */
function keepDecisions(stored: readonly Condition[], body: readonly Condition[]): Condition[] {
  const standing = new Map(stored.filter(({ type }) => decisions.has(type)).map((condition) => [condition.type, condition]))
  const kept = body.flatMap((condition) => {
    if (!decisions.has(condition.type)) return [condition]
    const old = standing.get(condition.type)
    standing.delete(condition.type)
    return old ? [old] : []
  })
  return [...kept, ...standing.values()]
}

const conditionsOf = (object: KubeObject): Condition[] => (object as SigningRequest).status?.conditions ?? []

/** A time that the client left out is now; a condition that holds on keeps the time since when it does. */
function dateConditions(draft: SigningRequest, old: SigningRequest, { clock }: RuleContext): void {
  const now = formatTime(clock.now())
  const { conditions = [], ...rest } = draft.status ?? {}
  const dated = conditions.map((condition) => {
    const before = conditionsOf(old).find(({ type, status }) => type === condition.type && status === condition.status)
    return { ...condition, lastUpdateTime: condition.lastUpdateTime ?? now, lastTransitionTime: condition.lastTransitionTime ?? before?.lastTransitionTime ?? now }
  })
  draft.status = { ...rest, ...(dated.length > 0 ? { conditions: dated } : {}) }
}

export default define(named<SigningRequest>('certificates.k8s.io/v1', 'certificatesigningrequests'), {
  generation: false,
  names: 'path-segment',
  prepareCreate(draft, { user }) {
    const { request, signerName, expirationSeconds, usages: asked } = draft.spec ?? {}
    draft.spec = {
      request, signerName, usages: asked, ...(expirationSeconds === undefined ? {} : { expirationSeconds }),
      username: user.username,
      groups: [...user.groups],
      ...(user.uid ? { uid: user.uid } : {}),
      ...(user.extra && Object.keys(user.extra).length > 0 ? { extra: { ...user.extra } } : {}),
    }
  },
  prepareUpdate(draft, old) {
    draft.spec = old.spec
  },
  defaults(draft) {
    draft.spec ??= {}
  },
  validate,
  fields: { 'spec.signerName': ({ spec }) => spec.signerName ?? '' },
  subresources: [
    subresource<SigningRequest>('approval', {
      merge: (stored, body) => ({ ...stored, metadata: body.metadata, status: { ...stored.status, conditions: conditionsOf(body) } }),
      prepareUpdate: dateConditions,
      validate,
    }),
    subresource<SigningRequest>('status', {
      merge: (stored, body) => ({
        ...stored, metadata: body.metadata, status: { ...(body as SigningRequest).status, conditions: keepDecisions(conditionsOf(stored), conditionsOf(body)) },
      }),
      prepareUpdate: dateConditions,
      validate,
    }),
  ],
  columns: [
    nameColumn,
    ageColumn,
    text('SignerName', 'Who is asked to sign.', ({ spec }) => spec.signerName || none),
    text('Requestor', 'User that asked.', ({ spec }) => spec.username ?? ''),
    text('RequestedDuration', 'How long the certificate should be valid.', ({ spec }) => (spec.expirationSeconds === undefined ? none : humanDuration(spec.expirationSeconds * 1000))),
    text('Condition', 'Whether the request is approved, denied, failed or issued.', conditionText),
  ],
})
