// NodeRestriction: what a node's own kubelet may write is about that node and its pods, and does not draw others' work to it.
import { equalJson } from '../api/json.ts'
import type { AnyObject, OwnerReference } from '../api/object.ts'
import type { UserInfo } from '../api/request.ts'
import { forbiddenLabels } from '../api/node-labels.ts'
import { nodes, type Node } from '../api/types-node.ts'
import { referenceOf } from '../api/pod-references.ts'
import { pods, type Pod, type PodSpec } from '../api/types-pod.ts'
import type { AdmissionPlugin, AdmissionRequest } from './admission.ts'
import { isResource, refusal } from './admission.ts'

const nodePrefix = 'system:node:'
const mirrorAnnotation = 'kubernetes.io/config.mirror'
const leaseNamespace = 'kube-node-lease'

/** The node that this user is; '' for one that can't be told. */
export const restrictedNode = ({ username, groups }: UserInfo): string | undefined =>
  username.startsWith(nodePrefix) && groups.includes('system:nodes') ? username.slice(nodePrefix.length) : undefined

function podFault(node: string, { subresource = '', operation, old, view, name, namespace }: AdmissionRequest, object: Readonly<AnyObject>): string | undefined {
  const pod = object as unknown as Pod
  switch (subresource) {
    case '': break
    case 'status': return statusFault(node, old as unknown as Pod, pod)
    case 'eviction':
      return view.get<Pod>(pods, { name, ...(namespace ? { namespace } : {}) })?.spec.nodeName === node ? undefined : `node ${node} can only evict pods with spec.nodeName set to itself`
    default: return `unexpected pod subresource "${subresource}", only 'status' and 'eviction' are allowed`
  }
  if (operation === 'DELETE') return pod.spec.nodeName === node ? undefined : `node "${node}" can only delete pods with spec.nodeName set to itself`
  if (operation !== 'CREATE') return `unexpected operation "${operation}", node "${node}" can only create and delete mirror pods`
  if (pod.metadata.annotations?.[mirrorAnnotation] === undefined) return `pod does not have "${mirrorAnnotation}" annotation, node "${node}" can only create mirror pods`
  if (pod.spec.nodeName !== node) return `node "${node}" can only create pods with spec.nodeName set to itself`
  return ownerFault(node, pod.metadata.ownerReferences ?? [], view.get<Node>(nodes, { name: node })) ?? referenceFault(node, pod.spec)
}

function statusFault(node: string, old: Pod, pod: Pod): string | undefined {
  if (old.spec.nodeName !== node) return `node "${node}" can only update pod status for pods with spec.nodeName set to itself`
  if (!equalJson(old.metadata.labels ?? {}, pod.metadata.labels ?? {})) return `node "${node}" cannot update labels through pod status`
  // The words are upstream's.
  if (!equalJson(old.status?.resourceClaimStatuses ?? [], pod.status?.resourceClaimStatuses ?? [])) return `node "${node}" cannot update resource claim statues`
  if (!equalJson(old.status?.extendedResourceClaimStatus ?? null, pod.status?.extendedResourceClaimStatus ?? null)) return `node "${node}" cannot update extended resource claim status`
  return undefined
}

function ownerFault(node: string, owners: readonly OwnerReference[], found: Node | undefined): string | undefined {
  const [owner, ...more] = owners
  if (more.length > 0) return `node "${node}" can only create pods with a single owner reference set to itself`
  if (owner?.apiVersion !== 'v1' || owner.kind !== 'Node' || owner.name !== node) return `node "${node}" can only create pods with an owner reference set to itself`
  if (!owner.controller) return `node "${node}" can only create pods with a controller owner reference set to itself`
  if (owner.blockOwnerDeletion) return `node "${node}" must not set blockOwnerDeletion on an owner reference`
  if (owner.uid !== found?.metadata.uid) return `node ${node} UID mismatch: expected ${owner.uid} got ${found?.metadata.uid ?? ''}`
  return undefined
}

/** A pod that the node makes names nothing in the cluster: it could read it then. */
function referenceFault(node: string, spec: PodSpec): string | undefined {
  const what = referenceOf(spec)
  return what === undefined ? undefined : `node "${node}" can not create pods that reference ${what}`
}

