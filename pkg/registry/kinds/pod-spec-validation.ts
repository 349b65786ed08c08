// Checks of a pod's spec, for pods and for the templates of workloads.
import { searchDomainFaults } from '../../api/names.ts'
import type { Container, EphemeralContainer, PodSpec, PodTemplateSpec } from '../../api/types-pod.ts'
import { checkAppArmor, checkContainerParts, checkLifecycle, checkRestarts, checkSeccomp } from './container-validation.ts'
import type { PodFacts } from './container-validation.ts'
import { checkResources } from './container-resources.ts'
import { checkIp } from './ip-rules.ts'
import { checkPodAnnotations } from './pod-annotations.ts'
import { checkPodResources } from './pod-level-resources.ts'
import type { Errors } from './rules.ts'
import {
  addFaults, checkDnsLabel, checkDnsSubdomain, checkLabelKey, checkLabels, checkOneOf, checkOptionalOneOf, checkRange, duplicate, fieldNotFound, forbiddenField, invalid, required,
} from './rules.ts'
import { checkScheduling } from './scheduling-validation.ts'
import { checkProfilesAgree } from './security-annotations.ts'
import { checkVolumes } from './volume-validation.ts'

const maxInt32 = 2147483647

/** The metadata and spec of a template. */
export function checkPodTemplate(out: Errors, path: string, template: PodTemplateSpec): void {
  const { metadata: { labels, annotations = {} } = {}, spec = { containers: [] } } = template
  checkLabels(out, `${path}.labels`, labels)
  for (const key of Object.keys(annotations)) checkLabelKey(out, `${path}.annotations`, key.toLowerCase())
  checkPodAnnotations(out, `${path}.annotations`, annotations, spec)
  checkPodSpec(out, `${path}.spec`, spec)
  checkProfilesAgree(out, `${path}.spec`, spec, { annotations })
  if (template.spec?.ephemeralContainers?.length) out.push(forbiddenField(`${path}.spec.ephemeralContainers`, 'ephemeral containers not allowed in pod template'))
}

/** `pod` is the metadata of the pod that the spec is of; templates have none and are checked a little less. */
export function checkPodSpec(out: Errors, path: string, spec: PodSpec, pod?: { readonly name?: string }): void {
  const facts: PodFacts = {
    volumes: checkVolumes(out, `${path}.volumes`, spec.volumes ?? [], pod && (pod.name ?? '')),
    claims: new Set((spec.resourceClaims ?? []).map(({ name }) => name)),
    graceSeconds: spec.terminationGracePeriodSeconds ?? 30,
    restartPolicy: spec.restartPolicy,
    hostUsers: spec.hostUsers !== false,
  }
  checkResourceClaims(out, path, spec)
  checkContainers(out, path, spec, facts)
  checkPodResources(out, `${path}.resources`, spec)
  checkHostNetwork(out, path, spec, pod !== undefined)
  checkOneOf(out, `${path}.restartPolicy`, spec.restartPolicy, ['Always', 'OnFailure', 'Never'])
  checkDns(out, path, spec)
  checkScheduling(out, path, spec)
  checkPodSecurity(out, `${path}.securityContext`, spec)
  checkIdentity(out, path, spec)
  checkHosts(out, path, spec)
  if (spec.activeDeadlineSeconds !== undefined) checkRange(out, `${path}.activeDeadlineSeconds`, spec.activeDeadlineSeconds, 1, maxInt32)
  for (const [index, { conditionType }] of (spec.readinessGates ?? []).entries()) checkLabelKey(out, `${path}.readinessGates[${index}].conditionType`, conditionType ?? '')
  if (spec.overhead) checkResources(out, `${path}.overhead`, { limits: spec.overhead })
  checkSystem(out, path, spec)
  if (pod) checkPodOnly(out, path, spec)
}

