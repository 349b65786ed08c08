// Turns the kubelet's sandbox and container specs into CRI messages. Pure.
import type * as cri from '../containerd/cri-types.ts'
import type { UpdatePodSandboxResourcesRequest } from '../containerd/cri-calls.ts'
import { containerNameLabel, ownerLabel, podNameLabel, podNamespaceLabel, podUidLabel } from './labels.ts'
import type { ContainerLimits, ContainerSecurity, ContainerSpec, IdRange, MountSpec, NamespaceScope, Namespaces, SandboxSize, SandboxSizes, SandboxSpec, SeccompChoice } from './runtime-service.ts'

export function sandboxConfig(spec: SandboxSpec, owner: string): cri.PodSandboxConfig {
  return {
    metadata: { name: spec.name, uid: spec.uid, namespace: spec.namespace, attempt: spec.attempt },
    hostname: spec.hostname,
    logDirectory: spec.logDirectory,
    dnsConfig: spec.dns,
    portMappings: spec.portMappings.map((port) => ({ protocol: port.protocol, containerPort: port.containerPort, hostPort: port.hostPort, hostIp: port.hostIP })),
    labels: { ...spec.labels, ...podLabels(spec, owner) },
    annotations: { ...spec.annotations },
    linux: {
      cgroupParent: spec.cgroupParent, ...sandboxResources(spec.sizes),
      sysctls: { ...spec.sysctls },
      securityContext: {
        namespaceOptions: namespaceOptions(spec.namespaces),
        privileged: spec.privileged,
        seccomp: seccomp(spec.seccomp),
        supplementalGroups: spec.supplementalGroups,
        ...(spec.strictGroups ? { supplementalGroupsPolicy: 'Strict' } : {}),
        ...(spec.seLinux ? { selinuxOptions: spec.seLinux } : {}),
        ...(spec.runAsUser === undefined ? {} : { runAsUser: { value: spec.runAsUser } }),
        ...(spec.runAsUser === undefined || spec.runAsGroup === undefined ? {} : { runAsGroup: { value: spec.runAsGroup } }),
      },
    },
  }
}

export function containerConfig(sandbox: SandboxSpec, spec: ContainerSpec, owner: string, unified?: Readonly<Record<string, string>>): cri.ContainerConfig {
  return {
    metadata: { name: spec.name, attempt: spec.attempt },
    image: { image: spec.image, userSpecifiedImage: spec.userImage },
    command: spec.command,
    args: spec.args,
    workingDir: spec.workingDir,
    envs: spec.env.map(({ name, value }) => ({ key: name, value })),
    mounts: spec.mounts.map((each) => ({ ...mount(each), ...mappings(spec.namespaces.users) })),
    devices: spec.devices.map(({ containerPath, hostPath, permissions }) => ({ containerPath, hostPath, permissions })),
    CDIDevices: (spec.cdiDevices ?? []).map((name) => ({ name })),
    labels: { ...podLabels(sandbox, owner), [containerNameLabel]: spec.name },
    annotations: { ...spec.annotations },
    logPath: spec.logPath,
    stdin: spec.stdin,
    stdinOnce: spec.stdinOnce,
    tty: spec.tty,
    linux: { resources: resourcesOf(spec.limits, unified), securityContext: security(spec.security, spec.namespaces) },
  }
}

const podLabels = (spec: Pick<SandboxSpec, 'name' | 'namespace' | 'uid'>, owner: string): Record<string, string> => ({
  [ownerLabel]: owner, [podNameLabel]: spec.name, [podNamespaceLabel]: spec.namespace, [podUidLabel]: spec.uid,
})

export const sandboxResources = ({ pod, overhead }: SandboxSizes): Pick<UpdatePodSandboxResourcesRequest, 'resources' | 'overhead'> =>
  ({ resources: sizeOf(pod), ...(overhead ? { overhead: sizeOf(overhead) } : {}) })

const sizeOf = ({ cpuShares, cpuQuota, cpuPeriod, memoryBytes }: SandboxSize): cri.LinuxContainerResources => ({ cpuShares, cpuQuota, cpuPeriod, memoryLimitInBytes: memoryBytes })

