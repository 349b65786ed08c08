// The registry: reads and writes of every kind over the store, with the kinds' rules, admission and allocation.
import { thaw } from '../api/json.ts'
import type { AnyObject, KubeObject, ObjectList } from '../api/object.ts'
import { apiVersionOf } from '../api/object.ts'
import type { RequestOptions, UserInfo, WatchStream } from '../api/request.ts'
import { isNotFound, methodNotAllowed, notFound } from '../api/status-error.ts'
import type { Store } from '../storage/store.ts'
import type { Clock } from '../util/clock.ts'
import { KeyedLock } from '../util/keyed-lock.ts'
import { inParts, slicesOf } from '../util/slices.ts'
import { isHeavy, isHeavyFrozen, lightText } from '../util/weight.ts'
import type { AdmissionPlugin, AsyncAdmission, Authorize } from './admission.ts'
import type { Allocator } from './allocator.ts'
import { applyIn } from './applying.ts'
import { asideTask, asideWork, resultOf, type Job, type Results } from './aside-jobs.ts'
import { createIn } from './create.ts'
import type { Definition } from './definition.ts'
import { DefinitionTable } from './definition-table.ts'
import { settled } from './conversions.ts'
import { checkDeleteOptions, deleteIn, deletedStatus } from './deletion.ts'
import { Evaluations, type Evaluator } from './evaluation.ts'
import { Expiry } from './expiry.ts'
import { whenReached } from './freshness.ts'
import { parseRevision, tooLargeRevision } from './list-options.ts'
import { listObjects } from './lister.ts'
import type { StoredEntry } from './object-view.ts'
import { keyOf, knownLength, prefixOf, viewOf } from './object-view.ts'
import { preparePatch } from './patching.ts'
import { withPatience } from './patience.ts'
import type { Asking, CollectionRequest, CreateRequest, DeleteRequest, DeleteResult, GetRequest, PatchRequest, UpdateRequest, WatchRequest, WriteResult } from './requests.ts'
import type { PartsOf, Step, WriteContext } from './transaction-step.ts'
import { runParts, runStep } from './transaction-step.ts'
import { patchIn, subresourceOf, updateIn } from './update.ts'
import { watchObjects } from './watcher.ts'
import type { Target, Written } from './writing.ts'
import { WriteFigures } from './write-figures.ts'
import { admissionRequest, admitBody, keyOfTarget } from './writing.ts'

export interface RegistryOptions {
  readonly store: Store
  readonly definitions: readonly Definition[]
  /** In order. */
  readonly admission?: readonly AdmissionPlugin[]
  /** Admission that waits for something outside (webhooks). */
  readonly asyncAdmission?: AsyncAdmission
  readonly allocators?: readonly Allocator[]
  readonly evaluator?: Evaluator
  readonly clock: Clock
  /** Events that may wait for one watcher before it is cut off. */
  readonly watchCapacity?: number
}

/**
 * Promises: fails only with StatusError (or the store's own failure); objects handed in are not changed; objects handed
 * out are frozen, in the definition's version, with apiVersion, kind and resourceVersion. `get` and `list` show durable state.
 */
export class Registry {
  readonly #table: DefinitionTable
  readonly #context: WriteContext
  readonly #watchCapacity: number | undefined
  readonly #expiries = new Map<string, Expiry>()
  /** Ends the watches of a definition when it is replaced or withdrawn. */
  readonly #ends = new Map<Definition, AbortController>()
  #stopped = false

  constructor(options: RegistryOptions) {
    this.#table = new DefinitionTable(options.definitions)
    this.#watchCapacity = options.watchCapacity
    this.#context = {
      store: options.store, clock: options.clock, figures: new WriteFigures(), largeWrites: new KeyedLock(),
      admission: options.admission ?? [], allocators: options.allocators ?? [],
      ...(options.evaluator ? { evaluator: options.evaluator } : {}),
      ...(options.asyncAdmission ? { asyncAdmission: options.asyncAdmission } : {}),
      stored: (resource) => this.#table.stored(resource),
      definitions: () => this.#table.all(),
      version: ({ resource: { plural }, storage }, { group, version }) => {
        const other = this.#table.get(group, version, plural)
        return other?.storage === storage ? other : undefined
      },
    }
    for (const allocator of this.#context.allocators) {
      const definition = this.#table.stored(allocator.resource)
      if (!definition) throw new Error(`an allocator is given for ${allocator.resource.plural}, which is not defined`)
      allocator.start(options.store, prefixOf(definition), (resource) => {
        const other = this.#table.stored(resource)
        return other && prefixOf(other)
      })
    }
    for (const definition of this.#table.all()) this.#letExpire(definition)
    options.asyncAdmission?.start({
      store: options.store, clock: options.clock,
      definitions: () => this.#table.all(), onDefinitionsChange: (listener) => void this.#table.onChange(listener),
      authorize: () => this.#context.authorize, evaluator: options.evaluator,
    })
  }

