// The admission plugins that are on by default, in Kubernetes' order. ResourceQuota, PodSecurity, webhooks and policies are not here yet.
import type { AdmissionPlugin } from './admission.ts'
import { defaultIngressClass } from './admission-ingress-class.ts'
import { limitRanger } from './admission-limit-range.ts'
import { namespaceLifecycle } from './admission-namespace.ts'
import { taintNodesByCondition } from './admission-node-taint.ts'
import { priorityAdmission } from './admission-priority.ts'
import { runtimeClassAdmission } from './admission-runtime-class.ts'
import { serviceAccountAdmission } from './admission-service-account.ts'
import { defaultStorageClass, storageObjectInUseProtection } from './admission-storage.ts'
import { defaultTolerationSeconds } from './admission-tolerations.ts'

export const defaultAdmission: readonly AdmissionPlugin[] = [
  namespaceLifecycle, limitRanger, serviceAccountAdmission, taintNodesByCondition, priorityAdmission,
  defaultTolerationSeconds, defaultStorageClass, storageObjectInUseProtection, runtimeClassAdmission,
  defaultIngressClass,
]
