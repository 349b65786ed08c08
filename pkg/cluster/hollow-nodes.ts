// Nodes that are not there: each a kubelet on a hollow runtime, for clusters of many nodes, and where there is no root.
import { join } from 'node:path'
import type { NodeConnection } from '../api/node-connection.ts'
import { HollowRuntime } from '../kubelet/hollow-runtime.ts'
import { HollowStreams } from '../kubelet/hollow-streams.ts'
import { Kubelet } from '../kubelet/kubelet.ts'
import { type MachineUsage, readMachineUsage } from '../kubelet/machine-usage.ts'
import { hollowFiles } from '../kubelet/node-files.ts'
import type { RuntimeUsage } from '../kubelet/usage-source.ts'
import type { Clock } from '../util/clock.ts'
import type { ControlPlane } from './control-plane.ts'
import type { ClusterOptions } from './options.ts'

export interface HollowNodesOptions {
  readonly cluster: ClusterOptions
  readonly clock: Clock
  readonly log: (text: string) => void
}

const cpus = 32
const memoryBytes = 256 * 2 ** 30
export const hollowLabel = 'kinglet.io/hollow'

/** Of the address block that is nobody's on the internet: a /24 for each node. */
export const hollowAddress = (node: number, host: number): string => `100.${64 + ((node >> 8) & 63)}.${node & 255}.${host}`
const lastHost = 254

export class HollowNodes {
  readonly #options: HollowNodesOptions
  readonly #streams = new HollowStreams()
  readonly #kubelets = new Map<string, Kubelet>()

  constructor(options: HollowNodesOptions) {
    this.#options = options
  }

  connection(name: string): NodeConnection | undefined {
    return this.#kubelets.get(name)
  }

  /** Resolves when all are registered. */
  async start(plane: ControlPlane, signal: AbortSignal): Promise<void> {
    const { cluster } = this.#options
    const names = Array.from({ length: cluster.hollowNodes ?? 0 }, (_each, index) => `${cluster.nodeName}-hollow-${index + 1}`)
    await Promise.all(names.map(async (name, index) => {
      const kubelet = this.#make(name, index, plane)
      this.#kubelets.set(name, kubelet)
      await kubelet.start(signal)
    }))
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#kubelets.values()].map((kubelet) => kubelet.stop()))
    await this.#streams.stop()
  }

  #make(nodeName: string, index: number, plane: ControlPlane): Kubelet {
    const { cluster, clock, log } = this.#options
    const directory = join(cluster.dataDirectory, 'hollow', nodeName)
    const client = plane.nodeClient(nodeName)
    const runtime = new HollowRuntime({ clock, streams: this.#streams, writeLogs: true, podIP: (serial) => hollowAddress(index, (serial % (lastHost - 1)) + 1) })
    return new Kubelet({
      nodeName, clock, log, runtime, images: runtime, stats: runtime, files: hollowFiles,
      client, events: plane.events('kubelet', nodeName, client),
      dataDirectory: directory, logDirectory: join(directory, 'logs'), nodeAddresses: [hollowAddress(index, lastHost)],
      clusterDns: [cluster.clusterDns], clusterDomain: cluster.clusterDomain,
      facts: { cpus, memoryBytes, hugePages: {}, swapBytes: 0 },
      // What the real machine runs short of is not theirs.
      observe: async () => new Map(), machine: (usages) => hollowMachine(directory, usages),
      labels: { [hollowLabel]: 'true' },
      // Beside a real node only those come here that mean it.
      taints: cluster.disableAgent ? [] : [{ key: hollowLabel, value: 'true', effect: 'NoSchedule' }],
    })
  }
}

async function hollowMachine(directory: string, usages: readonly RuntimeUsage[]): Promise<MachineUsage> {
  const real = await readMachineUsage(directory)
  const used = usages.reduce((sum, { workingSetBytes }) => sum + workingSetBytes, 0)
  return {
    ...real, cpus, cpuNanos: usages.reduce((sum, { cpuNanos }) => sum + cpuNanos, 0),
    memory: { totalBytes: memoryBytes, usedBytes: used, workingSetBytes: used, rssBytes: used, swapBytes: 0, swapTotalBytes: 0 }, interfaces: [], defaultInterface: '',
  }
}
