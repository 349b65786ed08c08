// One controller at work: informers fill its queue, reconcile empties it.
import { apiVersionOf, controllerOf, groupResource, keyText, type KubeObject, type ObjectKey, type Resource } from '../api/object.ts'
import { isConflict, isNotFound, StatusError } from '../api/status-error.ts'
import type { Client } from '../client/client.ts'
import type { EventRecorder } from '../client/events.ts'
import type { Following, Informer, InformerChange, Informers } from '../client/informer.ts'
import { WorkQueue, type WorkQueueOptions } from '../util/work-queue.ts'
import type { Clock } from '../util/clock.ts'
import type { Controller, ReconcileContext, Trigger } from './controller.ts'
import { isNamespaceTerminating } from './refusals.ts'
import { NotingClient } from './noting-client.ts'

export interface ControllerLoopOptions {
  readonly client: Client
  readonly informers: Informers
  readonly events: EventRecorder
  readonly clock: Clock
  readonly onTimes?: WorkQueueOptions<string>['onTimes']
  readonly log: (text: string) => void
}

/** The longest wait between tries of a key that keeps failing. */
const longestRetryMs = 300_000

export class ControllerLoop {
  readonly #controller: Controller
  readonly #options: ControllerLoopOptions
  readonly #informer: Informer<KubeObject>
  readonly #queue: WorkQueue
  readonly #stop = new AbortController()
  // Kinds that this controller reads from caches: its own writes to them are waited for.
  readonly #watched = new Set<string>()
  readonly #informers: Informers
  readonly #followed: Following[] = []
  // By kind: one that went and came again has another informer.
  readonly #followedLater = new Map<string, { readonly informer: Informer<KubeObject>; readonly following: Following }>()

  constructor(controller: Controller, options: ControllerLoopOptions) {
    this.#controller = controller
    this.#options = options
    this.#informers = {
      for: (resource) => {
        this.#watched.add(groupResource(resource))
        return options.informers.for(resource)
      },
      whenSynced: () => options.informers.whenSynced(),
      stop: () => Promise.reject(new Error('informers are shared: a controller does not stop them')),
    }
    this.#informer = this.#informers.for(controller.for)
    for (const { resource } of controller.watches ?? []) this.#informers.for(resource)
    for (const resource of controller.owns ?? []) this.#informers.for(resource)
    this.#queue = new WorkQueue({
      clock: options.clock, concurrency: controller.concurrency ?? 5, work: (key) => this.#work(key),
      backOff: { baseMs: 5, maxMs: longestRetryMs }, ...(options.onTimes ? { onTimes: options.onTimes } : {}),
    })
  }

  /** Call when the informers are synced: keys are worked on from here on. */
  start(): void {
    const { owns = [], watches = [] } = this.#controller
    this.#followed.push(this.#subscribe(this.#controller.for, (object) => [object.metadata]))
    for (const resource of owns) this.#followed.push(this.#subscribe(resource, (object) => this.#ownerKeys(object)))
    for (const trigger of watches) this.#followed.push(this.#follow(trigger))
  }

  get queue(): Pick<WorkQueue, 'depth' | 'added' | 'retried' | 'unfinished'> {
    return this.#queue
  }

  async stop(): Promise<void> {
    this.#stop.abort()
    for (const following of [...this.#followed, ...[...this.#followedLater.values()].map(({ following }) => following)]) following.end()
    await this.#queue.stop()
  }

  // Both states lead to keys: what an object no longer points to must be looked at too.
  #subscribe(resource: Resource, keys: (object: KubeObject) => readonly Partial<ObjectKey>[]): Following {
    return this.#options.informers.for(resource).follow(({ object, previous }: InformerChange<KubeObject>) => {
      for (const state of [previous, object]) {
        if (state) for (const key of keys(state)) this.#queue.add(keyText({ namespace: key.namespace, name: key.name ?? '' }))
      }
    })
  }

  #follow({ resource, keys }: Trigger): Following {
    return this.#subscribe(resource, (object) => keys(object, this.#context(this.#options.client)))
  }

  #followLater(trigger: Trigger): void {
    if (this.#stop.signal.aborted) return
    const name = groupResource(trigger.resource)
    const informer = this.#informers.for(trigger.resource)
    const known = this.#followedLater.get(name)
    if (known?.informer === informer) return
    known?.following.end()
    this.#followedLater.set(name, { informer, following: this.#follow(trigger) })
  }

  #ownerKeys(object: KubeObject): readonly ObjectKey[] {
    const owner = controllerOf(object)
    const { kind, namespaced } = this.#controller.for
    if (!owner || owner.kind !== kind || owner.apiVersion !== apiVersionOf(this.#controller.for)) return []
    return [namespaced ? { namespace: object.metadata.namespace, name: owner.name } : { name: owner.name }]
  }

  #context(client: Client): ReconcileContext {
    const { events, clock } = this.#options
    return { client, informers: this.#informers, events, clock, signal: this.#stop.signal, watch: (trigger) => this.#followLater(trigger) }
  }

  async #work(text: string): Promise<void> {
    const key = keyFrom(text)
    const { client, log } = this.#options
    const noting = new NotingClient(client, this.#options.informers, (resource) => this.#watched.has(groupResource(resource)))
    try {
      const result = await this.#controller.reconcile(key, this.#informer.get(key), this.#context(noting))
      this.#queue.forget(text)
      if (result?.requeueAfterMs !== undefined) this.#queue.addAfter(text, result.requeueAfterMs)
    } catch (error) {
      if (this.#stop.signal.aborted) return
      if (!isExpected(error)) log(`${this.#controller.name} ${text}: ${error instanceof Error ? describe(error) : String(error)}`)
      this.#queue.retry(text)
    }
    // The key stays at work until its own writes are in the caches, also after a failure half-way.
    await unlessAborted(noting.seen(), this.#stop.signal)
  }
}

const isExpected = (error: unknown): boolean => isConflict(error) || isNotFound(error) || isNamespaceTerminating(error)

// The server's refusals speak for themselves; anything else is a fault of ours and needs its stack.
const describe = (error: Error): string => (error instanceof StatusError ? error.message : (error.stack ?? error.message))

function keyFrom(text: string): ObjectKey {
  const slash = text.indexOf('/')
  return slash < 0 ? { name: text } : { namespace: text.slice(0, slash), name: text.slice(slash + 1) }
}

/** Resolves with `work` or when the signal aborts, whichever is first; leaves no listener behind. */
function unlessAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve()
    const done = (): void => {
      signal.removeEventListener('abort', done)
      resolve()
    }
    signal.addEventListener('abort', done)
    void work.then(done, done)
  })
}
