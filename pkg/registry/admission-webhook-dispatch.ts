// Asks webhooks about one object: which are to be asked, and what their answers mean.
import { isJsonObject } from '../api/json.ts'
import { equalParts, thawParts } from '../api/json-parts.ts'
import type { AnyObject } from '../api/object.ts'
import { jsonPatchOwn } from '../api/patch-json.ts'
import { RejectedPatch } from '../api/patch-merge.ts'
import type { UserInfo } from '../api/request.ts'
import { StatusError, badRequest, internalError } from '../api/status-error.ts'
import type { Clock } from '../util/clock.ts'
import { invalidCertificate } from '../util/peer-identity.ts'
import type { Conversions } from './conversions.ts'
import { inParts } from '../util/slices.ts'
import { room } from '../util/turn-share.ts'
import { settled } from './conversions.ts'
import type { AdmissionNotes } from './admission.ts'
import { expressionSubject } from './admission-cel.ts'
import type { Equivalents, MatchFacts } from './admission-matching.ts'
import { isExempt, matchedDefinition } from './admission-matching.ts'
import { conditionsTask } from './admission-policy-tasks.ts'
import type { ReviewAnswer, ReviewFacts } from './admission-review.ts'
import { callFailure, conditionFailure, denial, readAnswer, reviewRequest } from './admission-review.ts'
import type { Webhook, WebhookClientConfig } from './admission-webhook-index.ts'
import type { Definition } from './definition.ts'
import type { Evaluations } from './evaluation.ts'
import { newUid } from './object-metadata.ts'
import { converted } from './version-conversion.ts'
import type { WebhookCall, WebhookFigures, WebhookOutcome } from './webhook-figures.ts'

/** Posts JSON and resolves with the answer's body, parsed. Rejects with an Error in the words of a Go client. */
export type CallWebhook = (client: WebhookClientConfig, body: unknown, timeoutMs: number) => Promise<unknown>

export interface WebhookContext {
  readonly call: CallWebhook
  readonly clock: Clock
  readonly equivalents: Equivalents
  readonly figures: WebhookFigures
  readonly log: (text: string) => void
}

/** What webhooks are asked about. */
export interface Subject extends MatchFacts {
  readonly conversions: Conversions
  readonly evaluations: Evaluations
  readonly user: UserInfo
  readonly dryRun: boolean
  readonly kind?: ReviewFacts['kind']
  readonly options?: ReviewFacts['options']
}

/** Where what webhooks say besides goes. */
export interface Notes extends AdmissionNotes {
  readonly warn: (text: string) => void
  /** Where the webhook stands among all of its kind. */
  readonly index: (hook: Webhook) => number
}

const defaultTimeoutSeconds = 10

function sentTo(as: Definition, subject: Subject): ReviewFacts {
  const { definition, kind, object, old, conversions } = subject
  if (as === definition || kind) return { ...subject, as }
  return {
    ...subject, as,
    ...(object ? { object: converted(object, definition, as, conversions) } : {}), ...(old ? { old: converted(old, definition, as, conversions) } : {}),
  }
}

/** False leaves the webhook out. Fails with StatusError when a condition does and the webhook is not to be ignored then. */
function conditionsHold({ stated }: Webhook, facts: ReviewFacts, { namespaceObject, evaluations }: Subject): boolean {
  if (!stated.matchConditions?.length) return true
  const held = evaluations.run(conditionsTask, stated, { subject: expressionSubject(facts, namespaceObject) })
  if (typeof held === 'boolean') return held
  if (stated.failurePolicy === 'Ignore') return false
  throw conditionFailure(facts.definition, facts.name, held.fault)
}

/** What to send, or undefined for a webhook that is not to be asked. Fails with StatusError. */
export function reviewFor(hook: Webhook, subject: Subject, { equivalents }: WebhookContext): ReviewFacts | undefined {
  if (isExempt(subject.definition)) return undefined
  const as = matchedDefinition(hook.stated.rules ?? [], subject, hook.stated.matchPolicy, equivalents)
  if (!as || !hook.selects(subject)) return undefined
  const facts = sentTo(as, subject)
  return conditionsHold(hook, facts, subject) ? facts : undefined
}

/** As `asked`; its time and its outcome are counted. */
async function ask(hook: Webhook, facts: ReviewFacts, context: WebhookContext, notes: Notes & { type: WebhookCall['type']; failedOpen: string }): Promise<ReviewAnswer | undefined> {
  const fromMs = context.clock.monotonic()
  const told = (outcome: WebhookOutcome): void => {
    const tookMs = context.clock.monotonic() - fromMs
    context.figures.told({ name: hook.stated.name, type: notes.type, operation: facts.operation }, tookMs / 1000, outcome)
    notes.took?.(notes.type === 'admit' ? 'mutating-webhook' : 'validating-webhook', tookMs)
  }
  try {
    const answer = await asked(hook, facts, context, notes)
    told(answer ? 'allowed' : 'failed-open')
    return answer
  } catch (error) {
    told({ refusal: error, byWebhook: error instanceof StatusError && error.message.startsWith(`admission webhook ${JSON.stringify(hook.stated.name)} denied`) })
    throw error
  }
}

