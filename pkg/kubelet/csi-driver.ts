// A CSI driver's node service, on its socket: calls as promises, errors as a Go client words them.
import { GrpcConnection } from '../containerd/grpc-connection.ts'
import { ProtoSchema } from '../containerd/proto-codec.ts'
import type { Clock } from '../util/clock.ts'
import { csiProto } from './plugin-proto.ts'
import { plainWords } from './rpc-words.ts'

export type NodeCapability = 'STAGE_UNSTAGE_VOLUME' | 'GET_VOLUME_STATS' | 'EXPAND_VOLUME' | 'VOLUME_CONDITION' | 'SINGLE_NODE_MULTI_WRITER' | 'VOLUME_MOUNT_GROUP'

export interface NodeInfo {
  readonly nodeId: string
  /** 0 when the driver knows of no limit. */
  readonly maxVolumesPerNode: number
  readonly accessibleTopology?: { readonly segments: Readonly<Record<string, string>> }
}

export interface VolumeCapability {
  readonly block?: object
  readonly mount?: { readonly fsType: string; readonly mountFlags: readonly string[]; readonly volumeMountGroup: string }
  readonly accessMode: { readonly mode: string }
}

export interface StageRequest {
  readonly volumeId: string
  readonly publishContext: Readonly<Record<string, string>>
  readonly stagingTargetPath: string
  readonly volumeCapability: VolumeCapability
  readonly secrets: Readonly<Record<string, string>>
  readonly volumeContext: Readonly<Record<string, string>>
}

export interface PublishRequest extends StageRequest {
  readonly targetPath: string
  readonly readonly: boolean
}

export interface ExpandRequest {
  readonly volumeId: string
  readonly volumePath: string
  readonly stagingTargetPath: string
  readonly capacityRange: { readonly requiredBytes: number }
  readonly volumeCapability: VolumeCapability
  readonly secrets: Readonly<Record<string, string>>
}

export interface VolumeUsage {
  readonly available: number
  readonly total: number
  readonly used: number
  readonly unit: 'UNKNOWN' | 'BYTES' | 'INODES'
}

const schema = new ProtoSchema([csiProto])

export class CsiDriverConnection {
  readonly name: string
  readonly endpoint: string
  readonly #connection: GrpcConnection
  #capabilities: Promise<ReadonlySet<NodeCapability>> | undefined

  constructor({ name, endpoint, clock }: { name: string; endpoint: string; clock: Clock }) {
    this.name = name
    this.endpoint = endpoint
    this.#connection = new GrpcConnection(endpoint.replace(/^unix:(\/\/)?/, ''), { clock, schema })
  }

  close(): void {
    this.#connection.close()
  }

  async info(): Promise<NodeInfo> {
    return await this.#call('NodeGetInfo', {}) as NodeInfo
  }

  /** Asked once: a driver keeps its capabilities as long as its socket. */
  capabilities(): Promise<ReadonlySet<NodeCapability>> {
    const asked = this.#capabilities ??= this.#call('NodeGetCapabilities', {}).then((answer) => {
      const { capabilities } = answer as { capabilities: { rpc?: { type: NodeCapability } }[] }
      return new Set(capabilities.flatMap(({ rpc }) => rpc?.type ?? []))
    })
    asked.catch(() => (this.#capabilities = undefined))
    return asked
  }

  async stage(request: StageRequest): Promise<void> {
    await this.#call('NodeStageVolume', request)
  }

  async unstage(volumeId: string, stagingTargetPath: string): Promise<void> {
    await this.#call('NodeUnstageVolume', { volumeId, stagingTargetPath })
  }

  async publish(request: PublishRequest): Promise<void> {
    await this.#call('NodePublishVolume', request)
  }

  async unpublish(volumeId: string, targetPath: string): Promise<void> {
    await this.#call('NodeUnpublishVolume', { volumeId, targetPath })
  }

  async expand(request: ExpandRequest): Promise<void> {
    await this.#call('NodeExpandVolume', request)
  }

  async stats(request: { volumeId: string; volumePath: string; stagingTargetPath: string }): Promise<{ usage: readonly VolumeUsage[]; volumeCondition?: { abnormal: boolean; message: string } }> {
    return await this.#call('NodeGetVolumeStats', request) as { usage: readonly VolumeUsage[] }
  }

  async #call(name: string, request: object): Promise<object> {
    try {
      return await this.#connection.unary('csi.v1.Node', name, request)
    } catch (error) {
      throw plainWords(error)
    }
  }
}
