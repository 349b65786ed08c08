// One write's dealings with webhooks, over all runs of its transaction.
import { equalJson } from '../api/json.ts'
import { equalParts, thawParts } from '../api/json-parts.ts'
import type { AnyObject } from '../api/object.ts'
import { conflict } from '../api/status-error.ts'
import type { AdmissionNotes, AdmissionRequest, AsyncReview } from './admission.ts'
import { Awaiting } from './admission.ts'
import { namespaceOf, viewedSubresource } from './admission-matching.ts'
import { inParts, type Parts } from '../util/slices.ts'
import { replaceParts, subjectShape, unborn, withVersion } from './admission-shape.ts'
import type { Notes, Subject, WebhookContext } from './admission-webhook-dispatch.ts'
import { askMutating, askValidating, reviewFor } from './admission-webhook-dispatch.ts'
import type { Webhook, WebhookSet } from './admission-webhook-index.ts'

/** What was asked about one object. */
interface Dealing {
  /** What stood when it was asked; answers about anything else count no more. */
  readonly old: Readonly<AnyObject> | undefined
  /** How many rounds of mutating webhooks are over: the second only asks those that want to see what came after them. */
  rounds: number
  /** The draft as it is after the rounds; undefined while it is the write's own. */
  draft?: AnyObject
  readonly mayAskAgain: Set<Webhook>
  readonly toAskAgain: Set<Webhook>
  changed: boolean
  /** What the webhooks made of the object, before the plugins saw it again. */
  output?: AnyObject
  validated: boolean
  readonly warnings: string[]
}

/** An object that changes faster than its webhooks answer. */
const mostTries = 20

export interface SessionHooks {
  readonly mutating: WebhookSet
  readonly validating: WebhookSet
}

export class WebhookSession implements AsyncReview {
  readonly #context: WebhookContext
  readonly #hooks: SessionHooks
  readonly #warn: (text: string) => void
  readonly #told: AdmissionNotes
  readonly #dealings = new Map<string, Dealing>()
  #tries = 0

  constructor(context: WebhookContext, hooks: SessionHooks, { warn, ...told }: Omit<Notes, 'index'>) {
    this.#context = context
    this.#hooks = hooks
    this.#warn = warn
    this.#told = told
  }

