// The shared half of all writes: defaults, admission, validation, allocation and the put, in that order.
import type { FieldError } from '../api/field-error.ts'
import { invalidObject } from '../api/field-error.ts'
import type { AnyObject } from '../api/object.ts'
import { apiVersionOf, splitApiVersion } from '../api/object.ts'
import { equalJson } from '../api/json.ts'
import { equalParts } from '../api/json-parts.ts'
import { applySchemaDefaults, schemaDefaultParts } from '../api/schema-defaults.ts'
import { Awaiting, type AdmissionRequest } from './admission.ts'
import { customTask } from './custom-version.ts'
import { judgedAside } from './aside.ts'
import type { Definition, RuleContext } from './definition.ts'
import { kindRules, kindTask } from './kind-task.ts'
import { sameButTimes } from './managed-fields.ts'
import type { StoredEntry } from './object-view.ts'
import { decorate, deletedView, keyOf, storedForm, viewOf } from './object-view.ts'
import { prepareText } from '../api/object-text-parts.ts'
import { checkSize, checkStructure } from './stored-size.ts'
import { deepFreezeParts } from '../util/freeze-parts.ts'
import { atOnce, type Parts } from '../util/slices.ts'
import { awaited, awaitedParts, checkGrowth, checkSteps, settle, throughout, type WriteParts } from './patient-write.ts'
import type { Step } from './transaction-step.ts'
import { StepMeasure } from './write-figures.ts'

/** What a transaction has done to one object. */
export interface Written {
  /** As callers see it. */
  readonly object: AnyObject
  readonly created: boolean
  readonly gone: boolean
}

export interface Target {
  readonly definition: Definition
  readonly namespace?: string
  readonly name: string
  readonly subresource?: string
}

export const keyOfTarget = ({ definition, namespace, name }: Target): string => keyOf(definition, namespace, name)

export const ruleContext = (step: Step): RuleContext =>
  ({ user: step.asking.user, clock: step.context.clock, warn: (text) => step.warn(text), definitions: () => step.context.definitions(), evaluations: step.evaluations })

export function complete(definition: Definition, draft: AnyObject): void {
  draft.kind = definition.resource.kind
  draft.apiVersion = apiVersionOf(definition.resource)
  applySchemaDefaults(definition.schema, draft)
  definition.defaults?.(draft)
}

/** The same, in parts where it may be large. */
export function* completeParts({ isLarge }: Step, definition: Definition, draft: AnyObject): Parts<void> {
  if (!isLarge) return complete(definition, draft)
  draft.kind = definition.resource.kind
  draft.apiVersion = apiVersionOf(definition.resource)
  yield* schemaDefaultParts(definition.schema, draft)
  yield
  definition.defaults?.(draft)
  yield
}

// Only the built-in types are named after Go types.
const isCustom = ({ schema }: Definition): boolean => schema.goName === undefined

/** True where metadata.generation counts the changes of the wanted state. */
export const countsGenerations = (definition: Definition): boolean =>
  definition.generation ?? (isCustom(definition) || definition.schema.fields.has('spec'))

/** Of a custom resource everything is wanted state but metadata, and status where that is written apart. */
function wantedState(definition: Definition, object: AnyObject): unknown {
  if (!isCustom(definition) && definition.schema.fields.has('spec')) return object.spec
  const { metadata: _metadata, status, kind: _kind, apiVersion: _apiVersion, ...rest } = object
  return definition.subresources.some(({ name }) => name === 'status') ? rest : { ...rest, status }
}

/** Raises the generation when the wanted state differs, unless a hook has done so already. */
export function* raiseGeneration({ isLarge }: Step, definition: Definition, draft: AnyObject, old: AnyObject): Parts<void> {
  if (!countsGenerations(definition)) return
  const before = old.metadata.generation ?? 0
  if ((draft.metadata.generation ?? 0) > before) return
  const [now, was] = [wantedState(definition, draft), wantedState(definition, old)]
  if (!(isLarge ? yield* equalParts(now, was) : equalJson(now, was))) draft.metadata.generation = before + 1
}

export function admissionRequest(step: Step, operation: AdmissionRequest['operation'], target: Target, old?: AnyObject): AdmissionRequest {
  return {
    operation, definition: target.definition, name: target.name, user: step.asking.user, dryRun: step.dryRun, options: step.asking.options,
    view: step.view, clock: step.context.clock, conversions: step.conversions, evaluations: step.evaluations, reinvocation: { again: false, wanted: false }, warn: (text) => step.warn(text),
    expect: (steps) => checkSteps(step, steps),
    ...(step.annotate ? { annotate: step.annotate } : {}),
    ...(target.namespace ? { namespace: target.namespace } : {}),
    ...(target.subresource ? { subresource: target.subresource } : {}),
    ...(old ? { old } : {}),
  }
}

