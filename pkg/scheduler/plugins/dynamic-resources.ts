// DynamicResources: pods wait for their claims, and go where the devices of these are. No devices are handed out here: nothing on the nodes would prepare them.
import type { Client } from '../../client/client.ts'
import type { Informer } from '../../client/informer.ts'
import type { KubeObject } from '../../api/object.ts'
import { claimNameOf, claimNamesOf, isMadeFor, isReservedFor, reservedBy, resourceClaims, type ResourceClaim } from '../../api/types-device.ts'
import type { Pod } from '../../api/types-pod.ts'
import { nodeSelectorMatcher } from '../node-selector.ts'
import type { PodInfo } from '../pod-info.ts'
import type { Checks, ClusterChange, Plugin, Refusal } from '../plugin.ts'

export interface DynamicResourcesOptions {
  readonly client: Client
  readonly claims: Informer<ResourceClaim>
  readonly classes: Informer<KubeObject>
}

const pluginName = 'DynamicResources'
const refuse = (reason: string): Refusal => ({ reasons: [reason], resolvable: false })
const elsewhere = refuse('resourceclaim not available on the node')
const notAllocated = refuse('cannot allocate all claims')

export function dynamicResources({ client, claims, classes }: DynamicResourcesOptions): Plugin {
  /** A refusal while one of them is missing, or is not the pod's. */
  const claimsOf = (pod: Pod): ResourceClaim[] | Refusal => {
    const { namespace, name: podName } = pod.metadata
    const found: ResourceClaim[] = []
    for (const entry of pod.spec.resourceClaims ?? []) {
      const name = claimNameOf(pod, entry)
      if (name === null) continue
      if (name === undefined) return refuse(`pod "${namespace}/${podName}": ResourceClaim not created yet`)
      const claim = claims.get({ namespace, name })
      if (!claim) return refuse(`resourceclaim "${name}" not found`)
      if (claim.metadata.deletionTimestamp) return refuse(`resourceclaim "${name}" is being deleted`)
      if (entry.resourceClaimName === undefined && !isMadeFor(claim, pod)) return refuse(`ResourceClaim ${namespace}/${name} was not created for pod ${namespace}/${podName} (pod is not owner)`)
      found.push(claim)
    }
    return found
  }
  const missingClass = ({ spec }: ResourceClaim): Refusal | undefined => {
    for (const { name, exactly, firstAvailable = [] } of spec.devices?.requests ?? []) {
      const asked = exactly ? [{ name, ...exactly }] : firstAvailable.map((one) => ({ name: `${name}/${one.name}`, deviceClassName: one.deviceClassName }))
      const missing = asked.find(({ deviceClassName }) => !classes.get({ name: deviceClassName }))
      if (missing) return refuse(`request ${missing.name}: device class ${missing.deviceClassName} does not exist`)
    }
    return undefined
  }
  return {
    name: pluginName,
    enqueueOn: ['resource-claim', 'device-class', 'node-added', 'node-labels'],
    mayHelp({ pod, namespace }: PodInfo, { kind, action, object }: ClusterChange) {
      if (kind !== 'resource-claim') return action !== 'Delete'
      return object.metadata.namespace === namespace && claimNamesOf(pod).includes(object.metadata.name ?? '')
    },
    mayEnter: ({ pod }) => Array.isArray(claimsOf(pod)),
    preFilter({ pod }): Checks | Refusal | undefined {
      const needed = claimsOf(pod)
      if (!Array.isArray(needed)) return needed
      if (needed.length === 0) return undefined
      const open = needed.filter(({ status }) => !status?.allocation)
      for (const claim of open) {
        const refusal = missingClass(claim)
        if (refusal) return refusal
      }
      const places = needed.flatMap(({ status }) => (status?.allocation?.nodeSelector ? nodeSelectorMatcher(status.allocation.nodeSelector) : []))
      return { filter: (node) => (open.length > 0 ? notAllocated : places.every((matches) => matches(node)) ? undefined : elsewhere) }
    },
    postFilter({ pod: { pod }, prepared, refuser }) {
      // So it ends where kube-scheduler does not find what it never noted.
      if (!prepared) return { message: 'not found', final: true }
      return { message: claimNamesOf(pod).length === 0 || refuser === pluginName ? 'no new claims to deallocate' : 'still not schedulable' }
    },
    async preBind({ pod, namespace }) {
      for (const claimName of claimNamesOf(pod)) {
        const claim = await client.get(resourceClaims, { namespace, name: claimName })
        if (isReservedFor(claim, pod)) continue
        await client.update(resourceClaims, reservedBy(claim, pod), { subresource: 'status' })
      }
    },
  }
}
