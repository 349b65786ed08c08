// A device plugin for tests: its devices are names, which it hands out as environment, files and /dev/null under other names.
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Server } from '@grpc/grpc-js'
import { GrpcConnection } from '../../pkg/containerd/grpc-connection.ts'
import { deviceSchema } from '../../pkg/kubelet/device-plugin.ts'
import { systemClock } from '../../pkg/util/clock.ts'
import { RpcFailure, serve } from './grpc-service.ts'

export interface TestDevicePluginOptions {
  readonly resource: string
  /** The kubelet's `device-plugins`. */
  readonly directory: string
  readonly devices: readonly string[]
  readonly version?: string
  /** Near to this NUMA node, all of them. */
  readonly numaNode?: number
  /** Prefers those that come last by name. */
  readonly prefersLast?: boolean
}

export class TestDevicePlugin {
  readonly allocated: string[][] = []
  readonly preStarted: string[][] = []
  failure: string | undefined
  readonly #options: TestDevicePluginOptions
  readonly #health: Map<string, string>
  readonly #streams = new Set<(answer: object) => void>()
  #server: Server | undefined

  constructor(options: TestDevicePluginOptions) {
    this.#options = options
    this.#health = new Map(options.devices.map((id) => [id, 'Healthy']))
  }

  get #socket(): string {
    return `${this.#options.resource.replace('/', '-')}.sock`
  }

  async start(): Promise<void> {
    const { directory, resource, version = 'v1beta1', prefersLast = false } = this.#options
    writeFileSync(join(directory, 'shared.txt'), 'from the plugin\n')
    this.#server = await serve(join(directory, this.#socket), deviceSchema, {
      'v1beta1.DevicePlugin': {
        GetDevicePluginOptions: () => this.#pluginOptions(prefersLast),
        ListAndWatch: { stream: (send, ended) => {
          send(this.#list())
          this.#streams.add(send)
          ended.addEventListener('abort', () => this.#streams.delete(send))
        } },
        GetPreferredAllocation: ({ containerRequests: [wanted] }: { containerRequests: { availableDeviceIDs: string[]; allocationSize: number }[] }) =>
          ({ containerResponses: [{ deviceIDs: [...wanted?.availableDeviceIDs ?? []].sort().reverse().slice(0, wanted?.allocationSize) }] }),
        Allocate: ({ containerRequests }: { containerRequests: { devicesIds: string[] }[] }) => this.#allocate(containerRequests),
        PreStartContainer: ({ devicesIds }: { devicesIds: string[] }) => {
          this.preStarted.push(devicesIds)
          return {}
        },
      },
    })
    const kubelet = new GrpcConnection(join(directory, 'kubelet.sock'), { clock: systemClock, schema: deviceSchema })
    try {
      await kubelet.unary('v1beta1.Registration', 'Register', { version, endpoint: this.#socket, resourceName: resource, options: this.#pluginOptions(prefersLast) })
    } catch (error) {
      this.stop()
      throw error
    } finally {
      kubelet.close()
    }
  }

  stop(): void {
    this.#server?.forceShutdown()
    this.#server = undefined
  }

  /** Its socket is gone: the kubelet is another one. */
  get orphaned(): boolean {
    return !existsSync(join(this.#options.directory, this.#socket))
  }

  setHealth(id: string, health: 'Healthy' | 'Unhealthy'): void {
    this.#health.set(id, health)
    for (const send of this.#streams) send(this.#list())
  }

  #pluginOptions(prefersLast: boolean): object {
    return { preStartRequired: true, getPreferredAllocationAvailable: prefersLast }
  }

  #list(): object {
    const { numaNode } = this.#options
    return { devices: [...this.#health].map(([ID, health]) => ({ ID, health, ...(numaNode === undefined ? {} : { topology: { nodes: [{ ID: numaNode }] } }) })) }
  }

  #allocate(requests: { devicesIds: string[] }[]): object {
    if (this.failure) throw new RpcFailure('RESOURCE_EXHAUSTED', this.failure)
    return { containerResponses: requests.map(({ devicesIds }) => {
      this.allocated.push(devicesIds)
      return {
        envs: { DEVICES: devicesIds.join(','), OWN: 'plugin' }, annotations: { 'devices.test/ids': devicesIds.join(',') },
        mounts: [{ containerPath: '/plugin.txt', hostPath: join(this.#options.directory, 'shared.txt'), readOnly: true }],
        devices: devicesIds.map((id) => ({ containerPath: `/dev/${id}`, hostPath: '/dev/null', permissions: 'rw' })),
      }
    }) }
  }
}
