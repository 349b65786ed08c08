// Garbage collector: deletes what has lost all its owners, and carries out foreground and orphan deletion.
import { apiVersionOf, type KubeObject, type ObjectKey, type OwnerReference, type Resource } from '../api/object.ts'
import { isConflict, isNotFound } from '../api/status-error.ts'
import type { Client } from '../client/client.ts'
import type { Following, Informer, Informers } from '../client/informer.ts'
import { messageOf } from '../controller/refusals.ts'
import { removeObject } from '../controller/removal.ts'
import { sleep, type Clock } from '../util/clock.ts'
import { slicesOf } from '../util/slices.ts'
import { WorkQueue } from '../util/work-queue.ts'
import { planGarbage, type OwnerState } from './garbage-plan.ts'
import { blocksOwner, hasFinalizer, isDeleting, OwnerGraph, ownersOf, waitsForDependents, type GraphNode } from './owner-graph.ts'

export interface GarbageCollectorOptions {
  readonly client: Client
  readonly informers: Informers
  readonly clock: Clock
  /** Every kind that can be watched and deleted. `resourcesChanged` asks anew. */
  readonly resources: () => readonly Resource[]
  /** A kind by any of the versions in which it is served: owners may be named by each. */
  readonly ofKind?: (apiVersion: string, kind: string) => Resource | undefined
  readonly log: (text: string) => void
}

const syncMs = 10_000

export class GarbageCollector {
  readonly name = 'garbage-collector'
  readonly #options: GarbageCollectorOptions
  readonly #graph = new OwnerGraph()
  // By uid.
  readonly #queue: WorkQueue
  readonly #followed = new Map<string, { resource: Resource; informer: Informer<KubeObject>; following: Following }>()
  /** Until the graph is complete, nobody is taken to have no dependents. */
  #complete: () => void = () => undefined
  readonly #whenComplete = new Promise<void>((resolve) => void (this.#complete = resolve))
  #stopped = false

  constructor(options: GarbageCollectorOptions) {
    this.#options = options
    this.#queue = new WorkQueue({ clock: options.clock, concurrency: 20, work: (uid) => this.#work(uid), backOff: { baseMs: 10, maxMs: 60_000 } })
  }

