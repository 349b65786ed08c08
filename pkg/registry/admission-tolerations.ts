// DefaultTolerationSeconds: pods stay five minutes on a node that is not ready or not reachable.
import type { Pod } from '../api/types-pod.ts'
import { pods } from '../api/types-pod.ts'
import type { AdmissionPlugin } from './admission.ts'
import { isAbout } from './admission.ts'

const keys = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable']
const tolerationSeconds = 300

export const defaultTolerationSeconds: AdmissionPlugin = {
  name: 'DefaultTolerationSeconds',
  mutate(draft, request) {
    if (!isAbout(request, pods)) return
    const { spec } = draft as unknown as Pod
    for (const key of keys) {
      const tolerated = spec.tolerations?.some((toleration) =>
        (!toleration.key || toleration.key === key) && (!toleration.effect || toleration.effect === 'NoExecute'))
      if (!tolerated) spec.tolerations = [...spec.tolerations ?? [], { key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds }]
    }
  },
}
