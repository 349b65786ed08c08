// A device plugin: its devices as it tells them, and what it does for containers that get some.
import { GrpcConnection } from '../containerd/grpc-connection.ts'
import { ProtoSchema } from '../containerd/proto-codec.ts'
import type { Clock } from '../util/clock.ts'
import { deviceProto } from './plugin-proto.ts'
import { plainWords } from './rpc-words.ts'

export const deviceSchema = new ProtoSchema([deviceProto])

export interface DevicePluginOptions {
  readonly preStartRequired: boolean
  readonly getPreferredAllocationAvailable: boolean
}

/** What a plugin has a container given with its devices. */
export interface Allocation {
  readonly envs: Readonly<Record<string, string>>
  readonly mounts: readonly { readonly containerPath: string; readonly hostPath: string; readonly readOnly: boolean }[]
  readonly devices: readonly { readonly containerPath: string; readonly hostPath: string; readonly permissions: string }[]
  readonly annotations: Readonly<Record<string, string>>
  readonly cdiDevices: readonly { readonly name: string }[]
}

export interface DevicePluginEvents {
  /** The whole list, each time: ids and whether they work; and for those that are near to some, their NUMA nodes. */
  readonly onDevices: (devices: ReadonlyMap<string, boolean>, numaNodes: ReadonlyMap<string, readonly number[]>) => void
  /** It will tell nothing more. */
  readonly onEnd: (reason: string) => void
}

const service = 'v1beta1.DevicePlugin'

export class DevicePlugin {
  readonly resource: string
  readonly options: DevicePluginOptions
  readonly #connection: GrpcConnection
  readonly #abort = new AbortController()
  #ended: Promise<void> = Promise.resolve()

  constructor({ resource, socket, options, clock }: { resource: string; socket: string; options: DevicePluginOptions; clock: Clock }) {
    this.resource = resource
    this.options = options
    this.#connection = new GrpcConnection(socket, { clock, schema: deviceSchema })
  }

  follow({ onDevices, onEnd }: DevicePluginEvents): void {
    this.#ended = this.#follow(onDevices).then(() => 'the plugin has ended its list', (error: unknown) => (error as Error).message)
      .then((reason) => void (this.#abort.signal.aborted || onEnd(reason)))
  }

  async #follow(onDevices: DevicePluginEvents['onDevices']): Promise<void> {
    for await (const answer of this.#connection.stream(service, 'ListAndWatch', {}, { signal: this.#abort.signal })) {
      const { devices } = answer as { devices: { ID: string; health: string; topology?: { nodes: { ID: number }[] } }[] }
      const numaNodes = devices.flatMap(({ ID, topology }) => (topology ? [[ID, topology.nodes.map((node) => node.ID)] as const] : []))
      onDevices(new Map(devices.map(({ ID, health }) => [ID, health === 'Healthy'])), new Map(numaNodes))
    }
  }

  async stop(): Promise<void> {
    this.#abort.abort()
    this.#connection.close()
    await this.#ended
  }

  async preferred(request: { available: readonly string[]; must: readonly string[]; count: number }): Promise<readonly string[]> {
    const containerRequests = [{ availableDeviceIDs: request.available, mustIncludeDeviceIDs: request.must, allocationSize: request.count }]
    const { containerResponses } = await this.#call('GetPreferredAllocation', { containerRequests }) as { containerResponses: { deviceIDs: string[] }[] }
    return containerResponses[0]?.deviceIDs ?? []
  }

  async allocate(ids: readonly string[]): Promise<Allocation> {
    const { containerResponses } = await this.#call('Allocate', { containerRequests: [{ devicesIds: ids }] }) as { containerResponses: Allocation[] }
    const [response] = containerResponses
    if (!response) throw new Error(`no containers in allocation response ${JSON.stringify(containerResponses)}`)
    return response
  }

  async preStart(ids: readonly string[]): Promise<void> {
    await this.#call('PreStartContainer', { devicesIds: ids })
  }

  async #call(name: string, request: object): Promise<object> {
    try {
      return await this.#connection.unary(service, name, request, { timeoutMs: 30_000 })
    } catch (error) {
      throw plainWords(error)
    }
  }
}
