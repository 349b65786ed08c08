// Claims for devices: made from the templates of pods, reserved for pods that have a node, and given back when no pod uses them.
import { controllerOf } from '../api/object.ts'
import { isNotFound } from '../api/status-error.ts'
import { claimNameOf, claimNamesOf, isMadeFor, isReservedFor, reservedBy, resourceClaims, resourceClaimTemplates, type ClaimConsumer, type ResourceClaim } from '../api/types-device.ts'
import { pods, type Pod, type PodResourceClaim } from '../api/types-pod.ts'
import { controller, watches, type Controller, type ReconcileContext } from '../controller/controller.ts'
import { messageOf } from '../controller/refusals.ts'
import { removeObject } from '../controller/removal.ts'

const entryAnnotation = 'resource.kubernetes.io/pod-claim-name'
const finalizer = 'resource.kubernetes.io/delete-protection'
/** Room for a hyphen and five random characters. */
const longestBase = 57

const usesTemplate = ({ spec }: Pod, name: string | undefined): boolean => spec.resourceClaims?.some((claim) => claim.resourceClaimTemplateName === name) ?? false

/** `<pod>-<entry>-`; both are cut when they are too long. Pure. */
export function claimNameBase(pod: string, entry: string): string {
  const base = `${pod}-${entry}-`
  if (base.length <= longestBase) return base
  const cut = (text: string): string => text.slice(0, Math.floor((text.length * longestBase) / base.length))
  return `${cut(pod)}-${cut(entry)}`
}

const podClaims = controller<Pod>({
  name: 'resource-claim',
  eventSource: 'resource_claim',
  for: pods,
  watches: [
    watches(resourceClaims, (claim) => {
      const owner = controllerOf(claim)
      return owner?.kind === 'Pod' ? [{ namespace: claim.metadata.namespace, name: owner.name }] : []
    }),
    watches(resourceClaimTemplates, ({ metadata: { namespace, name } }, { informers }) =>
      informers.for(pods).list(namespace).filter((pod) => usesTemplate(pod, name)).map(({ metadata }) => ({ namespace, name: metadata.name ?? '' }))),
  ],
  async reconcile(key, pod, context) {
    if (!pod?.spec.resourceClaims?.length || pod.metadata.deletionTimestamp) return
    const made: { name: string; resourceClaimName: string }[] = []
    for (const entry of pod.spec.resourceClaims) {
      try {
        const claim = await makeClaim(pod, entry, context)
        if (claim) made.push({ name: entry.name, resourceClaimName: claim.metadata.name ?? '' })
      } catch (error) {
        context.events.record(pod, { type: 'Warning', reason: 'FailedResourceClaimCreation', message: `PodResourceClaim ${entry.name}: ${messageOf(error)}` })
        throw error
      }
    }
    if (made.length > 0) {
      const body = { metadata: { uid: pod.metadata.uid }, status: { resourceClaimStatuses: made } }
      await context.client.patch(pods, key, { type: 'strategic', body }, { subresource: 'status' })
    }
    if (pod.spec.nodeName) await reserve(pod, context)
  },
})

/** Undefined when the pod has what it needs. */
async function makeClaim(pod: Pod, entry: PodResourceClaim, { client, informers }: ReconcileContext): Promise<ResourceClaim | undefined> {
  const { namespace, name: podName = '' } = pod.metadata
  const templateName = entry.resourceClaimTemplateName
  const named = claimNameOf(pod, entry)
  if (templateName === undefined || named === null) return undefined
  const claims = informers.for(resourceClaims)
  const known = named === undefined ? undefined : claims.get({ namespace, name: named })
  if (known && isMadeFor(known, pod)) return undefined
  const orphan = claims.list(namespace).find((claim) => isMadeFor(claim, pod) && claim.metadata.annotations?.[entryAnnotation] === entry.name)
  if (orphan) return orphan
  const template = informers.for(resourceClaimTemplates).get({ namespace, name: templateName })
  if (!template) throw new Error(`resource claim template "${templateName}": resourceclaimtemplate.resource.k8s.io "${templateName}" not found`)
  const { metadata: { labels, annotations } = {}, spec } = template.spec
  return client.create(resourceClaims, {
    apiVersion: 'resource.k8s.io/v1', kind: 'ResourceClaim', spec,
    metadata: {
      namespace, generateName: claimNameBase(podName, entry.name), annotations: { ...annotations, [entryAnnotation]: entry.name }, ...(labels ? { labels } : {}),
      ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: podName, uid: pod.metadata.uid ?? '', controller: true }],
    },
  })
}

/** For pods that nobody scheduled; the scheduler reserves for the others before they have a node. */
async function reserve(pod: Pod, { client, informers }: ReconcileContext): Promise<void> {
  const { namespace } = pod.metadata
  for (const claimName of claimNamesOf(pod)) {
    const claim = informers.for(resourceClaims).get({ namespace, name: claimName })
    if (!claim?.status?.allocation || isReservedFor(claim, pod)) continue
    await client.update(resourceClaims, reservedBy(claim, pod), { subresource: 'status' })
  }
}

const isDone = ({ metadata, spec, status }: Pod): boolean => status?.phase === 'Succeeded' || status?.phase === 'Failed' || (metadata.deletionTimestamp !== undefined && !spec.nodeName)

const claimUse = controller<ResourceClaim>({
  name: 'resource-claim-use',
  for: resourceClaims,
  watches: [watches(pods, (pod) => claimNamesOf(pod).map((name) => ({ namespace: pod.metadata.namespace, name })))],
  async reconcile(key, claim, { client, informers }) {
    if (!claim) return
    const inUse = informers.for(pods)
    const { reservedFor = [], allocation } = claim.status ?? {}
    const keeps = async ({ apiGroup, resource, name, uid }: ClaimConsumer): Promise<boolean> => {
      if (apiGroup || resource !== 'pods') throw new Error(`${key.name} is reserved for ${resource} ${name}, which is not known here`)
      const at = { namespace: key.namespace, name }
      // The cache may not show a pod that is being scheduled.
      const pod = inUse.get(at) ?? await client.get(pods, at).catch((error: unknown) => {
        if (!isNotFound(error)) throw error
        return undefined
      })
      return pod?.metadata.uid === uid && !isDone(pod)
    }
    const kept = await Promise.all(reservedFor.map(keeps))
    const users = reservedFor.filter((_, index) => kept[index])
    const isProtected = claim.metadata.finalizers?.includes(finalizer) ?? false
    const isFree = users.length === 0 && isProtected && (reservedFor.length > 0 || claim.metadata.deletionTimestamp !== undefined)
    let current = claim
    if (users.length < reservedFor.length || (isFree && allocation)) {
      const status = { ...claim.status, reservedFor: users, ...(isFree ? { allocation: undefined } : {}) }
      current = await client.update(resourceClaims, { ...claim, status }, { subresource: 'status' })
    }
    if (isFree) {
      const { metadata } = current
      await client.update(resourceClaims, { ...current, metadata: { ...metadata, finalizers: metadata.finalizers?.filter((one) => one !== finalizer) } })
    }
    if (users.length > 0 || claim.metadata.deletionTimestamp) return
    const owner = controllerOf(claim)
    const pod = owner?.kind === 'Pod' ? inUse.get({ namespace: key.namespace, name: owner.name }) : undefined
    if (!pod || (pod.metadata.uid === owner?.uid && !isDone(pod))) return
    await removeObject(client, resourceClaims, claim)
  },
})

export const resourceClaimControllers: readonly Controller[] = [podClaims, claimUse]
