// MutatingAdmissionWebhook and ValidatingAdmissionWebhook: admission by programs outside.
import { internalError } from '../api/status-error.ts'
import type { AnyObject } from '../api/object.ts'
import type { UserInfo } from '../api/request.ts'
import { namespaces } from '../api/types-config.ts'
import type { AdmissionNotes, AsyncAdmission, AsyncAdmissionContext, AsyncReview } from './admission.ts'
import { Equivalents } from './admission-matching.ts'
import type { CallWebhook, Notes, Subject, WebhookContext } from './admission-webhook-dispatch.ts'
import { askMutating, askValidating } from './admission-webhook-dispatch.ts'
import { WebhookIndex } from './admission-webhook-index.ts'
import { WebhookSession } from './admission-webhook-session.ts'
import { Conversions } from './conversions.ts'
import { Evaluations } from './evaluation.ts'
import type { Definition } from './definition.ts'
import { keyOf } from './object-view.ts'
import { WebhookFigures } from './webhook-figures.ts'

/** A request to connect to an object; nothing is stored. */
export interface ConnectRequest {
  readonly definition: Definition
  readonly subresource: string
  readonly namespace: string
  readonly name: string
  readonly user: UserInfo
  /** PodExecOptions, PodAttachOptions … */
  readonly options: AnyObject
}

export class WebhookAdmission implements AsyncAdmission {
  readonly #call: CallWebhook
  readonly #log: (text: string) => void
  readonly figures = new WebhookFigures()
  readonly #mutating = new WebhookIndex()
  readonly #validating = new WebhookIndex()
  #started: (AsyncAdmissionContext & { readonly webhooks: WebhookContext }) | undefined

  constructor(options: { readonly call: CallWebhook; readonly log?: (text: string) => void }) {
    this.#call = options.call
    this.#log = options.log ?? (() => undefined)
  }

  start(context: AsyncAdmissionContext): void {
    const equivalents = new Equivalents(() => context.definitions())
    context.onDefinitionsChange(() => {
      equivalents.forget()
      this.#mutating.arrange()
      this.#validating.arrange()
    })
    this.#started = { ...context, webhooks: { call: this.#call, clock: context.clock, equivalents, figures: this.figures, log: this.#log } }
    for (const [index, plural] of [[this.#mutating, 'mutatingwebhookconfigurations'], [this.#validating, 'validatingwebhookconfigurations']] as const) {
      const definition = context.definitions().find(({ resource }) => resource.group === 'admissionregistration.k8s.io' && resource.plural === plural)
      if (definition) index.start(context.store, definition, equivalents)
    }
  }

  begin(warn: (text: string) => void, { annotate, took }: AdmissionNotes): AsyncReview | undefined {
    const mutating = this.#mutating.current
    const validating = this.#validating.current
    if (!this.#started || (mutating.all.length === 0 && validating.all.length === 0)) return undefined
    return new WebhookSession(this.#started.webhooks, { mutating, validating }, { warn, ...(annotate ? { annotate } : {}), ...(took ? { took } : {}) })
  }

  /** Fails with StatusError when a webhook refuses the connection. */
  async connect(request: ConnectRequest, told: Omit<Notes, 'index'>): Promise<void> {
    const context = this.#started
    if (!context) throw internalError('webhooks are not started')
    if (this.#mutating.current.all.length === 0 && this.#validating.current.all.length === 0) return
    const inside = context.definitions().find(({ resource }) => resource.group === namespaces.group && resource.plural === namespaces.plural)
    const namespaceObject = inside && context.store.get<AnyObject>(keyOf(inside, undefined, request.namespace))?.value
    const { options, definition, subresource, namespace, name, user } = request
    const authorize = context.authorize()
    const subject: Subject = {
      operation: 'CONNECT', conversions: new Conversions(), evaluations: new Evaluations(context.evaluator, { user, ...(authorize ? { authorize } : {}) }), definition, subresource, namespace, name, user, dryRun: false, object: options,
      kind: { group: '', version: 'v1', kind: options.kind ?? '' }, ...(namespaceObject ? { namespaceObject } : {}),
    }
    const notes = ({ current: { all } }: WebhookIndex): Notes => ({ ...told, index: (hook) => all.indexOf(hook) })
    await askMutating(this.#mutating.current.about(subject), subject, context.webhooks, notes(this.#mutating), { round: 0, settle: (object) => Promise.resolve(object), asked: () => undefined })
    await askValidating(this.#validating.current.about(subject), subject, context.webhooks, notes(this.#validating))
  }

  stop(): void {
    this.#mutating.stop()
    this.#validating.stop()
  }
}
