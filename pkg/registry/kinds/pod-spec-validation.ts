// Checks of a pod's spec, for pods and for the templates of workloads.
import type { Container, EphemeralContainer, PodSpec, PodTemplateSpec } from '../../api/types-pod.ts'
import { checkContainerParts, checkLifecycle, checkProfile } from './container-validation.ts'
import type { PodNames } from './container-validation.ts'
import { checkResources } from './container-resources.ts'
import { checkIp } from './ip-rules.ts'
import type { Errors } from './rules.ts'
import {
  checkDnsLabel, checkDnsSubdomain, checkLabelKey, checkLabels, checkNonNegative, checkOneOf, checkRange, duplicate, fieldNotFound, forbiddenField, invalid, required,
} from './rules.ts'
import { checkScheduling } from './scheduling-validation.ts'
import { checkVolumes } from './volume-validation.ts'

const maxInt32 = 2147483647

/** The metadata and spec of a template. */
export function checkPodTemplate(out: Errors, path: string, template: PodTemplateSpec): void {
  checkLabels(out, `${path}.metadata.labels`, template.metadata?.labels)
  for (const key of Object.keys(template.metadata?.annotations ?? {})) checkLabelKey(out, `${path}.metadata.annotations`, key.toLowerCase())
  checkPodSpec(out, `${path}.spec`, template.spec ?? { containers: [] })
  if (template.spec?.ephemeralContainers?.length) out.push(forbiddenField(`${path}.spec.ephemeralContainers`, 'ephemeral containers not allowed in pod template'))
}

export function checkPodSpec(out: Errors, path: string, spec: PodSpec): void {
  const names: PodNames = {
    volumes: checkVolumes(out, `${path}.volumes`, spec.volumes ?? []),
    claims: new Set((spec.resourceClaims ?? []).map(({ name }) => name)),
    hostNetwork: spec.hostNetwork ?? false,
  }
  checkContainers(out, path, spec, names)
  checkOneOf(out, `${path}.restartPolicy`, spec.restartPolicy, ['Always', 'OnFailure', 'Never'])
  checkDns(out, path, spec)
  checkScheduling(out, path, spec)
  checkPodSecurity(out, `${path}.securityContext`, spec)
  checkIdentity(out, path, spec)
  checkHosts(out, path, spec)
  checkNonNegative(out, `${path}.terminationGracePeriodSeconds`, spec.terminationGracePeriodSeconds)
  if (spec.activeDeadlineSeconds !== undefined) checkRange(out, `${path}.activeDeadlineSeconds`, spec.activeDeadlineSeconds, 1, maxInt32)
  for (const [index, { conditionType }] of (spec.readinessGates ?? []).entries()) checkLabelKey(out, `${path}.readinessGates[${index}].conditionType`, conditionType ?? '')
  if (spec.resources) checkResources(out, `${path}.resources`, spec.resources)
}

function checkContainers(out: Errors, path: string, spec: PodSpec, names: PodNames): void {
  const containers = spec.containers ?? []
  if (containers.length === 0) out.push(required(`${path}.containers`))
  const seen = new Set<string>()
  const hostPorts = new Set<string>()
  const once = (at: string, name: string): void => {
    if (name && seen.has(name)) out.push(duplicate(at, name))
    seen.add(name)
  }
  for (const [index, container] of containers.entries()) {
    const at = `${path}.containers[${index}]`
    checkContainerParts(out, at, container, names)
    checkLifecycle(out, at, container)
    once(`${at}.name`, container.name)
    checkHostPorts(out, at, container, hostPorts)
  }
  for (const [index, container] of (spec.initContainers ?? []).entries()) {
    const at = `${path}.initContainers[${index}]`
    checkContainerParts(out, at, container, names)
    checkInit(out, at, container)
    once(`${at}.name`, container.name)
  }
  for (const [index, container] of (spec.ephemeralContainers ?? []).entries()) {
    const at = `${path}.ephemeralContainers[${index}]`
    checkContainerParts(out, at, container, names)
    checkEphemeral(out, at, container, containers)
    once(`${at}.name`, container.name)
  }
}

