// CertificateSigningRequest: a request for a certificate, approved and signed by others.
import { requestFault } from '../../api/certificate-request.ts'
import { humanDuration } from '../../api/human-duration.ts'
import type { KubeObject } from '../../api/object.ts'
import { certificatesFault } from '../../api/pem.ts'
import { formatTime } from '../../api/times.ts'
import type { RuleContext } from '../definition.ts'
import { ageColumn, nameColumn, none, text } from './columns.ts'
import { define, named, subresource } from './define.ts'
import { goDiff, goForm, type GoShape } from './go-values.ts'
import type { Errors } from './rules.ts'
import { checkOneOf, duplicate, forbiddenField, invalid, notSupported, repeats, required, same } from './rules.ts'
import { checkSignerName } from './signer-name.ts'

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
  status?: { conditions?: readonly Condition[]; certificate?: string }
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

const conditionShape: GoShape = {
  Type: ['type', ''], Status: ['status', ''], Reason: ['reason', ''], Message: ['message', ''], LastUpdateTime: ['lastUpdateTime', null], LastTransitionTime: ['lastTransitionTime', null],
}

const allStatuses = ['False', 'True', 'Unknown']
const lasting = ['Approved', 'Denied', 'Failed']
const decisions = ['Approved', 'Denied']

const conditionsOf = (object: KubeObject | undefined): readonly Condition[] => (object as SigningRequest | undefined)?.status?.conditions ?? []
const ofType = (conditions: readonly Condition[], wanted: string): Condition[] => conditions.filter(({ type }) => type === wanted)
const inGoForm = (conditions: readonly Condition[]): unknown[] => conditions.map((condition) => goForm(condition, conditionShape))
const pemOf = (base64: string | undefined): string => Buffer.from(base64 ?? '', 'base64').toString('latin1')

const hasDuplicates = (values: readonly string[]): boolean => new Set(values).size < values.length
const isDecided = (conditions: readonly Condition[]): boolean => decisions.every((type) => ofType(conditions, type).length > 0)

/** What the object before an update had wrong already is let be. */
function checkConditions(out: Errors, conditions: readonly Condition[], old: readonly Condition[]): void {
  const earlier = new Set<string>()
  for (const [index, { type = '', status = '' }] of conditions.entries()) {
    const path = `status.conditions[${index}]`
    if (type === '' && !old.some((condition) => !condition.type)) out.push(required(`${path}.type`))
    checkOneOf(out, `${path}.status`, status, lasting.includes(type) ? ['True'] : allStatuses)
    const other = type === 'Approved' ? 'Denied' : type === 'Denied' ? 'Approved' : undefined
    if (other && earlier.has(other) && !isDecided(old)) out.push(invalid('status.conditions', type, 'Approved and Denied conditions are mutually exclusive'))
    if (earlier.has(type) && !hasDuplicates(old.map((condition) => condition.type))) out.push(duplicate(`${path}.type`, type))
    earlier.add(type)
  }
}

const legacySigner = 'kubernetes.io/legacy-unknown'

function checkSpec(out: Errors, { request, usages: asked = [], signerName = '', expirationSeconds }: SigningRequest['spec'], old: SigningRequest['spec'] | undefined): void {
  const fault = requestFault(pemOf(request))
  if (fault) out.push(invalid('spec.request', request ?? '', fault))
  if (asked.length === 0) out.push(required('spec.usages'))
  if (!old?.usages?.some((usage) => !usages.includes(usage))) {
    for (const [index, usage] of asked.entries()) if (!usages.includes(usage)) out.push(notSupported(`spec.usages[${index}]`, usage, usages))
  }
  if (!hasDuplicates(old?.usages ?? [])) {
    for (const index of repeats(asked)) out.push(duplicate(`spec.usages[${index}]`, asked[index]))
  }
  if (signerName === legacySigner && old?.signerName !== legacySigner) out.push(invalid('spec.signerName', signerName, 'the legacy signerName is not allowed via this API version'))
  else checkSignerName(out, 'spec.signerName', signerName)
  if (expirationSeconds !== undefined && expirationSeconds < 600) {
    out.push(invalid('spec.expirationSeconds', expirationSeconds, 'may not specify a duration less than 600 seconds (10 minutes)'))
  }
}

function checkCertificate(out: Errors, certificate = '', old: string | undefined): void {
  if (old !== undefined && (certificate === old || certificatesFault(pemOf(old)))) return
  const fault = certificatesFault(pemOf(certificate))
  if (fault) out.push(invalid('status.certificate', '<certificate data>', fault))
}

/** What a write may do that others may not: give the certificate, or decide. */
interface Powers {
  readonly certify?: boolean
  readonly decide?: boolean
}

function checkChange(out: Errors, object: SigningRequest, old: SigningRequest, { certify, decide }: Powers): void {
  const path = 'status.conditions'
  const [now, before] = [conditionsOf(object), conditionsOf(old)]
  const grown = (type: string): number => ofType(now, type).length - ofType(before, type).length
  for (const type of lasting) if (grown(type) < 0) out.push(forbiddenField(path, `updates may not remove a condition of type ${JSON.stringify(type)}`))
  if (!decide) {
    for (const type of decisions) {
      if (grown(type) > 0) out.push(forbiddenField(path, `updates may not add a condition of type ${JSON.stringify(type)}`))
      else if (grown(type) === 0 && !same(ofType(now, type), ofType(before, type))) out.push(forbiddenField(path, `updates may not modify a condition of type ${JSON.stringify(type)}\n${goDiff(inGoForm(ofType(before, type)), inGoForm(ofType(now, type)))}`))
    }
  }
  const [certificate, oldCertificate] = [object.status?.certificate ?? '', old.status?.certificate ?? '']
  if (certificate === oldCertificate) return
  if (!certify) out.push(forbiddenField('status.certificate', 'updates may not set certificate content'))
  else if (oldCertificate !== '') out.push(forbiddenField('status.certificate', 'updates may not modify existing certificate content'))
}

const checkWith = (powers: Powers) => (object: SigningRequest, old?: SigningRequest): Errors => {
  const out: Errors = []
  checkSpec(out, object.spec, old?.spec)
  checkConditions(out, conditionsOf(object), conditionsOf(old))
  checkCertificate(out, object.status?.certificate, old && (old.status?.certificate ?? ''))
  if (old) checkChange(out, object, old, powers)
  return out
}

/** Status leaves every decision as it stands, where the body has as many of its type; what it adds or takes away is refused later. */
function keepDecisions(stored: readonly Condition[], body: readonly Condition[]): Condition[] {
  const standing = new Map(decisions.map((type) => [type, ofType(stored, type)]))
  const settled = new Set(decisions.filter((type) => ofType(stored, type).length === ofType(body, type).length))
  return body.map((condition) => (settled.has(condition.type) ? standing.get(condition.type)?.shift() ?? condition : condition))
}

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
  validate: checkWith({}),
  fields: { 'spec.signerName': ({ spec }) => spec.signerName ?? '' },
  subresources: [
    subresource<SigningRequest>('approval', {
      merge: (stored, body) => ({ ...stored, metadata: body.metadata, status: { ...stored.status, conditions: conditionsOf(body) } }),
      prepareUpdate: dateConditions,
      validate: checkWith({ decide: true }),
    }),
    subresource<SigningRequest>('status', {
      merge: (stored, body) => ({
        ...stored, metadata: body.metadata, status: { ...(body as SigningRequest).status, conditions: keepDecisions(conditionsOf(stored), conditionsOf(body)) },
      }),
      prepareUpdate: dateConditions,
      validate: checkWith({ certify: true }),
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
