// Checks of containers: names, images, ports, environment, mounts, probes.
import { configKeyFaults, dnsSubdomainFaults, envNameFaults, headerNameFaults } from '../../api/names.ts'
import type { Container, ContainerPort, ContainerResizePolicy, EnvFromSource, EnvVar, LifecycleHandler, Probe } from '../../api/types-pod.ts'
import type { Volume } from '../../api/types-volume.ts'
import { checkResources } from './container-resources.ts'
import { checkIp } from './ip-rules.ts'
import type { Errors } from './rules.ts'
import {
  addFaults, checkDnsLabel, checkDnsSubdomain, checkNonNegative, checkOneOf, checkOptionalOneOf, checkPortName, checkPortNumber, checkPortOrName, checkRange, checkRequired,
  duplicate, fieldNotFound, forbiddenField, invalid, notSupported, required, tooMany,
} from './rules.ts'
import { checkDevices, checkMounts } from './volume-mounts.ts'
import { checkDescendingPath, checkFieldRef, checkLocalPath, checkResourceFieldRef } from './volume-projection.ts'

/** What the checks of a container need to know of its pod. */
export interface PodFacts {
  readonly volumes: ReadonlyMap<string, Volume>
  readonly claims: ReadonlySet<string>
  readonly graceSeconds: number
  readonly restartPolicy?: string
  readonly hostUsers: boolean
}

const protocols = ['SCTP', 'TCP', 'UDP']
const pullPolicies = ['Always', 'IfNotPresent', 'Never']

function checkPorts(out: Errors, path: string, ports: readonly ContainerPort[]): void {
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
    if (port.hostPort) checkPortNumber(out, `${at}.hostPort`, port.hostPort)
    if (port.hostIP) checkIp(out, `${at}.hostIP`, port.hostIP)
    checkOneOf(out, `${at}.protocol`, port.protocol, protocols)
  }
}

const envFields = [
  'metadata.name', 'metadata.namespace', 'metadata.uid', 'spec.nodeName', 'spec.serviceAccountName', 'status.hostIP', 'status.hostIPs', 'status.podIP', 'status.podIPs',
]
const sources = ['fieldRef', 'resourceFieldRef', 'configMapKeyRef', 'secretKeyRef', 'fileKeyRef'] as const

function checkValueFrom(out: Errors, path: string, { value = '', valueFrom }: EnvVar): void {
  if (!valueFrom) return
  const { fieldRef, resourceFieldRef, fileKeyRef } = valueFrom
  if (fieldRef) checkFieldRef(out, `${path}.fieldRef`, fieldRef, envFields)
  if (resourceFieldRef) checkResourceFieldRef(out, `${path}.resourceFieldRef`, resourceFieldRef, false)
  for (const name of ['configMapKeyRef', 'secretKeyRef'] as const) {
    const reference = valueFrom[name]
    if (!reference) continue
    addFaults(out, `${path}.${name}.name`, reference.name ?? '', dnsSubdomainFaults(reference.name ?? ''))
    if (checkRequired(out, `${path}.${name}.key`, reference.key)) addFaults(out, `${path}.${name}.key`, reference.key, configKeyFaults(reference.key))
  }
  if (fileKeyRef) {
    if (checkRequired(out, `${path}.fileKeyRef.key`, fileKeyRef.key)) addFaults(out, `${path}.fileKeyRef.key`, fileKeyRef.key, envNameFaults(fileKeyRef.key))
    if (checkRequired(out, `${path}.fileKeyRef.volumeName`, fileKeyRef.volumeName)) checkDnsLabel(out, `${path}.fileKeyRef.volumeName`, fileKeyRef.volumeName)
    checkLocalPath(out, `${path}.fileKeyRef.path`, fileKeyRef.path)
  }
  const count = sources.filter((name) => valueFrom[name]).length
  if (count === 0) out.push(invalid(path, '', 'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`'))
  else if (value !== '') out.push(invalid(path, '', 'may not be specified when `value` is not empty'))
  else if (count > 1) out.push(invalid(path, '', 'may not have more than one field specified at a time'))
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
    for (const [name, reference] of [['configMapRef', configMapRef], ['secretRef', secretRef]] as const) {
      if (reference && checkRequired(out, `${at}.${name}.name`, reference.name)) checkDnsSubdomain(out, `${at}.${name}.name`, reference.name ?? '')
    }
    // These two name the list.
    if (!configMapRef && !secretRef) out.push(invalid(path, '', 'must specify one of: `configMapRef` or `secretRef`'))
    else if (configMapRef && secretRef) out.push(invalid(path, '', 'may not have more than one field specified at a time'))
  }
}

type Handler = LifecycleHandler & Probe

/** One handler, of those that are possible; more than the first are refused. */
function checkHandler(out: Errors, path: string, handler: Handler, kinds: readonly (keyof Handler)[], graceSeconds: number): void {
  const [first, ...others] = kinds.filter((kind) => handler[kind])
  if (first === undefined) out.push(required(path, 'must specify a handler type'))
  else checkAction(out, `${path}.${first}`, { [first]: handler[first] } as Handler, graceSeconds)
  for (const kind of others) out.push(forbiddenField(`${path}.${kind}`, 'may not specify more than 1 handler type'))
}

