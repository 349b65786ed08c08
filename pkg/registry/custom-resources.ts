// Serves what CRDs define: follows the CRDs in the store, gives them names, defines and withdraws their kinds, and empties those that go.
//
//   new --names free--> NamesAccepted, Established: served --DELETE--> Terminating: no creates --no instances left--> gone
//     `--names taken--> NamesAccepted=False: not served; looked at again when names of the group become free
import { equalJson, thaw } from '../api/json.ts'
import type { UserInfo } from '../api/request.ts'
import type { CustomCondition, CustomNames, CustomResourceDefinition } from '../api/types-custom.ts'
import { cleanupFinalizer, customResourceDefinitions } from '../api/types-custom.ts'
import type { Change, Entry, Store, Watch } from '../storage/store.ts'
import type { Clock, Timer } from '../util/clock.ts'
import { slicesOf } from '../util/slices.ts'
import { onNextTurn } from '../util/turn.ts'
import { customDefinitions, customStorage } from './custom-definition.ts'
import type { CallWebhook } from './admission-webhook-dispatch.ts'
import { webhookConverter } from './conversion-review.ts'
import type { ConvertObjects } from './conversions.ts'
import { NameTable, planNames, withCondition } from './custom-names.ts'
import type { Definition } from './definition.ts'
import { timestamp } from './object-metadata.ts'
import { keyOf, prefixOf } from './object-view.ts'
import type { Registry } from './registry.ts'

export interface CustomResourcesOptions {
  readonly registry: Registry
  readonly store: Store
  readonly clock: Clock
  /** Calls webhooks that convert. */
  readonly call: CallWebhook
  readonly log: (text: string) => void
}

const user: UserInfo = { username: 'system:apiserver', groups: ['system:masters', 'system:authenticated'] }
const retryMs = 1000

/** A CRD as it was seen last, and what is made of it. */
interface Known {
  crd: CustomResourceDefinition
  /** What it was given; ahead of its status while that is being written. */
  names: CustomNames
  established: boolean
  definitions: readonly Definition[]
}

/**
 * Promises: when a write of a CRD is acknowledged, its kinds are defined as far as its names were free; its status follows at once.
 * A CRD that says Established is served.
 */
export class CustomResources {
  readonly #options: CustomResourcesOptions
  readonly #definition: Definition
  readonly #known = new Map<string, Known>()
  readonly #names = new NameTable()
  /** Who was refused names: they may be free some day. */
  readonly #refused = new Set<string>()
  readonly #emptying = new Set<string>()
  readonly #slices = slicesOf()
  #beginning: Promise<void> = Promise.resolve()
  /** Of CRDs that are gone. */
  readonly #withdrawn: Definition[] = []
  #withdrawing = false
  readonly #timers = new Set<Timer>()
  readonly #watches = new Set<Watch>()
  #stopped = false

  constructor(options: CustomResourcesOptions) {
    this.#options = options
    const { group, version, plural } = customResourceDefinitions
    const definition = options.registry.definition(group, version, plural)
    if (!definition) throw new Error('custom resources: expected customresourcedefinitions to be defined')
    this.#definition = definition
  }

