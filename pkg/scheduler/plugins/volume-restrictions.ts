// VolumeRestrictions: claims must be there, and one that one pod only may use is not given to two.
import type { Informer } from '../../client/informer.ts'
import type { Pod } from '../../api/types-pod.ts'
import type { PersistentVolumeClaim } from '../../api/types-volume.ts'
import type { Plugin, Refusal } from '../plugin.ts'

const inUse: Refusal = { reasons: ['node has pod using PersistentVolumeClaim with the same name and ReadWriteOncePod access mode'], resolvable: true }

const claimNames = ({ spec }: Pod): string[] => (spec.volumes ?? []).flatMap(({ persistentVolumeClaim }) => persistentVolumeClaim?.claimName ?? [])

export function volumeRestrictions(claims: Informer<PersistentVolumeClaim>): Plugin {
  return {
    name: 'VolumeRestrictions',
    enqueueOn: ['pod-gone', 'node-added', 'claim'],
    mayHelp({ pod, namespace }, { kind, action, object }) {
      if (kind === 'node-added') return true
      if (object.metadata.namespace !== namespace) return false
      const names = claimNames(pod)
      return kind === 'claim' ? action === 'Add' && names.includes(object.metadata.name ?? '') : claimNames(object as Pod).some((name) => names.includes(name))
    },
    preFilter({ pod, namespace }) {
      const names = claimNames(pod)
      const missing = names.find((name) => !claims.get({ namespace, name }))
      if (missing !== undefined) return { reasons: [`persistentvolumeclaim "${missing}" not found`], resolvable: false }
      const exclusive = names.filter((name) => claims.get({ namespace, name })?.spec.accessModes?.includes('ReadWriteOncePod'))
      if (exclusive.length === 0) return undefined
      return {
        filter(node) {
          for (const other of node.pods.values()) {
            if (other.namespace === namespace && claimNames(other.pod).some((name) => exclusive.includes(name))) return inUse
          }
          return undefined
        },
      }
    },
  }
}
