// Who owns whom: every object by uid, and the dependents of each uid, also of owners that are not there.
import type { KubeObject, ObjectKey, OwnerReference, Resource } from '../api/object.ts'
import { keyOf } from '../api/object.ts'

export interface GraphNode {
  readonly resource: Resource
  readonly key: ObjectKey
  readonly object: KubeObject
}

/** Invariant: `dependents` of a uid are exactly the nodes with an owner reference to it. */
export class OwnerGraph {
  readonly #nodes = new Map<string, GraphNode>()
  readonly #dependents = new Map<string, Set<string>>()

  get(uid: string): GraphNode | undefined {
    return this.#nodes.get(uid)
  }

  dependentsOf(uid: string): readonly GraphNode[] {
    return [...(this.#dependents.get(uid) ?? [])].flatMap((dependent) => this.#nodes.get(dependent) ?? [])
  }

  put(resource: Resource, object: KubeObject): void {
    const uid = object.metadata.uid ?? ''
    const before = this.#nodes.get(uid)
    if (before?.object.metadata.ownerReferences !== object.metadata.ownerReferences) {
      if (before) this.#unlink(uid, before.object)
      for (const owner of ownersOf(object)) {
        const dependents = this.#dependents.get(owner.uid)
        if (dependents) dependents.add(uid)
        else this.#dependents.set(owner.uid, new Set([uid]))
      }
    }
    this.#nodes.set(uid, { resource, key: keyOf(object), object })
  }

  /** All of this resource. */
  nodesOf(resource: Resource): readonly GraphNode[] {
    return [...this.#nodes.values()].filter((node) => node.resource === resource)
  }

  remove(uid: string): void {
    const node = this.#nodes.get(uid)
    if (!node) return
    this.#unlink(uid, node.object)
    this.#nodes.delete(uid)
  }

  #unlink(uid: string, object: KubeObject): void {
    for (const owner of ownersOf(object)) {
      const dependents = this.#dependents.get(owner.uid)
      dependents?.delete(uid)
      if (dependents?.size === 0) this.#dependents.delete(owner.uid)
    }
  }
}

export const ownersOf = (object: KubeObject): readonly OwnerReference[] => object.metadata.ownerReferences ?? []
export const isDeleting = ({ metadata }: KubeObject): boolean => metadata.deletionTimestamp !== undefined
export const hasFinalizer = ({ metadata }: KubeObject, name: string): boolean => metadata.finalizers?.includes(name) ?? false

/** It is being deleted and waits until its dependents are gone. */
export const waitsForDependents = (object: KubeObject): boolean => isDeleting(object) && hasFinalizer(object, 'foregroundDeletion')

export function blocksOwner(object: KubeObject, ownerUid: string): boolean {
  return ownersOf(object).some((owner) => owner.uid === ownerUid && owner.blockOwnerDeletion === true)
}
