// Finds the pods that use a claim, by `namespace/name`.
import type { Pod } from '../api/types-pod.ts'
import type { Index } from '../client/informer.ts'

export function claimNames({ metadata, spec }: Pod): string[] {
  return (spec.volumes ?? []).flatMap(({ name, persistentVolumeClaim, ephemeral }) => {
    if (persistentVolumeClaim) return [persistentVolumeClaim.claimName]
    return ephemeral ? [`${metadata.name}-${name}`] : []
  })
}

export const podsByClaim: Index<Pod> = { name: 'claims', values: (pod) => claimNames(pod).map((name) => `${pod.metadata.namespace}/${name}`) }
