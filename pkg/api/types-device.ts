// Claims for devices, as far as controllers and the scheduler look into them.
import type { KubeObject, Resource } from './object.ts'
import type { Pod, PodResourceClaim } from './types-pod.ts'
import type { NodeSelector } from './types-volume.ts'

const kind = <T extends KubeObject>(plural: string, name: string, namespaced: boolean): Resource<T> => ({ group: 'resource.k8s.io', version: 'v1', plural, kind: name, namespaced })

export const resourceClaims: Resource<ResourceClaim> = kind('resourceclaims', 'ResourceClaim', true)
export const resourceClaimTemplates: Resource<ResourceClaimTemplate> = kind('resourceclaimtemplates', 'ResourceClaimTemplate', true)
export const deviceClasses: Resource = kind('deviceclasses', 'DeviceClass', false)

export interface DeviceRequest {
  readonly name: string
  readonly exactly?: { readonly deviceClassName: string }
  readonly firstAvailable?: readonly { readonly name: string; readonly deviceClassName: string }[]
}

export interface ResourceClaimSpec {
  readonly devices?: { readonly requests?: readonly DeviceRequest[] }
}

export interface ClaimConsumer {
  readonly apiGroup?: string
  readonly resource: string
  readonly name: string
  readonly uid: string
}

export interface ResourceClaim extends KubeObject {
  spec: ResourceClaimSpec
  status?: { allocation?: { nodeSelector?: NodeSelector; devices?: { results?: { driver: string }[] } }; reservedFor?: ClaimConsumer[] }
}

export interface ResourceClaimTemplate extends KubeObject {
  spec: { metadata?: { labels?: Record<string, string>; annotations?: Record<string, string> }; spec: ResourceClaimSpec }
}

/** The claim that an entry of the pod stands for: its name, undefined while it is not made, null when none is needed. */
export function claimNameOf({ status }: Pod, { name, resourceClaimName }: PodResourceClaim): string | null | undefined {
  if (resourceClaimName !== undefined) return resourceClaimName
  const made = status?.resourceClaimStatuses?.find((one) => one.name === name)
  return made && (made.resourceClaimName ?? null)
}

/** Of the claims of a pod those that are named by now. */
export const claimNamesOf = (pod: Pod): string[] => (pod.spec.resourceClaims ?? []).flatMap((claim) => claimNameOf(pod, claim) ?? [])

export const isReservedFor = ({ status }: ResourceClaim, { metadata }: Pod): boolean => status?.reservedFor?.some(({ uid }) => uid === metadata.uid) ?? false

/** The claim with the pod among those that it is kept for. */
export const reservedBy = (claim: ResourceClaim, { metadata: { name = '', uid = '' } }: Pod): ResourceClaim =>
  ({ ...claim, status: { ...claim.status, reservedFor: [...claim.status?.reservedFor ?? [], { resource: 'pods', name, uid }] } })

export const isMadeFor = ({ metadata }: ResourceClaim, pod: Pod): boolean => metadata.ownerReferences?.some(({ controller, uid }) => controller && uid === pod.metadata.uid) ?? false
