// The node authorizer: a kubelet may do what concerns its node and the pods there, and nothing else; then RBAC is asked.
import { exactValue, parseFieldSelector } from '../api/field-selector.ts'
import type { UserInfo } from '../api/request.ts'
import type { Attributes, Authorizer, Decision, ResourceAttributes, UserRules } from './authorizer.ts'
import type { NodeGraph } from './node-graph.ts'
import { superuserGroup, type RbacAuthorizer } from './rbac.ts'

const nodesGroup = 'system:nodes'
const nodePrefix = 'system:node:'
const leaseNamespace = 'kube-node-lease'

/** `n1` for the user system:node:n1, '' for one without a name; undefined for everyone else. */
export const nodeNameOf = ({ username, groups }: UserInfo): string | undefined =>
  username.startsWith(nodePrefix) && groups.includes(nodesGroup) ? username.slice(nodePrefix.length) : undefined

const reads = ['get', 'list', 'watch']
const ownVerbs = ['get', 'create', 'update', 'patch', 'delete']

/** What any node may do with things that are no node's own. */
const everyNode: Readonly<Record<string, readonly string[]>> = {
  'tokenreviews.authentication.k8s.io': ['create'],
  'subjectaccessreviews.authorization.k8s.io': ['create'],
  'localsubjectaccessreviews.authorization.k8s.io': ['create'],
  services: reads,
  events: ['create', 'update', 'patch'],
  'events.events.k8s.io': ['create', 'update', 'patch'],
  endpoints: ['get'],
  'certificatesigningrequests.certificates.k8s.io': ['create', ...reads],
  'csidrivers.storage.k8s.io': reads,
  'runtimeclasses.node.k8s.io': reads,
}

const allowed: Decision = { allowed: true }
const refused = (reason = ''): Decision => ({ allowed: false, ...(reason === '' ? {} : { reason }) })

export class NodeAuthorizer implements Authorizer {
  readonly #graph: NodeGraph
  readonly #rbac: RbacAuthorizer

  constructor(graph: NodeGraph, rbac: RbacAuthorizer) {
    this.#graph = graph
    this.#rbac = rbac
  }

  /** What is not a node's own right may still come from a binding. */
  authorize(attributes: Attributes): Decision {
    const { user } = attributes
    const node = nodeNameOf(user)
    if (node === undefined || user.groups.includes(superuserGroup)) return this.#rbac.authorize(attributes)
    const own = node === '' ? refused(`unknown node for user ${JSON.stringify(user.username)}`) : 'path' in attributes ? refused() : this.#ofNode(node, attributes)
    if (own.allowed) return own
    const bound = this.#rbac.authorize(attributes)
    if (bound.allowed) return bound
    return refused([own.reason, bound.reason].filter(Boolean).join('\n'))
  }

  rulesFor(user: UserInfo, namespace: string): UserRules {
    const rules = this.#rbac.rulesFor(user, namespace)
    return nodeNameOf(user) === undefined ? rules : { ...rules, incomplete: true, faults: ['node authorizer does not support user rule resolution', ...rules.faults] }
  }

