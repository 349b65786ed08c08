// NodeRestriction: what a node's own kubelet may write is about that node and its pods, and does not draw others' work to it.
import { equalJson } from '../api/json.ts'
import type { AnyObject, OwnerReference } from '../api/object.ts'
import type { UserInfo } from '../api/request.ts'
import { nodes, type Node } from '../api/types-node.ts'
import { pods, type Pod } from '../api/types-pod.ts'
import type { AdmissionPlugin, AdmissionRequest } from './admission.ts'
import { isResource, refusal } from './admission.ts'

const nodePrefix = 'system:node:'
const mirrorAnnotation = 'kubernetes.io/config.mirror'
const leaseNamespace = 'kube-node-lease'
const ownLabels = new Set([
  'kubernetes.io/hostname', 'kubernetes.io/os', 'kubernetes.io/arch', 'beta.kubernetes.io/os', 'beta.kubernetes.io/arch', 'beta.kubernetes.io/instance-type', 'node.kubernetes.io/instance-type',
  'topology.kubernetes.io/zone', 'topology.kubernetes.io/region', 'failure-domain.beta.kubernetes.io/zone', 'failure-domain.beta.kubernetes.io/region',
])

/** Kubelets of this process are trusted with everything, as their group says. */
export function restrictedNode({ username, groups }: UserInfo): string | undefined {
  const isNode = groups.includes('system:nodes') && username.startsWith(nodePrefix) && !groups.includes('system:masters')
  return isNode ? username.slice(nodePrefix.length) : undefined
}

const isIn = (prefix: string, domain: string): boolean => prefix === domain || prefix.endsWith(`.${domain}`)

/** Pure: of labels that differ, those that a node may not choose for itself. */
export function forbiddenLabels(labels: Readonly<Record<string, string>> = {}, before: Readonly<Record<string, string>> = {}): string[] {
  const changed = [...new Set([...Object.keys(labels), ...Object.keys(before)])].filter((key) => labels[key] !== before[key])
  return changed.filter((key) => {
    const prefix = key.includes('/') ? key.split('/')[0]! : ''
    if (isIn(prefix, 'node-restriction.kubernetes.io')) return true
    if (!isIn(prefix, 'kubernetes.io') && !isIn(prefix, 'k8s.io')) return false
    return !ownLabels.has(key) && !isIn(prefix, 'kubelet.kubernetes.io') && !isIn(prefix, 'node.kubernetes.io')
  }).sort()
}

function podFault(node: string, { subresource = '', operation, old, view }: AdmissionRequest, object: Readonly<AnyObject>): string | undefined {
  const pod = object as unknown as Pod
  if (subresource === 'status') {
    if ((old as unknown as Pod).spec.nodeName !== node) return `node "${node}" can only update pod status for pods with spec.nodeName set to itself`
    if (!equalJson(old?.metadata.labels ?? {}, pod.metadata.labels ?? {})) return `node "${node}" cannot update labels through pod status`
    return undefined
  }
  if (subresource !== '') return undefined
  if (operation === 'DELETE') return pod.spec.nodeName === node ? undefined : `node "${node}" can only delete pods with spec.nodeName set to itself`
  if (operation !== 'CREATE') return `unexpected operation "${operation}", node "${node}" can only create and delete mirror pods`
  if (pod.metadata.annotations?.[mirrorAnnotation] === undefined) return `pod does not have "${mirrorAnnotation}" annotation, node "${node}" can only create mirror pods`
  if (pod.spec.nodeName !== node) return `node "${node}" can only create pods with spec.nodeName set to itself`
  return ownerFault(node, pod.metadata.ownerReferences ?? [], view.get<Node>(nodes, { name: node })) ?? referenceFault(node, pod)
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
function referenceFault(node: string, { spec }: Pod): string | undefined {
  const what = (name: string): string => `node "${node}" can not create pods that reference ${name}`
  if (spec.serviceAccountName) return what('a service account')
  const text = JSON.stringify(spec)
  const containers = [...spec.containers, ...spec.initContainers ?? []]
  const env = containers.flatMap((container) => [...(container.env ?? []).map(({ valueFrom }) => valueFrom), ...container.envFrom ?? []])
  if (env.some((from) => from && ('secretKeyRef' in from || 'secretRef' in from)) || /"(secretName|secretRef|imagePullSecrets)"|"secret":\{/.test(text)) return what('secrets')
  if (env.some((from) => from && ('configMapKeyRef' in from || 'configMapRef' in from)) || /"configMap":\{/.test(text)) return what('configmaps')
  if (spec.volumes?.some((volume) => 'projected' in volume && /"clusterTrustBundle":\{/.test(JSON.stringify(volume)))) return what('clustertrustbundles')
  if (spec.volumes?.some(({ persistentVolumeClaim }) => persistentVolumeClaim)) return what('persistentvolumeclaims')
  return undefined
}

function nodeFault(node: string, { name, operation, old }: AdmissionRequest, object: Readonly<AnyObject>): string | undefined {
  if (name !== node) return `node "${node}" is not allowed to modify node "${name}"`
  const { metadata, spec } = object as unknown as Node
  if (operation === 'CREATE') {
    const labels = forbiddenLabels(metadata.labels)
    return labels.length > 0 ? `node "${node}" is not allowed to set the following labels: ${labels.join(', ')}` : undefined
  }
  if (operation !== 'UPDATE') return undefined
  const before = old as unknown as Node
  if (!equalJson(spec?.taints ?? [], before.spec?.taints ?? [])) return `node "${node}" is not allowed to modify taints`
  const labels = forbiddenLabels(metadata.labels, before.metadata.labels)
  return labels.length > 0 ? `is not allowed to modify labels: ${labels.join(', ')}` : undefined
}

function claimFault(node: string, { old }: AdmissionRequest, object: Readonly<AnyObject>): string | undefined {
  const rest = (claim: Readonly<AnyObject>): unknown => {
    const { metadata: { resourceVersion: _version, managedFields: _managed, ...metadata }, status, ...more } = claim
    const { capacity: _capacity, conditions: _conditions, allocatedResources: _allocated, allocatedResourceStatuses: _statuses, ...others } = (status ?? {}) as Record<string, unknown>
    return { ...more, metadata, status: others }
  }
  return old && equalJson(rest(old), rest(object)) ? undefined : `node "${node}" is not allowed to update fields other than status.capacity and status.conditions`
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
  if (isResource(definition, 'resource.k8s.io', 'resourceslices')) {
    return (object as { spec?: { nodeName?: string } }).spec?.nodeName === node ? undefined : 'can only create, update, or delete ResourceSlice with the same NodeName as the requesting node'
  }
  return undefined
}

export const nodeRestriction: AdmissionPlugin = {
  name: 'NodeRestriction',
  validate(object, request) {
    const node = restrictedNode(request.user)
    const fault = node === undefined ? undefined : faultOf(node, request, object)
    if (fault !== undefined) throw refusal(request, fault)
  },
}
