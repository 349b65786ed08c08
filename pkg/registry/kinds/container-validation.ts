// Checks of containers: names, images, ports, environment, mounts, probes.
import { envNameFaults } from '../../api/names.ts'
import type { Container, ContainerPort, EnvFromSource, EnvVar, LifecycleHandler, Probe, VolumeMount } from '../../api/types-pod.ts'
import type { Volume } from '../../api/types-volume.ts'
import { checkResources } from './container-resources.ts'
import { checkIp } from './ip-rules.ts'
import type { Errors } from './rules.ts'
import {
  addFaults, checkDnsLabel, checkNonNegative, checkOneOf, checkOptionalOneOf, checkPortName, checkPortNumber, checkPortOrName, checkRange, checkRequired,
  duplicate, fieldNotFound, forbiddenField, invalid, notSupported, required,
} from './rules.ts'

export interface PodNames {
  readonly volumes: ReadonlyMap<string, Volume>
  readonly claims: ReadonlySet<string>
  readonly hostNetwork: boolean
}

const protocols = ['SCTP', 'TCP', 'UDP']
const pullPolicies = ['Always', 'IfNotPresent', 'Never']

function checkPorts(out: Errors, path: string, ports: readonly ContainerPort[], hostNetwork: boolean): void {
  const names = new Set<string>()
  for (const [index, port] of ports.entries()) {
    const at = `${path}[${index}]`
    if (port.name) {
      checkPortName(out, `${at}.name`, port.name)
      if (names.has(port.name)) out.push(duplicate(`${at}.name`, port.name))
      names.add(port.name)
    }
    if (!port.containerPort) out.push(required(`${at}.containerPort`))
    else checkPortNumber(out, `${at}.containerPort`, port.containerPort)
    if (port.hostPort) {
      checkPortNumber(out, `${at}.hostPort`, port.hostPort)
      if (hostNetwork && port.hostPort !== port.containerPort) out.push(invalid(`${at}.hostPort`, port.hostPort, 'must match containerPort when hostNetwork is true'))
    }
    if (port.hostIP) checkIp(out, `${at}.hostIP`, port.hostIP)
    checkOneOf(out, `${at}.protocol`, port.protocol, protocols)
  }
}

const envFields = [
  'metadata.name', 'metadata.namespace', 'metadata.uid', 'spec.nodeName', 'spec.serviceAccountName', 'status.hostIP', 'status.hostIPs', 'status.podIP', 'status.podIPs',
]
const envResources = ['limits.cpu', 'limits.ephemeral-storage', 'limits.memory', 'requests.cpu', 'requests.ephemeral-storage', 'requests.memory']
const podFields = /^(metadata\.(name|namespace|uid|labels|annotations)|spec\.(nodeName|restartPolicy|schedulerName|serviceAccountName|hostNetwork)|status\.(phase|podIPs?|hostIPs?|nominatedNodeName))$/

