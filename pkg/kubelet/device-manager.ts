// The devices of this node: plugins register them, pods are given them at their admission and keep them as long as they live.
import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Container, Pod } from '../api/types-pod.ts'
import { GrpcServer } from '../containerd/grpc-server.ts'
import type { Clock, Timer } from '../util/clock.ts'
import { KeyedLock } from '../util/keyed-lock.ts'
import { checkpointText, type DeviceGrant, readCheckpoint, writeCheckpoint } from './device-checkpoint.ts'
import { deviceChoice, isExtendedResource, pickDevices } from './device-plan.ts'
import { type Allocation, DevicePlugin, type DevicePluginOptions, deviceSchema } from './device-plugin.ts'
import { podUid } from './pod-names.ts'
import type { HeldDevice } from './pod-resources.ts'

export interface DeviceManagerOptions {
  /** Where the kubelet's socket and the plugins' are. */
  readonly directory: string
  readonly clock: Clock
  /** The node has more or fewer devices than it had. */
  readonly onCapacity: () => void
  /** Devices of this pod are well or ill now. */
  readonly onHealth: (uid: string) => void
  readonly log: (message: string) => void
}

export interface NodeDevices {
  readonly capacity: Readonly<Record<string, string>>
  readonly allocatable: Readonly<Record<string, string>>
}

interface Known {
  /** By id, whether it works. */
  devices: ReadonlyMap<string, boolean>
  numaNodes?: ReadonlyMap<string, readonly number[]>
  plugin?: DevicePlugin
  /** Until its plugin is waited for. */
  timer?: Timer
}

const supported = 'v1beta1'
const checkpointName = 'kubelet_internal_checkpoint'
/** How long the node says how many devices it had when their plugin is gone. */
const endedPatienceMs = 300_000

export class DeviceManager {
  readonly #options: DeviceManagerOptions
  readonly #server: GrpcServer
  readonly #known = new Map<string, Known>()
  readonly #lock = new KeyedLock()
  #grants: readonly DeviceGrant[] = []
  #writing: Promise<void> = Promise.resolve()

