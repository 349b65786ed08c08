// Checks of annotations that mean something for a pod.
import type { Pod, PodSpec } from '../../api/types-pod.ts'
import { checkAnnotatedTolerations } from './annotation-lists.ts'
import type { Errors } from './rules.ts'
import { forbiddenField, invalid } from './rules.ts'
import { checkTolerations } from './scheduling-validation.ts'
import { appArmorContainerPrefix, checkProfileAnnotations } from './security-annotations.ts'

type Annotations = Readonly<Record<string, string>>

export const mirrorKey = 'kubernetes.io/config.mirror'
const deletionCostKey = 'controller.kubernetes.io/pod-deletion-cost'
const costForm = /^(-\d+|0|[1-9]\d*)$/
const maxInt32 = 2147483647

function isCost(text: string): boolean {
  return costForm.test(text) && Number(text) <= maxInt32 && Number(text) >= -maxInt32 - 1
}

export function checkPodAnnotations(out: Errors, path: string, annotations: Annotations, spec: PodSpec): void {
  const mirror = annotations[mirrorKey]
  if (mirror !== undefined && !spec.nodeName) out.push(invalid(`${path}[${mirrorKey}]`, mirror, 'must set spec.nodeName if mirror pod annotation is set'))
  checkAnnotatedTolerations(out, path, annotations, checkTolerations)
  const cost = annotations[deletionCostKey]
  if (cost !== undefined && !isCost(cost)) out.push(invalid(`${path}[${deletionCostKey}]`, cost, 'must be a 32bit integer'))
  checkProfileAnnotations(out, path, annotations, spec)
}

const kept: readonly (readonly [is: (key: string) => boolean, what: string])[] = [
  [(key) => key.startsWith(appArmorContainerPrefix), 'AppArmor annotations'], [(key) => key === mirrorKey, 'mirror pod annotation'],
]

/** What an update may do to them: some say what a pod was made with. */
export function checkAnnotationUpdate(out: Errors, path: string, pod: Pod, old: Pod): void {
  const now = pod.metadata.annotations ?? {}
  const before = old.metadata.annotations ?? {}
  for (const key of Object.keys(before)) {
    if (now[key] === before[key]) continue
    for (const [is, what] of kept) if (is(key)) out.push(forbiddenField(`${path}[${key}]`, `may not remove or update ${what}`))
  }
  for (const key of Object.keys(now)) {
    if (before[key] !== undefined) continue
    for (const [is, what] of kept) if (is(key)) out.push(forbiddenField(`${path}[${key}]`, `may not add ${what}`))
  }
  checkPodAnnotations(out, path, now, pod.spec)
}
