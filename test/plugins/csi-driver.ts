// A CSI driver for tests: volumes are directories and loop devices of this machine, and everything that it is asked is remembered.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Server } from '@grpc/grpc-js'
import { ProtoSchema } from '../../pkg/containerd/proto-codec.ts'
import type { NodeCapability, PublishRequest, StageRequest } from '../../pkg/kubelet/csi-driver.ts'
import { csiProto, registrationProto } from '../../pkg/kubelet/plugin-proto.ts'
import { RpcFailure, serve } from './grpc-service.ts'

export interface TestCsiDriverOptions {
  readonly name: string
  /** The kubelet's own directory. */
  readonly root: string
  /** Where volumes are kept. */
  readonly state: string
  readonly nodeId?: string
  readonly capabilities?: readonly NodeCapability[]
  readonly maxVolumes?: number
  readonly topology?: Readonly<Record<string, string>>
}

export interface Call {
  readonly method: string
  readonly request: Partial<PublishRequest> & { readonly volumePath?: string; readonly capacityRange?: { readonly requiredBytes: number } }
}

const registrationSchema = new ProtoSchema([registrationProto])
const csiSchema = new ProtoSchema([csiProto])
const mounted = (path: string): boolean => readFileSync('/proc/self/mountinfo', 'utf8').split('\n').some((line) => line.split(' ')[4] === path)
const bind = (source: string, target: string, readonly: boolean): void => {
  if (mounted(target)) return
  execFileSync('mount', ['--bind', source, target])
  if (readonly) execFileSync('mount', ['-o', 'remount,bind,ro', target])
}

export class TestCsiDriver {
  readonly calls: Call[] = []
  readonly notices: { pluginRegistered: boolean; error: string }[] = []
  readonly #options: TestCsiDriverOptions
  readonly #failures = new Map<string, Error[]>()
  #servers: Server[] = []

  constructor(options: TestCsiDriverOptions) {
    this.#options = options
  }

  get registrationSocket(): string {
    return join(this.#options.root, 'plugins_registry', `${this.#options.name}-reg.sock`)
  }

  async start(): Promise<void> {
    const { root, name } = this.#options
    const endpoint = join(root, 'plugins', name, 'csi.sock')
    const node = await serve(endpoint, csiSchema, {
      'csi.v1.Identity': { GetPluginInfo: () => ({ name, vendorVersion: '1' }), Probe: () => ({ ready: { value: true } }) },
      'csi.v1.Node': Object.fromEntries(Object.entries(this.#node()).map(([method, work]) => [method, (request: never) => this.#answer(method, request, work)])),
    })
    const registration = await serve(this.registrationSocket, registrationSchema, {
      'pluginregistration.Registration': {
        GetInfo: () => ({ type: 'CSIPlugin', name, endpoint, supportedVersions: ['1.0.0'] }),
        NotifyRegistrationStatus: (status: { pluginRegistered: boolean; error: string }) => {
          this.notices.push(status)
          return {}
        },
      },
    })
    this.#servers = [node, registration]
  }

  stop(): void {
    for (const server of this.#servers) server.forceShutdown()
    this.#servers = []
    rmSync(this.registrationSocket, { force: true })
  }

  /** The next call of the method fails. */
  failNext(method: string, code: ConstructorParameters<typeof RpcFailure>[0], message: string): void {
    this.#failures.set(method, [...this.#failures.get(method) ?? [], new RpcFailure(code, message)])
  }

  of(method: string): Call['request'][] {
    return this.calls.filter((call) => call.method === method).map(({ request }) => request)
  }

  createVolume(handle: string, { sizeBytes, block = false }: { sizeBytes: number; block?: boolean }): void {
    const directory = this.directory(handle)
    mkdirSync(join(directory, 'files'), { recursive: true })
    if (block) {
      writeFileSync(join(directory, 'disk.img'), '')
      truncateSync(join(directory, 'disk.img'), sizeBytes)
    }
  }

  deleteVolume(handle: string): void {
    rmSync(this.directory(handle), { recursive: true, force: true })
  }

  directory(handle: string): string {
    return join(this.#options.state, handle)
  }

  #node(): Record<string, (request: never) => object> {
    const { nodeId = 'id-of-node', capabilities = ['STAGE_UNSTAGE_VOLUME', 'EXPAND_VOLUME', 'GET_VOLUME_STATS'], maxVolumes = 0, topology = {} } = this.#options
    return {
      NodeGetInfo: () => ({ nodeId, maxVolumesPerNode: maxVolumes, accessibleTopology: { segments: topology } }),
      NodeGetCapabilities: () => ({ capabilities: capabilities.map((type) => ({ rpc: { type } })) }),
      NodeStageVolume: (request: StageRequest) => this.#stage(request),
      NodeUnstageVolume: ({ volumeId, stagingTargetPath }: StageRequest) => this.#unstage(volumeId, stagingTargetPath),
      NodePublishVolume: (request: PublishRequest) => this.#publish(request),
      NodeUnpublishVolume: ({ volumeId, targetPath }: PublishRequest) => this.#unpublish(volumeId, targetPath),
      NodeExpandVolume: () => ({}),
      NodeGetVolumeStats: () => ({ usage: [{ available: 60, total: 100, used: 40, unit: 'BYTES' }, { available: 6, total: 10, used: 4, unit: 'INODES' }] }),
    }
  }

  async #answer(method: string, request: Call['request'], work: (request: never) => object): Promise<object> {
    this.calls.push({ method, request })
    const failure = this.#failures.get(method)?.shift()
    if (failure) throw failure
    return work(request as never)
  }

  #stage({ volumeId, stagingTargetPath, volumeCapability }: StageRequest): object {
    if (!existsSync(this.directory(volumeId))) throw new RpcFailure('NOT_FOUND', `volume ${volumeId} does not exist`)
    const device = join(this.directory(volumeId), 'device')
    if (volumeCapability.block && !existsSync(device)) {
      writeFileSync(device, execFileSync('losetup', ['--find', '--show', join(this.directory(volumeId), 'disk.img')], { encoding: 'utf8' }).trim())
    } else if (volumeCapability.mount) bind(join(this.directory(volumeId), 'files'), stagingTargetPath, false)
    return {}
  }

  #unstage(volumeId: string, stagingTargetPath: string): object {
    if (mounted(stagingTargetPath)) execFileSync('umount', [stagingTargetPath])
    const device = join(this.directory(volumeId), 'device')
    if (existsSync(device)) {
      execFileSync('losetup', ['--detach', readFileSync(device, 'utf8')])
      rmSync(device)
    }
    return {}
  }

  #publish({ volumeId, stagingTargetPath, targetPath, volumeCapability, readonly }: PublishRequest): object {
    if (volumeCapability.block) {
      writeFileSync(targetPath, '', { flag: 'a' })
      bind(readFileSync(join(this.directory(volumeId), 'device'), 'utf8'), targetPath, false)
      return {}
    }
    // An inline volume is made with its first use.
    if (stagingTargetPath === '') this.createVolume(volumeId, { sizeBytes: 0 })
    mkdirSync(targetPath, { recursive: true })
    bind(stagingTargetPath || join(this.directory(volumeId), 'files'), targetPath, readonly)
    return {}
  }

  #unpublish(volumeId: string, targetPath: string): object {
    if (mounted(targetPath)) execFileSync('umount', [targetPath])
    rmSync(targetPath, { recursive: true, force: true })
    if (volumeId.startsWith('csi-')) this.deleteVolume(volumeId)
    return {}
  }
}