function checkFieldPath(out: Errors, path: string, fieldPath: string | undefined): void {
  if (!checkRequired(out, path, fieldPath) || !fieldPath) return
  if (envFields.includes(fieldPath) || /^metadata\.(labels|annotations)\['[^']+'\]$/.test(fieldPath)) return
  if (podFields.test(fieldPath)) out.push(notSupported(path, fieldPath, envFields))
  else out.push(invalid(path, fieldPath, `error converting fieldPath: field label not supported: ${fieldPath}`))
}

function checkValueFrom(out: Errors, path: string, { value = '', valueFrom }: EnvVar): void {
  if (!valueFrom) return
  const kinds = Object.keys(valueFrom)
  if (kinds.length === 0) out.push(invalid(path, '', 'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`'))
  else if (value !== '') out.push(invalid(path, '', 'may not be specified when `value` is not empty'))
  else if (kinds.length > 1) out.push(invalid(path, '', 'may not have more than one field specified at a time'))
  const { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef } = valueFrom
  if (fieldRef) checkFieldPath(out, `${path}.fieldRef.fieldPath`, fieldRef.fieldPath)
  if (resourceFieldRef && checkRequired(out, `${path}.resourceFieldRef.resource`, resourceFieldRef.resource)) {
    const { resource } = resourceFieldRef
    if (!envResources.includes(resource) && !/^(limits|requests)\.hugepages-/.test(resource)) out.push(notSupported(`${path}.resourceFieldRef.resource`, resource, envResources))
  }
  for (const [name, reference] of [['configMapKeyRef', configMapKeyRef], ['secretKeyRef', secretKeyRef]] as const) {
    if (!reference) continue
    checkRequired(out, `${path}.${name}.name`, reference.name)
    checkRequired(out, `${path}.${name}.key`, reference.key)
  }
}

function checkEnv(out: Errors, path: string, env: readonly EnvVar[]): void {
  for (const [index, variable] of env.entries()) {
    const at = `${path}[${index}]`
    if (!variable.name) out.push(required(`${at}.name`))
    else addFaults(out, `${at}.name`, variable.name, envNameFaults(variable.name))
    checkValueFrom(out, `${at}.valueFrom`, variable)
  }
}

function checkEnvFrom(out: Errors, path: string, sources: readonly EnvFromSource[]): void {
  for (const [index, { prefix, configMapRef, secretRef }] of sources.entries()) {
    const at = `${path}[${index}]`
    if (prefix) addFaults(out, `${at}.prefix`, prefix, envNameFaults(prefix))
    if (configMapRef && secretRef) out.push(invalid(at, '', 'may not have more than one field specified at a time'))
    if (!configMapRef && !secretRef) out.push(invalid(at, '', 'must specify one of: `configMapRef` or `secretRef`'))
    if (configMapRef) checkRequired(out, `${at}.configMapRef.name`, configMapRef.name)
    if (secretRef) checkRequired(out, `${at}.secretRef.name`, secretRef.name)
  }
}

function checkMounts(out: Errors, path: string, mounts: readonly VolumeMount[], volumes: ReadonlyMap<string, Volume>): void {
  const seen = new Set<string>()
  for (const [index, mount] of mounts.entries()) {
    const at = `${path}[${index}]`
    if (!mount.name) out.push(required(`${at}.name`))
    else if (!volumes.has(mount.name)) out.push(fieldNotFound(`${at}.name`, mount.name))
    if (!mount.mountPath) out.push(required(`${at}.mountPath`))
    else if (seen.has(mount.mountPath)) out.push(invalid(`${at}.mountPath`, mount.mountPath, 'must be unique'))
    seen.add(mount.mountPath)
    if (mount.subPath && mount.subPathExpr) out.push(invalid(`${at}.subPathExpr`, mount.subPathExpr, 'subPathExpr and subPath are mutually exclusive'))
    for (const field of ['subPath', 'subPathExpr'] as const) {
      const value = mount[field]
      if (value?.startsWith('/')) out.push(invalid(`${at}.${field}`, value, 'must be a relative path'))
      if (value?.split('/').includes('..')) out.push(invalid(`${at}.${field}`, value, "must not contain '..'"))
    }
    checkOptionalOneOf(out, `${at}.mountPropagation`, mount.mountPropagation, ['Bidirectional', 'HostToContainer', 'None'])
    checkOptionalOneOf(out, `${at}.recursiveReadOnly`, mount.recursiveReadOnly, ['Disabled', 'Enabled', 'IfPossible'])
  }
}

function checkHandler(out: Errors, path: string, handler: LifecycleHandler & Probe, kinds: readonly string[]): void {
  const given = kinds.filter((kind) => (handler as Record<string, unknown>)[kind] !== undefined)
  if (given.length === 0) out.push(required(path, 'must specify a handler type'))
  for (const kind of given.slice(1)) out.push(forbiddenField(`${path}.${kind}`, 'may not specify more than 1 handler type'))
  const { exec, httpGet, tcpSocket, grpc, sleep } = handler
  if (exec) checkRequired(out, `${path}.exec.command`, exec.command)
  if (httpGet) {
    checkRequired(out, `${path}.httpGet.path`, httpGet.path)
    checkPortOrName(out, `${path}.httpGet.port`, httpGet.port)
    checkOneOf(out, `${path}.httpGet.scheme`, httpGet.scheme, ['HTTP', 'HTTPS'])
    for (const [index, { name }] of (httpGet.httpHeaders ?? []).entries()) {
      if (!/^[-A-Za-z0-9]+$/.test(name ?? '')) out.push(invalid(`${path}.httpGet.httpHeaders[${index}].name`, name ?? '', "a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', regex used for validation is '[-A-Za-z0-9]+')"))
    }
  }
  if (tcpSocket) checkPortOrName(out, `${path}.tcpSocket.port`, tcpSocket.port)
  if (grpc) checkPortNumber(out, `${path}.grpc.port`, grpc.port)
  if (sleep && (sleep.seconds ?? 0) < 0) out.push(invalid(`${path}.sleep`, sleep.seconds, 'must be greater than or equal to 0'))
}

function checkProbe(out: Errors, path: string, probe: Probe | undefined, live: boolean): void {
  if (!probe) return
  checkHandler(out, path, probe, ['exec', 'httpGet', 'tcpSocket', 'grpc'])
  for (const field of ['initialDelaySeconds', 'timeoutSeconds', 'periodSeconds', 'successThreshold', 'failureThreshold'] as const) {
    checkNonNegative(out, `${path}.${field}`, probe[field])
  }
  if (live && (probe.successThreshold ?? 1) !== 1) out.push(invalid(`${path}.successThreshold`, probe.successThreshold, 'must be 1'))
  const grace = probe.terminationGracePeriodSeconds
  if (grace !== undefined && grace <= 0) out.push(invalid(`${path}.terminationGracePeriodSeconds`, grace, 'must be greater than 0'))
  if (grace !== undefined && !live) out.push(invalid(`${path}.terminationGracePeriodSeconds`, grace, 'must not be set for readinessProbes'))
}

function checkSecurity(out: Errors, path: string, { securityContext: context }: Container): void {
  if (!context) return
  if (context.privileged && context.allowPrivilegeEscalation === false) {
    out.push(invalid(path, context, 'cannot set `allowPrivilegeEscalation` to false and `privileged` to true'))
  }
  if (context.capabilities?.add?.includes('CAP_SYS_ADMIN') && context.allowPrivilegeEscalation === false) {
    out.push(invalid(path, context, 'cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN'))
  }
  checkRange(out, `${path}.runAsUser`, context.runAsUser, 0, 2147483647)
  checkRange(out, `${path}.runAsGroup`, context.runAsGroup, 0, 2147483647)
  checkProfile(out, `${path}.seccompProfile`, context.seccompProfile)
  checkProfile(out, `${path}.appArmorProfile`, context.appArmorProfile)
  checkOptionalOneOf(out, `${path}.procMount`, context.procMount, ['Default', 'Unmasked'])
}

/** seccompProfile and appArmorProfile: a local profile needs its name, the others must not have one. */
export function checkProfile(out: Errors, path: string, profile: { type: string; localhostProfile?: string } | undefined): void {
  if (!profile) return
  checkOneOf(out, `${path}.type`, profile.type, ['Localhost', 'RuntimeDefault', 'Unconfined'])
  if (profile.type === 'Localhost' && !profile.localhostProfile) out.push(required(`${path}.localhostProfile`, 'must be set when profile type is Localhost'))
  if (profile.type !== 'Localhost' && profile.localhostProfile !== undefined) out.push(invalid(`${path}.localhostProfile`, profile.localhostProfile, 'can only be set when profile type is Localhost'))
}

/** What all sorts of containers have. */
export function checkContainerParts(out: Errors, path: string, container: Container, names: PodNames): void {
  if (!container.name) out.push(required(`${path}.name`))
  else checkDnsLabel(out, `${path}.name`, container.name)
  if (!container.image) out.push(required(`${path}.image`))
  else if (container.image !== container.image.trim()) out.push(invalid(`${path}.image`, container.image, 'must not have leading or trailing whitespace'))
  checkOneOf(out, `${path}.imagePullPolicy`, container.imagePullPolicy, pullPolicies)
  checkOneOf(out, `${path}.terminationMessagePolicy`, container.terminationMessagePolicy, ['FallbackToLogsOnError', 'File'])
  checkPorts(out, `${path}.ports`, container.ports ?? [], names.hostNetwork)
  checkEnv(out, `${path}.env`, container.env ?? [])
  checkEnvFrom(out, `${path}.envFrom`, container.envFrom ?? [])
  checkMounts(out, `${path}.volumeMounts`, container.volumeMounts ?? [], names.volumes)
  checkDevices(out, path, container, names)
  checkResources(out, `${path}.resources`, container.resources, names.claims)
  for (const [index, policy] of (container.resizePolicy ?? []).entries()) {
    checkOneOf(out, `${path}.resizePolicy[${index}].resourceName`, policy.resourceName, ['cpu', 'memory'])
    checkOneOf(out, `${path}.resizePolicy[${index}].restartPolicy`, policy.restartPolicy, ['NotRequired', 'RestartContainer'])
  }
  checkSecurity(out, `${path}.securityContext`, container)
}

function checkDevices(out: Errors, path: string, container: Container, names: PodNames): void {
  for (const [index, { name, devicePath }] of (container.volumeDevices ?? []).entries()) {
    const at = `${path}.volumeDevices[${index}]`
    if (!name) out.push(required(`${at}.name`))
    else if (!names.volumes.has(name)) out.push(fieldNotFound(`${at}.name`, name))
    if (!devicePath) out.push(required(`${at}.devicePath`))
    if (container.volumeMounts?.some((mount) => mount.name === name)) out.push(invalid(`${at}.name`, name, 'must not already exist in volumeMounts'))
  }
}

/** Probes and hooks, of containers that run beside others. */
export function checkLifecycle(out: Errors, path: string, container: Container): void {
  checkProbe(out, `${path}.livenessProbe`, container.livenessProbe, true)
  checkProbe(out, `${path}.readinessProbe`, container.readinessProbe, false)
  checkProbe(out, `${path}.startupProbe`, container.startupProbe, true)
  const hooks = ['exec', 'httpGet', 'tcpSocket', 'sleep']
  if (container.lifecycle?.postStart) checkHandler(out, `${path}.lifecycle.postStart`, container.lifecycle.postStart, hooks)
  if (container.lifecycle?.preStop) checkHandler(out, `${path}.lifecycle.preStop`, container.lifecycle.preStop, hooks)
}
