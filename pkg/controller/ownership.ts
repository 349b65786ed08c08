// Claims objects for an owner by its selector: adopts orphans that match, releases owned ones that match no more.
import { apiVersionOf, controllerOf, keyOf, type KubeObject, type OwnerReference, type Resource } from '../api/object.ts'
import { isNotFound, StatusError } from '../api/status-error.ts'
import type { Client } from '../client/client.ts'
import type { Index, Informer } from '../client/informer.ts'

export interface Claim<T extends KubeObject> {
  readonly owner: KubeObject
  readonly ownerResource: Resource
  readonly resource: Resource<T>
  /** All objects that might be claimed; `claimCandidates` gives them. */
  readonly candidates: readonly T[]
  readonly matches: (object: T) => boolean
}

const orphans: Index<KubeObject> = { name: 'orphans by namespace', values: (object) => (controllerOf(object) ? [] : [object.metadata.namespace ?? '']) }

/** What an owner might claim: what it owns, and what in its namespace nobody owns. */
export function claimCandidates<T extends KubeObject>(informer: Informer<T>, { metadata }: KubeObject): readonly T[] {
  return [...informer.ownedBy(metadata.uid ?? ''), ...informer.byIndex(orphans, metadata.namespace ?? '')]
}

export interface ClaimPlan<T> {
  readonly owned: readonly T[]
  readonly adopt: readonly T[]
  readonly release: readonly T[]
}

export function ownerReferenceOf(owner: KubeObject, resource: Resource): OwnerReference {
  return {
    apiVersion: apiVersionOf(resource), kind: resource.kind, name: owner.metadata.name ?? '', uid: owner.metadata.uid ?? '',
    controller: true, blockOwnerDeletion: true,
  }
}

/** An owner that is being deleted neither adopts nor releases; nobody adopts what is being deleted. */
export function planClaims<T extends KubeObject>({ owner, candidates, matches }: Claim<T>): ClaimPlan<T> {
  const owned: T[] = []
  const adopt: T[] = []
  const release: T[] = []
  const dying = owner.metadata.deletionTimestamp !== undefined
  for (const object of candidates) {
    const ref = controllerOf(object)
    if (ref) {
      if (ref.uid !== owner.metadata.uid) continue
      if (matches(object)) owned.push(object)
      else if (!dying && !object.metadata.deletionTimestamp) release.push(object)
    } else if (!dying && !object.metadata.deletionTimestamp && matches(object)) adopt.push(object)
  }
  return { owned, adopt, release }
}

/** Carries the plan out and gives everything that the owner owns afterwards. */
export async function claim<T extends KubeObject>(client: Client, request: Claim<T>): Promise<readonly T[]> {
  const plan = planClaims(request)
  const owned = [...plan.owned]
  const { owner, resource } = request
  if (plan.adopt.length > 0) {
    // The cached owner may be gone already, and what it adopted now would be deleted with it.
    const fresh = await client.get(request.ownerResource, keyOf(owner))
    if (fresh.metadata.uid !== owner.metadata.uid) throw new Error(`${resource.plural} are not adopted: ${owner.metadata.name} is another object now`)
    if (fresh.metadata.deletionTimestamp) return owned
  }
  for (const object of plan.adopt) {
    const ownerReferences = [...(object.metadata.ownerReferences ?? []), ownerReferenceOf(owner, request.ownerResource)]
    const adopted = await write(client, resource, object, ownerReferences)
    if (adopted) owned.push(adopted)
  }
  for (const object of plan.release) {
    await write(client, resource, object, (object.metadata.ownerReferences ?? []).filter((ref) => ref.uid !== owner.metadata.uid))
  }
  return owned
}

// The uid and version make the server refuse when the object has changed or is another one by now.
async function write<T extends KubeObject>(client: Client, resource: Resource<T>, object: T, ownerReferences: OwnerReference[]): Promise<T | undefined> {
  const { uid, resourceVersion } = object.metadata
  try {
    return await client.patch(resource, keyOf(object), { type: 'merge', body: { metadata: { uid, resourceVersion, ownerReferences } } })
  } catch (error) {
    if (isNotFound(error) || (error instanceof StatusError && error.code === 422)) return undefined
    throw error
  }
}