function checkAction(out: Errors, path: string, { exec, httpGet, tcpSocket, grpc, sleep }: Handler, graceSeconds: number): void {
  if (exec) checkRequired(out, `${path}.command`, exec.command)
  if (httpGet) {
    checkRequired(out, `${path}.path`, httpGet.path)
    checkPortOrName(out, `${path}.port`, httpGet.port)
    checkOneOf(out, `${path}.scheme`, httpGet.scheme, ['HTTP', 'HTTPS'])
    for (const { name = '' } of httpGet.httpHeaders ?? []) addFaults(out, `${path}.httpHeaders`, name, headerNameFaults(name))
  }
  if (tcpSocket) checkPortOrName(out, `${path}.port`, tcpSocket.port)
  if (grpc) checkPortNumber(out, `${path}.port`, grpc.port ?? 0)
  const seconds = sleep?.seconds ?? 0
  if (sleep && (seconds < 0 || seconds > graceSeconds)) {
    out.push(invalid(path, seconds, `must be non-negative and less than terminationGracePeriodSeconds (${graceSeconds})`))
  }
}

function checkProbe(out: Errors, path: string, probe: Probe | undefined, live: boolean): void {
  if (!probe) return
  checkHandler(out, path, probe, ['exec', 'httpGet', 'tcpSocket', 'grpc'], 0)
  for (const field of ['initialDelaySeconds', 'timeoutSeconds', 'periodSeconds', 'successThreshold', 'failureThreshold'] as const) {
    checkNonNegative(out, `${path}.${field}`, probe[field])
  }
  if (live && (probe.successThreshold ?? 1) !== 1) out.push(invalid(`${path}.successThreshold`, probe.successThreshold, 'must be 1'))
  const grace = probe.terminationGracePeriodSeconds
  if (grace !== undefined && grace <= 0) out.push(invalid(`${path}.terminationGracePeriodSeconds`, grace, 'must be greater than 0'))
  if (grace !== undefined && !live) out.push(invalid(`${path}.terminationGracePeriodSeconds`, grace, 'must not be set for readinessProbes'))
}

function checkSecurity(out: Errors, path: string, { securityContext: context }: Container, hostUsers: boolean): void {
  if (!context) return
  checkRange(out, `${path}.runAsUser`, context.runAsUser, 0, 2147483647)
  checkRange(out, `${path}.runAsGroup`, context.runAsGroup, 0, 2147483647)
  checkOptionalOneOf(out, `${path}.procMount`, context.procMount, ['Default', 'Unmasked'])
  // An unmasked /proc is only for those who are nobody on the host.
  if (hostUsers && context.procMount === 'Unmasked') out.push(invalid(`${path}.procMount`, 'Unmasked', '`hostUsers` must be false to use `Unmasked`'))
  checkSeccomp(out, `${path}.seccompProfile`, context.seccompProfile)
  if (context.allowPrivilegeEscalation === false) {
    if (context.privileged) out.push(invalid(path, context, 'cannot set `allowPrivilegeEscalation` to false and `privileged` to true'))
    if (context.capabilities?.add?.includes('CAP_SYS_ADMIN')) out.push(invalid(path, context, 'cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN'))
  }
  checkAppArmor(out, `${path}.appArmorProfile`, context.appArmorProfile)
}

interface Profile {
  readonly type: string
  readonly localhostProfile?: string
}

const profiles = ['Localhost', 'RuntimeDefault', 'Unconfined']

/** A local profile needs its name, the others must not have one. */
export function checkSeccomp(out: Errors, path: string, profile: Profile | undefined): void {
  if (!profile) return
  const { type, localhostProfile } = profile
  checkOneOf(out, `${path}.type`, type, profiles)
  if (type !== 'Localhost') {
    if (localhostProfile !== undefined) out.push(invalid(`${path}.localhostProfile`, profile, 'can only be set when seccomp type is Localhost'))
  } else if (localhostProfile === undefined) out.push(required(`${path}.localhostProfile`, 'must be set when seccomp type is Localhost'))
  else checkDescendingPath(out, `${path}.localhostProfile`, localhostProfile)
}

export function checkAppArmor(out: Errors, path: string, profile: Profile | undefined): void {
  if (!profile) return
  const { type, localhostProfile } = profile
  const at = `${path}.localhostProfile`
  checkOneOf(out, `${path}.type`, type, profiles)
  if (type !== 'Localhost') {
    if (localhostProfile !== undefined) out.push(invalid(at, localhostProfile, 'can only be set when AppArmor type is Localhost'))
  } else if (localhostProfile === undefined || localhostProfile.trim() === '') out.push(required(at, 'must be set when AppArmor type is Localhost'))
  else if (localhostProfile !== localhostProfile.trim()) out.push(invalid(at, localhostProfile, 'must not be padded with whitespace'))
  else if (localhostProfile.length > 4095) out.push({ field: at, reason: 'FieldValueTooLong', text: 'Too long: may not be more than 4095 bytes' })
}

