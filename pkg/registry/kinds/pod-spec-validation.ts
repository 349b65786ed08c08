// Checks of a pod's spec, for pods and for the templates of workloads.
import type { PodSpec, PodTemplateSpec } from '../../api/types-pod.ts'
import { checkContainerLists } from './container-lists.ts'
import { checkResources } from './container-resources.ts'
import { checkFileVolumes, checkImageSpace } from './container-validation.ts'
import { inGo } from './go-values.ts'
import { checkPodAnnotations, mirrorKey } from './pod-annotations.ts'
import { checkPodResources } from './pod-level-resources.ts'
import { checkDnsConfig, checkDnsPolicy, checkHostAliases, checkHostnameOverride, checkHostNetwork } from './pod-network-rules.ts'
import { checkOs } from './pod-os.ts'
import { placedContainers } from './placed-containers.ts'
import type { Errors } from './rules.ts'
import {
  checkAnnotations, checkDnsLabel, checkDnsSubdomain, checkLabelKey, checkLabels, checkOneOf, checkRange, duplicate, forbiddenField, invalid, required, withoutOldFaults,
} from './rules.ts'
import { checkAffinity, checkGates, checkSpread, checkTolerations } from './scheduling-validation.ts'
import { checkProfilesAgree } from './security-annotations.ts'
import { checkPodSecurity } from './security-context.ts'
import { checkVolumes } from './volume-validation.ts'
import { checkHostProcess } from './windows-options.ts'

const maxInt32 = 2147483647

/** The metadata and spec of a template; `old` is what it was before an update. */
export function checkPodTemplate(out: Errors, path: string, template: PodTemplateSpec, old?: PodTemplateSpec): void {
  const errors = templateErrors(path, template)
  out.push(...(old ? withoutOldFaults(errors, () => templateErrors(path, old)) : errors))
}

function templateErrors(path: string, template: PodTemplateSpec): Errors {
  const out: Errors = []
  const { metadata: { labels, annotations = {} } = {}, spec = { containers: [] } } = template
  checkLabels(out, `${path}.labels`, labels)
  checkAnnotations(out, `${path}.annotations`, annotations)
  checkPodAnnotations(out, `${path}.annotations`, annotations, spec)
  checkPodSpec(out, `${path}.spec`, spec)
  checkProfilesAgree(out, `${path}.spec`, spec, { annotations })
  if (spec.ephemeralContainers?.length) out.push(forbiddenField(`${path}.spec.ephemeralContainers`, 'ephemeral containers not allowed in pod template'))
  return out
}

/** What checks of a spec use of the metadata of its pod. */
interface PodMetadata {
  readonly name?: string
  readonly annotations?: Readonly<Record<string, string>>
}

/** `pod` is missing in templates, which are checked a little less. */
export function checkPodSpec(out: Errors, path: string, spec: PodSpec, pod?: PodMetadata): void {
  const hostUsers = spec.hostUsers !== false
  const claims = new Set((spec.resourceClaims ?? []).map(({ name }) => name).filter((name) => name !== ''))
  const volumes = checkVolumes(out, `${path}.volumes`, spec.volumes ?? [], pod && (pod.name ?? ''))
  checkResourceClaims(out, `${path}.resourceClaims`, spec, pod)
  checkContainerLists(out, path, spec, { volumes, claims, graceSeconds: spec.terminationGracePeriodSeconds ?? 30, restartPolicy: spec.restartPolicy, hostUsers, os: spec.os })
  checkPodResources(out, `${path}.resources`, spec, claims)
  checkHostNetwork(out, path, spec, pod !== undefined)
  checkOneOf(out, `${path}.restartPolicy`, spec.restartPolicy, ['Always', 'OnFailure', 'Never'])
  checkDnsPolicy(out, `${path}.dnsPolicy`, spec.dnsPolicy)
  checkLabels(out, `${path}.nodeSelector`, spec.nodeSelector)
  checkPodSecurity(out, `${path}.securityContext`, spec)
  if (spec.affinity) checkAffinity(out, `${path}.affinity`, spec.affinity)
  checkDnsConfig(out, `${path}.dnsConfig`, spec)
  for (const [index, { conditionType }] of (spec.readinessGates ?? []).entries()) checkLabelKey(out, `${path}.readinessGates[${index}].conditionType`, conditionType ?? '')
  checkGates(out, `${path}.schedulingGates`, spec.schedulingGates ?? [])
  checkSpread(out, `${path}.topologySpreadConstraints`, spec.topologySpreadConstraints ?? [])
  checkHostProcess(out, path, spec)
  if (!hostUsers) checkOwnUsers(out, path, spec)
  checkHostnameOverride(out, `${path}.hostnameOverride`, spec)
  checkNames(out, path, spec)
  if (spec.overhead) checkResources(out, `${path}.overhead`, { limits: spec.overhead })
  checkOs(out, path, spec)
  checkWorkloadRef(out, `${path}.workloadRef`, spec.workloadRef)
  checkFileVolumes(out, path, spec)
}