/** Old templates may break these rules, pods may not. */
function checkPodOnly(out: Errors, path: string, spec: PodSpec): void {
  for (const [index, { projected }] of (spec.serviceAccountName ? [] : spec.volumes ?? []).entries()) {
    for (const [position, { serviceAccountToken }] of (projected?.sources ?? []).entries()) {
      if (serviceAccountToken) {
        out.push(forbiddenField(`${path}.volumes[${index}].projected.sources[${position}].serviceAccountToken`, 'must not be specified when serviceAccountName is not set'))
      }
    }
  }
  for (const list of ['containers', 'initContainers', 'ephemeralContainers'] as const) {
    for (const [index, { image = '' }] of (spec[list] ?? []).entries()) {
      if (image !== image.trim()) out.push(invalid(`${path}.${list}[${index}].image`, image, 'must not have leading or trailing whitespace'))
    }
  }
}

function checkContainers(out: Errors, path: string, spec: PodSpec, facts: PodFacts): void {
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
    checkContainerParts(out, at, container, facts)
    once(`${at}.name`, container.name)
    checkLifecycle(out, at, container, facts.graceSeconds)
    checkRestarts(out, at, container)
    checkHostPorts(out, at, container, hostPorts)
  }
  for (const [index, container] of (spec.initContainers ?? []).entries()) {
    const at = `${path}.initContainers[${index}]`
    checkContainerParts(out, at, container, facts)
    checkRestarts(out, at, container)
    once(`${at}.name`, container.name)
    // Init containers run one after the other, so that each has the ports for itself.
    checkHostPorts(out, at, container, new Set())
    checkInit(out, at, container, facts.graceSeconds)
  }
  for (const [index, container] of (spec.ephemeralContainers ?? []).entries()) {
    const at = `${path}.ephemeralContainers[${index}]`
    checkContainerParts(out, at, container, facts)
    once(`${at}.name`, container.name)
    checkEphemeral(out, at, container, [...containers, ...spec.initContainers ?? []])
  }
}

