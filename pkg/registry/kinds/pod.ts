// Pod: containers that run together on one node.
import type { Pod } from '../../api/types-pod.ts'
import { pods } from '../../api/types-pod.ts'
import type { Subresource } from '../definition.ts'
import { define, subresource } from './define.ts'
import { podColumns, podRowConditions } from './pod-columns.ts'
import { qosClass } from './pod-qos.ts'
import { defaultPod } from './pod-spec-defaults.ts'
import { checkPodSpec } from './pod-spec-validation.ts'
import { checkEphemeralUpdate, checkPodUpdate, checkResize, mergeResize } from './pod-update.ts'
import { podWarnings } from './pod-warnings.ts'
import type { Errors } from './rules.ts'
import { forbiddenField } from './rules.ts'

/** How long a pod may take to end: a pod that no kubelet has, or that has ended, goes at once. */
export function podGraceSeconds(pod: Pod, asked: number | undefined): number {
  const { spec, status } = pod
  if (!spec.nodeName || status?.phase === 'Succeeded' || status?.phase === 'Failed') return 0
  const seconds = asked ?? spec.terminationGracePeriodSeconds ?? 30
  return seconds < 0 ? 1 : seconds
}

function validate(pod: Pod, old?: Pod): Errors {
  const out: Errors = []
  checkPodSpec(out, 'spec', pod.spec, pod.metadata)
  if (!old && pod.spec.ephemeralContainers?.length) out.push(forbiddenField('spec.ephemeralContainers', 'cannot be set on create'))
  if (old) checkPodUpdate(out, pod, old)
  return out
}

const ephemeralContainers: Subresource<Pod> = subresource('ephemeralcontainers', {
  merge: (stored, body) => ({ ...stored, spec: { ...stored.spec, ephemeralContainers: (body as Pod).spec?.ephemeralContainers } }),
  validate: checkEphemeralUpdate,
})

const resize: Subresource<Pod> = subresource('resize', {
  merge: (stored, body) => mergeResize(stored, body as Pod),
  validate: checkResize,
})


export default define(pods, {
  defaults: defaultPod,
  initialStatus: (pod) => ({ phase: 'Pending', qosClass: qosClass(pod) }),
  validate,
  warnings: podWarnings,
  gracePeriodSeconds: podGraceSeconds,
  columns: podColumns,
  rowConditions: podRowConditions,
  fields: {
    'spec.nodeName': ({ spec }) => spec.nodeName ?? '',
    'spec.restartPolicy': ({ spec }) => spec.restartPolicy ?? '',
    'spec.schedulerName': ({ spec }) => spec.schedulerName ?? '',
    'spec.serviceAccountName': ({ spec }) => spec.serviceAccountName ?? '',
    'spec.hostNetwork': ({ spec }) => `${spec.hostNetwork ?? false}`,
    'status.phase': ({ status }) => status?.phase ?? '',
    'status.podIP': ({ status }) => status?.podIP ?? status?.podIPs?.[0]?.ip ?? '',
    'status.podIPs': ({ status }) => (status?.podIPs ?? []).map(({ ip }) => ip).join(','),
    'status.nominatedNodeName': ({ status }) => status?.nominatedNodeName ?? '',
  },
  subresources: [ephemeralContainers, resize],
})
