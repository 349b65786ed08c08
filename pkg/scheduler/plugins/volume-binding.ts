// VolumeBinding: pods go where their volumes are, or where they can be made; claims that wait for their first user get it.
import type { Client } from '../../client/client.ts'
import type { Informer } from '../../client/informer.ts'
import { keyOf } from '../../api/object.ts'
import type { StorageClass } from '../../api/types-config.ts'
import type { Pod } from '../../api/types-pod.ts'
import type { CSIDriver, CSIStorageCapacity } from '../../api/types-storage.ts'
import { persistentVolumeClaims, persistentVolumes, type PersistentVolume, type PersistentVolumeClaim } from '../../api/types-volume.ts'
import type { Clock } from '../../util/clock.ts'
import type { PodInfo } from '../pod-info.ts'
import type { ClusterChange, Plugin, Refusal } from '../plugin.ts'
import { claimKey, claimsUsed, classNameOf, isBound, planVolumes, selectedNodeAnnotation, type ClaimUse, type VolumeFacts, type VolumePlan } from '../volume-plan.ts'
import type { NodeInfo } from '../node-info.ts'

/** How long volumes may take to be made. */
const bindTimeoutMs = 600_000

export interface VolumeBindingOptions {
  readonly client: Client
  readonly clock: Clock
  readonly claims: Informer<PersistentVolumeClaim>
  readonly volumes: Informer<PersistentVolume>
  readonly storageClasses: Informer<StorageClass>
  readonly drivers: Informer<CSIDriver>
  readonly capacities: Informer<CSIStorageCapacity>
}

const refuse = (reason: string): Refusal => ({ reasons: [reason], resolvable: false })

export class VolumeBinding implements Plugin {
  readonly name = 'VolumeBinding'
  // 'pod-gone': one that is not bound after all gives back the volumes that were kept for it.
  readonly enqueueOn = ['node-added', 'node-labels', 'pod-gone', 'claim', 'volume', 'storage-class', 'storage-capacity'] as const
  readonly #options: VolumeBindingOptions
  // What pods on their way to a node have been given, by the pod's uid.
  readonly #plans = new Map<string, { plan: VolumePlan; node: string }>()

  constructor(options: VolumeBindingOptions) {
    this.#options = options
  }

  mayHelp({ pod, namespace }: PodInfo, { kind, action, object }: ClusterChange): boolean {
    if (kind === 'pod-gone') return claimsUsed(object as Pod).length > 0
    if (action === 'Delete') return false
    return kind !== 'claim' || (object.metadata.namespace === namespace && claimsUsed(pod).some(({ name }) => name === object.metadata.name))
  }