/** What a spec says of itself and of others by name. */
function checkNames(out: Errors, path: string, spec: PodSpec): void {
  if (spec.serviceAccountName) checkDnsSubdomain(out, `${path}.serviceAccountName`, spec.serviceAccountName)
  if (spec.nodeName) checkDnsSubdomain(out, `${path}.nodeName`, spec.nodeName)
  checkRange(out, `${path}.activeDeadlineSeconds`, spec.activeDeadlineSeconds, 1, maxInt32)
  if (spec.hostname) checkDnsLabel(out, `${path}.hostname`, spec.hostname)
  if (spec.subdomain) checkDnsLabel(out, `${path}.subdomain`, spec.subdomain)
  checkTolerations(out, `${path}.tolerations`, spec.tolerations)
  checkHostAliases(out, `${path}.hostAliases`, spec.hostAliases)
  if (spec.priorityClassName) checkDnsSubdomain(out, `${path}.priorityClassName`, spec.priorityClassName)
  if (spec.runtimeClassName !== undefined) checkDnsSubdomain(out, `${path}.runtimeClassName`, spec.runtimeClassName)
  if (spec.preemptionPolicy !== undefined) checkOneOf(out, `${path}.preemptionPolicy`, spec.preemptionPolicy, ['PreemptLowerPriority', 'Never'])
}

/** Users of its own go neither with the namespaces of the host nor with raw devices. */
function checkOwnUsers(out: Errors, path: string, spec: PodSpec): void {
  const text = 'when `hostUsers` is false'
  for (const [field, shown] of [['hostNetwork', 'hostNetwork'], ['hostPID', 'HostPID'], ['hostIPC', 'HostIPC']] as const) {
    if (spec[field]) out.push(forbiddenField(`${path}.${shown}`, text))
  }
  for (const { at, container } of placedContainers(path, spec)) if (container.volumeDevices?.length) out.push(forbiddenField(`${at}.volumeDevices`, text))
}

function checkWorkloadRef(out: Errors, path: string, workload: PodSpec['workloadRef']): void {
  if (!workload) return
  checkDnsSubdomain(out, `${path}.name`, workload.name)
  checkDnsLabel(out, `${path}.podGroup`, workload.podGroup)
  if (workload.podGroupReplicaKey) checkDnsLabel(out, `${path}.podGroupReplicaKey`, workload.podGroupReplicaKey)
}

/** Old templates may break these rules, pods may not. */
export function checkPodOnly(out: Errors, path: string, spec: PodSpec): void {
  for (const [index, { projected }] of (spec.serviceAccountName ? [] : spec.volumes ?? []).entries()) {
    for (const [position, { serviceAccountToken }] of (projected?.sources ?? []).entries()) {
      if (serviceAccountToken) {
        out.push(forbiddenField(`${path}.volumes[${index}].projected.sources[${position}].serviceAccountToken`, 'must not be specified when serviceAccountName is not set'))
      }
    }
  }
  for (const list of ['containers', 'initContainers'] as const) {
    for (const [index, container] of (spec[list] ?? []).entries()) checkImageSpace(out, `${path}.${list}[${index}]`, container)
  }
}

function checkResourceClaims(out: Errors, path: string, { resourceClaims = [] }: PodSpec, pod: PodMetadata | undefined): void {
  const names = new Set<string>()
  for (const [index, claim] of resourceClaims.entries()) {
    if (pod?.annotations?.[mirrorKey] !== undefined) {
      out.push(forbiddenField('[]', 'static pods do not support resource claims'))
      continue
    }
    const at = `${path}[${index}]`
    const { name, resourceClaimName, resourceClaimTemplateName } = claim
    if (!name) out.push(required(`${at}.name`))
    else if (names.has(name)) out.push(duplicate(`${at}.name`, name))
    else checkDnsLabel(out, `${at}.name`, name)
    names.add(name)
    const shown = inGo(claim, { Name: '', ResourceClaimName: null, ResourceClaimTemplateName: null })
    const sources = [resourceClaimName, resourceClaimTemplateName].filter((source) => source !== undefined).length
    if (sources > 1) out.push(invalid(at, shown, 'at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified'))
    if (sources === 0) out.push(invalid(at, shown, 'must specify one of: `resourceClaimName`, `resourceClaimTemplateName`'))
    if (resourceClaimName !== undefined) checkDnsSubdomain(out, `${at}.resourceClaimName`, resourceClaimName)
    if (resourceClaimTemplateName !== undefined) checkDnsSubdomain(out, `${at}.resourceClaimTemplateName`, resourceClaimTemplateName)
  }
}
