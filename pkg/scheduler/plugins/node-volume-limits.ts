// NodeVolumeLimits: a node gets no more volumes of a CSI driver than the driver can attach there.
import { uniqueVolumeName } from '../../api/csi-names.ts'
import type { StorageClass } from '../../api/types-config.ts'
import type { Pod } from '../../api/types-pod.ts'
import type { CSINode, VolumeAttachment } from '../../api/types-storage.ts'
import type { PersistentVolume, PersistentVolumeClaim } from '../../api/types-volume.ts'
import type { Index, Informer } from '../../client/informer.ts'
import type { Plugin, Refusal } from '../plugin.ts'
import { claimsUsed, classNameOf } from '../volume-plan.ts'

export interface VolumeLimitFacts {
  readonly claims: Pick<Informer<PersistentVolumeClaim>, 'get'>
  readonly volumes: Pick<Informer<PersistentVolume>, 'get'>
  readonly storageClasses: Pick<Informer<StorageClass>, 'get'>
  readonly csiNodes: Pick<Informer<CSINode>, 'get'>
  readonly attachments: Pick<Informer<VolumeAttachment>, 'byIndex'>
}

const exceeded: Refusal = { reasons: ['node(s) exceed max volume count'], resolvable: true }
const attachmentsByNode: Index<VolumeAttachment> = { name: 'spec.nodeName', values: ({ spec }) => [spec.nodeName] }

/** The volumes that a driver has to attach for the pod: unique name to driver. */
export function csiVolumesOf(pod: Pod, { claims, volumes, storageClasses }: VolumeLimitFacts): Map<string, string> {
  const found = new Map<string, string>()
  const namespace = pod.metadata.namespace ?? ''
  for (const { name: claimName } of claimsUsed(pod)) {
    const claim = claims.get({ namespace, name: claimName })
    if (!claim) continue
    if (claim.spec.volumeName) {
      const csi = volumes.get({ name: claim.spec.volumeName })?.spec.csi
      if (csi) found.set(uniqueVolumeName(csi.driver, csi.volumeHandle), csi.driver)
      continue
    }
    // Not made yet: it will be one of its class's driver.
    const provisioner = storageClasses.get({ name: classNameOf(claim) })?.provisioner
    if (provisioner) found.set(`${provisioner}/${namespace}/${claimName}`, provisioner)
  }
  return found
}

export function nodeVolumeLimits(facts: VolumeLimitFacts): Plugin {
  return {
    name: 'NodeVolumeLimits',
    enqueueOn: ['pod-gone', 'node-added', 'csi-node', 'attachment', 'claim'],
    mayHelp({ pod, namespace }, { kind, action, object }) {
      switch (kind) {
        case 'pod-gone': return claimsUsed(object as Pod).length > 0
        case 'attachment': return action === 'Delete'
        case 'claim': return action === 'Add' && object.metadata.namespace === namespace && claimsUsed(pod).some(({ name }) => name === object.metadata.name)
        default: return action !== 'Delete'
      }
    },
    preFilter({ pod }) {
      const wanted = csiVolumesOf(pod, facts)
      if (wanted.size === 0) return undefined
      return {
        filter(node) {
          const limits = new Map(facts.csiNodes.get({ name: node.name })?.spec.drivers.flatMap(({ name, allocatable }) => (allocatable?.count === undefined ? [] : [[name, allocatable.count] as const])))
          if (![...wanted.values()].some((driver) => limits.has(driver))) return undefined
          const there = new Map([...node.pods.values()].flatMap((other) => [...csiVolumesOf(other.pod, facts)]))
          for (const { spec } of facts.attachments.byIndex(attachmentsByNode, node.name)) {
            const csi = spec.source.persistentVolumeName ? facts.volumes.get({ name: spec.source.persistentVolumeName })?.spec.csi : undefined
            if (csi) there.set(uniqueVolumeName(csi.driver, csi.volumeHandle), csi.driver)
          }
          for (const [driver, limit] of limits) {
            const fresh = [...wanted].filter(([name, of]) => of === driver && !there.has(name)).length
            const used = [...there.values()].filter((of) => of === driver).length
            if (fresh > 0 && used + fresh > limit) return exceeded
          }
          return undefined
        },
      }
    },
  }
}