function checkHostPorts(out: Errors, path: string, container: Container, taken: Set<string>): void {
  for (const [index, { hostPort, hostIP = '', protocol }] of (container.ports ?? []).entries()) {
    if (!hostPort) continue
    const identity = `${protocol}/${hostIP}/${hostPort}`
    if (taken.has(identity)) out.push(duplicate(`${path}.ports[${index}].hostPort`, identity))
    taken.add(identity)
  }
}

// An init container that never ends on its own (a sidecar) may be probed; others may not.
function checkInit(out: Errors, path: string, container: Container): void {
  if (container.restartPolicy === 'Always') {
    checkLifecycle(out, path, container)
    return
  }
  for (const field of ['lifecycle', 'livenessProbe', 'readinessProbe', 'startupProbe'] as const) {
    if (container[field]) out.push(forbiddenField(`${path}.${field}`, 'may not be set for init containers without restartPolicy=Always'))
  }
}

const forbiddenInEphemeral = ['ports', 'livenessProbe', 'readinessProbe', 'startupProbe', 'lifecycle', 'resizePolicy'] as const

function checkEphemeral(out: Errors, path: string, container: EphemeralContainer, containers: readonly Container[]): void {
  for (const field of forbiddenInEphemeral) {
    const value = container[field]
    if (value !== undefined && !(Array.isArray(value) && value.length === 0)) out.push(forbiddenField(`${path}.${field}`, 'cannot be set for an Ephemeral Container'))
  }
  if (Object.keys(container.resources ?? {}).length > 0) out.push(forbiddenField(`${path}.resources`, 'cannot be set for an Ephemeral Container'))
  const target = container.targetContainerName
  if (target && !containers.some(({ name }) => name === target)) out.push(fieldNotFound(`${path}.targetContainerName`, target))
}

function checkDns(out: Errors, path: string, { dnsPolicy, dnsConfig }: PodSpec): void {
  checkOneOf(out, `${path}.dnsPolicy`, dnsPolicy, ['ClusterFirst', 'ClusterFirstWithHostNet', 'Default', 'None'])
  const servers = dnsConfig?.nameservers ?? []
  if (dnsPolicy === 'None' && !dnsConfig) out.push(required(`${path}.dnsConfig`, 'must provide `dnsConfig` when `dnsPolicy` is None'))
  else if (dnsPolicy === 'None' && servers.length === 0) out.push(required(`${path}.dnsConfig.nameservers`, 'must provide at least one DNS nameserver when `dnsPolicy` is None'))
  if (servers.length > 3) out.push(invalid(`${path}.dnsConfig.nameservers`, servers, 'must not have more than 3 nameservers'))
  for (const [index, server] of servers.entries()) checkIp(out, `${path}.dnsConfig.nameservers[${index}]`, server)
  if ((dnsConfig?.searches?.length ?? 0) > 32) out.push(invalid(`${path}.dnsConfig.searches`, dnsConfig?.searches, 'must not have more than 32 search paths'))
  for (const [index, { name }] of (dnsConfig?.options ?? []).entries()) if (!name) out.push(required(`${path}.dnsConfig.options[${index}]`, 'must not be empty'))
}

/** An unmasked /proc is only for those who are nobody on the host. */
function checkProcMount(out: Errors, path: string, spec: PodSpec): void {
  if (spec.hostUsers === false) return
  for (const list of ['initContainers', 'containers'] as const) {
    for (const [index, { securityContext }] of (spec[list] ?? []).entries()) {
      if (securityContext?.procMount === 'Unmasked') out.push(invalid(`${path}.${list}[${index}].securityContext.procMount`, 'Unmasked', '`hostUsers` must be false to use `Unmasked`'))
    }
  }
}

