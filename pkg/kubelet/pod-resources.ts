// The pod-resources API on a socket of this node: which container has which devices, as monitors and topology tools ask it.
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Pod } from '../api/types-pod.ts'
import { GrpcServer } from '../containerd/grpc-server.ts'
import { ProtoSchema } from '../containerd/proto-codec.ts'
import { podUid } from './pod-names.ts'
import { podResourcesProto } from './plugin-proto.ts'

/** One device, and the NUMA nodes that it is near to, as its plugin tells. */
export interface HeldDevice {
  readonly resource: string
  readonly id: string
  readonly numaNodes: readonly number[]
}

export interface PodResourcesOptions {
  /** Where the socket is. */
  readonly directory: string
  /** Those that use the node. */
  readonly pods: () => readonly Pod[]
  readonly devices: {
    held(uid: string, container: string): readonly HeldDevice[]
    /** All that work, in use or not. */
    allocatable(): readonly HeldDevice[]
  }
}

export const podResourcesSchema = new ProtoSchema([podResourcesProto])

export class PodResources {
  readonly #options: PodResourcesOptions
  readonly #server: GrpcServer

  constructor(options: PodResourcesOptions) {
    this.#options = options
    this.#server = new GrpcServer(podResourcesSchema, {
      'v1.PodResourcesLister': {
        List: () => ({ podResources: options.pods().map((pod) => this.#of(pod)) }),
        GetAllocatableResources: () => ({ devices: options.devices.allocatable().map(told) }),
        Get: (request) => this.#get(request as { podName: string; podNamespace: string }),
      },
    })
  }

  async start(): Promise<void> {
    const { directory } = this.#options
    await mkdir(directory, { recursive: true, mode: 0o750 })
    const socket = join(directory, 'kubelet.sock')
    await rm(socket, { force: true })
    await this.#server.listen(socket)
  }

  stop(): void {
    this.#server.stop()
  }

  #get({ podName, podNamespace }: { podName: string; podNamespace: string }): object {
    const pod = this.#options.pods().find(({ metadata }) => metadata.name === podName && metadata.namespace === podNamespace)
    if (!pod) throw new Error(`pod ${podName} in namespace ${podNamespace} not found`)
    return { podResources: this.#of(pod) }
  }

  /** Init containers that end have given back what they had before anything else of the pod runs. */
  #of(pod: Pod): object {
    const { name = '', namespace = '' } = pod.metadata
    const sidecars = (pod.spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always')
    const containers = [...sidecars, ...pod.spec.containers].map((container) => ({ name: container.name, devices: this.#options.devices.held(podUid(pod), container.name).map(told) }))
    return { name, namespace, containers }
  }
}

const told = ({ resource, id, numaNodes }: HeldDevice): object =>
  ({ resourceName: resource, deviceIds: [id], ...(numaNodes.length > 0 ? { topology: { nodes: numaNodes.map((ID) => ({ ID })) } } : {}) })