  definition(group: string, version: string, plural: string): Definition | undefined {
    return this.#table.get(group, version, plural)
  }

  /** In the order given; the table of resources knows the order of discovery. */
  definitions(): readonly Definition[] {
    return this.#table.all()
  }

  /** Adds or replaces a definition (CRDs). */
  define(definition: Definition): void {
    this.redefine([definition], [])
  }

  undefine(definition: Definition): void {
    this.redefine([], [definition])
  }

  /** Many at once: adds or replaces some, withdraws others. Ends the watches of those that were replaced or withdrawn. */
  redefine(added: readonly Definition[], removed: readonly Definition[]): void {
    for (const definition of added) this.#letExpire(definition)
    const before = [...added, ...removed].map(({ resource: { group, version, plural } }) => this.#table.get(group, version, plural))
    this.#table.change(added, removed)
    for (const definition of before) {
      if (!definition || added.includes(definition)) continue
      this.#ends.get(definition)?.abort()
      this.#ends.delete(definition)
    }
  }

  /** Calls back after each change of the definitions. Returns the function that unsubscribes. */
  onDefinitionsChange(listener: () => void): () => void {
    return this.#table.onChange(listener)
  }

  /** Of kinds that no other program converts; of others what was converted before. */
  get(definition: Definition, request: GetRequest): KubeObject {
    this.#checkReached(request.options)
    const entry = this.#context.store.get(keyOf(definition, request.namespace, request.name)) as StoredEntry | undefined
    if (!entry) throw notFound(definition.resource, request.name)
    const object = viewOf(definition, entry)
    return this.#shown(definition, request.subresource, object)
  }

  has(definition: Definition, { namespace, name }: { namespace?: string; name: string }): boolean {
    return this.#context.store.get(keyOf(definition, namespace, name)) !== undefined
  }

  /** How many objects there are. */
  count(definition: Definition): number {
    return this.#context.store.count(prefixOf(definition))
  }

  /** Of kinds that no other program converts. */
  list(definition: Definition, request: CollectionRequest): ObjectList {
    const listing = listObjects(this.#context.store, definition, request).next()
    if (listing.done) return listing.value
    throw new Error(`${definition.resource.plural} must be converted to ${definition.resource.version} first`)
  }

  /** Like `get`, of any kind. */
  async getConverted(definition: Definition, request: GetRequest): Promise<KubeObject> {
    const wanted = parseRevision(request.options?.resourceVersion, 'get') ?? 0
    if (wanted > this.#context.store.revision) await this.#reached(definition, wanted)
    const reading = this.#read(keyOf(definition, request.namespace, request.name))
    if (reading) await reading
    return settled(() => this.get(definition, request))
  }

  /** Like `list`, of any kind. */
  async listConverted(definition: Definition, request: CollectionRequest): Promise<ObjectList> {
    const listing = listObjects(this.#context.store, definition, request, { slices: slicesOf(), reached: (revision) => this.#reached(definition, revision) })
    for (;;) {
      const step = listing.next()
      if (step.done) return step.value
      await step.value()
    }
  }

  /**
   * Tells each stored object, and each change from now on in the commit's own turn: before whoever watches from later on.
   * `object` is undefined after a deletion. The listener must not throw. `told` resolves when it has been told of all that is stored:
   * at once where that is little, else in slices; an object that changes meanwhile is told of by its change alone.
   */
  follow(definition: Definition, listener: (object: AnyObject | undefined, previous: AnyObject | undefined) => void): { readonly told: Promise<void>; readonly end: () => void } {
    const { store } = this.#context
    const prefix = prefixOf(definition)
    const { entries, revision } = store.list<AnyObject>(prefix)
    let changed: Set<string> | undefined = new Set()
    let isOver = false
    const watch = store.watch<AnyObject>(prefix, revision, (changes) => {
      for (const { key, entry, previous } of changes) {
        changed?.add(key)
        listener(entry?.value, previous?.value)
      }
    })
    const tell = async (): Promise<void> => {
      const slices = slicesOf()
      for (const entry of entries) {
        const parts = entry.prepare?.()
        if (parts) await inParts(parts, slices)
        else if (slices.due) await slices.pause()
        if (isOver) return
        if (!changed?.has(entry.key)) listener(entry.value, undefined)
      }
      changed = undefined
    }
    return {
      told: tell(),
      end: () => {
        isOver = true
        watch.close()
      },
    }
  }

  /** Throws at once when the options are wrong. Ends by the signal, its time, the definition's or the registry's end, or because the consumer is too slow. */
  watch(definition: Definition, request: WatchRequest): WatchStream {
    const { store, clock } = this.#context
    const capacity = this.#watchCapacity
    return watchObjects({ store, clock, signal: this.#endOf(definition).signal, ...(capacity === undefined ? {} : { capacity }) }, definition, request)
  }

  async create(definition: Definition, request: CreateRequest): Promise<KubeObject> {
    if (definition.storage === undefined) throw methodNotAllowed()
    const { object } = await withPatience(this.#context, () => runParts(this.#context, request, (step) => createIn(step, definition, request), { isLarge: isHeavy(request.object) }))
    return object
  }

  async update(definition: Definition, request: UpdateRequest): Promise<WriteResult> {
    const target = targetOf(definition, request)
    const reading = this.#read(keyOfTarget(target))
    if (reading) await reading
    return this.#result(target, await runParts(this.#context, request, (step) => updateIn(step, target, request.object), this.#writeOf(target, request.object)))
  }

  async patch(definition: Definition, request: PatchRequest): Promise<WriteResult> {
    const target = targetOf(definition, request)
    const { type, body } = request.patch
    const reading = this.#read(keyOfTarget(target))
    if (reading) await reading
    if (type === 'apply') {
      return this.#result(target, await withPatience(this.#context, () => runParts(this.#context, request, (step) => applyIn(step, target, body), this.#writeOf(target, body))))
    }
    const apply = preparePatch(definition, request)
    return this.#result(target, await runParts(this.#context, request, (step) => patchIn(step, target, (current, subresource) => apply(current, subresource, step)), this.#writeOf(target, body)))
  }

  async delete(definition: Definition, request: DeleteRequest): Promise<DeleteResult> {
    const target = targetOf(definition, request)
    const options = request.options.delete ?? {}
    checkDeleteOptions(options)
    const reading = this.#read(keyOfTarget(target))
    if (reading) await reading
    const { object, gone } = await runStep(this.#context, request, (step) => deleteIn(step, target, options))
    return { object, gone, status: deletedStatus(target, object) }
  }

  /** A write that is none of the above (pods/binding …), with the same dry runs and warnings. */
  write<R>(request: Asking, change: (step: Step) => R): Promise<R> {
    return runStep(this.#context, request, change)
  }

  /** Asks everybody about what acts on an object and is not stored (serviceaccounts/token). What they made of it is `check`ed between the two halves, and the result. */
  admit(definition: Definition, request: Asking & { readonly namespace?: string; readonly name: string; readonly subresource: string; readonly object: KubeObject }, check: (body: AnyObject) => void): Promise<AnyObject> {
    return this.write(request, (step) => {
      const body = thaw(request.object) as AnyObject
      admitBody(step, targetOf(definition, request), body, () => check(body))
      return body
    })
  }

  /** Asks the plugins about a request to connect. Rejects with StatusError when one refuses. */
  async connect(definition: Definition, request: Asking & { readonly namespace?: string; readonly name: string; readonly subresource: string; readonly connection: AnyObject }): Promise<void> {
    await this.write(request, (step) => {
      const asked = admissionRequest(step, 'CONNECT', targetOf(definition, request))
      for (const plugin of this.#context.admission) plugin.connect?.(request.connection, asked)
    })
  }

  /** Each object in a transaction of its own; what is gone meanwhile counts as deleted. */
  async deleteCollection(definition: Definition, request: CollectionRequest): Promise<ObjectList> {
    const { delete: options = {}, dryRun: _dryRun, ...listing } = request.options
    checkDeleteOptions(options)
    const { items } = await this.listConverted(definition, { ...request, options: listing })
    const deleted: AnyObject[] = []
    const failures: unknown[] = []
    const remove = async ({ metadata: { namespace, name = '' } }: KubeObject, index: number): Promise<void> => {
      try {
        deleted[index] = (await this.delete(definition, { ...request, name, ...(namespace ? { namespace } : {}) })).object as AnyObject
      } catch (error) {
        if (!isNotFound(error)) failures.push(error)
      }
    }
    // Thousands in one turn would keep all others waiting.
    const slices = slicesOf()
    const running: Promise<void>[] = []
    for (const [index, item] of items.entries()) {
      running.push(remove(item, index))
      if (slices.due) await slices.pause()
    }
    await Promise.all(running)
    if (failures.length > 0) throw failures[0]
    return {
      kind: definition.listKind, apiVersion: apiVersionOf(definition.resource),
      metadata: { resourceVersion: String(this.#context.store.revision) },
      items: deleted.filter((object) => object !== undefined),
    }
  }

  /** What writes cost, in Prometheus' text form. */
  metricsText(): string {
    return this.#context.figures.text()
  }

  /** Who answers the questions of admission's expressions about rights. */
  useAuthorizer(authorize: Authorize): void {
    this.#context.authorize = authorize
  }

  /** Work about something large, which a worker does. Fails as the work does. */
  async aside<K extends Job['job']>(user: UserInfo, job: Extract<Job, { job: K }>): Promise<Results[K]> {
    return resultOf<K>(job, await new Evaluations(this.#context.evaluator, { user }).elsewhere(asideTask, asideWork, job))
  }

  /** Ends watches and timers. The store stays open. */
  stop(): void {
    this.#stopped = true
    for (const end of this.#ends.values()) end.abort()
    for (const expiry of this.#expiries.values()) expiry.stop()
    for (const allocator of this.#context.allocators) allocator.stop()
    this.#context.asyncAdmission?.stop()
  }

  #endOf(definition: Definition): AbortController {
    let end = this.#ends.get(definition)
    if (!end) this.#ends.set(definition, end = new AbortController())
    if (this.#stopped) end.abort()
    return end
  }

  /** Or it was waited for in vain. */
  #reached(definition: Definition, revision: number): Promise<void> {
    return new Promise((resolve) => void whenReached({ ...this.#context, signal: this.#endOf(definition).signal }, revision, resolve))
  }

  #checkReached(options: RequestOptions | undefined): void {
    const wanted = parseRevision(options?.resourceVersion, 'get')
    if (wanted !== undefined && wanted > this.#context.store.revision) throw tooLargeRevision(wanted, this.#context.store.revision)
  }

  #shown(definition: Definition, name: string | undefined, object: KubeObject): KubeObject {
    if (name === undefined) return object
    const { checkView, view } = subresourceOf(definition, name)
    checkView?.(object as AnyObject)
    return view?.(object as AnyObject) ?? object
  }

  /** What is long and was not asked for since the start is read in parts first. */
  #read(key: string): Promise<void> | undefined {
    const parts = this.#context.store.get(key)?.prepare?.()
    return parts && inParts(parts)
  }

  /** A write is as large as what it brings and what it finds. */
  #writeOf(target: Target, body: unknown): PartsOf {
    const key = keyOfTarget(target)
    if (isHeavy(body)) return { key, isLarge: true }
    const entry = this.#context.store.get(key) as StoredEntry | undefined
    return { key, isLarge: entry !== undefined && (knownLength(target.definition, entry) ?? Infinity) > lightText && isHeavyFrozen(entry.value) }
  }

  #result(target: Target, written: Written): WriteResult {
    return { object: this.#shown(target.definition, target.subresource, written.object), created: written.created }
  }

  #letExpire(definition: Definition): void {
    const ttlSeconds = definition.volatile?.ttlSeconds
    if (ttlSeconds === undefined || definition.storage === undefined || this.#expiries.has(definition.storage)) return
    const expiry = new Expiry(this.#context.store, this.#context.clock, ttlSeconds)
    this.#expiries.set(definition.storage, expiry)
    expiry.start(prefixOf(definition))
  }
}

function targetOf(definition: Definition, request: { namespace?: string; name: string; subresource?: string }): Target {
  return {
    definition, name: request.name,
    ...(definition.resource.namespaced && request.namespace ? { namespace: request.namespace } : {}),
    ...(request.subresource ? { subresource: request.subresource } : {}),
  }
}
