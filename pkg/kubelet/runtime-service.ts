// What the kubelet asks of a container runtime, in pods' words: the contract that containerd and the hollow runtime keep.

export type ContainerPhase = 'created' | 'running' | 'exited' | 'unknown'

export interface RuntimeSandbox {
  readonly id: string
  readonly attempt: number
  readonly ready: boolean
  readonly createdAtMs: number
  /** Empty with the host's network, and until the network is up. */
  readonly ips: readonly string[]
}

export interface RuntimeContainer {
  readonly id: string
  readonly sandboxId: string
  readonly name: string
  /** How many containers of this name came before it in this pod: the restart count. */
  readonly attempt: number
  readonly phase: ContainerPhase
  readonly createdAtMs: number
  /** 0 when it has not started. */
  readonly startedAtMs: number
  /** 0 when it has not ended. */
  readonly finishedAtMs: number
  readonly exitCode: number
  /** The runtime's own word for how it ended, such as OOMKilled. */
  readonly reason: string
  readonly message: string
  readonly image: string
  readonly imageId: string
  /** What was given as `annotations` at creation. */
  readonly annotations: Readonly<Record<string, string>>
  readonly user?: { readonly uid: number; readonly gid: number; readonly groups: readonly number[] }
}

/** Everything that the runtime holds of one pod; newest first. */
export interface RuntimePod {
  readonly uid: string
  readonly name: string
  readonly namespace: string
  readonly sandboxes: readonly RuntimeSandbox[]
  readonly containers: readonly RuntimeContainer[]
}

export type NamespaceScope = 'pod' | 'container' | 'node' | { readonly container: string }

/** So many users, and groups, of the node. */
export interface IdRange {
  readonly first: number
  readonly length: number
}

export interface Namespaces {
  readonly network: NamespaceScope
  readonly pid: NamespaceScope
  readonly ipc: NamespaceScope
  /** Whom the users from 0 on are outside; missing: themselves. */
  readonly users?: IdRange
}

export interface PortMapping {
  readonly protocol: 'TCP' | 'UDP' | 'SCTP'
  readonly containerPort: number
  readonly hostPort: number
  readonly hostIP: string
}

export interface DnsConfig {
  readonly servers: readonly string[]
  readonly searches: readonly string[]
  readonly options: readonly string[]
}

export interface SeccompChoice {
  readonly type: 'RuntimeDefault' | 'Unconfined' | 'Localhost'
  readonly path?: string
}

/** Words as in ContainerLimits. */
export interface SandboxSize {
  readonly cpuShares: number
  readonly cpuQuota: number
  readonly cpuPeriod: number
  readonly memoryBytes: number
}

export interface SandboxSizes {
  /** Of all containers. */
  readonly pod: SandboxSize
  /** What the runtime needs besides. */
  readonly overhead?: SandboxSize
}

export interface SandboxSpec {
  readonly uid: string
  readonly name: string
  readonly namespace: string
  readonly attempt: number
  readonly hostname: string
  readonly logDirectory: string
  readonly dns: DnsConfig
  readonly portMappings: readonly PortMapping[]
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
  readonly cgroupParent: string
  readonly sizes: SandboxSizes
  readonly sysctls: Readonly<Record<string, string>>
  readonly namespaces: Namespaces
  readonly privileged: boolean
  readonly runAsUser?: number
  readonly runAsGroup?: number
  readonly supplementalGroups: readonly number[]
  /** The groups that the image gives the user are left out. */
  readonly strictGroups?: boolean
  readonly seLinux?: SeLinuxLabel
  readonly seccomp: SeccompChoice
  readonly handler: string
}

/** What a runtime handler can do beyond the common. */
export interface HandlerFeatures {
  readonly recursiveReadOnlyMounts: boolean
  readonly userNamespaces: boolean
}

export interface MountSpec {
  /** The mounts below it are read-only, too. */
  readonly recursiveReadOnly?: boolean
  /** Instead of a path of the node: an image's files, or a part of them. */
  readonly image?: { readonly id: string; readonly name: string; readonly subPath: string }
  readonly containerPath: string
  readonly hostPath: string
  readonly readOnly: boolean
  readonly propagation: 'None' | 'HostToContainer' | 'Bidirectional'
  /** Its files get the container's label. */
  readonly relabel?: boolean
}

export interface DeviceSpec {
  readonly containerPath: string
  readonly hostPath: string
  /** Of r, w and m. */
  readonly permissions: string
}

export interface ContainerLimits {
  readonly cpuShares: number
  /** 0 means no limit. */
  readonly cpuQuota: number
  readonly cpuPeriod: number
  /** 0 means no limit. */
  readonly memoryBytes: number
  readonly oomScoreAdjust: number
  /** By page size as containers name it: `2MB`, `1GB`. */
  readonly hugePages?: Readonly<Record<string, number>>
}

/** What of its label a container wants itself; the rest is the runtime's. Without SELinux it means nothing. */
export interface SeLinuxLabel {
  readonly user?: string
  readonly role?: string
  readonly type?: string
  readonly level?: string
}

