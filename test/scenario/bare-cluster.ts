// The API server's core on the memory store, with informers and nothing else: no controllers, no nodes.
import type { KubeObject, Resource } from '../../pkg/api/object.ts'
import { createHandle } from '../../pkg/apiserver/handle.ts'
import type { Handle } from '../../pkg/api/request.ts'
import { RbacAuthorizer } from '../../pkg/apiserver/rbac.ts'
import { watchRbac } from '../../pkg/apiserver/rbac-source.ts'
import { podRequests } from '../../pkg/apiserver/pod-requests.ts'
import { DirectClient } from '../../pkg/client/direct-client.ts'
import { QueuedEventRecorder } from '../../pkg/client/event-recorder.ts'
import type { Informer } from '../../pkg/client/informer.ts'
import { SharedInformers } from '../../pkg/client/shared-informers.ts'
import type { Controller } from '../../pkg/controller/controller.ts'
import { ControllerRunner } from '../../pkg/controller/runner.ts'
import { defaultAdmission } from '../../pkg/registry/admission-plugins.ts'
import { builtinDefinitions } from '../../pkg/registry/kinds.ts'
import { Registry } from '../../pkg/registry/registry.ts'
import { ServiceAllocator } from '../../pkg/registry/service-allocator.ts'
import { defaultScheduler } from '../../pkg/scheduler/default-scheduler.ts'
import type { Scheduler } from '../../pkg/scheduler/scheduler.ts'
import { MemoryStore } from '../../pkg/storage/memory-store.ts'
import { systemClock } from '../../pkg/util/clock.ts'
import { checkRights, controllerClient, makeRoles } from './roles.ts'

export class BareCluster {
  /** What went wrong, in the components' words. */
  readonly logged: string[] = []
  readonly #log = (text: string): void => void this.logged.push(text)
  readonly client: DirectClient
  readonly informers: SharedInformers
  readonly #store = new MemoryStore()
  readonly #ending = new AbortController()
  readonly #handle: Handle
  readonly #registry: Registry

  constructor() {
    this.#registry = new Registry({
      store: this.#store, clock: systemClock, definitions: builtinDefinitions(), admission: defaultAdmission, allocators: [new ServiceAllocator({ cidr: '10.96.0.0/16' })],
    })
    const authorizer = new RbacAuthorizer(watchRbac(this.#registry, { clock: systemClock, signal: this.#ending.signal }))
    const handle = this.#handle = createHandle({ registry: this.#registry, authorizer, special: new Map(podRequests(this.#registry)) })
    this.client = new DirectClient(handle, { username: 'admin', groups: ['system:masters', 'system:authenticated'] })
    this.informers = new SharedInformers({ client: this.client, clock: systemClock, log: this.#log })
  }

  /** Controllers act by their accounts' rights from here on, where they have clients of their own. */
  makeRoles(): Promise<void> {
    return makeRoles(this.#registry)
  }

  clientFor(name: string): DirectClient {
    return controllerClient(this.#handle, name)
  }

  /** Neither is started; the recorder is stopped last. */
  newScheduler(): { readonly scheduler: Scheduler; readonly recorder: QueuedEventRecorder } {
    const { client, informers } = this
    const recorder = new QueuedEventRecorder({ client, clock: systemClock, component: 'default-scheduler', log: this.#log })
    return { scheduler: defaultScheduler({ client, informers, events: recorder, clock: systemClock, log: this.#log }), recorder }
  }

  /** Not started; each controller has its account's rights, once there are roles. */
  newRunner(controllers: readonly Controller[]): ControllerRunner {
    const { client, informers } = this
    return new ControllerRunner({ client, clientFor: ({ name }) => this.clientFor(name), informers, clock: systemClock, log: this.#log, controllers })
  }

  async stop(): Promise<void> {
    await this.informers.stop()
    this.#ending.abort()
    await this.#registry.stop()
    await this.#store.close()
    checkRights(this.logged)
  }

  /** Waits until `holds` for what the informer shows; fails with what it showed last. */
  async until<T extends KubeObject>(resource: Resource<T>, what: string, holds: (informer: Informer<T>) => boolean, timeoutMs = 30_000): Promise<void> {
    const informer = this.informers.for(resource)
    let timer: { cancel(): void } | undefined
    const late = new Promise<never>((_, reject) => {
      timer = systemClock.setTimer(() => {
        const shown = informer.list().map((object) => JSON.stringify({ ...object, metadata: { ...object.metadata, managedFields: undefined } }))
        reject(new Error(`never came true: ${what}\n${shown.join('\n')}\n${this.logged.join('\n')}`))
      }, timeoutMs)
    })
    await Promise.race([informer.until(() => informer.synced && holds(informer)), late]).finally(() => timer?.cancel())
  }
}
