// The sandbox that a pod asks for. Pure.
import type { Pod } from '../api/types-pod.ts'
import type { CgroupDriver } from './container-resources.ts'
import { podCgroup } from './container-resources.ts'
import type { NodeDns } from './dns-config.ts'
import { podDns } from './dns-config.ts'
import type { NodePaths } from './pod-files.ts'
import { logDirectory, podHostname } from './pod-names.ts'
import { sandboxSizes } from './sandbox-sizes.ts'
import type { IdRange, PortMapping, SandboxSpec } from './runtime-service.ts'
import { podNamespaces, seccompChoice, strictGroups, supplementalGroups } from './security.ts'

export interface SandboxNode {
  readonly dns: NodeDns
  readonly paths: NodePaths
  readonly cgroupDriver: CgroupDriver
  readonly cgroupRoot: string
}

export function sandboxSpec(pod: Pod, attempt: number, node: SandboxNode, { handler, users }: { handler: string; users?: IdRange | undefined }): SandboxSpec {
  const { namespace = '', name = '', uid = '', labels = {}, annotations = {} } = pod.metadata
  const security = pod.spec.securityContext ?? {}
  const containers = [...(pod.spec.initContainers ?? []), ...pod.spec.containers]
  return {
    uid, name, namespace, attempt, labels, annotations, handler,
    // With the host's network comes the host's name.
    hostname: pod.spec.hostNetwork ? '' : podHostname(pod, node.dns.clusterDomain).hostname,
    logDirectory: logDirectory(node.paths.logs, { namespace, name, uid }),
    dns: podDns(pod, node.dns),
    portMappings: pod.spec.hostNetwork ? [] : containers.flatMap((container) => container.ports ?? []).filter((port) => (port.hostPort ?? 0) > 0).map((port): PortMapping => ({
      protocol: (port.protocol ?? 'TCP') as PortMapping['protocol'], containerPort: port.containerPort, hostPort: port.hostPort ?? 0, hostIP: port.hostIP ?? '',
    })),
    cgroupParent: podCgroup(pod, node.cgroupDriver, node.cgroupRoot), sizes: sandboxSizes(pod),
    sysctls: Object.fromEntries((security.sysctls ?? []).map((sysctl) => [sysctl.name.replaceAll('/', '.'), sysctl.value])),
    // A shared process namespace belongs to the sandbox.
    namespaces: podNamespaces(pod, users),
    // A debugger may come later and be privileged: it is allowed by the sandbox as it is asked for then.
    privileged: [...containers, ...(pod.spec.ephemeralContainers ?? [])].some((container) => container.securityContext?.privileged),
    ...(security.runAsUser === undefined ? {} : { runAsUser: security.runAsUser }),
    ...(security.runAsGroup === undefined ? {} : { runAsGroup: security.runAsGroup }),
    supplementalGroups: supplementalGroups(pod),
    ...(strictGroups(pod) ? { strictGroups: true } : {}),
    ...(security.seLinuxOptions ? { seLinux: security.seLinuxOptions } : {}),
    seccomp: security.seccompProfile ? seccompChoice(security.seccompProfile, node.paths.seccomp) : { type: 'RuntimeDefault' },
  }
}