/** The answer of a webhook that allows, or undefined when it failed and is to be ignored then. Fails with StatusError. */
async function asked(hook: Webhook, facts: ReviewFacts, context: WebhookContext, { warn, annotate, failedOpen, type }: Notes & { type: WebhookCall['type']; failedOpen: string }): Promise<ReviewAnswer | undefined> {
  const { name, sideEffects, timeoutSeconds = defaultTimeoutSeconds, failurePolicy, admissionReviewVersions, clientConfig } = hook.stated
  if (facts.dryRun && sideEffects !== 'None' && sideEffects !== 'NoneOnDryRun') throw badRequest(`admission webhook ${JSON.stringify(name)} does not support dry run`)
  const version = admissionReviewVersions?.find((one) => one === 'v1' || one === 'v1beta1') ?? 'v1'
  const uid = newUid(context.clock)
  const review = { kind: 'AdmissionReview', apiVersion: `admission.k8s.io/${version}`, request: { uid, ...reviewRequest(facts) } }
  const called = (): Promise<unknown> => context.call(clientConfig, review, timeoutSeconds * 1000).catch((error: Error) => {
    const invalid = invalidCertificate(error)
    if (invalid) {
      annotate?.(invalid.key, invalid.reason)
      context.figures.certificate(invalid.id)
    }
    throw new Error(`failed to call webhook: ${error.message}`, { cause: error })
  })
  const ignored = (text: string): void => {
    context.log(text)
    annotate?.(failedOpen, name)
  }
  const read = async (): Promise<ReviewAnswer> => {
    const body = await called()
    await room()
    return readAnswer(body, uid, version, type)
  }
  const answer = await answered(read, hook, failurePolicy === 'Ignore' ? ignored : undefined)
  answer?.warnings.forEach(warn)
  if (annotate) for (const [key, value] of Object.entries(answer?.auditAnnotations ?? {})) annotate(`${name}/${key}`, value)
  if (answer && !answer.allowed) throw denial(name, answer.status)
  return answer
}

async function answered<R>(work: () => Promise<R>, { stated: { name } }: Webhook, ignore: ((text: string) => void) | undefined): Promise<R | undefined> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof StatusError) throw error
    const failure = callFailure(name, (error as Error).message)
    if (!ignore) throw failure
    ignore(`ignored: ${failure.message}`)
    return undefined
  }
}

/** All at once, when it is known who is to be asked; the first refusal counts. */
export async function askValidating(hooks: readonly Webhook[], subject: Subject, context: WebhookContext, notes: Notes): Promise<void> {
  const concerned: { readonly hook: Webhook; readonly facts: ReviewFacts }[] = []
  for (const hook of hooks) {
    const facts = await settled(() => reviewFor(hook, subject, context))
    if (facts) concerned.push({ hook, facts })
  }
  const questions = concerned.map(({ hook, facts }, index) => ask(hook, facts, context, { ...notes, type: 'validating', failedOpen: `failed-open.validating.webhook.admission.k8s.io/round_0_index_${index}` }))
  const outcomes = await Promise.allSettled(questions)
  const refused = outcomes.find((outcome) => outcome.status === 'rejected')
  if (refused) throw refused.reason as Error
}

/** One after the other, each on what the one before has made. Tells for each webhook that was asked whether it changed the object. */
export async function askMutating(
  hooks: readonly Webhook[], subject: Subject, context: WebhookContext, notes: Notes,
  told: { readonly round: number; readonly wanted?: (hook: Webhook) => boolean; readonly settle: (object: AnyObject) => Promise<AnyObject>; readonly asked: (hook: Webhook, changed: boolean) => void },
): Promise<AnyObject | undefined> {
  let { object } = subject
  for (const hook of hooks) {
    if (told.wanted && !told.wanted(hook)) continue
    const facts = await settled(() => reviewFor(hook, { ...subject, ...(object ? { object } : {}) }, context))
    if (!facts) continue
    const at = `round_${told.round}_index_${notes.index(hook)}`
    const own = { configuration: hook.configuration, webhook: hook.stated.name }
    const mutated = (changed: boolean): void => notes.annotate?.(`mutation.webhook.admission.k8s.io/${at}`, JSON.stringify({ ...own, mutated: changed }))
    const answer = await ask(hook, facts, context, { ...notes, type: 'admit', failedOpen: `failed-open.mutation.webhook.admission.k8s.io/${at}` }).catch((error: unknown) => {
      mutated(false)
      throw error
    })
    const patch = answer?.patch
    const patched = patch === undefined || (Array.isArray(patch) && patch.length === 0) ? undefined : await patchedBy(hook, patch, facts, subject)
    const next = patched ? await told.settle(patched) : undefined
    const changed = next !== undefined && !await inParts(equalParts(next, object))
    mutated(changed)
    if (next) notes.annotate?.(`patch.webhook.admission.k8s.io/${at}`, JSON.stringify({ ...own, patch, patchType: 'JSONPatch' }), 'request')
    told.asked(hook, changed)
    if (next) object = next
  }
  return object
}

async function patchedBy({ stated: { name } }: Webhook, patch: unknown, { as, object }: ReviewFacts, { definition, operation, kind, conversions }: Subject): Promise<AnyObject> {
  if (operation === 'DELETE') throw internalError(`admission webhook ${JSON.stringify(name)} attempted to modify the object, which is not supported for this operation`)
  const own = await inParts(thawParts(object ?? {}))
  await room()
  const patched = appliedTo(own, patch)
  await room()
  return kind ? patched : settled(() => converted(patched, as, definition, conversions))
}

function appliedTo(own: object, patch: unknown): AnyObject {
  try {
    const result = jsonPatchOwn(own as Record<string, unknown>, patch)
    if (!isJsonObject(result['metadata'])) throw new Error('the patched object has no metadata')
    return result as unknown as AnyObject
  } catch (error) {
    throw internalError(error instanceof RejectedPatch ? error.why : (error as Error).message)
  }
}