  #ofNode(node: string, attributes: ResourceAttributes): Decision {
    const { group, resource, subresource, verb } = attributes
    switch (group === '' ? resource : `${resource}.${group}`) {
      case 'secrets': case 'configmaps':
        return this.#namespacedRead(node, attributes)
      case 'persistentvolumeclaims':
        return subresource === 'status' ? this.#statusUpdate(node, attributes) : this.#read(node, attributes)
      case 'persistentvolumes': case 'resourceclaims.resource.k8s.io': case 'volumeattachments.storage.k8s.io':
        return this.#read(node, attributes)
      case 'serviceaccounts':
        return this.#serviceAccount(node, attributes)
      case 'leases.coordination.k8s.io':
        return ownLease(node, attributes)
      case 'csinodes.storage.k8s.io':
        return ownCsiNode(node, attributes)
      case 'resourceslices.resource.k8s.io':
        return this.#resourceSlice(node, attributes)
      case 'nodes':
        return nodeDecision(node, attributes)
      case 'pods':
        return this.#pod(node, attributes)
      default:
        return !subresource && everyNode[group === '' ? resource : `${resource}.${group}`]?.includes(verb) ? allowed : refused()
    }
  }

  #related(node: string, { resource, namespace = '', name = '' }: ResourceAttributes): Decision {
    if (name === '') return refused('No Object name found')
    if (this.#graph.leads(resource, namespace, name, node)) return allowed
    return refused(`no relationship found between node '${node}' and this object`)
  }

  #namespacedRead(node: string, attributes: ResourceAttributes): Decision {
    if (!reads.includes(attributes.verb)) return refused('can only read resources of this type')
    if (attributes.subresource) return refused('cannot read subresource')
    if (!attributes.namespace) return refused('can only read namespaced object of this type')
    return this.#related(node, attributes)
  }

  /** Also a watch of the one object, which spares asking again and again; of an attachment before it is made. */
  #read(node: string, attributes: ResourceAttributes): Decision {
    const { verb, subresource, resource, name = '' } = attributes
    if (verb !== 'get' && !(name !== '' && reads.includes(verb))) return refused('can only get individual resources of this type')
    if (subresource) return refused('cannot get subresource')
    if (resource === 'volumeattachments' && name !== '' && !this.#graph.knows(resource, '', name)) return allowed
    return this.#related(node, attributes)
  }

  #statusUpdate(node: string, attributes: ResourceAttributes): Decision {
    return attributes.verb === 'update' || attributes.verb === 'patch' ? this.#related(node, attributes) : refused('can only get/update/patch this type')
  }

  #serviceAccount(node: string, attributes: ResourceAttributes): Decision {
    const { verb, subresource, name } = attributes
    if (verb === 'get' && !subresource) return this.#namespacedRead(node, attributes)
    if (verb !== 'create' || !name) return refused('can only create tokens for individual service accounts')
    if (subresource !== 'token') return refused('can only create token subresource of serviceaccount')
    return this.#related(node, attributes)
  }

  #resourceSlice(node: string, attributes: ResourceAttributes): Decision {
    const { verb, subresource } = attributes
    if (subresource) return refused('cannot authorize ResourceSlice subresources')
    switch (verb) {
      // Whose it is to be is NodeRestriction's to say.
      case 'create': return allowed
      case 'get': case 'update': case 'patch': case 'delete': return this.#related(node, attributes)
      case 'watch': case 'list': case 'deletecollection':
        return selects(attributes, 'spec.nodeName', node) ? allowed : refused('can only list/watch/deletecollection resourceslices with nodeName field selector')
      default: return refused('only the following verbs are allowed for a ResourceSlice: get, watch, list, create, update, patch, delete, deletecollection')
    }
  }

  /** Which ones it may write is NodeRestriction's to say. */
  #pod(node: string, attributes: ResourceAttributes): Decision {
    const { verb, subresource = '', name = '' } = attributes
    switch (subresource) {
      case '':
        if (verb === 'get') return this.#related(node, attributes)
        if (verb === 'create' || verb === 'delete') return allowed
        if (verb !== 'list' && verb !== 'watch') return refused()
        if (selects(attributes, 'spec.nodeName', node)) return allowed
        return name === '' ? refused('can only list/watch pods with spec.nodeName field selector') : this.#related(node, attributes)
      case 'status':
        return verb === 'update' || verb === 'patch' ? allowed : refused()
      case 'eviction':
        return verb === 'create' ? allowed : refused()
      default:
        return refused()
    }
  }
}

function ownLease(node: string, { verb, namespace, name }: ResourceAttributes): Decision {
  if (!ownVerbs.includes(verb)) return refused('can only get, create, update, patch, or delete a node lease')
  if (namespace !== leaseNamespace) return refused(`can only access leases in the "${leaseNamespace}" system namespace`)
  return verb === 'create' || name === node ? allowed : refused('can only access node lease with the same name as the requesting node')
}

function ownCsiNode(node: string, { verb, subresource, name }: ResourceAttributes): Decision {
  if (!ownVerbs.includes(verb)) return refused('can only get, create, update, patch, or delete a CSINode')
  if (subresource) return refused('cannot authorize CSINode subresources')
  return verb === 'create' || name === node ? allowed : refused('can only access CSINode with the same name as the requesting node')
}

/** Which node it may write is NodeRestriction's to say. */
function nodeDecision(node: string, { verb, subresource = '', name = '' }: ResourceAttributes): Decision {
  if (subresource === 'status') return verb === 'update' || verb === 'patch' ? allowed : refused()
  if (subresource !== '') return refused()
  if (verb === 'create' || verb === 'update' || verb === 'patch') return allowed
  if (!reads.includes(verb)) return refused()
  if (name === node) return allowed
  return refused(name === '' ? `node '${node}' cannot read all nodes, only its own Node object` : `node '${node}' cannot read '${name}', only its own Node object`)
}

function selects({ fieldSelector }: ResourceAttributes, field: string, value: string): boolean {
  if (!fieldSelector) return false
  try {
    return exactValue(parseFieldSelector(fieldSelector), field) === value
  } catch {
    // Rights are not drawn from what can't be read; the registry tells what is wrong with it.
    return false
  }
}
