// Checks of what a kubelet says of a pod, and what of a pod's status is kept when it says nothing.
import type { Container, ContainerStatus, Pod, PodSpec, PodStatus } from '../../api/types-pod.ts'
import type { Subresource } from '../definition.ts'
import { subresource } from './define.ts'
import { inGo } from './go-values.ts'
import { checkIp, familyOf, ipWarnings, isIpAddress } from './ip-rules.ts'
import { checkAnnotationUpdate } from './pod-annotations.ts'
import type { Errors } from './rules.ts'
import { checkDnsLabel, checkDnsSubdomain, checkImmutable, checkLabelKey, checkRange, duplicate, forbiddenField, invalid, required } from './rules.ts'

/** The two forms of a pod's addresses are one thing; where they differ the single one counts. */
function settleAddresses(status: PodStatus): void {
  const { podIP, podIPs = [] } = status
  if (podIP && podIPs[0]?.ip !== podIP) status.podIPs = [{ ip: podIP }]
  if (!podIP && podIPs[0]?.ip) status.podIP = podIPs[0].ip
}

/** What a status that leaves them out does not take away: the class, and what generation was seen. */
export function keepPodStatus(pod: Pod, old: Pod): void {
  const { ownerReferences } = old.metadata
  if (ownerReferences) pod.metadata.ownerReferences = structuredClone(ownerReferences) as typeof ownerReferences
  else delete pod.metadata.ownerReferences
  const status = (pod.status ??= {})
  if (old.status?.qosClass) status.qosClass ||= old.status.qosClass
  if (old.status?.observedGeneration) status.observedGeneration ||= old.status.observedGeneration
  const seen = Map.groupBy(old.status?.conditions ?? [], ({ type }) => type)
  for (const condition of status.conditions ?? []) {
    const before = seen.get(condition.type)?.shift()
    if (before?.observedGeneration) condition.observedGeneration ||= before.observedGeneration
  }
  settleAddresses(status)
}

const systemConditions = ['PodScheduled', 'Ready', 'Initialized']
const generationText = 'must be a non-negative integer'

function checkConditions(out: Errors, path: string, conditions: PodStatus['conditions'] = []): void {
  for (const [index, { type = '', observedGeneration = 0 }] of conditions.entries()) {
    if (observedGeneration < 0) out.push(invalid(`${path}[${index}].observedGeneration`, observedGeneration, generationText))
    if (!systemConditions.includes(type)) checkLabelKey(out, `${path}[${index}].Type`, type)
  }
}

function checkNomination(out: Errors, path: string, { status }: Pod, old: Pod): void {
  const name = status?.nominatedNodeName ?? ''
  if (name === '' || name === (old.status?.nominatedNodeName ?? '')) return
  checkDnsSubdomain(out, path, name)
  if (old.spec.nodeName) out.push(forbiddenField(path, 'may not be set on pods that are already bound to a node'))
}

const restarts: Readonly<Record<string, (exitCode: number) => boolean>> = { Always: () => true, OnFailure: (exitCode) => exitCode !== 0, Never: () => false }

/** Whether a container that ended with this code may run again. */
function mayRestart({ restartPolicy, restartPolicyRules = [] }: Container, pod: PodSpec, exitCode: number): boolean {
  const ofPod = restarts[pod.restartPolicy ?? 'Always'] ?? restarts['Always']
  if (restartPolicy === undefined) return ofPod?.(exitCode) ?? true
  const rule = restartPolicyRules.find(({ exitCodes }) => exitCodes && (exitCodes.values ?? []).includes(exitCode) === (exitCodes.operator === 'In'))
  return rule?.action === 'Restart' || ((restarts[restartPolicy] ?? ofPod)?.(exitCode) ?? true)
}

/** A container that has ended for good does not run again. */
function checkTransitions(out: Errors, path: string, now: readonly ContainerStatus[] = [], before: readonly ContainerStatus[] = [], mayRun: (name: string, exitCode: number) => boolean): void {
  for (const [index, { name, state }] of before.entries()) {
    if (!state?.terminated) continue
    const next = now.find((status) => status.name === name && !status.state?.terminated)
    if (next && !mayRun(name, state.terminated.exitCode)) out.push(forbiddenField(`${path}[${index}].state`, 'may not be transitioned to non-terminated state'))
  }
}

function checkClaimStatuses(out: Errors, path: string, { spec, status }: Pod): void {
  const seen = new Set<string>()
  for (const [index, { name = '', resourceClaimName }] of (status?.resourceClaimStatuses ?? []).entries()) {
    const at = `${path}[${index}].name`
    if (!spec.resourceClaims?.some((claim) => claim.name === name)) out.push(invalid(at, name, 'must match the name of an entry in `spec.resourceClaims`'))
    if (seen.has(name)) out.push(duplicate(at, name))
    seen.add(name)
    if (resourceClaimName !== undefined) checkDnsSubdomain(out, at, resourceClaimName)
  }
}

