// Pod: containers that run together on one node.
import type { Pod } from '../../api/types-pod.ts'
import { pods } from '../../api/types-pod.ts'
import type { Subresource } from '../definition.ts'
import { define, subresource } from './define.ts'
import { checkAnnotationUpdate, checkPodAnnotations } from './pod-annotations.ts'
import { podColumns, podRowConditions } from './pod-columns.ts'
import { preparePod } from './pod-creation.ts'
import { qosClass } from './pod-qos.ts'
import { checkResize, mergeResize } from './pod-resize.ts'
import { defaultPod } from './pod-spec-defaults.ts'
import { checkPodOnly, checkPodSpec } from './pod-spec-validation.ts'
import { podStatus } from './pod-status.ts'
import { checkEphemeralUpdate, checkPodUpdate } from './pod-update.ts'
import { podWarnings } from './pod-warnings.ts'
import type { Errors } from './rules.ts'
import { forbiddenField, withoutOldFaults } from './rules.ts'
import { checkProfilesAgree } from './security-annotations.ts'

/** How long a pod may take to end: a pod that no kubelet has, or that has ended, goes at once. */
export function podGraceSeconds(pod: Pod, asked: number | undefined): number {
  const { spec, status } = pod
  if (!spec.nodeName || status?.phase === 'Succeeded' || status?.phase === 'Failed') return 0
  const seconds = asked ?? spec.terminationGracePeriodSeconds ?? 30
  return seconds < 0 ? 1 : seconds
}

function checkWhole(pod: Pod): Errors {
  const out: Errors = []
  checkPodAnnotations(out, 'metadata.annotations', pod.metadata.annotations ?? {}, pod.spec)
  checkPodSpec(out, 'spec', pod.spec, pod.metadata)
  checkPodOnly(out, 'spec', pod.spec)
  return out
}

/** The pod as a whole; what was wrong with it before does not hinder an update. */
const checkNew = (pod: Pod, old: Pod): Errors => withoutOldFaults(checkWhole(pod), () => checkWhole(old))

function validate(pod: Pod, old?: Pod): Errors {
  if (old) {
    const out = checkNew(pod, old)
    checkAnnotationUpdate(out, 'metadata.annotations', pod, old)
    checkPodUpdate(out, pod, old)
    return out
  }
  const out = checkWhole(pod)
  const { spec } = pod
  if (spec.ephemeralContainers?.length) out.push(forbiddenField('spec.ephemeralContainers', 'cannot be set on create'))
  if (spec.nodeName && spec.schedulingGates?.length) out.push(forbiddenField('spec.nodeName', 'cannot be set until all schedulingGates have been cleared'))
  checkProfilesAgree(out, 'spec', spec, pod.metadata)
  return out
}

const ephemeralContainers: Subresource<Pod> = subresource('ephemeralcontainers', {
  merge: (stored, body) => ({ ...stored, spec: { ...stored.spec, ephemeralContainers: (body as Pod).spec?.ephemeralContainers } }),
  validate(pod, old) {
    const out = checkNew(pod, old)
    checkAnnotationUpdate(out, 'metadata.annotations', pod, old)
    return checkEphemeralUpdate(out, pod, old)
  },
})

const resize: Subresource<Pod> = subresource('resize', {
  merge: (stored, body) => mergeResize(stored, body as Pod),
  validate: (pod, old) => checkResize(checkNew(pod, old), pod, old),
})

export default define(pods, {
  defaults: defaultPod,
  initialStatus: (pod) => ({ phase: 'Pending', qosClass: qosClass(pod) }),
  prepareCreate: preparePod,
  validate,
  warnings: podWarnings,
  gracePeriodSeconds: podGraceSeconds,
  columns: podColumns,
  rowConditions: podRowConditions,
  fields: {
    'spec.nodeName': ({ spec }) => spec.nodeName ?? '',
    // Its name before v1.
    'spec.host': ({ spec }) => spec.nodeName ?? '',
    'spec.restartPolicy': ({ spec }) => spec.restartPolicy ?? '',
    'spec.schedulerName': ({ spec }) => spec.schedulerName ?? '',
    'spec.serviceAccountName': ({ spec }) => spec.serviceAccountName ?? '',
    'spec.hostNetwork': ({ spec }) => `${spec.hostNetwork ?? false}`,
    'status.phase': ({ status }) => status?.phase ?? '',
    'status.podIP': ({ status }) => status?.podIP ?? status?.podIPs?.[0]?.ip ?? '',
    'status.podIPs': ({ status }) => (status?.podIPs ?? []).map(({ ip }) => ip).join(','),
    'status.nominatedNodeName': ({ status }) => status?.nominatedNodeName ?? '',
  },
  subresources: [podStatus, ephemeralContainers, resize],
})
