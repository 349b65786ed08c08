// The security that a container gets from its own and its pod's security context. Pure.
import type { Container, Pod, SeccompProfile } from '../api/types-pod.ts'
import { ConfigError } from './environment.ts'
import { podText } from './pod-names.ts'
import type { ContainerSecurity, IdRange, NamespaceScope, Namespaces, RuntimeImage, SeccompChoice } from './runtime-service.ts'

export function containerSecurity(pod: Pod, container: Container, { seccompRoot, seccompDefault }: { seccompRoot: string; seccompDefault: boolean }): ContainerSecurity {
  const own = container.securityContext ?? {}
  const shared = pod.spec.securityContext ?? {}
  const runAsUser = own.runAsUser ?? shared.runAsUser
  const runAsGroup = own.runAsGroup ?? shared.runAsGroup
  const privileged = own.privileged ?? false
  const appArmor = appArmorChoice(pod, container)
  const seLinux = own.seLinuxOptions ?? shared.seLinuxOptions
  return {
    privileged,
    ...(runAsUser === undefined ? {} : { runAsUser }),
    ...(runAsGroup === undefined ? {} : { runAsGroup }),
    supplementalGroups: supplementalGroups(pod),
    ...(strictGroups(pod) ? { strictGroups: true } : {}),
    readOnlyRootFilesystem: own.readOnlyRootFilesystem ?? false,
    noNewPrivileges: own.allowPrivilegeEscalation === false,
    addCapabilities: own.capabilities?.add ?? [],
    dropCapabilities: own.capabilities?.drop ?? [],
    seccomp: privileged ? { type: 'Unconfined' } : seccompChoice(own.seccompProfile ?? shared.seccompProfile ?? (seccompDefault ? { type: 'RuntimeDefault' } : undefined), seccompRoot),
    unmaskedProc: own.procMount === 'Unmasked',
    ...(appArmor ? { appArmor } : {}),
    ...(seLinux ? { seLinux } : {}),
  }
}

export function supplementalGroups(pod: Pod): number[] {
  const { supplementalGroups: groups = [], fsGroup } = pod.spec.securityContext ?? {}
  return fsGroup === undefined ? [...groups] : [...groups, fsGroup]
}

export const strictGroups = ({ spec }: Pod): boolean => spec.securityContext?.supplementalGroupsPolicy === 'Strict'

export function seccompChoice(profile: SeccompProfile | undefined, seccompRoot: string): SeccompChoice {
  if (profile?.type === 'RuntimeDefault') return { type: 'RuntimeDefault' }
  if (profile?.type === 'Localhost') return { type: 'Localhost', path: `${seccompRoot}/${profile.localhostProfile ?? ''}` }
  return { type: 'Unconfined' }
}

/** Throws ConfigError when the container must not run as root, and would or might. */
export function checkNonRoot(pod: Pod, container: Container, image: RuntimeImage): void {
  const nonRoot = container.securityContext?.runAsNonRoot ?? pod.spec.securityContext?.runAsNonRoot ?? false
  if (!nonRoot) return
  const where = `(pod: "${podText(pod)}", container: ${container.name})`
  const user = container.securityContext?.runAsUser ?? pod.spec.securityContext?.runAsUser
  if (user === 0) throw new ConfigError(`container's runAsUser breaks non-root policy ${where}`)
  if (user !== undefined) return
  if (image.username !== '') throw new ConfigError(`container has runAsNonRoot and image has non-numeric user (${image.username}), cannot verify user is non-root ${where}`)
  if ((image.uid ?? 0) === 0) throw new ConfigError(`container has runAsNonRoot and image will run as root ${where}`)
}

/** `target`: the runtime's id of the container whose processes an ephemeral container shares. */
export function podNamespaces(pod: Pod, users?: IdRange, target?: string): Namespaces {
  const { hostNetwork, hostPID, hostIPC, shareProcessNamespace } = pod.spec
  const pid: NamespaceScope = target !== undefined ? { container: target } : hostPID ? 'node' : shareProcessNamespace ? 'pod' : 'container'
  return { network: hostNetwork ? 'node' : 'pod', pid, ipc: hostIPC ? 'node' : 'pod', ...(users ? { users } : {}) }
}

/** What was asked for of AppArmor; undefined leaves it to the runtime. */
export function appArmorChoice(pod: Pod, container: Container): ContainerSecurity['appArmor'] {
  const profile = container.securityContext?.appArmorProfile ?? pod.spec.securityContext?.appArmorProfile
  if (!profile || container.securityContext?.privileged) return undefined
  return { type: profile.type as SeccompChoice['type'], ...(profile.localhostProfile ? { path: profile.localhostProfile } : {}) }
}

/** Whether some container must be confined by a profile. */
export const needsAppArmor = (pod: Pod): boolean => [...(pod.spec.initContainers ?? []), ...pod.spec.containers].some((container) => {
  const choice = appArmorChoice(pod, container)
  return choice !== undefined && choice.type !== 'Unconfined'
})

const safeSysctls = new Set([
  'kernel.shm_rmid_forced', 'net.ipv4.ip_local_port_range', 'net.ipv4.tcp_syncookies', 'net.ipv4.ping_group_range',
  'net.ipv4.ip_unprivileged_port_start', 'net.ipv4.ip_local_reserved_ports', 'net.ipv4.tcp_keepalive_time', 'net.ipv4.tcp_fin_timeout',
  'net.ipv4.tcp_keepalive_intvl', 'net.ipv4.tcp_keepalive_probes', 'net.ipv4.tcp_rmem', 'net.ipv4.tcp_wmem',
])

/** The first sysctl that a pod may not set here. */
export function forbiddenSysctl(pod: Pod, unsafe: readonly string[] = []): string | undefined {
  const allowed = (name: string): boolean => safeSysctls.has(name) || unsafe.some((pattern) => (pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern))
  for (const { name } of pod.spec.securityContext?.sysctls ?? []) {
    const plain = name.replaceAll('/', '.')
    if (!allowed(plain)) return plain
    if ((plain.startsWith('net.') && pod.spec.hostNetwork) || (plain.startsWith('kernel.') && pod.spec.hostIPC)) return plain
  }
  return undefined
}
