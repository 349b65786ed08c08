// RuntimeClass: a pod's class must exist; its overhead and its scheduling terms become the pod's.
import { equalJson, thaw } from '../api/json.ts'
import { compareQuantities, parseQuantity } from '../api/quantity.ts'
import type { RuntimeClass } from '../api/types-config.ts'
import { runtimeClasses } from '../api/types-config.ts'
import type { Pod, Toleration } from '../api/types-pod.ts'
import { pods } from '../api/types-pod.ts'
import type { AdmissionPlugin, AdmissionRequest } from './admission.ts'
import { isCreateOf, refusal } from './admission.ts'

const classOf = ({ spec: { runtimeClassName: name } }: Readonly<Pod>, request: AdmissionRequest): RuntimeClass | undefined => {
  const found = name ? request.view.get<RuntimeClass>(runtimeClasses, { name }) : undefined
  if (name && !found) throw refusal(request, `pod rejected: RuntimeClass "${name}" not found`)
  return found
}

const sameAmounts = (a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean => {
  const names = Object.keys(a)
  return names.length === Object.keys(b).length && names.every((name) => b[name] !== undefined && compareQuantities(parseQuantity(a[name]!), parseQuantity(b[name]!)) === 0)
}

const mismatch = "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead"

function takeOverhead({ spec }: Pod, found: RuntimeClass | undefined, request: AdmissionRequest): void {
  const overhead = found?.overhead?.podFixed
  if (!overhead) return
  if (Object.keys(spec.overhead ?? {}).length > 0 && !sameAmounts(spec.overhead!, overhead)) throw refusal(request, mismatch)
  spec.overhead = { ...overhead }
}

/** Also what came after this plugin has kept it. */
function checkOverhead({ spec }: Readonly<Pod>, found: RuntimeClass | undefined, request: AdmissionRequest): void {
  if (found?.overhead) {
    if (!sameAmounts(spec.overhead ?? {}, found.overhead.podFixed ?? {})) throw refusal(request, mismatch)
  } else if (spec.overhead) throw refusal(request, 'pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead')
}

/** Whether a tolerates all that b does. */
function covers(a: Toleration, b: Toleration): boolean {
  if (equalJson(a, b)) return true
  if (b.key !== a.key && (a.key || a.operator !== 'Exists')) return false
  if (b.effect !== a.effect && a.effect) return false
  if (a.effect === 'NoExecute' && a.tolerationSeconds !== undefined && (b.tolerationSeconds === undefined || b.tolerationSeconds > a.tolerationSeconds)) return false
  return a.operator === 'Exists' || ((a.operator ?? 'Equal') === 'Equal' && b.operator === 'Equal' && (b.value ?? '') === (a.value ?? ''))
}

/** Of those that others cover, only these stay. */
function merged(own: readonly Toleration[], more: readonly Toleration[]): Toleration[] {
  const all = [...own, ...more]
  const kept: Toleration[] = []
  for (const [index, one] of all.entries()) {
    if (kept.some((other) => covers(other, one)) || all.slice(index + 1).some((other) => !equalJson(one, other) && covers(other, one))) continue
    kept.push(one)
  }
  return kept
}

function takeScheduling({ spec }: Pod, { scheduling }: RuntimeClass, request: AdmissionRequest): void {
  const selector = { ...spec.nodeSelector }
  for (const [key, value] of Object.entries(scheduling?.nodeSelector ?? {})) {
    const own = selector[key]
    if (own !== undefined && own !== value) {
      throw refusal(request, `conflict: runtimeClass.scheduling.nodeSelector[${key}] = ${value}; pod.spec.nodeSelector[${key}] = ${own}`)
    }
    spec.nodeSelector = selector
    selector[key] = value
  }
  if (!scheduling) return
  const tolerations = merged(spec.tolerations ?? [], thaw(scheduling.tolerations ?? []) as Toleration[])
  if (tolerations.length > 0) spec.tolerations = tolerations
}

export const runtimeClassAdmission: AdmissionPlugin = {
  name: 'RuntimeClass',
  mutate(draft, request) {
    if (!isCreateOf(request, pods)) return
    const pod = draft as unknown as Pod
    const found = classOf(pod, request)
    takeOverhead(pod, found, request)
    if (found) takeScheduling(pod, found, request)
  },
  validate(object, request) {
    if (!isCreateOf(request, pods)) return
    const pod = object as unknown as Pod
    checkOverhead(pod, classOf(pod, request), request)
  },
}