  *mutate(draft: AnyObject, request: AdmissionRequest, again: () => Parts<void>): Parts<boolean> {
    if (!this.#concerns(request)) return false
    const dealing = this.#dealing(request)
    if (dealing.draft) yield* replaceParts(draft, dealing.draft)
    if (dealing.rounds === 0) {
      const { wanted } = request.reinvocation
      this.#await(dealing, draft, request, (subject) => this.#first(dealing, subject, draft, wanted))
      dealing.rounds = wanted ? 1 : 2
    }
    if (dealing.rounds === 1) {
      yield* again()
      if (dealing.output && !(yield* equalParts(draft, dealing.output))) moveAll(dealing.mayAskAgain, dealing.toAskAgain)
      this.#await(dealing, draft, request, (subject) => this.#second(dealing, subject, draft), (hook) => dealing.toAskAgain.has(hook))
      dealing.rounds = 2
    }
    // A later run for the validating webhooks' sake goes on with this very object.
    if (dealing.draft || this.#hooks.validating.about(request).length > 0) dealing.draft = yield* thawParts(draft)
    dealing.warnings.forEach(request.warn)
    return true
  }

  validate(object: Readonly<AnyObject>, request: AdmissionRequest): void {
    if (!this.#concerns(request)) return
    const dealing = this.#dealing(request)
    const validating = this.#hooks.validating.about(request)
    if (request.operation === 'DELETE' && dealing.rounds === 0) {
      const mutating = this.#hooks.mutating.about(request)
      const subject = this.#subject(undefined, request)
      if (this.#wanted(mutating, subject)) {
        throw this.#awaiting(dealing, async () => {
          await askMutating(mutating, subject, this.#context, this.#notes(dealing, this.#hooks.mutating), { round: 0, settle: (one) => Promise.resolve(one), asked: () => undefined })
          dealing.rounds = 2
        })
      }
      dealing.rounds = 2
    }
    if (!dealing.validated && validating.length > 0) {
      const subject = this.#subject(request.operation === 'DELETE' ? undefined : object, request)
      if (this.#wanted(validating, subject)) {
        throw this.#awaiting(dealing, async () => {
          await askValidating(validating, subject, this.#context, this.#notes(dealing, this.#hooks.validating))
          dealing.validated = true
        })
      }
    }
    dealing.warnings.forEach(request.warn)
  }

  #first(dealing: Dealing, subject: Subject, before: AnyObject, again: boolean): Promise<void> {
    return this.#round(dealing, subject, before, undefined).then(() => {
      dealing.rounds = dealing.changed || again ? 1 : 2
    })
  }

  #second(dealing: Dealing, subject: Subject, before: AnyObject): Promise<void> {
    return this.#round(dealing, subject, before, (hook) => dealing.toAskAgain.has(hook)).then(() => {
      dealing.rounds = 2
    })
  }

  async #round(dealing: Dealing, subject: Subject, before: AnyObject, wanted: ((hook: Webhook) => boolean) | undefined): Promise<void> {
    const shape = subjectShape(subject, before)
    const object = await askMutating(this.#hooks.mutating.about(subject), subject, this.#context, this.#notes(dealing, this.#hooks.mutating), {
      round: wanted ? 1 : 0, ...(wanted ? { wanted } : {}),
      settle: async (patched) => shape.send(await inParts(shape.settleParts(patched))),
      asked: (hook, changed) => {
        if (changed) {
          dealing.changed = true
          moveAll(dealing.mayAskAgain, dealing.toAskAgain)
        }
        if (hook.stated.reinvocationPolicy === 'IfNeeded') dealing.mayAskAgain.add(hook)
      },
    })
    dealing.draft = object ? await inParts(shape.settleParts(object)) : before
    dealing.output = await inParts(thawParts(dealing.draft))
  }

  /** Ends the run when a mutating webhook is to be asked about the draft. */
  #await(dealing: Dealing, draft: AnyObject, request: AdmissionRequest, ask: (subject: Subject) => Promise<void>, wanted?: (hook: Webhook) => boolean): void {
    const hooks = this.#hooks.mutating.about(request).filter((hook) => !wanted || wanted(hook))
    if (hooks.length === 0) return
    const subject = this.#subject(request.operation === 'CREATE' && !request.body ? unborn(draft) : draft, request)
    if (!this.#wanted(hooks, subject)) return
    throw this.#awaiting(dealing, () => ask(subject))
  }

  #awaiting(dealing: Dealing, ask: () => Promise<void>): Awaiting {
    return new Awaiting(async () => {
      try {
        await ask()
      } catch (error) {
        dealing.warnings.forEach(this.#warn)
        throw error
      }
    })
  }

  #notes(dealing: Dealing, { all }: WebhookSet): Notes {
    return { warn: (text) => void dealing.warnings.push(text), ...this.#told, index: (hook) => all.indexOf(hook) }
  }

  #concerns(request: AdmissionRequest): boolean {
    return this.#hooks.mutating.about(request).length > 0 || this.#hooks.validating.about(request).length > 0
  }

  /** A condition that fails counts as a wish: the failure comes where the webhook is asked. */
  #wanted(hooks: readonly Webhook[], subject: Subject): boolean {
    return hooks.some((hook) => {
      try {
        return reviewFor(hook, subject, this.#context) !== undefined
      } catch (error) {
        if (error instanceof Awaiting) throw error
        return true
      }
    })
  }

  #dealing(request: AdmissionRequest): Dealing {
    const { definition: { resource }, operation, namespace = '', subresource = '', old } = request
    // A created object may have another name in each run, until it was asked about.
    const key = [operation, resource.group, resource.plural, subresource, namespace, operation === 'CREATE' ? '' : request.name].join('/')
    const known = this.#dealings.get(key)
    if (known && sameContent(known.old, old)) return known
    if (known && ++this.#tries > mostTries) throw conflict(resource, request.name)
    const dealing: Dealing = { old, rounds: 0, mayAskAgain: new Set(), toAskAgain: new Set(), changed: false, validated: false, warnings: [] }
    this.#dealings.set(key, dealing)
    return dealing
  }

  #subject(object: Readonly<AnyObject> | undefined, request: AdmissionRequest): Subject {
    const { operation, definition, name, user, dryRun, options, old } = request
    const namespaceObject = namespaceOf(request)
    const subresource = viewedSubresource(request)
    const kind = request.body ?? subresource?.kind
    const seen = (one: Readonly<AnyObject>): Readonly<AnyObject> => (subresource?.view ? subresource.view(one) as AnyObject : one)
    const version = old?.metadata.resourceVersion
    return {
      operation, definition, name, user, dryRun, ...(options ? { options } : {}), conversions: request.conversions, evaluations: request.evaluations,
      ...(request.namespace ? { namespace: request.namespace } : {}), ...(request.subresource ? { subresource: request.subresource } : {}), ...(request.body ? { body: request.body } : {}),
      ...(object ? { object: withVersion(seen(object), version) } : {}), ...(old ? { old: seen(old) } : {}),
      ...(namespaceObject ? { namespaceObject } : {}), ...(kind ? { kind } : {}),
    }
  }
}

function moveAll(from: Set<Webhook>, to: Set<Webhook>): void {
  for (const hook of from) to.add(hook)
  from.clear()
}

function sameContent(a: Readonly<AnyObject> | undefined, b: Readonly<AnyObject> | undefined): boolean {
  if (a === b) return true
  return a !== undefined && b !== undefined && equalJson(withVersion(a, undefined), withVersion(b, undefined))
}