/** In the host's network a port is the host's, so the two numbers are one; templates may leave the second out. */
function checkHostNetwork(out: Errors, path: string, { hostNetwork, containers }: PodSpec, inPod: boolean): void {
  if (!hostNetwork) return
  for (const [index, { ports = [] }] of (containers ?? []).entries()) {
    for (const [position, { hostPort = 0, containerPort }] of ports.entries()) {
      if ((inPod || hostPort !== 0) && hostPort !== containerPort) {
        out.push(invalid(`${path}.containers[${index}].ports[${position}].hostPort`, hostPort, 'must match `containerPort` when `hostNetwork` is true'))
      }
    }
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
function checkInit(out: Errors, path: string, container: Container, graceSeconds: number): void {
  if (container.restartPolicy === 'Always') {
    checkLifecycle(out, path, container, graceSeconds)
    return
  }
  for (const field of ['lifecycle', 'livenessProbe', 'readinessProbe', 'startupProbe'] as const) {
    if (container[field]) out.push(forbiddenField(`${path}.${field}`, 'may not be set for init containers without restartPolicy=Always'))
  }
}

const ephemeralText = 'cannot be set for an Ephemeral Container'
const forbiddenInEphemeral = [
  'ports', 'resources', 'resizePolicy', 'restartPolicy', 'restartPolicyRules', 'livenessProbe', 'readinessProbe', 'startupProbe', 'lifecycle',
] as const

function checkEphemeral(out: Errors, path: string, container: EphemeralContainer, others: readonly Container[]): void {
  const target = container.targetContainerName
  if (target && !others.some(({ name }) => name === target)) out.push(fieldNotFound(`${path}.targetContainerName`, target))
  for (const field of forbiddenInEphemeral) {
    const value: unknown = container[field]
    const empty = value === undefined || (field === 'resources' || Array.isArray(value) ? Object.keys(value as object).length === 0 : false)
    if (!empty) out.push(forbiddenField(`${path}.${field}`, ephemeralText))
  }
  for (const [index, mount] of (container.volumeMounts ?? []).entries()) {
    for (const field of ['subPath', 'subPathExpr'] as const) if (mount[field]) out.push(forbiddenField(`${path}.volumeMounts[${index}].${field}`, ephemeralText))
  }
}

const dnsPolicies = ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None']
const maxSearchCharacters = 2048

function checkDns(out: Errors, path: string, { dnsPolicy, dnsConfig }: PodSpec): void {
  checkOneOf(out, `${path}.dnsPolicy`, dnsPolicy, dnsPolicies)
  const { nameservers = [], searches = [], options = [] } = dnsConfig ?? {}
  const at = `${path}.dnsConfig`
  if (dnsPolicy === 'None' && !dnsConfig) return void out.push(required(at, 'must provide `dnsConfig` when `dnsPolicy` is None'))
  if (dnsPolicy === 'None' && nameservers.length === 0) return void out.push(required(`${at}.nameservers`, 'must provide at least one DNS nameserver when `dnsPolicy` is None'))
  if (nameservers.length > 3) out.push(invalid(`${at}.nameservers`, nameservers, 'must not have more than 3 nameservers'))
  for (const [index, server] of nameservers.entries()) checkIp(out, `${at}.nameservers[${index}]`, server)
  if (searches.length > 32) out.push(invalid(`${at}.searches`, searches, 'must not have more than 32 search paths'))
  if (searches.join(' ').length > maxSearchCharacters) {
    out.push(invalid(`${at}.searches`, searches, `must not have more than ${maxSearchCharacters} characters (including spaces) in the search list`))
  }
  for (const [index, search] of searches.entries()) {
    const domain = search.replace(/\.$/, '')
    if (search !== '.') addFaults(out, `${at}.searches[${index}]`, domain, searchDomainFaults(domain))
  }
  for (const [index, { name }] of options.entries()) if (!name) out.push(required(`${at}.options[${index}]`, 'must not be empty'))
}

const sysctlPattern = /^[a-z0-9]([-_a-z0-9]*[a-z0-9])?([./][a-z0-9]([-_a-z0-9]*[a-z0-9])?)*$/

function checkPodSecurity(out: Errors, path: string, spec: PodSpec): void {
  const { securityContext: context, hostPID, shareProcessNamespace } = spec
  if (hostPID && shareProcessNamespace) out.push(invalid(`${path}.shareProcessNamespace`, shareProcessNamespace, 'ShareProcessNamespace and HostPID cannot both be enabled'))
  if (!context) return
  for (const field of ['fsGroup', 'runAsUser', 'runAsGroup'] as const) checkRange(out, `${path}.${field}`, context[field], 0, maxInt32)
  for (const [index, group] of (context.supplementalGroups ?? []).entries()) checkRange(out, `${path}.supplementalGroups[${index}]`, group, 0, maxInt32)
  checkSeccomp(out, `${path}.seccompProfile`, context.seccompProfile)
  checkAppArmor(out, `${path}.appArmorProfile`, context.appArmorProfile)
  if (context.fsGroupChangePolicy) checkOneOf(out, `${path}.fsGroupChangePolicy`, context.fsGroupChangePolicy, ['Always', 'OnRootMismatch'])
  checkOptionalOneOf(out, `${path}.seLinuxChangePolicy`, context.seLinuxChangePolicy, ['MountOption', 'Recursive'])
  if (context.supplementalGroupsPolicy) checkOneOf(out, `${path}.supplementalGroupsPolicy`, context.supplementalGroupsPolicy, ['Merge', 'Strict'])
  const seen = new Set<string>()
  for (const [index, { name = '' }] of (context.sysctls ?? []).entries()) {
    const at = `${path}.sysctls[${index}].name`
    if (!name) out.push(required(at))
    else if (!sysctlPattern.test(name) || name.length > 253) {
      out.push(invalid(at, name, 'must have at most 253 characters and match regex ^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$'))
    } else if (seen.has(name)) out.push(duplicate(at, name))
    if (spec.hostNetwork && /^net[./]/.test(name)) out.push(invalid(at, name, "may not be specified when 'hostNetwork' is true"))
    if (spec.hostIPC && /^(kernel[./](sem|shm|msg)|fs[./]mqueue[./])/.test(name)) out.push(invalid(at, name, "may not be specified when 'hostIPC' is true"))
    seen.add(name)
  }
}

/** Users of its own and the namespaces of the host do not go together. */
function checkSystem(out: Errors, path: string, spec: PodSpec): void {
  if (spec.hostUsers === false) {
    for (const [field, shown] of [['hostNetwork', 'hostNetwork'], ['hostPID', 'HostPID'], ['hostIPC', 'HostIPC']] as const) {
      if (spec[field]) out.push(forbiddenField(`${path}.${shown}`, 'when `pod.Spec.HostUsers` is false'))
    }
  }
  if (spec.os?.name === 'linux') forbidFields(out, path, spec, ['windowsOptions'], ['windowsOptions'], 'windows options cannot be set for a linux pod')
  if (spec.os?.name !== 'windows') return
  for (const field of ['hostUsers', 'hostPID', 'hostIPC', 'shareProcessNamespace'] as const) {
    if (spec[field] || (spec[field] === false && (field === 'hostUsers' || field === 'shareProcessNamespace'))) out.push(forbiddenField(`${path}.${field}`, windowsText))
  }
  forbidFields(out, path, spec, notOfWindowsPods, notOfWindowsContainers, windowsText)
}

const windowsText = 'cannot be set for a windows pod'
const notOfWindowsPods = [
  'appArmorProfile', 'seLinuxOptions', 'seccompProfile', 'fsGroup', 'fsGroupChangePolicy', 'sysctls', 'runAsUser', 'runAsGroup', 'supplementalGroups',
  'supplementalGroupsPolicy', 'seLinuxChangePolicy',
] as const
const notOfWindowsContainers = [
  'appArmorProfile', 'seLinuxOptions', 'seccompProfile', 'capabilities', 'readOnlyRootFilesystem', 'privileged', 'allowPrivilegeEscalation', 'procMount', 'runAsUser', 'runAsGroup',
] as const

function forbidFields(
  out: Errors, path: string, spec: PodSpec, ofPod: readonly (keyof NonNullable<PodSpec['securityContext']>)[],
  ofContainers: readonly (keyof NonNullable<Container['securityContext']>)[], text: string,
): void {
  for (const field of ofPod) if (spec.securityContext?.[field] !== undefined) out.push(forbiddenField(`${path}.securityContext.${field}`, text))
  for (const list of ['initContainers', 'containers', 'ephemeralContainers'] as const) {
    for (const [index, { securityContext }] of (spec[list] ?? []).entries()) {
      for (const field of ofContainers) if (securityContext?.[field] !== undefined) out.push(forbiddenField(`${path}.${list}[${index}].securityContext.${field}`, text))
    }
  }
}

function checkIdentity(out: Errors, path: string, spec: PodSpec): void {
  for (const field of ['serviceAccountName', 'nodeName', 'priorityClassName', 'runtimeClassName'] as const) {
    const value = spec[field]
    if (value) checkDnsSubdomain(out, `${path}.${field}`, value)
  }
  if (spec.os && spec.os.name !== 'linux' && spec.os.name !== 'windows') checkOneOf(out, `${path}.os.name`, spec.os.name, ['linux', 'windows'])
  if (spec.preemptionPolicy) checkOneOf(out, `${path}.preemptionPolicy`, spec.preemptionPolicy, ['PreemptLowerPriority', 'Never'])
}

function checkResourceClaims(out: Errors, path: string, { resourceClaims = [] }: PodSpec): void {
  const names = new Set<string>()
  for (const [index, claim] of resourceClaims.entries()) {
    const at = `${path}.resourceClaims[${index}]`
    const { name, resourceClaimName, resourceClaimTemplateName } = claim
    if (!name) out.push(required(`${at}.name`))
    else if (names.has(name)) out.push(duplicate(`${at}.name`, name))
    else checkDnsLabel(out, `${at}.name`, name)
    names.add(name)
    const sources = [resourceClaimName, resourceClaimTemplateName].filter((source) => source !== undefined).length
    if (sources > 1) out.push(invalid(at, claim, 'at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified'))
    if (sources === 0) out.push(invalid(at, claim, 'must specify one of: `resourceClaimName`, `resourceClaimTemplateName`'))
    if (resourceClaimName !== undefined) checkDnsSubdomain(out, `${at}.resourceClaimName`, resourceClaimName)
    if (resourceClaimTemplateName !== undefined) checkDnsSubdomain(out, `${at}.resourceClaimTemplateName`, resourceClaimTemplateName)
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
