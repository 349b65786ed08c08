// The list of built-in kinds. A new kind is a file in kinds/ and a line here.
import type { Definition } from './definition.ts'
import addressAllocation from './kinds/address-allocation.ts'
import admissionRegistration from './kinds/admission-registration.ts'
import apiService from './kinds/api-service.ts'
import certificateSigningRequest from './kinds/certificate-signing-request.ts'
import componentStatus from './kinds/component-status.ts'
import configMap from './kinds/config-map.ts'
import controllerRevision from './kinds/controller-revision.ts'
import cronJob from './kinds/cron-job.ts'
import csiKinds from './kinds/csi-kinds.ts'
import customResourceDefinition from './kinds/custom-resource-definition.ts'
import daemonSet from './kinds/daemon-set.ts'
import deployment from './kinds/deployment.ts'
import dynamicResources from './kinds/dynamic-resources.ts'
import endpointSlice from './kinds/endpoint-slice.ts'
import endpoints from './kinds/endpoints.ts'
import events from './kinds/event.ts'
import flowControl from './kinds/flow-control.ts'
import horizontalPodAutoscaler from './kinds/horizontal-pod-autoscaler.ts'
import ingressClass from './kinds/ingress-class.ts'
import ingress from './kinds/ingress.ts'
import job from './kinds/job.ts'
import lease from './kinds/lease.ts'
import limitRange from './kinds/limit-range.ts'
import namespace from './kinds/namespace.ts'
import networkPolicy from './kinds/network-policy.ts'
import node from './kinds/node.ts'
import persistentVolumeClaim from './kinds/persistent-volume-claim.ts'
import persistentVolume from './kinds/persistent-volume.ts'
import podDisruptionBudget from './kinds/pod-disruption-budget.ts'
import podTemplate from './kinds/pod-template.ts'
import pod from './kinds/pod.ts'
import priorityClass from './kinds/priority-class.ts'
import rbac from './kinds/rbac.ts'
import replicaSet from './kinds/replica-set.ts'
import replicationController from './kinds/replication-controller.ts'
import resourceQuota from './kinds/resource-quota.ts'
import reviews from './kinds/reviews.ts'
import runtimeClass from './kinds/runtime-class.ts'
import secret from './kinds/secret.ts'
import serviceAccount from './kinds/service-account.ts'
import service from './kinds/service.ts'
import statefulSet from './kinds/stateful-set.ts'
import storageClass from './kinds/storage-class.ts'
import volumeAttachment from './kinds/volume-attachment.ts'

/** All built-in kinds, in no particular order: the table of resources knows the order of discovery. */
export function builtinDefinitions(): Definition[] {
  return [
    configMap, endpoints, ...events, limitRange, namespace, node, persistentVolumeClaim, persistentVolume, pod, podTemplate,
    replicationController, resourceQuota, secret, serviceAccount, service, componentStatus,
    controllerRevision, daemonSet, deployment, replicaSet, statefulSet,
    cronJob, job, ...horizontalPodAutoscaler, podDisruptionBudget,
    endpointSlice, ingress, ingressClass, networkPolicy, ...addressAllocation,
    ...rbac, ...reviews, certificateSigningRequest, lease, priorityClass, runtimeClass,
    ...csiKinds, ...storageClass, volumeAttachment, ...admissionRegistration, customResourceDefinition, apiService, ...flowControl, ...dynamicResources,
  ]
}