const sysctlPattern = /^[a-z0-9]([-_a-z0-9]*[a-z0-9])?([./][a-z0-9]([-_a-z0-9]*[a-z0-9])?)*$/

function checkPodSecurity(out: Errors, path: string, spec: PodSpec): void {
  const { securityContext: context, hostPID, shareProcessNamespace } = spec
  checkProcMount(out, path, spec)
  if (hostPID && shareProcessNamespace) out.push(invalid('shareProcessNamespace', shareProcessNamespace, 'ShareProcessNamespace and HostPID cannot both be enabled'))
  if (!context) return
  for (const field of ['runAsUser', 'runAsGroup', 'fsGroup'] as const) checkRange(out, `${path}.${field}`, context[field], 0, maxInt32)
  for (const [index, group] of (context.supplementalGroups ?? []).entries()) checkRange(out, `${path}.supplementalGroups[${index}]`, group, 0, maxInt32)
  checkProfile(out, `${path}.seccompProfile`, context.seccompProfile)
  checkProfile(out, `${path}.appArmorProfile`, context.appArmorProfile)
  if (context.fsGroupChangePolicy) checkOneOf(out, `${path}.fsGroupChangePolicy`, context.fsGroupChangePolicy, ['Always', 'OnRootMismatch'])
  if (context.supplementalGroupsPolicy) checkOneOf(out, `${path}.supplementalGroupsPolicy`, context.supplementalGroupsPolicy, ['Merge', 'Strict'])
  const seen = new Set<string>()
  for (const [index, { name = '' }] of (context.sysctls ?? []).entries()) {
    const at = `${path}.sysctls[${index}].name`
    if (!name) out.push(required(at))
    else if (!sysctlPattern.test(name) || name.length > 253) {
      out.push(invalid(at, name, 'must have at most 253 characters and match regex ^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$'))
    } else if (seen.has(name)) out.push(duplicate(at, name))
    seen.add(name)
  }
}

function checkIdentity(out: Errors, path: string, spec: PodSpec): void {
  for (const field of ['serviceAccountName', 'nodeName', 'priorityClassName', 'runtimeClassName'] as const) {
    const value = spec[field]
    if (value) checkDnsSubdomain(out, `${path}.${field}`, value)
  }
  if (spec.os && spec.os.name !== 'linux' && spec.os.name !== 'windows') checkOneOf(out, `${path}.os.name`, spec.os.name, ['linux', 'windows'])
  if (spec.preemptionPolicy) checkOneOf(out, `${path}.preemptionPolicy`, spec.preemptionPolicy, ['Never', 'PreemptLowerPriority'])
  const claims = new Set<string>()
  for (const [index, claim] of (spec.resourceClaims ?? []).entries()) {
    const at = `${path}.resourceClaims[${index}]`
    if (!claim.name) out.push(required(`${at}.name`))
    else if (claims.has(claim.name)) out.push(duplicate(`${at}.name`, claim.name))
    claims.add(claim.name)
    const sources = [claim.resourceClaimName, claim.resourceClaimTemplateName].filter((name) => name !== undefined)
    if (sources.length !== 1) out.push(invalid(at, claim, 'must specify one of: `resourceClaimName`, `resourceClaimTemplateName`'))
  }
}

function checkHosts(out: Errors, path: string, spec: PodSpec): void {
  if (spec.hostname) checkDnsLabel(out, `${path}.hostname`, spec.hostname)
  if (spec.subdomain) checkDnsLabel(out, `${path}.subdomain`, spec.subdomain)
  for (const [index, { ip, hostnames = [] }] of (spec.hostAliases ?? []).entries()) {
    checkIp(out, `${path}.hostAliases[${index}].ip`, ip)
    for (const [position, name] of hostnames.entries()) checkDnsSubdomain(out, `${path}.hostAliases[${index}].hostnames[${position}]`, name)
  }
}