/** Requests of a claim that was made because containers ask for devices by the names of resources. */
function checkExtendedClaim(out: Errors, path: string, { spec, status }: Pod): void {
  const claim = status?.extendedResourceClaimStatus
  if (!claim) return
  const containers = new Map([...spec.initContainers ?? [], ...spec.containers].map((container) => [container.name, container]))
  const { requestMappings = [], resourceClaimName } = claim
  if (requestMappings.length === 0) out.push(required(`${path}.requestMappings`, 'at least one request mapping is required'))
  const seen = new Set<string>()
  for (const [index, { containerName = '', resourceName = '', requestName = '' }] of requestMappings.entries()) {
    const at = `${path}.requestMappings[${index}]`
    const container = containers.get(containerName)
    if (!container) out.push(invalid(`${at}.containerName`, containerName, 'must match the name of an entry in spec.initContainers.name or spec.containers.name'))
    else if (container.resources?.requests?.[resourceName] === undefined) {
      out.push(invalid(`${at}.resourceName`, resourceName, 'must match the extended resource name of an entry in spec.initContainers.resources.requests or spec.containers.resources.requests'))
    }
    checkDnsLabel(out, `${path}.requestName`, requestName)
    const key = JSON.stringify([containerName, resourceName, requestName])
    if (seen.has(key)) out.push(duplicate(`${at}.containerName`, containerName), duplicate(`${at}.resourceName`, resourceName), duplicate(`${at}.requestName`, requestName))
    seen.add(key)
  }
  if (!resourceClaimName) out.push(required(`${path}.resourceClaimName`))
  else checkDnsSubdomain(out, `${path}.resourceClaimName`, resourceClaimName)
}

type Addresses = readonly { readonly ip?: string }[]

/** One address a family; those that were there before are taken as they are. */
function checkAddresses(out: Errors, path: string, now: Addresses = [], before: Addresses = []): void {
  const known = before.map(({ ip = '' }) => ip)
  for (const [index, { ip }] of now.entries()) checkIp(out, `${path}[${index}]`, ip, known)
  if (now.length < 2 || !now.every(({ ip = '' }) => isIpAddress(ip))) return
  const families = new Set(now.map(({ ip = '' }) => familyOf(ip)))
  if (now.length > 2 || families.size < 2) out.push(invalid(path, now.map((address) => inGo(address, { IP: '' })), 'may specify no more than one IP for each IP family'))
}

const maxId = 2147483647

function checkUsers(out: Errors, path: string, statuses: readonly ContainerStatus[] = [], os = 'linux'): void {
  for (const [index, { user }] of statuses.entries()) {
    const at = `${path}[${index}].user.linux`
    const { uid, gid, supplementalGroups = [] } = user?.linux ?? {}
    if (os === 'windows') {
      if (user?.linux) out.push(forbiddenField(at, 'cannot be set for a windows pod'))
      continue
    }
    checkRange(out, `${at}.uid`, uid, 0, maxId)
    checkRange(out, `${at}.gid`, gid, 0, maxId)
    for (const [place, group] of supplementalGroups.entries()) checkRange(out, `${at}.supplementalGroups[${place}]`, group, 0, maxId)
  }
}

const lists = ['containerStatuses', 'initContainerStatuses', 'ephemeralContainerStatuses'] as const

function checkContainerStatuses(out: Errors, pod: Pod, old: Pod): void {
  const restartOf = (containers: readonly Container[] = []) => (name: string, exitCode: number): boolean => {
    const container = containers.find((one) => one.name === name)
    return container !== undefined && mayRestart(container, old.spec, exitCode)
  }
  const may = { containerStatuses: restartOf(old.spec.containers), initContainerStatuses: restartOf(old.spec.initContainers), ephemeralContainerStatuses: () => false }
  for (const list of lists) checkTransitions(out, `status.${list}`, pod.status?.[list], old.status?.[list], may[list])
}

export function checkPodStatus(pod: Pod, old: Pod): Errors {
  const out: Errors = []
  const { status = {}, spec } = pod
  checkAnnotationUpdate(out, 'metadata.annotations', pod, old)
  checkConditions(out, 'status.conditions', status.conditions)
  checkNomination(out, 'status.nominatedNodeName', pod, old)
  if ((status.observedGeneration ?? 0) < 0) out.push(invalid('status.observedGeneration', status.observedGeneration, generationText))
  checkImmutable(out, 'status.qosClass', status.qosClass ?? '', old.status?.qosClass ?? '')
  checkContainerStatuses(out, pod, old)
  checkClaimStatuses(out, 'status.resourceClaimStatuses', pod)
  checkExtendedClaim(out, 'status.extendedResourceClaimStatus', pod)
  checkAddresses(out, 'status.podIPs', status.podIPs, old.status?.podIPs)
  const [first] = status.hostIPs ?? []
  if (first && (status.hostIP ?? '') !== first.ip) out.push(invalid('status.hostIPs[0].ip', first.ip, 'must be equal to `hostIP`'))
  checkAddresses(out, 'status.hostIPs', status.hostIPs, old.status?.hostIPs)
  for (const list of lists) checkUsers(out, `status.${list}`, status[list], spec.os?.name)
  return out
}

export const podStatus: Subresource<Pod> = subresource('status', {
  prepareUpdate(pod, old, { warn }) {
    keepPodStatus(pod, old)
    for (const list of ['podIPs', 'hostIPs'] as const) {
      for (const [index, { ip = '' }] of (pod.status?.[list] ?? []).entries()) ipWarnings(`status.${list}[${index}].ip`, ip).forEach(warn)
    }
  },
  validate: checkPodStatus,
})
