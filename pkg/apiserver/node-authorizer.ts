// The node authorizer: kubelets of other machines hold the ClusterRole system:node, less what is another node's business.
import type { KubeObject } from '../api/object.ts'
import { isNotFound } from '../api/status-error.ts'
import type { UserInfo } from '../api/request.ts'
import type { Pod } from '../api/types-pod.ts'
import type { CSIPersistentVolumeSource } from '../api/types-volume.ts'
import type { Registry } from '../registry/registry.ts'
import type { Attributes, Authorizer, Decision, ResourceAttributes } from './authorizer.ts'
import { needsOf, type PodNeeds } from './node-access.ts'
import type { RbacAuthorizer } from './rbac.ts'
import { ruleAllows } from './rbac-rules.ts'

interface FoundSpec {
  readonly nodeName?: string
  readonly volumeName?: string
  readonly csi?: CSIPersistentVolumeSource
}

const nodesGroup = 'system:nodes'
const nodePrefix = 'system:node:'
const nodeRole = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'system:node' }
const self: UserInfo = { username: 'system:apiserver', groups: ['system:masters'] }

/** `n1` for the user system:node:n1; undefined for everyone else. */
export const nodeNameOf = ({ username, groups }: UserInfo): string | undefined =>
  groups.includes(nodesGroup) && username.startsWith(nodePrefix) ? username.slice(nodePrefix.length) || undefined : undefined

export class NodeAuthorizer implements Authorizer {
  readonly #registry: Registry
  readonly #rbac: RbacAuthorizer

  constructor(registry: Registry, rbac: RbacAuthorizer) {
    this.#registry = registry
    this.#rbac = rbac
  }

  /** What a node's own rights don't give may still come from a binding. */
  authorize(attributes: Attributes): Decision {
    const decision = this.#rbac.authorize(attributes)
    const node = nodeNameOf(attributes.user)
    if (decision.allowed || node === undefined || 'path' in attributes) return decision
    if (!this.#rbac.rulesOf(nodeRole, '')?.some((rule) => ruleAllows(rule, attributes))) return decision
    const reason = this.#withheld(node, attributes)
    return reason === undefined ? { allowed: true } : { allowed: false, reason }
  }

  rulesFor(user: UserInfo, namespace: string): ReturnType<Authorizer['rulesFor']> {
    return this.#rbac.rulesFor(user, namespace)
  }

  /** Why the node may not, although its role says so; undefined when it may. */
  #withheld(node: string, { group, resource, subresource, verb, namespace = '', name }: ResourceAttributes): string | undefined {
    const reads = verb === 'get' || verb === 'list' || verb === 'watch'
    switch (group === '' ? resource : `${resource}.${group}`) {
      case 'secrets':
        return this.#needed(node, 'secrets', namespace, name) || this.#secretOfVolume(node, namespace, name) ? undefined : `no relationship found between node '${node}' and this object`
      case 'volumeattachments.storage.k8s.io':
        return this.#attachmentNeeded(node, name) ? undefined : `no relationship found between node '${node}' and this object`
      case 'configmaps': case 'persistentvolumeclaims': case 'serviceaccounts':
        return this.#needed(node, resource as keyof PodNeeds, namespace, name) ? undefined : `no relationship found between node '${node}' and this object`
      case 'persistentvolumes':
        return this.#volumeNeeded(node, name) ? undefined : `no relationship found between node '${node}' and this object`
      case 'pods':
        if (reads) return undefined
        // Which ones is NodeRestriction's to say: mirrors of what they run anyway.
        if (verb === 'create' && !subresource) return undefined
        if (name === undefined) return `node '${node}' can only change pods that are bound to it`
        return this.#find('pods', namespace, name)?.spec?.nodeName === node ? undefined : `node '${node}' can only change pods that are bound to it${subresource ? ` (${subresource})` : ''}`
      case 'nodes':
        return reads || verb === 'create' || name === node ? undefined : `node '${node}' is not allowed to modify node '${name}'`
      case 'leases.coordination.k8s.io':
        return namespace === 'kube-node-lease' && (verb === 'create' || name === node) ? undefined : `node '${node}' can only access its own node lease`
      case 'csinodes.storage.k8s.io':
        return verb === 'create' || name === node ? undefined : `node '${node}' can only access its own CSINode`
      default:
        return undefined
    }
  }

  #pods(node: string): readonly Pod[] {
    const pods = this.#registry.definition('', 'v1', 'pods')
    return pods ? this.#registry.list(pods, { user: self, options: { fieldSelector: `spec.nodeName=${node}` } }).items as readonly Pod[] : []
  }

  #needed(node: string, kind: keyof PodNeeds, namespace: string, name: string | undefined): boolean {
    return name !== undefined && this.#pods(node).some((pod) => pod.metadata.namespace === namespace && needsOf(pod)[kind].has(name))
  }

  #volumeNeeded(node: string, name: string | undefined): boolean {
    return name !== undefined && this.#pods(node).some((pod) => [...needsOf(pod).persistentvolumeclaims].some((claim) =>
      this.#find('persistentvolumeclaims', pod.metadata.namespace ?? '', claim)?.spec?.volumeName === name))
  }

  /** What the driver of a volume that one of the node's pods uses is to be given there. */
  #secretOfVolume(node: string, namespace: string, name: string | undefined): boolean {
    return name !== undefined && this.#pods(node).some((pod) => [...needsOf(pod).persistentvolumeclaims].some((claim) => {
      const volume = this.#find('persistentvolumes', '', this.#find('persistentvolumeclaims', pod.metadata.namespace ?? '', claim)?.spec?.volumeName ?? '')
      const { nodeStageSecretRef, nodePublishSecretRef, nodeExpandSecretRef } = volume?.spec?.csi ?? {}
      return [nodeStageSecretRef, nodePublishSecretRef, nodeExpandSecretRef].some((ref) => ref?.name === name && ref.namespace === namespace)
    }))
  }

  /** Also one that is not there yet: its name is made from the node's. */
  #attachmentNeeded(node: string, name: string | undefined): boolean {
    if (name === undefined) return false
    const found = this.#find('volumeattachments', '', name, 'storage.k8s.io')
    return found === undefined || found.spec?.nodeName === node
  }

  #find(plural: string, namespace: string, name: string, group = ''): (KubeObject & { spec?: FoundSpec }) | undefined {
    const definition = this.#registry.definition(group, 'v1', plural)
    if (!definition) return undefined
    try {
      return this.#registry.get(definition, { namespace, name })
    } catch (error) {
      if (isNotFound(error)) return undefined
      throw error
    }
  }
}
