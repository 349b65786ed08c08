// Claims for devices of a pod: whether the node may start it. Nothing here prepares devices, so that pods with allocated ones do not start.
import { claimNameOf, isMadeFor, isReservedFor, resourceClaims } from '../api/types-device.ts'
import type { Pod } from '../api/types-pod.ts'
import type { Client } from '../client/client.ts'

/** Why the pod may not start; undefined when nothing has to be prepared for it. */
export async function claimFault(pod: Pod, client: Pick<Client, 'get'>): Promise<string | undefined> {
  const { namespace, name: podName, uid } = pod.metadata
  for (const entry of pod.spec.resourceClaims ?? []) {
    const name = claimNameOf(pod, entry)
    if (name === null) continue
    if (name === undefined) return `pod "${namespace}/${podName}": ResourceClaim not created yet`
    const claim = await client.get(resourceClaims, { namespace, name }).catch((error: Error) => `fetch ResourceClaim ${name}: ${error.message}`)
    if (typeof claim === 'string') return claim
    if (entry.resourceClaimName === undefined && !isMadeFor(claim, pod)) return `ResourceClaim ${namespace}/${name} was not created for pod ${namespace}/${podName} (pod is not owner)`
    if (!isReservedFor(claim, pod)) return `pod ${podName} (${uid}) is not allowed to use ResourceClaim ${name} (${claim.metadata.uid})`
    const { allocation } = claim.status ?? {}
    if (!allocation) return `ResourceClaim ${name}: not allocated`
    const [result] = allocation.devices?.results ?? []
    if (result) return `DRA driver ${result.driver} is not registered`
  }
  return undefined
}