function nodeFault(node: string, { name, operation, old }: AdmissionRequest, object: Readonly<AnyObject>): string | undefined {
  if (name !== node) return `node "${node}" is not allowed to modify node "${name}"`
  const { metadata, spec } = object as unknown as Node
  if (operation === 'CREATE') {
    if (spec?.configSource) return `node "${node}" is not allowed to create pods with a non-nil configSource`
    const labels = forbiddenLabels(metadata.labels)
    return labels.length > 0 ? `node "${node}" is not allowed to set the following labels: ${labels.join(', ')}` : undefined
  }
  if (operation !== 'UPDATE') return undefined
  const before = old as unknown as Node
  if (spec?.configSource && !equalJson(spec.configSource, before.spec?.configSource ?? null)) return `node "${node}" is not allowed to update configSource to a new non-nil configSource`
  if (!equalJson(spec?.taints ?? [], before.spec?.taints ?? [])) return `node "${node}" is not allowed to modify taints`
  if (!equalJson(metadata.ownerReferences ?? [], before.metadata.ownerReferences ?? [])) return `node "${node}" is not allowed to modify ownerReferences`
  const labels = forbiddenLabels(metadata.labels, before.metadata.labels)
  return labels.length > 0 ? `is not allowed to modify labels: ${labels.join(', ')}` : undefined
}

function claimFault(node: string, { old }: AdmissionRequest, object: Readonly<AnyObject>): string | undefined {
  const rest = (claim: Readonly<AnyObject>): unknown => {
    const { metadata: { resourceVersion: _version, managedFields: _managed, ...metadata }, status, ...more } = claim
    const { capacity: _capacity, conditions: _conditions, allocatedResources: _allocated, allocatedResourceStatuses: _statuses, ...others } = (status ?? {}) as Record<string, unknown>
    return { ...more, metadata, status: others }
  }
  return old && equalJson(rest(old), rest(object)) ? undefined : `node "${node}" is not allowed to update fields other than status.quantity and status.conditions`
}

function sliceFault(node: string, { operation }: AdmissionRequest, { spec }: Readonly<AnyObject>): string | undefined {
  if (operation === 'UPDATE' || (spec as { nodeName?: string } | undefined)?.nodeName === node) return undefined
  return `can only ${operation.toLowerCase()} ResourceSlice with the same NodeName as the requesting node`
}

function faultOf(node: string, request: AdmissionRequest, object: Readonly<AnyObject>): string | undefined {
  const { definition, name, namespace, subresource } = request
  if (isResource(definition, pods.group, pods.plural)) return podFault(node, request, object)
  if (isResource(definition, nodes.group, nodes.plural)) return nodeFault(node, request, object)
  if (isResource(definition, '', 'persistentvolumeclaims')) return subresource === 'status' ? claimFault(node, request, object) : `may only update PVC status`
  if (isResource(definition, 'coordination.k8s.io', 'leases')) {
    if (namespace !== leaseNamespace) return `can only access leases in the "${leaseNamespace}" system namespace`
    return name === node ? undefined : 'can only access node lease with the same name as the requesting node'
  }
  if (isResource(definition, 'storage.k8s.io', 'csinodes')) return name === node ? undefined : 'can only access CSINode with the same name as the requesting node'
  if (isResource(definition, 'resource.k8s.io', 'resourceslices')) return sliceFault(node, request, object)
  return undefined
}

function check(object: Readonly<AnyObject>, request: AdmissionRequest): void {
  const node = restrictedNode(request.user)
  if (node === undefined) return
  const fault = node === '' ? `could not determine node from user ${JSON.stringify(request.user.username)}` : faultOf(node, request, object)
  if (fault !== undefined) throw refusal(request, fault)
}

/** Changes nothing, but is asked before anything is found wrong with the object; about deletions and evictions when there is nothing else to be asked. */
export const nodeRestriction: AdmissionPlugin = {
  name: 'NodeRestriction',
  mutate: check,
  validate(object, request) {
    if (request.operation === 'DELETE' || request.subresource === 'eviction') check(object, request)
  },
}
