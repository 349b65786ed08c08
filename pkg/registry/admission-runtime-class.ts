// RuntimeClass: a pod's class must exist; its overhead and its scheduling terms become the pod's.
import { equalJson, thaw } from '../api/json.ts'
import type { RuntimeClass } from '../api/types-config.ts'
import { runtimeClasses } from '../api/types-config.ts'
import type { Pod } from '../api/types-pod.ts'
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

function takeScheduling({ spec }: Pod, { scheduling }: RuntimeClass, request: AdmissionRequest): void {
  for (const [key, value] of Object.entries(scheduling?.nodeSelector ?? {})) {
    const own = spec.nodeSelector?.[key]
    if (own !== undefined && own !== value) {
      throw refusal(request, `pod rejected: conflict: runtimeClass.scheduling.nodeSelector[${key}] = ${value}; pod.spec.nodeSelector[${key}] = ${own}`)
    }
    spec.nodeSelector = { ...spec.nodeSelector, [key]: value }
  }
  for (const toleration of scheduling?.tolerations ?? []) {
    if (!spec.tolerations?.some((own) => equalJson(own, toleration))) spec.tolerations = [...spec.tolerations ?? [], thaw(toleration)]
  }
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