export interface ContainerSecurity {
  readonly privileged: boolean
  readonly runAsUser?: number
  readonly runAsUsername?: string
  readonly runAsGroup?: number
  readonly supplementalGroups: readonly number[]
  /** The groups that the image gives the user are left out. */
  readonly strictGroups?: boolean
  readonly readOnlyRootFilesystem: boolean
  readonly noNewPrivileges: boolean
  readonly addCapabilities: readonly string[]
  readonly dropCapabilities: readonly string[]
  readonly seccomp: SeccompChoice
  /** The name of a profile that is loaded, for Localhost; missing leaves it to the runtime. */
  readonly appArmor?: SeccompChoice
  readonly seLinux?: SeLinuxLabel
  /** procMount: Unmasked. */
  readonly unmaskedProc: boolean
}

export interface ContainerSpec {
  readonly name: string
  readonly attempt: number
  readonly image: string
  /** As the pod spells it. */
  readonly userImage: string
  readonly command: readonly string[]
  readonly args: readonly string[]
  readonly workingDir: string
  readonly env: readonly { readonly name: string; readonly value: string }[]
  readonly mounts: readonly MountSpec[]
  readonly devices: readonly DeviceSpec[]
  /** Full names of devices that the runtime's CDI knows. */
  readonly cdiDevices?: readonly string[]
  readonly annotations: Readonly<Record<string, string>>
  readonly stdin: boolean
  readonly stdinOnce: boolean
  readonly tty: boolean
  readonly limits: ContainerLimits
  readonly namespaces: Namespaces
  readonly security: ContainerSecurity
  /** Relative to the sandbox's log directory. */
  readonly logPath: string
}

export type StreamRequest =
  | { readonly type: 'exec'; readonly containerId: string; readonly command: readonly string[]; readonly stdin: boolean; readonly stdout: boolean; readonly stderr: boolean; readonly tty: boolean }
  | { readonly type: 'attach'; readonly containerId: string; readonly stdin: boolean; readonly stdout: boolean; readonly stderr: boolean; readonly tty: boolean }
  | { readonly type: 'port-forward'; readonly sandboxId: string; readonly ports: readonly number[] }

export interface ExecResult {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

/** What a runtime can do beyond the common. */
export interface RuntimeAbilities {
  /** By the name of the handler; empty where the runtime does not tell. */
  readonly handlers: Readonly<Record<string, HandlerFeatures>>
  /** Whether it can leave out the groups that an image gives a user; undefined where it does not tell. */
  readonly supplementalGroupsPolicy?: boolean
}

export interface RuntimeState {
  /** `containerd://1.6.20`. */
  readonly version: string
  readonly abilities?: RuntimeAbilities
  /** Why pods cannot run, in a kubelet's words. */
  readonly problems?: readonly string[]
}

/**
 * Promises: everything about a pod can be read back after the kubelet restarts; stopping or removing what is gone
 * succeeds; a change listener is called after the change can be read. Not promised: a call for every change.
 */
export interface RuntimeService {
  /** All pods that this kubelet made, or the one with this uid. */
  pods(uid?: string): Promise<readonly RuntimePod[]>
  createSandbox(spec: SandboxSpec): Promise<string>
  /** Its containers have other limits now. A runtime to which that is nothing does nothing. */
  resizeSandbox(id: string, sizes: SandboxSizes): Promise<void>
  /** Ends its containers and frees its network; it can still be read. */
  stopSandbox(id: string): Promise<void>
  /** With all its containers. */
  removeSandbox(id: string): Promise<void>
  createContainer(sandboxId: string, sandbox: SandboxSpec, spec: ContainerSpec): Promise<string>
  startContainer(id: string): Promise<void>
  /** The stop signal, then after the grace the kill signal. Resolves when it has ended. */
  stopContainer(id: string, graceSeconds: number): Promise<void>
  removeContainer(id: string): Promise<void>
  updateContainer(id: string, limits: ContainerLimits): Promise<void>
  /** Runs a command inside to its end. Throws ExecTimeout when it takes longer. */
  exec(id: string, command: readonly string[], timeoutMs: number): Promise<ExecResult>
  /** A one-time URL of the runtime's streaming server. */
  stream(request: StreamRequest): Promise<URL>
  /** Calls back with the uid of a pod of which something ended, undefined when that is not known. Returns the end of it. */
  onChange(listener: (uid: string | undefined) => void): () => void
}

/** The runtime as a part of the node. */
export interface RuntimeHost {
  state(): Promise<RuntimeState>
  /** As `state` has found them last. */
  readonly abilities?: RuntimeAbilities | undefined
  /** The container's log was moved away: go on in a new file of the old name. */
  reopenLog(containerId: string): Promise<void>
}

export class ExecTimeout extends Error {
  override name = 'ExecTimeout'
}

export interface RuntimeImage {
  readonly id: string
  readonly names: readonly string[]
  readonly sizeBytes: number
  /** Needed by the runtime itself: never to be removed. */
  readonly pinned?: boolean
  /** The image's user when it is a number; undefined for a name. */
  readonly uid?: number
  readonly username: string
}

export interface RegistryLogin {
  readonly username?: string
  readonly password?: string
  readonly auth?: string
  readonly identityToken?: string
}

/** The images of the runtime. */
export interface ImageService {
  find(image: string): Promise<RuntimeImage | undefined>
  /** Returns what containers of it must be created with. */
  pull(image: string, login?: RegistryLogin): Promise<string>
  list(): Promise<readonly RuntimeImage[]>
  remove(image: string): Promise<void>
  /** Names of images that must stay although nobody uses them; where the runtime itself does not tell. */
  pinned?(): Promise<ReadonlySet<string>>
}
