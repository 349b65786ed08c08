// One write as the registry runs it: what every write carries, dry runs, and reservations that end with it.
import type { ObjectKey } from '../api/object.ts'
import { apiVersionOf } from '../api/object.ts'
import { invalidObject, notSupported } from '../api/field-error.ts'
import type { Annotate } from '../api/request.ts'
import { internalError } from '../api/status-error.ts'
import { Warnings } from '../api/warnings.ts'
import type { Store, Transaction } from '../storage/store.ts'
import type { Clock } from '../util/clock.ts'
import type { KeyedLock } from '../util/keyed-lock.ts'
import type { AdmissionPlugin, AdmissionView, AsyncAdmission, AsyncReview, Authorize } from './admission.ts'
import { Awaiting, NotYet } from './admission.ts'
import type { Allocator } from './allocator.ts'
import { Conversions } from './conversions.ts'
import type { Definition } from './definition.ts'
import { AwaitingEvaluation, Evaluations, type Evaluator } from './evaluation.ts'
import { keyOf, prefixOf } from './object-view.ts'
import { Grown, Overtaken, TrackedTransaction, throughout, upToLast, type WriteParts } from './patient-write.ts'
import type { Asking } from './requests.ts'
import type { AdmissionStep, StoreOperation, WriteFigures } from './write-figures.ts'

/** What writes need beside the request. */
export interface WriteContext {
  readonly store: Store
  readonly clock: Clock
  readonly admission: readonly AdmissionPlugin[]
  readonly asyncAdmission?: AsyncAdmission
  readonly allocators: readonly Allocator[]
  readonly figures: WriteFigures
  /** Large writes of one object run one after another: they would overtake each other. */
  readonly largeWrites: KeyedLock
  /** undefined: everything is evaluated at once, however long it takes. */
  readonly evaluator?: Evaluator
  /** The definition under which a resource is stored, whatever its version; undefined when there is none. */
  stored(resource: { group: string; plural: string }): Definition | undefined
  /** Every definition that is served. */
  definitions(): readonly Definition[]
  authorize?: Authorize
  /** The definition of the same objects in another version. */
  version(definition: Definition, version: { group: string; version: string }): Definition | undefined
}

/** The identity of the object to create, where it was told to another program. */
export interface Kept {
  name?: string
  uid?: string
  creationTimestamp?: string
  /** When its steps of admission began. */
  readonly steps: Partial<Record<AdmissionStep, number | undefined>>
  /** What was put or removed last, and when. */
  change?: { readonly definition: Definition; readonly operation: StoreOperation; readonly ms: number } | undefined
}

/** What the functions inside a transaction get. */
export interface Step {
  readonly context: WriteContext
  readonly transaction: Transaction
  /** It is about something large, has pauses, and may wait: others' writes go on. */
  readonly outsideTransaction: boolean
  /** Other large writes of the object need not wait any longer. */
  readonly leaveTurn?: (() => void) | undefined
  /** It was known to be about something large when it began. */
  readonly isLarge: boolean
  readonly asking: Asking
  readonly dryRun: boolean
  readonly view: AdmissionView
  /** undefined: nobody outside is to be asked. */
  readonly outside?: AsyncReview
  readonly conversions: Conversions
  readonly evaluations: Evaluations
  /** What all runs of this write agree on. */
  readonly kept: Kept
  warn(text: string): void
  /** undefined while nobody writes an audit log. */
  readonly annotate?: Annotate
  /** Keeps a reservation until the write is settled; `release` is called once, whatever the outcome. */
  holdUntilSettled(release: () => void): void
}

// Thrown out of a transaction so that nothing of it stays.
class DryRunOutcome<R> {
  readonly result: R
  constructor(result: R) {
    this.result = result
  }
}

export function isDryRun(asking: Asking): boolean {
  const wanted = asking.options.dryRun ?? []
  for (const value of wanted) {
    if (value !== 'All') throw invalidObject({ group: 'meta.k8s.io', kind: 'CreateOptions' }, '', [notSupported('dryRun', value, ['All'])])
  }
  return wanted.length > 0
}

/** Reads of a transaction by resource instead of by key. */
export function viewThrough(context: WriteContext, transaction: Transaction): AdmissionView {
  return {
    ...(context.authorize ? { authorize: context.authorize } : {}),
    definitions: () => context.definitions(),
    ofKind: (apiVersion, kind) => context.definitions().find(({ resource }) => resource.kind === kind && apiVersionOf(resource) === apiVersion),
    get<T>(resource: { group: string; plural: string }, { namespace, name }: ObjectKey): T | undefined {
      const definition = context.stored(resource)
      return definition && transaction.get<T>(keyOf(definition, namespace, name))?.value
    },
    list<T>(resource: { group: string; plural: string }, namespace?: string): readonly T[] {
      const definition = context.stored(resource)
      if (!definition) return []
      const entries = transaction.list<T>(prefixOf(definition, namespace))
      return entries.length === 0 ? entries as readonly never[] : entries.map(({ value }) => value)
    },
  }
}

/** What lasts over all runs of a write. */
type Lasting = Pick<Step, 'conversions' | 'evaluations' | 'kept' | 'outside'>

/** More rounds than any write needs, unless what it builds on changes faster than others answer. */
const mostRounds = 50

/** Runs one write until it needs no more answers. The function may run again on a shared backend, too: each run starts with no warnings and no reservations. */
export function runStep<R>(context: WriteContext, asking: Asking, change: (step: Step) => R): Promise<R> {
  const attempt = inOneGo(context, asking, change)
  return runRounds(context, asking, () => attempt)
}

/** What a write in parts is about. */
export interface PartsOf {
  readonly isLarge: boolean
  /** Of the object, where others may write it. */
  readonly key?: string
}