  preFilter(info: PodInfo) {
    const uses = claimsUsed(info.pod)
    if (uses.length === 0) return undefined
    const claims: PersistentVolumeClaim[] = []
    for (const use of uses) {
      const found = this.#claimOf(info.pod, use)
      if ('reasons' in found) return found
      claims.push(found)
    }
    for (const claim of claims) {
      if (!isBound(claim) && (claim.spec.volumeName || !this.#isDelayed(claim))) return refuse('pod has unbound immediate PersistentVolumeClaims')
    }
    const facts = this.#facts()
    return {
      filter: (node: NodeInfo) => {
        const plan = planVolumes(claims, node, facts)
        return Array.isArray(plan) ? { reasons: plan, resolvable: false } : undefined
      },
    }
  }

  reserve({ pod, uid }: PodInfo, node: NodeInfo): void {
    const claims = claimsUsed(pod).flatMap(({ name }) => this.#options.claims.get({ namespace: pod.metadata.namespace, name }) ?? [])
    if (claims.every(isBound)) return
    const plan = planVolumes(claims, node, this.#facts())
    if (!Array.isArray(plan)) this.#plans.set(uid, { plan, node: node.name })
  }

  unreserve({ uid }: PodInfo): void {
    this.#plans.delete(uid)
  }

  async preBind({ pod, uid }: PodInfo, nodeName: string, signal: AbortSignal): Promise<void> {
    const reserved = this.#plans.get(uid)
    if (!reserved) return
    const { bind, provision } = reserved.plan
    for (const { claim, volume } of bind) await this.#give(volume, claim)
    const chosenAt = new Map<string, number>()
    for (const claim of provision) chosenAt.set(claim.metadata.uid ?? '', await this.#choose(claim, nodeName))
    await this.#untilBound([...bind.map(({ claim }) => claim), ...provision], { pod, nodeName, chosenAt, signal })
    this.#plans.delete(uid)
  }

  #claimOf(pod: Pod, { name, ephemeral }: ClaimUse): PersistentVolumeClaim | Refusal {
    const { namespace, uid } = pod.metadata
    const claim = this.#options.claims.get({ namespace, name })
    // Others that are not there VolumeRestrictions has refused.
    if (!claim) return refuse(ephemeral ? `waiting for ephemeral volume controller to create the persistentvolumeclaim "${name}"` : `persistentvolumeclaim "${name}" not found`)
    if (claim.status?.phase === 'Lost') return refuse(`persistentvolumeclaim "${name}" bound to non-existent persistentvolume "${claim.spec.volumeName ?? ''}"`)
    if (claim.metadata.deletionTimestamp) return refuse(`persistentvolumeclaim "${name}" is being deleted`)
    if (ephemeral && !claim.metadata.ownerReferences?.some((owner) => owner.controller && owner.uid === uid)) {
      return refuse(`PVC ${namespace}/${name} was not created for pod ${namespace}/${pod.metadata.name} (pod is not owner)`)
    }
    return claim
  }

  #isDelayed(claim: PersistentVolumeClaim): boolean {
    return this.#options.storageClasses.get({ name: classNameOf(claim) })?.volumeBindingMode === 'WaitForFirstConsumer'
  }

  #facts(): VolumeFacts {
    const { volumes, storageClasses, drivers, capacities } = this.#options
    const taken = new Map<string, string>()
    const chosen = new Map<string, string>()
    for (const { plan, node } of this.#plans.values()) {
      for (const { claim, volume } of plan.bind) taken.set(volume.metadata.name ?? '', claimKey(claim))
      for (const claim of plan.provision) chosen.set(claimKey(claim), node)
    }
    return {
      get volumes() {
        return volumes.list()
      },
      volume: (name) => volumes.get({ name }),
      storageClass: (name) => storageClasses.get({ name }),
      capacities: ({ provisioner }) => (drivers.get({ name: provisioner })?.spec.storageCapacity ? capacities.list() : undefined),
      takenBy: (name) => taken.get(name),
      chosenNode: (key) => chosen.get(key),
    }
  }

  /** Names the claim in the volume; the volume controller does the rest. */
  async #give(volume: PersistentVolume, claim: PersistentVolumeClaim): Promise<void> {
    if (volume.spec.claimRef?.uid === claim.metadata.uid) return
    const { namespace, name, uid, resourceVersion } = claim.metadata
    const claimRef = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name, uid, resourceVersion }
    const annotations = volume.spec.claimRef ? {} : { annotations: { 'pv.kubernetes.io/bound-by-controller': 'yes' } }
    // With the version that the plan was made from: somebody else may have taken the volume since.
    const body = { metadata: { resourceVersion: volume.metadata.resourceVersion, ...annotations }, spec: { claimRef } }
    await this.#options.client.patch(persistentVolumes, keyOf(volume), { type: 'merge', body })
  }

  /** Names the node in the claim; the provisioner does the rest. Resolves with the version that says so. */
  async #choose(claim: PersistentVolumeClaim, nodeName: string): Promise<number> {
    if (claim.metadata.annotations?.[selectedNodeAnnotation] === nodeName) return Number(claim.metadata.resourceVersion ?? 0)
    const body = { metadata: { uid: claim.metadata.uid, annotations: { [selectedNodeAnnotation]: nodeName } } }
    const chosen = await this.#options.client.patch(persistentVolumeClaims, keyOf(claim), { type: 'merge', body })
    return Number(chosen.metadata.resourceVersion ?? 0)
  }

  async #untilBound(awaited: readonly PersistentVolumeClaim[], { pod, nodeName, chosenAt, signal }: {
    pod: Pod; nodeName: string; chosenAt: ReadonlyMap<string, number>; signal: AbortSignal
  }): Promise<void> {
    const { claims, clock } = this.#options
    let ended = false
    let failure: string | undefined
    const look = (): boolean => {
      if (ended) return true
      for (const { metadata } of awaited) {
        const { namespace, name = '' } = metadata
        const claim = claims.get({ namespace, name })
        if (!claim || claim.metadata.uid !== metadata.uid) failure = `persistentvolumeclaim "${name}" not found`
        else if (!isBound(claim) && claim.metadata.annotations?.[selectedNodeAnnotation] !== nodeName && Number(claim.metadata.resourceVersion ?? 0) >= (chosenAt.get(metadata.uid ?? '') ?? Infinity)) {
          // The provisioner takes the choice back when it can't make a volume there. That may come in one with the choice, which nobody sees then.
          failure = `provisioning failed for PVC "${name}"`
        }
      }
      return failure !== undefined || awaited.every(({ metadata: { namespace, name = '' } }) => {
        const claim = claims.get({ namespace, name })
        return claim !== undefined && isBound(claim)
      })
    }
    await new Promise<void>((resolve, reject) => {
      const end = (error?: unknown): void => {
        ended = true
        timer.cancel()
        signal.removeEventListener('abort', abort)
        if (error === undefined) resolve()
        else reject(error instanceof Error ? error : new Error(String(error)))
      }
      const abort = (): void => end(signal.reason)
      const timer = clock.setTimer(() => end(`binding volumes: timed out waiting for the volumes of pod ${pod.metadata.name}`), bindTimeoutMs)
      signal.addEventListener('abort', abort, { once: true })
      if (signal.aborted) return abort()
      void claims.until(look).then(() => {
        if (!ended) end(failure)
      })
    })
  }
}
