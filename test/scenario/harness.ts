// A whole control plane on the memory store with one hollow node: the real registry, handle, informers and controllers.
import { keyText, type KubeObject, type Resource } from '../../pkg/api/object.ts'
import type { UserInfo } from '../../pkg/api/request.ts'
import { namespaces } from '../../pkg/api/types-config.ts'
import { nodes } from '../../pkg/api/types-node.ts'
import { createHandle } from '../../pkg/apiserver/handle.ts'
import { RbacAuthorizer } from '../../pkg/apiserver/rbac.ts'
import { watchRbac } from '../../pkg/apiserver/rbac-source.ts'
import { podRequests } from '../../pkg/apiserver/pod-requests.ts'
import { DirectClient } from '../../pkg/client/direct-client.ts'
import type { Informer } from '../../pkg/client/informer.ts'
import { SharedInformers } from '../../pkg/client/shared-informers.ts'
import type { Controller } from '../../pkg/controller/controller.ts'
import { ControllerRunner } from '../../pkg/controller/runner.ts'
import { allControllers, contentResources, ownedResources } from '../../pkg/controllers/controllers.ts'
import { GarbageCollector } from '../../pkg/controllers/garbage-collector.ts'
import { defaultAdmission } from '../../pkg/registry/admission-plugins.ts'
import { builtinDefinitions } from '../../pkg/registry/kinds.ts'
import { Registry } from '../../pkg/registry/registry.ts'
import { ServiceAllocator } from '../../pkg/registry/service-allocator.ts'
import { MemoryStore } from '../../pkg/storage/memory-store.ts'
import { systemClock, type Clock } from '../../pkg/util/clock.ts'
import { HollowNode } from './hollow-node.ts'
import { checkRights, controllerClient, makeRoles } from './roles.ts'

const admin: UserInfo = { username: 'admin', groups: ['system:masters', 'system:authenticated'] }

export interface HarnessOptions {
  readonly clock?: Clock
  /** Instead of all of them. */
  readonly controllers?: readonly Controller[]
}

export class Harness {
  readonly client: DirectClient
  readonly informers: SharedInformers
  readonly node: HollowNode
  /** What went wrong, in the components' words. */
  readonly logged: string[] = []
  /** As whom a controller acts. */
  readonly clientFor: (name: string) => DirectClient
  readonly #stop: (() => Promise<void> | void)[]

  private constructor(client: DirectClient, clientFor: (name: string) => DirectClient, informers: SharedInformers, node: HollowNode, logged: string[], stop: (() => Promise<void> | void)[]) {
    this.client = client
    this.clientFor = clientFor
    this.informers = informers
    this.node = node
    this.logged = logged
    this.#stop = stop
  }

  static async start({ clock = systemClock, controllers }: HarnessOptions = {}): Promise<Harness> {
    const store = new MemoryStore()
    const registry = new Registry({
      store, clock, definitions: builtinDefinitions(), admission: defaultAdmission, allocators: [new ServiceAllocator({ cidr: '10.96.0.0/16' })],
    })
    // Controllers have the rights of their accounts' roles here, too.
    const ending = new AbortController()
    const authorizer = new RbacAuthorizer(watchRbac(registry, { clock, signal: ending.signal }))
    const handle = createHandle({ registry, authorizer, special: new Map(podRequests(registry)) })
    await makeRoles(registry)
    const logged: string[] = []
    const log = (text: string): void => void logged.push(text)
    const client = new DirectClient(handle, admin)
    const informers = new SharedInformers({ client, clock, log })
    const served = (): ReturnType<Registry['definitions']> => registry.definitions()
    const collector = new GarbageCollector({ client: controllerClient(handle, 'garbage-collector'), informers, clock, log, resources: () => ownedResources(served()) })
    const runner = new ControllerRunner({
      client, clientFor: ({ name }) => controllerClient(handle, name), informers, clock, log,
      controllers: controllers ?? allControllers({ contentResources: () => contentResources(served()), rootCertificate: 'PEM' }),
    })
    const node = new HollowNode({ name: 'hollow', client, informers, clock })
    await Promise.all([runner.start(), collector.start()])
    await node.join()
    await informers.for(nodes).until(() => informers.for(nodes).get({ name: node.name })?.spec.taints === undefined)
    return new Harness(client, (name) => controllerClient(handle, name), informers, node, logged, [
      () => node.stop(), () => runner.stop(), () => collector.stop(), () => informers.stop(), () => ending.abort(), () => registry.stop(), () => store.close(),
    ])
  }

  async stop(): Promise<void> {
    for (const step of this.#stop) await step()
    checkRights(this.logged)
  }

  async namespace(name: string): Promise<string> {
    await this.client.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name }, spec: {} })
    return name
  }

  /** Waits until `holds` for what the informer of the resource shows, with all that was written before; fails with what it showed last. */
  async until<T extends KubeObject>(resource: Resource<T>, what: string, holds: (informer: Informer<T>) => boolean, timeoutMs = 30_000): Promise<void> {
    const informer = this.informers.for(resource)
    const { items } = await this.client.list(resource)
    const newest = Math.max(0, ...items.map(({ metadata }) => Number(metadata.resourceVersion)))
    let timer: { cancel(): void } | undefined
    const late = new Promise<never>((_, reject) => {
      timer = systemClock.setTimer(() => {
        const shown = informer.list().map((object) => `${keyText({ namespace: object.metadata.namespace, name: object.metadata.name ?? '' })} ${JSON.stringify({ ...object, metadata: { ...object.metadata, managedFields: undefined }, spec: undefined })}`)
        reject(new Error(`never came true: ${what}\n${shown.join('\n')}\n${this.logged.join('\n')}`))
      }, timeoutMs)
    })
    await Promise.race([informer.until(() => informer.synced && informer.revision >= newest && holds(informer)), late]).finally(() => timer?.cancel())
  }
}