  /** Serves what is there, and follows it from now on. Resolves when all is served. */
  async start(): Promise<void> {
    const { store } = this.#options
    const prefix = prefixOf(this.#definition)
    const { entries, revision } = store.list<CustomResourceDefinition>(prefix)
    const slices = slicesOf()
    for (const entry of entries) {
      // It may be large, and is read here.
      this.#see([{ name: entry.value.metadata.name ?? '', entry }])
      if (slices.due) await slices.pause()
    }
    if (this.#stopped) return
    this.#watches.add(store.watch<CustomResourceDefinition>(prefix, revision, (changes) => this.#onChanges(changes)))
  }

  stop(): void {
    this.#stopped = true
    for (const watch of this.#watches) watch.close()
    for (const timer of this.#timers) timer.cancel()
    this.#watches.clear()
    this.#timers.clear()
  }

  #onChanges(changes: readonly Change<CustomResourceDefinition>[]): void {
    // The last word of a commit on each CRD.
    const latest = new Map<string, Entry<CustomResourceDefinition> | undefined>()
    for (const { entry, previous } of changes) latest.set((entry ?? previous)?.value.metadata.name ?? '', entry)
    this.#see([...latest].map(([name, entry]) => ({ name, entry })))
  }

  #see(seen: readonly { name: string; entry: Entry<CustomResourceDefinition> | undefined }[]): void {
    const added: Definition[] = []
    const removed: Definition[] = []
    const freed = new Set<string>()
    for (const { name, entry } of seen) {
      const before = this.#known.get(name)
      if (!entry) {
        this.#known.delete(name)
        this.#names.withdraw(name)
        this.#refused.delete(name)
        if (before) freed.add(before.crd.spec.group)
        removed.push(...before?.definitions ?? [])
        continue
      }
      const now = this.#settled(name, entry.value, before)
      if (before && !equalJson(before.names, now.names)) freed.add(now.crd.spec.group)
      if (now.definitions === before?.definitions) continue
      added.push(...now.definitions)
      removed.push(...before?.definitions.filter((old) => !now.definitions.some(({ resource }) => sameResource(resource, old.resource))) ?? [])
    }
    if (freed.size > 0) added.push(...this.#lookAgain(freed))
    this.#withdrawn.push(...removed)
    if (added.length > 0) this.#redefine(added)
    else if (this.#withdrawn.length > 0 && !this.#withdrawing) this.#withdraw()
  }

  #redefine(added: readonly Definition[]): void {
    this.#options.registry.redefine(added, this.#withdrawn.splice(0))
  }

  /** The first at once; those that follow in the same turn of the event loop together at its end. */
  #withdraw(): void {
    this.#redefine([])
    this.#withdrawing = true
    onNextTurn(() => {
      this.#withdrawing = false
      if (this.#withdrawn.length > 0 && !this.#stopped) this.#withdraw()
    })
  }

  /** A CRD that can't be served does not keep others from it. */
  #settled(name: string, crd: CustomResourceDefinition, before: Known | undefined): Known {
    try {
      return this.#settle(name, crd, before)
    } catch (error) {
      this.#failed(name, error)
      const known = { crd, names: crd.spec.names, established: false, definitions: [] }
      this.#known.set(name, known)
      this.#names.give(name, crd.spec.group, crd.spec.names)
      this.#refused.add(name)
      return known
    }
  }

  /** Names have become free: CRDs that were refused some may have them now. */
  #lookAgain(groups: ReadonlySet<string>): Definition[] {
    const added: Definition[] = []
    for (const name of [...this.#refused]) {
      const before = this.#known.get(name)
      if (!before || !groups.has(before.crd.spec.group)) continue
      const now = this.#settled(name, before.crd, before)
      if (now.definitions !== before.definitions) added.push(...now.definitions)
    }
    return added
  }

  /** Plans the names of a CRD, makes its definitions where they changed, and has its status written where it differs. */
  #settle(name: string, crd: CustomResourceDefinition, before: Known | undefined): Known {
    const { clock } = this.#options
    this.#names.withdraw(name)
    const plan = planNames(crd, this.#names.takenIn(crd.spec.group), timestamp(clock.now()))
    this.#names.give(name, crd.spec.group, plan.accepted)
    if (plan.refused) this.#refused.add(name)
    else this.#refused.delete(name)
    const same = before !== undefined && plan.established === before.established && equalJson(plan.accepted, before.names)
      && equalJson(crd.spec, before.crd.spec)
    const known: Known = {
      crd, names: plan.accepted, established: plan.established,
      definitions: same ? before.definitions : plan.established ? this.#definitionsOf(name, crd, plan.accepted) : [],
    }
    this.#known.set(name, known)
    if (crd.metadata.deletionTimestamp !== undefined) this.#empty(name)
    else if (!equalJson(plan.conditions, crd.status?.conditions ?? []) || !equalJson(plan.accepted, crd.status?.acceptedNames)) {
      this.#writeStatus(name, crd, plan.accepted, plan.conditions)
    }
    return known
  }

  /** A group-version that is built in serves its own kinds only. */
  #definitionsOf(name: string, crd: CustomResourceDefinition, names: CustomNames): Definition[] {
    const { registry } = this.#options
    const terminating = (): boolean => this.#known.get(name)?.crd.metadata.deletionTimestamp !== undefined
    return customDefinitions(crd, names, { terminating, ...this.#outside(crd) }).filter(({ resource: { group, version, plural } }) => {
      const there = registry.definition(group, version, plural)
      return there === undefined || there.published !== undefined
    })
  }

  #outside({ spec }: CustomResourceDefinition): { outside?: ConvertObjects } {
    const { call, clock } = this.#options
    const { strategy, webhook } = spec.conversion ?? {}
    return strategy === 'Webhook' && webhook ? { outside: webhookConverter({ webhook, kind: spec.names.kind, call, clock }) } : {}
  }