const restartPolicies = ['Always', 'Never', 'OnFailure']

/** A container's own restart policy, and rules of when it does not hold. */
export function checkRestarts(out: Errors, path: string, { restartPolicy, restartPolicyRules: rules = [] }: Container): void {
  if (restartPolicy === undefined) {
    if (rules.length > 0) out.push(required(`${path}.restartPolicy`, 'must specify restartPolicy when restart rules are used'))
  } else checkOneOf(out, `${path}.restartPolicy`, restartPolicy, restartPolicies)
  if (rules.length > 20) out.push(tooMany(`${path}.restartPolicyRules`, rules.length, 20))
  for (const [index, { action, exitCodes }] of rules.entries()) {
    const at = `${path}.restartPolicyRules[${index}]`
    checkOneOf(out, `${at}.action`, action, ['Restart', 'RestartAllContainers'])
    if (!exitCodes) {
      out.push(required(`${at}.exitCodes`, 'must be specified'))
      continue
    }
    if (exitCodes.operator !== 'In' && exitCodes.operator !== 'NotIn') out.push(notSupported(`${at}.exitCodes.operator`, exitCodes.operator ?? '', ['In', 'NotIn']))
    if ((exitCodes.values ?? []).length > 255) out.push(tooMany(`${at}.exitCodes.values`, exitCodes.values?.length ?? 0, 255))
  }
}

const resizable = ['cpu', 'memory']

// All but duplicates name the list.
function checkResizePolicy(out: Errors, path: string, policies: readonly ContainerResizePolicy[], podRestarts: string | undefined): void {
  const seen = new Set<string>()
  for (const [index, { resourceName, restartPolicy }] of policies.entries()) {
    if (seen.has(resourceName)) out.push(duplicate(`${path}[${index}]`, resourceName))
    seen.add(resourceName)
    checkOneOf(out, path, resourceName, resizable)
    checkOneOf(out, path, restartPolicy, ['NotRequired', 'RestartContainer'])
    if (podRestarts === 'Never' && restartPolicy !== 'NotRequired') out.push(invalid(path, restartPolicy, "must be 'NotRequired' when `restartPolicy` is 'Never'"))
  }
}

/** What all sorts of containers have. */
export function checkContainerParts(out: Errors, path: string, container: Container, facts: PodFacts): void {
  if (!container.name) out.push(required(`${path}.name`))
  else checkDnsLabel(out, `${path}.name`, container.name)
  if (!container.image) out.push(required(`${path}.image`))
  checkOneOf(out, `${path}.terminationMessagePolicy`, container.terminationMessagePolicy, ['File', 'FallbackToLogsOnError'])
  checkPorts(out, `${path}.ports`, container.ports ?? [])
  checkEnv(out, `${path}.env`, container.env ?? [])
  checkEnvFrom(out, `${path}.envFrom`, container.envFrom ?? [])
  checkMounts(out, `${path}.volumeMounts`, container, facts.volumes)
  checkDevices(out, `${path}.volumeDevices`, container, facts.volumes)
  checkOneOf(out, `${path}.imagePullPolicy`, container.imagePullPolicy, pullPolicies)
  checkFileKeys(out, path, container, facts.volumes)
  checkResources(out, `${path}.resources`, container.resources, facts.claims)
  checkResizePolicy(out, `${path}.resizePolicy`, container.resizePolicy ?? [], facts.restartPolicy)
  checkSecurity(out, `${path}.securityContext`, container, facts.hostUsers)
}

// Files with variables are in volumes that containers share and that end with the pod.
function checkFileKeys(out: Errors, path: string, { env = [] }: Container, volumes: ReadonlyMap<string, Volume>): void {
  for (const [index, { valueFrom }] of env.entries()) {
    const name = valueFrom?.fileKeyRef?.volumeName
    if (name && !volumes.has(name)) out.push(fieldNotFound(`${path}.env[${index}].valueFrom.fileKeyRef.volumeName`, name))
  }
}

const hooks = ['exec', 'httpGet', 'tcpSocket', 'sleep'] as const

/** Probes and hooks, of containers that run beside others. */
export function checkLifecycle(out: Errors, path: string, { lifecycle, livenessProbe, readinessProbe, startupProbe }: Container, graceSeconds: number): void {
  for (const hook of ['postStart', 'preStop'] as const) {
    const handler = lifecycle?.[hook]
    if (handler) checkHandler(out, `${path}.lifecycle.${hook}`, handler, hooks, graceSeconds)
  }
  checkProbe(out, `${path}.livenessProbe`, livenessProbe, true)
  checkProbe(out, `${path}.readinessProbe`, readinessProbe, false)
  checkProbe(out, `${path}.startupProbe`, startupProbe, true)
}
