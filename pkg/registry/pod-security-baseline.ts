// The checks of the baseline level.
import type { LifecycleHandler, Probe, SELinuxOptions } from '../api/types-pod.ts'
import type { Check, NamedCheck, PodShape } from './pod-security-checks.ts'
import { containersText, isInUserNamespace, namesWhere, plural, quoted, settersText, sortedSet } from './pod-security-words.ts'

const profilePrefix = 'container.apparmor.security.beta.kubernetes.io/'
const isAppArmorAllowed = (type: string): boolean => type === 'RuntimeDefault' || type === 'Localhost'

const appArmor: Check = (pod) => {
  const own = pod.spec.securityContext?.appArmorProfile
  const podSets = own !== undefined && !isAppArmorAllowed(own.type)
  const bad = pod.containers.filter(({ securityContext }) => securityContext?.appArmorProfile && !isAppArmorAllowed(securityContext.appArmorProfile.type))
  const annotations = Object.entries(pod.metadata.annotations ?? {})
    .filter(([key, value]) => key.startsWith(profilePrefix) && value !== '' && value !== 'runtime/default' && !value.startsWith('localhost/'))
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`).sort()
  const setters = [settersText(podSets, bad.map(({ name }) => name)), ...annotations.length > 0 ? [plural('annotation', 'annotations', annotations.length)] : []].filter(Boolean)
  if (setters.length === 0) return undefined
  const values = [...sortedSet([...podSets ? [own.type] : [], ...bad.map(({ securityContext }) => securityContext?.appArmorProfile?.type ?? '')]), ...annotations]
  return {
    reason: plural('forbidden AppArmor profile', 'forbidden AppArmor profiles', values.length),
    detail: `${setters.join(' and ')} must not set AppArmor profile type to ${quoted(values)}`,
  }
}

const defaultCapabilities = new Set([
  'AUDIT_WRITE', 'CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'FSETID', 'KILL', 'MKNOD', 'NET_BIND_SERVICE', 'SETFCAP', 'SETGID', 'SETPCAP', 'SETUID', 'SYS_CHROOT',
])

const capabilities: Check = (pod) => {
  const added = (container: PodShape['containers'][number]): string[] => (container.securityContext?.capabilities?.add ?? []).filter((one) => !defaultCapabilities.has(one))
  const names = namesWhere(pod, (container) => added(container).length > 0)
  if (names.length === 0) return undefined
  return {
    reason: 'non-default capabilities',
    detail: `${containersText(names)} must not include ${quoted(sortedSet(pod.containers.flatMap(added)))} in securityContext.capabilities.add`,
  }
}

const hostNamespaces: Check = ({ spec }) => {
  const shared = [spec.hostNetwork && 'hostNetwork=true', spec.hostPID && 'hostPID=true', spec.hostIPC && 'hostIPC=true'].filter(Boolean)
  return shared.length > 0 ? { reason: 'host namespaces', detail: shared.join(', ') } : undefined
}

const hostPathVolumes: Check = ({ spec }) => {
  const names = (spec.volumes ?? []).filter(({ hostPath }) => hostPath).map(({ name }) => name)
  return names.length > 0 ? { reason: 'hostPath volumes', detail: `${plural('volume', 'volumes', names.length)} ${quoted(names)}` } : undefined
}

const hostPorts: Check = (pod) => {
  const names = namesWhere(pod, ({ ports }) => ports?.some(({ hostPort }) => hostPort))
  if (names.length === 0) return undefined
  const ports = sortedSet(pod.containers.flatMap((container) => (container.ports ?? []).filter(({ hostPort }) => hostPort).map(({ hostPort }) => String(hostPort))))
  return { reason: 'hostPort', detail: `${containersText(names)} ${plural('uses', 'use', names.length)} ${plural('hostPort', 'hostPorts', ports.length)} ${ports.join(', ')}` }
}

const hostsOf = (handler: Probe | LifecycleHandler | undefined): string[] =>
  [handler?.httpGet?.host, (handler?.tcpSocket as { host?: string } | undefined)?.host].filter((host): host is string => Boolean(host))

const hostProbes: Check = (pod) => {
  const hosts = (container: PodShape['containers'][number]): string[] => [
    ...hostsOf(container.livenessProbe), ...hostsOf(container.readinessProbe), ...hostsOf(container.startupProbe),
    ...hostsOf(container.lifecycle?.postStart), ...hostsOf(container.lifecycle?.preStop),
  ]
  const names = sortedSet(namesWhere(pod, (container) => hosts(container).length > 0))
  if (names.length === 0) return undefined
  const found = sortedSet(pod.containers.flatMap(hosts))
  return {
    reason: 'probe or lifecycle host',
    detail: `${containersText(names)} ${plural('uses', 'use', names.length)} ${plural('probe or lifecycle host', 'probe or lifecycle hosts', found.length)} ${quoted(found)}`,
  }
}

const privileged: Check = (pod) => {
  const names = namesWhere(pod, ({ securityContext }) => securityContext?.privileged)
  return names.length > 0 ? { reason: 'privileged', detail: `${containersText(names)} must not set securityContext.privileged=true` } : undefined
}

/** Mounts of /proc that are not the usual one, wherever the pod runs. */
export const procMountSet: Check = (pod) => {
  const bad = pod.containers.filter(({ securityContext }) => securityContext?.procMount !== undefined && securityContext.procMount !== 'Default')
  if (bad.length === 0) return undefined
  const types = sortedSet(bad.map(({ securityContext }) => securityContext?.procMount ?? ''))
  return { reason: 'procMount', detail: `${containersText(bad.map(({ name }) => name))} must not set securityContext.procMount to ${quoted(types)}` }
}

const seLinux: Check = (pod) => {
  const allowed = new Set(['', 'container_t', 'container_init_t', 'container_kvm_t', ...pod.minor >= 31 ? ['container_engine_t'] : []])
  const isBad = (options: SELinuxOptions | undefined): options is SELinuxOptions => options !== undefined && (!allowed.has(options.type ?? '') || Boolean(options.user) || Boolean(options.role))
  const own = pod.spec.securityContext?.seLinuxOptions
  const names = namesWhere(pod, ({ securityContext }) => isBad(securityContext?.seLinuxOptions))
  const setters = settersText(isBad(own), names)
  if (!setters) return undefined
  const all = [own, ...pod.containers.map(({ securityContext }) => securityContext?.seLinuxOptions)].filter(isBad)
  const types = sortedSet(all.map(({ type }) => type ?? '').filter((type) => !allowed.has(type)))
  const faults = [
    ...types.length > 0 ? [`${plural('type', 'types', types.length)} ${quoted(types)}`] : [],
    ...all.some(({ user }) => user) ? ['user may not be set'] : [], ...all.some(({ role }) => role) ? ['role may not be set'] : [],
  ]
  return { reason: 'seLinuxOptions', detail: `${setters} set forbidden securityContext.seLinuxOptions: ${faults.join('; ')}` }
}

export const isSeccompAllowed = (type: string): boolean => type === 'RuntimeDefault' || type === 'Localhost'

/** Profiles that are set, and wrongly. */
export const seccompSet: Check = (pod) => {
  const own = pod.spec.securityContext?.seccompProfile
  const podSets = own !== undefined && !isSeccompAllowed(own.type)
  const bad = pod.containers.filter(({ securityContext }) => securityContext?.seccompProfile && !isSeccompAllowed(securityContext.seccompProfile.type))
  const setters = settersText(podSets, bad.map(({ name }) => name))
  if (!setters) return undefined
  const values = sortedSet([...podSets ? [own.type] : [], ...bad.map(({ securityContext }) => securityContext?.seccompProfile?.type ?? '')])
  return { reason: 'seccompProfile', detail: `${setters} must not set securityContext.seccompProfile.type to ${quoted(values)}` }
}

const isProfileAllowed = (value: string): boolean => value === 'runtime/default' || value === 'docker/default' || value.startsWith('localhost/')

const seccompAnnotations: Check = (pod) => {
  const keys = ['seccomp.security.alpha.kubernetes.io/pod', ...pod.containers.map(({ name }) => `container.seccomp.security.alpha.kubernetes.io/${name}`)]
  const bad = sortedSet(keys.flatMap((key) => {
    const value = pod.metadata.annotations?.[key]
    return value === undefined || isProfileAllowed(value) ? [] : [`${key}=${JSON.stringify(value)}`]
  }))
  return bad.length > 0 ? { reason: 'seccompProfile', detail: `forbidden ${plural('annotation', 'annotations', bad.length)} ${bad.join(', ')}` } : undefined
}

const safeSysctls: readonly { readonly since: number; readonly names: readonly string[] }[] = [
  { since: 0, names: ['kernel.shm_rmid_forced', 'net.ipv4.ip_local_port_range', 'net.ipv4.tcp_syncookies', 'net.ipv4.ping_group_range', 'net.ipv4.ip_unprivileged_port_start'] },
  { since: 27, names: ['net.ipv4.ip_local_reserved_ports'] },
  { since: 29, names: ['net.ipv4.tcp_keepalive_time', 'net.ipv4.tcp_fin_timeout', 'net.ipv4.tcp_keepalive_intvl', 'net.ipv4.tcp_keepalive_probes'] },
  { since: 32, names: ['net.ipv4.tcp_rmem', 'net.ipv4.tcp_wmem'] },
]

const sysctls: Check = ({ spec, minor }) => {
  const safe = new Set(safeSysctls.filter(({ since }) => since <= minor).flatMap(({ names }) => names))
  const bad = (spec.securityContext?.sysctls ?? []).map(({ name }) => name).filter((name) => !safe.has(name))
  return bad.length > 0 ? { reason: 'forbidden sysctls', detail: bad.join(', ') } : undefined
}

const windowsHostProcess: Check = (pod) => {
  const setters = settersText(pod.spec.securityContext?.windowsOptions?.hostProcess === true, namesWhere(pod, ({ securityContext }) => securityContext?.windowsOptions?.hostProcess))
  return setters ? { reason: 'hostProcess', detail: `${setters} must not set securityContext.windowsOptions.hostProcess=true` } : undefined
}

export const baselineChecks: readonly NamedCheck[] = [
  { id: 'appArmorProfile', since: 0, check: appArmor },
  { id: 'capabilities_baseline', since: 0, check: capabilities },
  { id: 'hostNamespaces', since: 0, check: hostNamespaces },
  { id: 'hostPathVolumes', since: 0, check: hostPathVolumes },
  { id: 'hostPorts', since: 0, check: hostPorts },
  { id: 'hostProbesAndHostLifecycle', since: 34, check: hostProbes },
  { id: 'privileged', since: 0, check: privileged },
  { id: 'procMount', since: 0, check: (pod) => (isInUserNamespace(pod) ? undefined : procMountSet(pod)) },
  { id: 'seLinuxOptions', since: 0, check: seLinux },
  { id: 'seccompProfile_baseline', since: 0, check: (pod) => (pod.minor < 19 ? seccompAnnotations(pod) : seccompSet(pod)) },
  { id: 'sysctls', since: 0, check: sysctls },
  { id: 'windowsHostProcess', since: 0, check: windowsHostProcess },
]
