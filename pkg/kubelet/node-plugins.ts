// The plugins of this node and what they bring: CSI drivers with their volumes, devices.
import { join } from 'node:path'
import type { Pod } from '../api/types-pod.ts'
import type { Client } from '../client/client.ts'
import type { EventRecorder } from '../client/events.ts'
import type { Clock } from '../util/clock.ts'
import { CsiDrivers } from './csi-drivers.ts'
import { CsiNodeRecord } from './csi-node-record.ts'
import { CsiVolumes } from './csi-volumes.ts'
import { DeviceManager } from './device-manager.ts'
import { PluginRegistry } from './plugin-registry.ts'
import { PodResources } from './pod-resources.ts'
import type { TokenSource } from './volume-payload.ts'
import { VolumesInUse } from './volumes-in-use.ts'

export interface NodePluginsOptions {
  /** The kubelet's own directory, with `plugins_registry` and `plugins` in it. */
  readonly root: string
  readonly nodeName: string
  readonly client: Client
  readonly clock: Clock
  readonly events: EventRecorder
  readonly tokens: TokenSource
  /** Those that use the node. */
  readonly active: () => readonly Pod[]
  /** The node has more or fewer devices. */
  readonly onCapacity: () => void
  /** Devices of this pod are well or ill now. */
  readonly onHealth: (uid: string) => void
  readonly log: (message: string) => void
}

export class NodePlugins {
  readonly inUse = new VolumesInUse()
  readonly csi: CsiVolumes
  readonly devices: DeviceManager
  readonly #options: NodePluginsOptions
  readonly #podResources: PodResources
  readonly #record: CsiNodeRecord
  readonly #drivers: CsiDrivers
  readonly #registry: PluginRegistry

  constructor(options: NodePluginsOptions) {
    const { root, clock, log } = options
    this.#options = options
    this.#record = new CsiNodeRecord(options)
    this.#drivers = new CsiDrivers({ clock, record: this.#record })
    this.csi = new CsiVolumes({ ...options, drivers: this.#drivers, inUse: this.inUse })
    this.devices = new DeviceManager({ ...options, directory: join(root, 'device-plugins') })
    this.#podResources = new PodResources({ directory: join(root, 'pod-resources'), pods: options.active, devices: this.devices })
    this.#registry = new PluginRegistry({ directory: join(root, 'plugins_registry'), clock, log, kinds: [this.#drivers] })
  }

  /** Before the node's status is told for the first time: what an earlier kubelet has left in use. */
  async load(): Promise<void> {
    await this.csi.load()
    // A node without devices is a node: the path of the socket may be too long, for one.
    await this.devices.start().catch((error: Error) => this.#options.log(`device plugins can't register: ${error.message}`))
    await this.#podResources.start().catch((error: Error) => this.#options.log(`pod resources can't be asked for: ${error.message}`))
  }

  /** The node is registered: plugins may be, too. Does not wait for them. */
  start(): void {
    const { log } = this.#options
    const settled = this.#registry.start().catch((error: Error) => log(`plugins: ${error.message}`))
    this.#drivers.knownAfter(settled)
    void this.#record.ensure().catch((error: Error) => log(`CSINode: ${error.message}`))
  }

  async stop(): Promise<void> {
    await this.#registry.stop()
    this.#drivers.stop()
    this.#podResources.stop()
    await this.devices.stop()
  }
}
