// RuntimeClass: a pod's class must exist; its overhead and its scheduling terms become the pod's.
import { equalJson, thaw } from '../api/json.ts'
import type { RuntimeClass } from '../api/types-config.ts'
import { runtimeClasses } from '../api/types-config.ts'
import type { Pod, Toleration } from '../api/types-pod.ts'
import { pods } from '../api/types-pod.ts'
import type { AdmissionPlugin, AdmissionRequest } from './admission.ts'
import { isCreateOf, refusal } from './admission.ts'

function takeOverhead({ spec }: Pod, found: RuntimeClass | undefined, request: AdmissionRequest): void {
  const overhead = found?.overhead?.podFixed
  if (spec.overhead && !overhead) throw refusal(request, 'pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead')
  if (!overhead) return
  if (spec.overhead && !equalJson(spec.overhead, overhead)) throw refusal(request, "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead")
  spec.overhead = { ...overhead }
}

/** Equal for what says the same. */
const tolerationKey = ({ key, operator, value, effect, tolerationSeconds }: Toleration): string => JSON.stringify([key, operator, value, effect, tolerationSeconds])

function takeScheduling({ spec }: Pod, { scheduling }: RuntimeClass, request: AdmissionRequest): void {
  const selector = { ...spec.nodeSelector }
  for (const [key, value] of Object.entries(scheduling?.nodeSelector ?? {})) {
    const own = selector[key]
    if (own !== undefined && own !== value) {
      throw refusal(request, `pod rejected: conflict: runtimeClass.scheduling.nodeSelector[${key}] = ${value}; pod.spec.nodeSelector[${key}] = ${own}`)
    }
    spec.nodeSelector = selector
    selector[key] = value
  }
  const known = new Set((spec.tolerations ?? []).map(tolerationKey))
  const added: Toleration[] = []
  for (const toleration of scheduling?.tolerations ?? []) {
    const key = tolerationKey(toleration)
    if (!known.has(key)) added.push(thaw(toleration))
    known.add(key)
  }
  if (added.length > 0) spec.tolerations = [...spec.tolerations ?? [], ...added]
}

export const runtimeClassAdmission: AdmissionPlugin = {
  name: 'RuntimeClass',
  mutate(draft, request) {
    if (!isCreateOf(request, pods)) return
    const pod = draft as unknown as Pod
    const name = pod.spec.runtimeClassName
    const found = name ? request.view.get<RuntimeClass>(runtimeClasses, { name }) : undefined
    if (name && !found) throw refusal(request, `pod rejected: RuntimeClass "${name}" not found`)
    takeOverhead(pod, found, request)
    if (found) takeScheduling(pod, found, request)
  },
}
