// The admission plugins that are on by default, in Kubernetes' order. Webhooks are asked outside the transaction (AsyncAdmission).
import type { AdmissionPlugin } from './admission.ts'
import { deviceAdminAccess } from './admission-device-admin.ts'
import { defaultIngressClass } from './admission-ingress-class.ts'
import { limitRanger } from './admission-limit-range.ts'
import { namespaceLifecycle } from './admission-namespace.ts'
import { nodeRestriction } from './admission-node-restriction.ts'
import { taintNodesByCondition } from './admission-node-taint.ts'
import { podSecurity, type PodSecurityOptions } from './admission-pod-security.ts'
import { validatingAdmissionPolicy } from './admission-policy.ts'
import { mutatingAdmissionPolicy } from './admission-policy-mutate.ts'
import { podTopologyLabels } from './admission-pod-topology.ts'
import { priorityAdmission } from './admission-priority.ts'
import { resourceQuotaAdmission } from './admission-resource-quota.ts'
import { runtimeClassAdmission } from './admission-runtime-class.ts'
import { serviceAccountAdmission } from './admission-service-account.ts'
import { claimResize, defaultStorageClass, storageObjectInUseProtection } from './admission-storage.ts'
import { defaultTolerationSeconds } from './admission-tolerations.ts'

export interface AdmissionOptions {
  readonly podSecurity?: PodSecurityOptions
}

export const admissionPlugins = ({ podSecurity: security }: AdmissionOptions = {}): readonly AdmissionPlugin[] => [
  namespaceLifecycle, limitRanger, serviceAccountAdmission, nodeRestriction, taintNodesByCondition, podSecurity(security), priorityAdmission,
  defaultTolerationSeconds, defaultStorageClass, storageObjectInUseProtection, claimResize, runtimeClassAdmission,
  defaultIngressClass, podTopologyLabels, deviceAdminAccess, mutatingAdmissionPolicy, validatingAdmissionPolicy, resourceQuotaAdmission(),
]

export const defaultAdmission = admissionPlugins()