/** `unified`: what the kernel is to do with every container, in files of cgroup version 2. */
export function resourcesOf(limits: ContainerLimits, unified: Readonly<Record<string, string>> = {}): cri.LinuxContainerResources {
  return {
    ...(Object.keys(unified).length > 0 ? { unified: { ...unified } } : {}),
    cpuShares: limits.cpuShares,
    cpuQuota: limits.cpuQuota,
    cpuPeriod: limits.cpuPeriod,
    memoryLimitInBytes: limits.memoryBytes,
    oomScoreAdj: limits.oomScoreAdjust,
    ...(limits.hugePages ? { hugepageLimits: Object.entries(limits.hugePages).map(([pageSize, limit]) => ({ pageSize, limit })) } : {}),
  }
}

const maskedPaths = [
  '/proc/asound', '/proc/acpi', '/proc/interrupts', '/proc/kcore', '/proc/keys', '/proc/latency_stats', '/proc/timer_list', '/proc/timer_stats',
  '/proc/sched_debug', '/proc/scsi', '/sys/firmware', '/sys/devices/virtual/powercap',
]
const readonlyPaths = ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger']

function security(spec: ContainerSecurity, namespaces: Namespaces): cri.LinuxContainerSecurityContext {
  const open = spec.unmaskedProc || spec.privileged
  return {
    privileged: spec.privileged,
    namespaceOptions: namespaceOptions(namespaces),
    capabilities: { addCapabilities: spec.addCapabilities, dropCapabilities: spec.dropCapabilities },
    readonlyRootfs: spec.readOnlyRootFilesystem,
    supplementalGroups: spec.supplementalGroups,
    ...(spec.strictGroups ? { supplementalGroupsPolicy: 'Strict' } : {}),
    noNewPrivs: spec.noNewPrivileges,
    maskedPaths: open ? [] : maskedPaths,
    readonlyPaths: open ? [] : readonlyPaths,
    seccomp: seccomp(spec.seccomp),
    ...(spec.seLinux ? { selinuxOptions: spec.seLinux } : {}),
    ...(spec.appArmor ? { apparmor: seccomp(spec.appArmor), apparmorProfile: appArmorText(spec.appArmor) } : {}),
    ...(spec.runAsUser === undefined ? {} : { runAsUser: { value: spec.runAsUser } }),
    ...(spec.runAsGroup === undefined ? {} : { runAsGroup: { value: spec.runAsGroup } }),
    ...(spec.runAsUsername === undefined ? {} : { runAsUsername: spec.runAsUsername }),
  }
}

function namespaceOptions(namespaces: Namespaces): cri.NamespaceOption {
  const pid = namespaces.pid
  return {
    network: mode(namespaces.network),
    pid: mode(pid),
    ipc: mode(namespaces.ipc),
    ...(typeof pid === 'object' ? { targetId: pid.container } : {}),
    ...(namespaces.users ? { usernsOptions: { mode: 'POD', uids: [idMapping(namespaces.users)], gids: [idMapping(namespaces.users)] } } : {}),
  }
}

const idMapping = ({ first, length }: IdRange): cri.IDMapping => ({ hostId: first, containerId: 0, length })

/** What is mounted has the owners that it has outside. */
const mappings = (users: IdRange | undefined): Pick<cri.Mount, 'uidMappings' | 'gidMappings'> => (users ? { uidMappings: [idMapping(users)], gidMappings: [idMapping(users)] } : {})

function mode(scope: NamespaceScope): cri.NamespaceMode {
  if (typeof scope === 'object') return 'TARGET'
  return scope === 'node' ? 'NODE' : scope === 'pod' ? 'POD' : 'CONTAINER'
}

/** For runtimes that only know the older field. */
const appArmorText = ({ type, path = '' }: SeccompChoice): string => (type === 'Localhost' ? `localhost/${path}` : type === 'Unconfined' ? 'unconfined' : 'runtime/default')

const seccomp = (choice: SeccompChoice): cri.SecurityProfile => ({ profileType: choice.type, ...(choice.path ? { localhostRef: choice.path } : {}) })

const propagation = { None: 'PROPAGATION_PRIVATE', HostToContainer: 'PROPAGATION_HOST_TO_CONTAINER', Bidirectional: 'PROPAGATION_BIDIRECTIONAL' } as const

const mount = (spec: MountSpec): cri.Mount => ({
  containerPath: spec.containerPath, hostPath: spec.hostPath, readonly: spec.readOnly, propagation: propagation[spec.propagation],
  ...(spec.recursiveReadOnly ? { recursiveReadOnly: true } : {}),
  ...(spec.relabel ? { selinuxRelabel: true } : {}),
  ...(spec.image ? { image: { image: spec.image.id, userSpecifiedImage: spec.image.name }, imageSubPath: spec.image.subPath } : {}),
})