  #writeStatus(name: string, seen: CustomResourceDefinition, acceptedNames: CustomNames, conditions: readonly CustomCondition[]): void {
    this.#write(name, (draft) => {
      // What came in between is seen, and planned, by itself.
      if (!equalJson(draft.spec.names, seen.spec.names) || !equalJson(draft.status, seen.status)) return false
      draft.status = { ...draft.status, conditions: [...conditions], acceptedNames }
      return true
    }).catch((error: unknown) => this.#failed(`status of ${name}`, error))
  }

  /** Changes metadata or status of a CRD as it stands. `change` tells whether there is something to write. A CRD in deletion without finalizers goes. */
  #write(name: string, change: (draft: CustomResourceDefinition) => boolean): Promise<void> {
    const key = keyOf(this.#definition, undefined, name)
    return this.#options.registry.write({ user, options: {} }, ({ transaction }) => {
      const stored = transaction.get<CustomResourceDefinition>(key)
      if (!stored) return
      // Its schemas, which may be large, stay as they are: frozen, and written already.
      const { metadata, status, ...rest } = stored.value
      const draft = { ...rest, ...thaw({ metadata, status }) } as CustomResourceDefinition
      if (!change(draft)) return
      if (draft.metadata.deletionTimestamp !== undefined && (draft.metadata.finalizers ?? []).length === 0) transaction.delete(key)
      else transaction.put(key, draft)
    })
  }

  #failed(what: string, error: unknown): void {
    if (!this.#stopped) this.#options.log(`custom resources: ${what}: ${error instanceof Error ? error.message : String(error)}`)
  }

  /** Deletes the instances of a CRD in deletion, and lets it go when none is left. */
  #empty(name: string): void {
    const known = this.#known.get(name)
    if (this.#stopped || !known || this.#emptying.has(name) || !known.crd.metadata.finalizers?.includes(cleanupFinalizer)) return
    this.#emptying.add(name)
    // The definitions of this moment come into force when the caller is done.
    // A thousand may go at once: they begin by turns.
    this.#beginning = this.#beginning.then(() => (this.#slices.due ? this.#slices.pause() : undefined))
    void this.#beginning.then(() => this.#emptyNow(name)).catch((error: unknown) => {
      this.#failed(`instances of ${name}`, error)
      this.#later(() => this.#empty(name))
    }).finally(() => this.#emptying.delete(name))
  }

  async #emptyNow(name: string): Promise<void> {
    const { registry, clock } = this.#options
    const { definitions, established, crd } = this.#known.get(name) ?? { definitions: [], established: false, crd: undefined }
    if (!crd) return
    if (!established) return this.#release(name, { reason: 'NeverEstablished', message: 'resource was never established' })
    // What is stored in the storage version needs no conversion, which might fail.
    const stored = crd.spec.versions.find(({ storage }) => storage)?.name
    const served = definitions.find(({ resource }) => resource.version === stored)
    const definition = served ?? customDefinitions(allServed(crd), crd.spec.names, { terminating: () => true, ...this.#outside(crd) }).find(({ resource }) => resource.version === stored)
    if (definition) {
      const terminating = { type: 'Terminating', status: 'True', reason: 'InstanceDeletionInProgress', message: 'CustomResource deletion is in progress' }
      if (this.#left(crd) > 0) {
        await this.#write(name, (draft) => setCondition(draft, terminating, timestamp(clock.now())))
        await registry.deleteCollection(definition, { user, options: {} })
      }
    }
    await this.#whenNoneLeft(crd)
    if (!this.#stopped) await this.#release(name, { reason: 'InstanceDeletionCompleted', message: 'removed all instances' })
  }

  #left(crd: CustomResourceDefinition): number {
    return this.#options.store.count(`/registry/${customStorage(crd)}/`)
  }

  /** Instances may have finalizers of their own. */
  #whenNoneLeft(crd: CustomResourceDefinition): Promise<void> {
    const { store } = this.#options
    if (this.#left(crd) === 0) return Promise.resolve()
    return new Promise((resolve) => {
      const watch = store.watch(`/registry/${customStorage(crd)}/`, store.revision, () => {
        if (this.#left(crd) > 0) return
        watch.close()
        this.#watches.delete(watch)
        resolve()
      })
      this.#watches.add(watch)
    })
  }

  async #release(name: string, { reason, message }: { reason: string; message: string }): Promise<void> {
    const now = timestamp(this.#options.clock.now())
    await this.#write(name, (draft) => {
      const finalizers = (draft.metadata.finalizers ?? []).filter((finalizer) => finalizer !== cleanupFinalizer)
      setCondition(draft, { type: 'Terminating', status: 'False', reason, message }, now)
      if (finalizers.length > 0) draft.metadata.finalizers = finalizers
      else delete draft.metadata.finalizers
      return true
    })
  }

  #later(run: () => void): void {
    if (this.#stopped) return
    const timer = this.#options.clock.setTimer(() => {
      this.#timers.delete(timer)
      run()
    }, retryMs)
    this.#timers.add(timer)
  }
}

function setCondition(draft: CustomResourceDefinition, condition: CustomCondition, now: string): boolean {
  draft.status = { ...draft.status, conditions: withCondition(draft.status?.conditions ?? [], condition, now) }
  return true
}

const sameResource = (a: Definition['resource'], b: Definition['resource']): boolean => a.version === b.version && a.plural === b.plural && a.group === b.group

/** Instances of a CRD that serves no version any more can be deleted nevertheless. */
const allServed = (crd: CustomResourceDefinition): CustomResourceDefinition =>
  ({ ...crd, spec: { ...crd.spec, versions: crd.spec.versions.map((version) => ({ ...version, served: true })) } })