  constructor(options: DeviceManagerOptions) {
    this.#options = options
    this.#server = new GrpcServer(deviceSchema, {
      'v1beta1.Registration': { Register: (request) => this.#register(request as { version: string; endpoint: string; resourceName: string; options?: DevicePluginOptions }) },
    })
  }

  get #checkpoint(): string {
    return join(this.#options.directory, checkpointName)
  }

  /** Plugins see their sockets go and the kubelet's come, and register again. */
  async start(): Promise<void> {
    const { directory } = this.#options
    await mkdir(directory, { recursive: true, mode: 0o750 })
    const { grants, resources } = await readCheckpoint(this.#checkpoint).catch((error: Error) => {
      this.#options.log(`${this.#checkpoint} can't be read, so what devices pods have is not known: ${error.message}`)
      return { grants: [], resources: [] }
    })
    this.#grants = grants
    for (const resource of resources) this.#known.set(resource, { devices: new Map() })
    for (const entry of await readdir(directory, { withFileTypes: true })) if (entry.isSocket()) await rm(join(directory, entry.name), { force: true })
    await this.#server.listen(join(directory, 'kubelet.sock'))
  }

  async stop(): Promise<void> {
    this.#server.stop()
    for (const { timer } of this.#known.values()) timer?.cancel()
    await Promise.all([...this.#known.values()].map(({ plugin }) => plugin?.stop()))
    await this.#writing
  }

  /** Of every resource that a plugin has ever told of; those that are gone are 0, which tells the scheduler so. */
  resources(): NodeDevices {
    const entries = [...this.#known].map(([resource, { devices }]) => ({ resource, all: devices.size, healthy: [...devices.values()].filter(Boolean).length }))
    return {
      capacity: Object.fromEntries(entries.map(({ resource, all }) => [resource, String(all)])),
      allocatable: Object.fromEntries(entries.map(({ resource, healthy }) => [resource, String(healthy)])),
    }
  }

  /** Gives the pod what its containers ask for. Throws with the reason when that is not to be had. */
  async allocate(pod: Pod, active: ReadonlySet<string>): Promise<void> {
    if (!this.#wishes(pod).some(({ wanted }) => wanted.length > 0)) return
    await this.#lock.run('allocate', async () => {
      // What ended pods had is free again.
      this.#grants = this.#grants.filter(({ uid }) => active.has(uid) || uid === podUid(pod))
      const reusable = new Map<string, Set<string>>()
      for (const { container, kind, wanted } of this.#wishes(pod)) {
        for (const { resource, count } of wanted) {
          const pool = reusable.get(resource) ?? new Set<string>()
          reusable.set(resource, pool)
          const grant = await this.#grant(pod, container.name, { resource, count, pool })
          for (const id of grant.ids) {
            // An init container is done with its devices before the next one starts; a sidecar keeps them.
            if (kind === 'init') pool.add(id)
            else pool.delete(id)
          }
        }
      }
      await this.#save()
    })
  }

  /** The pod is gone. */
  release(gone: string): void {
    if (!this.#grants.some(({ uid }) => uid === gone)) return
    this.#grants = this.#grants.filter(({ uid }) => uid !== gone)
    this.#keep()
  }

  /** What the container is to be made with. */
  of(uid: string, container: string): Allocation {
    const own = this.#grants.filter((grant) => grant.uid === uid && grant.container === container).map(({ allocation }) => allocation)
    return {
      envs: Object.assign({}, ...own.map(({ envs }) => envs)) as Record<string, string>,
      mounts: own.flatMap(({ mounts }) => mounts), devices: own.flatMap(({ devices }) => devices),
      annotations: Object.assign({}, ...own.map(({ annotations }) => annotations)) as Record<string, string>,
      cdiDevices: own.flatMap(({ cdiDevices }) => cdiDevices),
    }
  }

  /** Before each start of the container: some devices want to be made ready. */
  async prepare(uid: string, container: string): Promise<void> {
    for (const { resource, ids } of this.#grants.filter((grant) => grant.uid === uid && grant.container === container)) {
      const plugin = this.#known.get(resource)?.plugin
      if (plugin?.options.preStartRequired) {
        await plugin.preStart(ids).catch((error: Error) => {
          throw new Error(`device plugin PreStartContainer rpc failed with err: ${error.message}`)
        })
      }
    }
  }

  /** Which the container has. */
  held(uid: string, container: string): HeldDevice[] {
    return this.#grants.filter((grant) => grant.uid === uid && grant.container === container).flatMap(({ resource, ids }) => ids.map((id) => this.#device(resource, id)))
  }

  /** All that work. */
  allocatable(): HeldDevice[] {
    return [...this.#known].flatMap(([resource, { devices }]) => [...devices].flatMap(([id, works]) => (works ? [this.#device(resource, id)] : [])))
  }

  #device(resource: string, id: string): HeldDevice {
    return { resource, id, numaNodes: this.#known.get(resource)?.numaNodes?.get(id) ?? [] }
  }

  #wishes({ spec }: Pod): { container: Pick<Container, 'name' | 'resources'>; kind: 'init' | 'running'; wanted: { resource: string; count: number }[] }[] {
    const wanted = ({ resources }: Pick<Container, 'resources'>): { resource: string; count: number }[] =>
      Object.entries(resources?.limits ?? {}).flatMap(([resource, count]) => (this.#known.has(resource) && Number(count) > 0 ? [{ resource, count: Number(count) }] : []))
    return [
      ...(spec.initContainers ?? []).map((container) => ({ container, kind: container.restartPolicy === 'Always' ? 'running' as const : 'init' as const, wanted: wanted(container) })),
      ...spec.containers.map((container) => ({ container, kind: 'running' as const, wanted: wanted(container) })),
    ]
  }

  async #grant(pod: Pod, container: string, { resource, count, pool }: { resource: string; count: number; pool: ReadonlySet<string> }): Promise<DeviceGrant> {
    const uid = podUid(pod)
    const existing = this.#grants.find((grant) => grant.uid === uid && grant.container === container && grant.resource === resource)
    if (existing) return existing
    const known = this.#known.get(resource)
    const healthy = known && new Set([...known.devices].filter(([, works]) => works).map(([id]) => id))
    const inUse = new Set(this.#grants.filter((grant) => grant.resource === resource).flatMap(({ ids }) => ids))
    const choice = deviceChoice({ resource, count, healthy, inUse, reusable: pool })
    const plugin = known?.plugin
    if (!plugin) throw new Error(`endpoint not found in cache for a registered resource: ${resource}`)
    const open = choice.must.length < count && choice.free.length > count - choice.must.length
    const preferred = open && plugin.options.getPreferredAllocationAvailable
      ? await plugin.preferred({ available: [...choice.must, ...choice.free], must: choice.must, count }).catch((error: Error) => {
        throw new Error(`device plugin GetPreferredAllocation rpc failed with err: ${error.message}`)
      }) : []
    const ids = pickDevices(choice, count, preferred)
    const grant = { uid, container, resource, ids, allocation: await plugin.allocate(ids) }
    this.#grants = [...this.#grants, grant]
    return grant
  }

  #register({ version, endpoint, resourceName, options }: { version: string; endpoint: string; resourceName: string; options?: DevicePluginOptions }): object {
    const { directory, clock, log } = this.#options
    if (version !== supported) throw new Error(`requested API version "${version}" is not supported by kubelet. Supported version is "${supported}"`)
    if (!isExtendedResource(resourceName)) throw new Error(`the ResourceName "${resourceName}" is invalid`)
    if (endpoint === '' || endpoint.includes('/')) throw new Error(`the endpoint "${endpoint}" is no name of a socket in the plugins' directory`)
    const before = this.#known.get(resourceName)
    before?.timer?.cancel()
    void before?.plugin?.stop()
    const plugin = new DevicePlugin({
      resource: resourceName, socket: join(directory, endpoint), clock, options: options ?? { preStartRequired: false, getPreferredAllocationAvailable: false },
    })
    const known: Known = { devices: before?.devices ?? new Map(), plugin }
    this.#known.set(resourceName, known)
    plugin.follow({
      onDevices: (devices, numaNodes) => {
        known.numaNodes = numaNodes
        this.#update(resourceName, known, devices)
      },
      onEnd: (reason) => {
        log(`device plugin of ${resourceName}: ${reason}`)
        delete known.plugin
        this.#update(resourceName, known, new Map([...known.devices.keys()].map((id) => [id, false])))
        known.timer = clock.setTimer(() => this.#update(resourceName, known, new Map()), endedPatienceMs)
      },
    })
    return {}
  }

  #update(resource: string, known: Known, devices: ReadonlyMap<string, boolean>): void {
    const before = known.devices
    known.devices = devices
    this.#options.onCapacity()
    const changed = (id: string): boolean => before.get(id) !== devices.get(id)
    for (const uid of new Set(this.#grants.filter((grant) => grant.resource === resource && grant.ids.some(changed)).map(({ uid }) => uid))) this.#options.onHealth(uid)
    this.#keep()
  }

  #keep(): void {
    void this.#save().catch((error: Error) => this.#options.log(`device checkpoint: ${error.message}`))
  }

  /** One after another, each with what is so when its turn comes. */
  #save(): Promise<void> {
    const saved = this.#writing.then(() => writeCheckpoint(this.#checkpoint, checkpointText(this.#grants, new Map([...this.#known].map(([resource, { devices }]) => [resource, [...devices.keys()]])))))
    this.#writing = saved.catch(() => undefined)
    return saved
  }
}