/** The same for a write in parts, which pauses between them when it is about something large. */
export function runParts<R>(context: WriteContext, asking: Asking, parts: (step: Step) => WriteParts<R>, { isLarge, key }: PartsOf): Promise<R> {
  const { largeWrites } = context
  const inTurn = key === undefined ? withPauses(context, asking, parts) : takingTurns(largeWrites, key, (leaveTurn) => withPauses(context, asking, parts, leaveTurn))
  const atOnce = (asLarge: boolean): Attempt<R> => inOneGo(context, asking, (step) => throughout(parts(step)), asLarge)
  return runRounds(context, asking, ({ overtaken, grown }) => (!isLarge && !grown ? atOnce(false) : overtaken < mostOvertaken ? inTurn : atOnce(true)))
}

/** So often a large write may be overtaken by small ones; then it makes them wait. */
const mostOvertaken = 3

/** One run on a step that begins with this transaction. */
type Attempt<R> = (begin: (transaction: Transaction, isLarge: boolean) => Step) => Promise<R>

const inOneGo = <R>({ store }: WriteContext, asking: Asking, change: (step: Step) => R, isLarge = false): Attempt<R> => {
  const dryRun = isDryRun(asking)
  return (begin) => store.transact((transaction) => {
    const result = change(begin(transaction, isLarge))
    if (dryRun) throw new DryRunOutcome(result)
    return result
  })
}

/** After whoever has the key now; until the end, or until the attempt leaves its turn to others. */
const takingTurns = <R>(locks: KeyedLock, key: string, attempt: (leaveTurn: () => void) => Attempt<R>): Attempt<R> => async (begin) => {
  const { promise: isLeft, resolve: leaveTurn } = Promise.withResolvers<void>()
  return (await new Promise<{ readonly running: Promise<R> }>((resolve) => {
    void locks.run(key, () => {
      const running = attempt(leaveTurn)(begin)
      resolve({ running })
      return Promise.race([isLeft, running.then(() => undefined, () => undefined)])
    })
  })).running
}

const withPauses = <R>(context: WriteContext, asking: Asking, parts: (step: Step) => WriteParts<R>, leaveTurn?: () => void): Attempt<R> => async (begin) => {
  const tracked = new TrackedTransaction(context.store)
  const step: Step = Object.assign(begin(tracked, true), { leaveTurn })
  const running = parts(step)
  const early = await upToLast(running)
  if (early) return early.result
  return inOneGo(context, asking, () => throughout(running))((transaction) => {
    if (!tracked.enter(transaction)) throw new Overtaken()
    return step
  })
}

/** What became of earlier rounds. */
interface Before {
  readonly overtaken: number
  readonly grown: boolean
}

async function runRounds<R>(context: WriteContext, asking: Asking, attempt: (before: Before) => Attempt<R>): Promise<R> {
  const outside = context.asyncAdmission?.begin((text) => asking.warn?.(text), asking)
  const evaluations = new Evaluations(context.evaluator, { user: asking.user, ...(context.authorize ? { authorize: context.authorize } : {}) })
  const lasting: Lasting = { conversions: new Conversions(), evaluations, kept: { steps: {} }, ...(outside ? { outside } : {}) }
  const before = { overtaken: 0, grown: false }
  for (let round = 0; ;) {
    try {
      return await runOnce(context, asking, attempt(before), lasting)
    } catch (error) {
      if (error instanceof Overtaken) {
        before.overtaken++
        continue
      }
      if (error instanceof Grown && !before.grown) {
        before.grown = true
        continue
      }
      if (!(error instanceof Awaiting)) throw error
      if (!(error instanceof AwaitingEvaluation) && ++round > mostRounds) throw internalError('the object changes faster than its webhooks answer')
      await error.ask()
    }
  }
}

async function runOnce<R>(context: WriteContext, asking: Asking, attempt: Attempt<R>, lasting: Lasting): Promise<R> {
  const dryRun = isDryRun(asking)
  const warnings = new Warnings()
  const annotations: Parameters<Annotate>[] = []
  const held: (() => void)[] = []
  const publish = (): void => {
    for (const text of warnings) asking.warn?.(text)
    const said = new Set<string>()
    for (const annotation of annotations) {
      // A part that had to wait says again what it has said.
      const text = JSON.stringify(annotation)
      if (!said.has(text)) asking.annotate?.(...annotation)
      said.add(text)
    }
  }
  const release = (): void => held.splice(0).forEach((end) => end())
  const begin = (transaction: Transaction, isLarge: boolean): Step => {
    warnings.clear()
    annotations.length = 0
    lasting.kept.change = undefined
    release()
    return {
      context, transaction, outsideTransaction: transaction instanceof TrackedTransaction, isLarge, asking, dryRun, view: viewThrough(context, transaction), ...lasting,
      warn: (text) => warnings.add(text),
      ...(asking.annotate ? { annotate: (...annotation) => void annotations.push(annotation) } : {}),
      holdUntilSettled: (end) => void held.push(end),
    }
  }
  try {
    const result = await attempt(begin)
    const { change } = lasting.kept
    if (change) {
      const tookMs = context.clock.monotonic() - change.ms
      context.figures.stored(change.definition, change.operation, tookMs / 1000)
      asking.took?.('etcd', tookMs)
    }
    publish()
    return result
  } catch (error) {
    // What ends a run to begin another has said nothing yet.
    if (!(error instanceof Awaiting || error instanceof NotYet || error instanceof Overtaken || error instanceof Grown)) publish()
    if (!(error instanceof DryRunOutcome)) throw error
    return error.result as R
  } finally {
    release()
  }
}
