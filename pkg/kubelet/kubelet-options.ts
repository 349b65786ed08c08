// What a kubelet is made from: its client and runtime, its directories, and what a node may be told besides.
import type { Taint } from '../api/types-node.ts'
import type { Client } from '../client/client.ts'
import type { EventRecorder } from '../client/events.ts'
import type { Clock } from '../util/clock.ts'
import type { CgroupDriver } from './container-resources.ts'
import type { EvictionConfig, Observations } from './eviction-signals.ts'
import type { ImageSettings } from './image-settings.ts'
import type { KubeletServing } from './kubelet-server.ts'
import type { MachineUsage } from './machine-usage.ts'
import type { NodeFacts } from './node-facts.ts'
import type { NodeFiles } from './node-files.ts'
import type { ImageService, RuntimeHost, RuntimeService } from './runtime-service.ts'
import type { RuntimeStats, RuntimeUsage } from './usage-source.ts'
import type { Mounter } from './volume.ts'

export interface KubeletOptions {
  readonly nodeName: string
  readonly client: Client
  readonly clock: Clock
  /** Its component is `kubelet`, its host the node's name. */
  readonly events: EventRecorder
  readonly runtime: RuntimeService & RuntimeHost
  readonly images: ImageService
  /** Where pods' volumes and files are kept. */
  readonly dataDirectory: string
  /** Default `/var/log/pods`. */
  readonly logDirectory?: string
  /** Default: the address of the default route's interface. */
  readonly nodeAddresses?: readonly string[]
  readonly clusterDns?: readonly string[]
  readonly clusterDomain?: string
  /** The host's resolver configuration; default `/etc/resolv.conf`. */
  readonly resolvConf?: string
  readonly cgroupDriver?: CgroupDriver
  /** The cgroup above `kubepods`, such as `/kinglet`; cgroupfs only. */
  readonly cgroupRoot?: string
  readonly maxPods?: number
  /** How many users a pod with its own has; default: 65,536. */
  readonly idsPerPod?: number
  /** Pods in files; default: none. */
  readonly manifestDirectory?: string
  /** How many processes a pod may have; default: as many as the node. */
  readonly podPidsLimit?: number
  /** The HTTPS endpoint, whose port the node's status tells; without it there is none. */
  readonly serving?: KubeletServing
  /** Measures containers; without it neither they are measured nor the node's pressures. */
  readonly stats?: RuntimeStats
  /** When pods are evicted; default: a kubelet's hard thresholds. Needs `stats`. */
  readonly eviction?: EvictionConfig
  /** What the node has left; default: as this machine tells. */
  readonly observe?: () => Promise<Observations>
  /** Whether unused images may go when the disk fills up: only where all that use the runtime's images are this kubelet's. */
  readonly collectImages?: boolean
  readonly imageSettings?: ImageSettings
  readonly labels?: Readonly<Record<string, string>>
  /** What of the node is kept from pods, by purpose: CPU, memory, ephemeral-storage. */
  readonly reserved?: readonly Readonly<Record<string, string>>[]
  /** Sysctls that pods may set besides the safe ones; `kernel.msg*` is all that begin so. */
  readonly allowedUnsafeSysctls?: readonly string[]
  /** Whether containers that say nothing about seccomp are confined as the runtime does by default. */
  readonly seccompDefault?: boolean
  /** The longest that a container which keeps ending waits. */
  readonly restartMaxMs?: number
  /** How many images the node's status names; -1 for all. */
  readonly statusImages?: number
  readonly logRotation?: { readonly maxBytes?: number; readonly maxFiles?: number }
  /** The node has them from its registration on. */
  readonly taints?: readonly Taint[]
  /** What the machine is told to be instead of what it is. */
  readonly facts?: Partial<NodeFacts>
  /** The usage of the machine as a whole; default: as it is. */
  readonly machine?: (usages: readonly RuntimeUsage[]) => Promise<MachineUsage>
  readonly mounter?: Mounter
  /** `hollowFiles` for a hollow runtime. */
  readonly files?: NodeFiles
  /** Lines of further figures for /metrics, in Prometheus' text form. */
  readonly moreMetrics?: () => readonly string[]
  readonly log?: (message: string) => void
}