/** Nothing pauses in a transaction, where generators would cost small writes more than the plugins do. */
function mutateNow(step: Step, draft: AnyObject, request: AdmissionRequest, measure: StepMeasure): void {
  measure.begin()
  for (const plugin of step.context.admission) {
    if (!plugin.mutate) continue
    measure.runs(plugin)
    const parts = plugin.mutate(draft, request)
    if (parts) atOnce(parts)
    measure.ran(plugin)
  }
  if (request.body) return
  if (step.isLarge) atOnce(completeParts(step, request.definition, draft))
  else complete(request.definition, draft)
}

function* mutateInParts(step: Step, draft: AnyObject, request: AdmissionRequest, measure: StepMeasure): Parts<void> {
  for (const plugin of step.context.admission) {
    if (!plugin.mutate) continue
    measure.begin()
    measure.runs(plugin)
    const parts = plugin.mutate(draft, request)
    if (parts) yield* parts
    measure.ran(plugin)
    yield
  }
  if (!request.body) yield* completeParts(step, request.definition, draft)
}

/** Plugins may add what has defaults of its own, so defaults run again behind them. */
export function* mutate(step: Step, draft: AnyObject, request: AdmissionRequest): WriteParts<void> {
  const measure = new StepMeasure(step.context, step.kept.steps, { operation: request.operation, step: 'admit' })
  const plugins = (): Parts<void> | undefined => (step.outsideTransaction ? mutateInParts(step, draft, request, measure) : void mutateNow(step, draft, request, measure))
  let isAgain = false
  const again = function* (): Parts<void> {
    request.reinvocation.again = isAgain = true
    yield* plugins() ?? []
    isAgain = false
  }
  try {
    const parts = plugins()
    if (parts) yield* parts
    const { outside } = step
    const done = outside ? yield* awaitedParts(step, () => outside.mutate(draft, request, again), () => !isAgain) : false
    if (!done && request.reinvocation.wanted) yield* again()
    measure.passed()
  } catch (error) {
    measure.failed(error)
    throw error
  }
  if (step.outside || request.reinvocation.policies) checkGrowth(step, draft)
}

/** No rule is about who owns which fields, and they can be more than the object. */
function withoutOwners(object: AnyObject): AnyObject {
  const { managedFields: _owners, ...metadata } = object.metadata
  return { ...object, metadata }
}

/** What the kind's rules, or those of its subresource, find, and what they warn of. */
export function* judged(step: Step, { definition, subresource = '' }: Pick<Target, 'definition' | 'subresource'>, draft: AnyObject, old?: AnyObject): WriteParts<{ readonly errors: readonly FieldError[]; warnings(): readonly string[] }> {
  const judge = subresource ? definition.subresources.find(({ name }) => name === subresource) : definition
  const input = { object: draft, ...(old ? { old } : {}) }
  if (step.outsideTransaction && !definition.custom && (judge?.validate || judge?.warnings)) {
    const { errors, warnings } = yield* judgedAside(step, kindRules(definition, subresource, judge), input)
    return { errors, warnings: () => warnings }
  }
  const warnings = (): readonly string[] => judge?.warnings?.(draft, old as AnyObject) ?? []
  if (!judge?.validate) return { errors: [], warnings }
  const { custom } = definition
  if (!custom) return { errors: yield* awaited(step, () => step.evaluations.run(kindTask, kindRules(definition, subresource, judge), input)), warnings }
  const bare = { object: withoutOwners(draft), ...(old ? { old: withoutOwners(old) } : {}), ...(subresource === 'status' ? { status: true } : {}) }
  const found = yield* awaited(step, () => step.evaluations.run(customTask, custom, bare))
  // Beside errors, too.
  for (const text of found.warnings) step.warn(text)
  return { errors: found.errors, warnings }
}

export function refuseInvalid(definition: { readonly resource: { readonly group: string; readonly kind: string } }, name: string, errors: readonly FieldError[]): void {
  if (errors.length > 0) throw invalidObject(definition.resource, name, errors)
}

export function review(step: Step, object: AnyObject, request: AdmissionRequest): void {
  throughout(reviewParts(step, object, request))
}

/** Asks about a body that acts on the target and is not stored, in the subresource's own kind. May change it; `check` comes between the two halves. */
export function admitBody(step: Step, target: Target, body: AnyObject, check?: () => void): void {
  const [group, version] = splitApiVersion(body.apiVersion ?? '')
  const request = { ...admissionRequest(step, 'CREATE', target), body: { group, version, kind: body.kind ?? '' } }
  throughout(mutate(step, body, request))
  check?.()
  review(step, body, request)
}