  async start(signal?: AbortSignal): Promise<void> {
    const { informers, resources } = this.#options
    const wanted = resources().map((resource) => informers.for(resource))
    await Promise.all(wanted.map((informer) => informer.whenSynced()))
    if (signal?.aborted) return
    this.#follow()
    void Promise.all([...this.#followed.values()].map(({ following }) => following.told)).then(this.#complete)
  }

  /** A CRD came or went. */
  async resourcesChanged(): Promise<void> {
    const { informers, resources } = this.#options
    const synced = Promise.all(resources().map((resource) => informers.for(resource).whenSynced()))
    // A kind whose server does not answer keeps nobody else waiting.
    await Promise.race([synced, sleep(this.#options.clock, syncMs)])
    if (!this.#stopped) this.#follow()
  }

  async stop(): Promise<void> {
    this.#stopped = true
    for (const { following } of this.#followed.values()) following.end()
    this.#followed.clear()
    this.#complete()
    await this.#queue.stop()
  }

  #follow(): void {
    const ended: Resource[] = []
    const wanted = new Map(this.#options.resources().map((resource) => [`${apiVersionOf(resource)} ${resource.kind}`, resource]))
    for (const [name, { resource, informer, following }] of this.#followed) {
      const now = wanted.get(name)
      // A kind that went and came again has another informer: the old one tells nothing any more.
      if (now && this.#options.informers.for(now) === informer) continue
      following.end()
      this.#followed.delete(name)
      ended.push(resource)
    }
    const begun: Promise<void>[] = []
    for (const [name, served] of wanted) {
      if (this.#followed.has(name)) continue
      const informer = this.#options.informers.for(served)
      // Its own, so that what is told from now on can be told from what was told before.
      const resource = { ...served }
      const following = informer.follow(({ object, previous }) => {
        if (object) this.#seen(resource, object, previous)
        else if (previous) this.#gone(previous)
      })
      this.#followed.set(name, { resource, informer, following })
      begun.push(following.told)
    }
    // What is not told again went unseen.
    if (ended.length > 0) void Promise.all(begun).then(() => {
      if (!this.#stopped) for (const resource of ended) for (const { object } of this.#graph.nodesOf(resource)) this.#gone(object)
    })
  }

  #seen(resource: Resource, object: KubeObject, previous: KubeObject | undefined): void {
    const uid = object.metadata.uid ?? ''
    this.#graph.put(resource, object)
    const owners = ownersOf(object)
    const sameOwners = previous !== undefined && previous.metadata.ownerReferences === object.metadata.ownerReferences
    // Also one that is being deleted itself may hold up its owners no more.
    if (previous && !sameOwners) for (const owner of ownersOf(previous)) this.#wakeWaiting(owner.uid)
    if (isDeleting(object)) {
      if (hasFinalizer(object, 'orphan') || hasFinalizer(object, 'foregroundDeletion')) this.#queue.add(uid)
      // Owners in foreground deletion count only dependents that are not gone: nothing to tell them yet.
      return
    }
    if (sameOwners) return
    const settled = owners.every((owner) => {
      const node = this.#graph.get(owner.uid)
      return node !== undefined && !waitsForDependents(node.object)
    })
    if (!settled) this.#queue.add(uid)
  }

  #gone(object: KubeObject): void {
    const uid = object.metadata.uid ?? ''
    this.#graph.remove(uid)
    for (const dependent of this.#graph.dependentsOf(uid)) this.#queue.add(dependent.object.metadata.uid ?? '')
    for (const owner of ownersOf(object)) this.#wakeWaiting(owner.uid)
  }

  #wakeWaiting(ownerUid: string): void {
    const owner = this.#graph.get(ownerUid)
    if (owner && waitsForDependents(owner.object)) this.#queue.add(ownerUid)
  }

  async #work(uid: string): Promise<void> {
    await this.#whenComplete
    if (this.#stopped) return
    const node = this.#graph.get(uid)
    try {
      if (node) await this.#collect(node)
      this.#queue.forget(uid)
    } catch (error) {
      if (this.#stopped) return
      if (!isConflict(error) && !isNotFound(error)) this.#options.log(`garbage collector: ${node?.resource.plural} ${node?.key.name}: ${messageOf(error)}`)
      this.#queue.retry(uid)
    }
  }

  async #collect(node: GraphNode): Promise<void> {
    const { object, resource, key } = node
    if (isDeleting(object)) {
      if (hasFinalizer(object, 'orphan')) await this.#orphanDependents(node)
      if (hasFinalizer(object, 'foregroundDeletion')) await this.#deleteDependents(node)
      return
    }
    const states = new Map<string, OwnerState>()
    const slices = slicesOf()
    for (const owner of ownersOf(object)) {
      if (slices.due) await slices.pause()
      const state = await this.#stateOf(owner, key.namespace)
      // Who can't be told to be gone is taken to be there.
      states.set(owner.uid, state ?? 'solid')
    }
    const dependents = this.#graph.dependentsOf(object.metadata.uid ?? '')
    const action = planGarbage(object, states, { hasDependents: dependents.length > 0, dependentsWait: dependents.some((one) => waitsForDependents(one.object)) })
    if (action.type === 'keep') return
    if (action.type === 'strike') return this.#strike(node, action.owners)
    if (action.unblock) await this.#patchOwners(node, ownersOf(object).map((owner) => ({ ...owner, blockOwnerDeletion: false })))
    await removeObject(this.#options.client, resource, object, { propagationPolicy: action.policy })
  }

  /** undefined when the owner's kind is not served here, or its scope makes the reference meaningless. */
  async #stateOf(owner: OwnerReference, namespace: string | undefined): Promise<OwnerState | undefined> {
    const known = this.#graph.get(owner.uid)
    if (known) return waitsForDependents(known.object) ? 'waiting' : 'solid'
    const resource = this.#followed.get(`${owner.apiVersion} ${owner.kind}`)?.resource ?? this.#options.ofKind?.(owner.apiVersion, owner.kind)
    if (!resource || (resource.namespaced && namespace === undefined)) return undefined
    const key: ObjectKey = resource.namespaced ? { namespace, name: owner.name } : { name: owner.name }
    try {
      // The cache of that kind may be behind: only the server knows that an owner is gone.
      const live = await this.#options.client.get(resource, key)
      if (live.metadata.uid !== owner.uid) return 'absent'
      return waitsForDependents(live) ? 'waiting' : 'solid'
    } catch (error) {
      if (isNotFound(error)) return 'absent'
      throw error
    }
  }

  async #orphanDependents(node: GraphNode): Promise<void> {
    const { uid = '' } = node.object.metadata
    await Promise.all(this.#graph.dependentsOf(uid).map((dependent) => this.#strike(dependent, ownersOf(dependent.object).filter((owner) => owner.uid === uid))))
    await this.#removeFinalizer(node, 'orphan')
  }

  async #deleteDependents(node: GraphNode): Promise<void> {
    const { uid = '' } = node.object.metadata
    const dependents = this.#graph.dependentsOf(uid)
    for (const dependent of dependents) if (!isDeleting(dependent.object)) this.#queue.add(dependent.object.metadata.uid ?? '')
    if (!dependents.some(({ object }) => blocksOwner(object, uid))) await this.#removeFinalizer(node, 'foregroundDeletion')
  }

  async #strike(node: GraphNode, owners: readonly OwnerReference[]): Promise<void> {
    const uids = new Set(owners.map(({ uid }) => uid))
    await this.#patchOwners(node, ownersOf(node.object).filter(({ uid }) => !uids.has(uid)))
  }

  async #patchOwners({ resource, key, object }: GraphNode, ownerReferences: readonly OwnerReference[]): Promise<void> {
    const { uid, resourceVersion } = object.metadata
    await this.#options.client.patch(resource, key, { type: 'merge', body: { metadata: { uid, resourceVersion, ownerReferences } } }).catch((error: unknown) => {
      if (!isNotFound(error)) throw error
    })
  }

  async #removeFinalizer({ resource, key, object }: GraphNode, name: string): Promise<void> {
    const { uid, resourceVersion, finalizers = [] } = object.metadata
    const body = { metadata: { uid, resourceVersion, finalizers: finalizers.filter((one) => one !== name) } }
    await this.#options.client.patch(resource, key, { type: 'merge', body }).catch((error: unknown) => {
      if (!isNotFound(error)) throw error
    })
  }
}