function validateNow(step: Step, object: AnyObject, request: AdmissionRequest, measure: StepMeasure, last: boolean): void {
  measure.begin()
  for (const plugin of step.context.admission) {
    if (!plugin.validate || (plugin.last ?? false) !== last) continue
    measure.runs(plugin)
    const parts = plugin.validate(object, request)
    if (parts) atOnce(parts)
    measure.ran(plugin)
  }
}

/** Each part waits for itself. */
function* validateInParts(step: Step, object: AnyObject, request: AdmissionRequest, measure: StepMeasure, last: boolean): WriteParts<void> {
  for (const plugin of step.context.admission) {
    if (!plugin.validate || (plugin.last ?? false) !== last) continue
    measure.begin()
    measure.runs(plugin)
    const parts = yield* awaited(step, () => plugin.validate?.(object, request))
    if (parts) yield* parts
    measure.ran(plugin)
    yield
  }
}

export function* reviewParts(step: Step, object: AnyObject, request: AdmissionRequest): WriteParts<void> {
  const measure = new StepMeasure(step.context, step.kept.steps, { operation: request.operation, step: 'validate' })
  try {
    for (const last of [false, true]) {
      if (step.outsideTransaction) yield* validateInParts(step, object, request, measure, last)
      else validateNow(step, object, request, measure, last)
      const { outside } = step
      if (last || !outside) continue
      // A large write is not done anew for each answer.
      if (step.outsideTransaction) yield* awaited(step, () => outside.validate(object, request), Awaiting)
      else outside.validate(object, request)
    }
    measure.passed()
  } catch (error) {
    measure.failed(error)
    throw error
  }
}

export function allocate(step: Step, definition: Definition, draft: AnyObject, old?: AnyObject): void {
  for (const allocator of step.context.allocators) {
    if (allocator.resource.group !== definition.resource.group || allocator.resource.plural !== definition.resource.plural) continue
    step.holdUntilSettled(allocator.allocate(draft, old, { definition, clock: step.context.clock }))
  }
}

/** Early, for nothing else is to be done with what is too large, and after what may have made it larger. */
export function* checkDraft(definition: Definition, { metadata, ...rest }: AnyObject): Parts<void> {
  const { managedFields: _owners, ...own } = metadata
  if (definition.subresources.some(({ name }) => name === 'status')) delete rest.status
  yield* checkStructure(definition, { ...rest, metadata: own })
}

/** Puts the draft, or does nothing when it says what is stored already. */
export function put(step: Step, target: Target, draft: AnyObject, stored?: StoredEntry): Written {
  return throughout(putInParts(step, target, draft, stored))
}

/** The same; all that is dear comes before the last part. */
export function* putInParts(step: Step, target: Target, draft: AnyObject, stored?: StoredEntry): WriteParts<Written> {
  const { definition } = target
  const { conversions } = step
  const next = storedForm(definition, draft, conversions)
  const created = stored === undefined
  yield
  const same = stored && (yield* sameButTimes(step, next, stored.value))
  yield
  if (step.isLarge && !same) yield* finished(definition, next)
  yield settle
  if (same) return { object: viewOf(definition, stored), created, gone: false }
  step.kept.change = { definition, operation: created ? 'create' : 'update', ms: step.context.clock.monotonic() }
  const entry = step.transaction.put(keyOfTarget(target), next, { volatile: definition.volatile !== undefined })
  // A dry run shows the version that stands, and none for what isn't there.
  const object = step.dryRun ? decorate(definition, entry.value, stored?.revision, conversions) : viewOf(definition, entry, conversions)
  return { object, created, gone: false }
}

/** Frozen and written already, which would take long in a transaction. */
function* finished(definition: Definition, next: AnyObject): Parts<void> {
  yield* deepFreezeParts(next)
  yield* checkSize(definition, next, yield* prepareText(next))
}

/** Removes the object; what is returned is its last state, with the revision of the delete. */
export function remove(step: Step, target: Target, stored: StoredEntry, last?: AnyObject): Written {
  const { definition } = target
  step.kept.change = { definition, operation: 'delete', ms: step.context.clock.monotonic() }
  const change = step.transaction.delete(stored.key)
  const revision = step.dryRun || !change ? stored.revision : change.revision
  if (last) return { object: decorate(definition, storedForm(definition, last, step.conversions), revision, step.conversions), created: false, gone: true }
  const object = step.dryRun || !change ? viewOf(definition, stored) : deletedView(definition, change as Parameters<typeof deletedView>[1], stored)
  return { object, created: false, gone: true }
}
