// The list of controllers. A new one is a file in this folder and a line here.
import type { Resource } from '../api/object.ts'
import type { BuiltinResource } from '../api/resources.ts'
import type { Controller } from '../controller/controller.ts'
import { attachDetachController } from './attach-detach.ts'
import type { ReadMetrics } from './autoscaler-custom.ts'
import bootstrapSigner from './bootstrap-signer.ts'
import { certificateSigningController, type CertificateSigner } from './certificate-signing.ts'
import clusterRoleAggregation from './cluster-role-aggregation.ts'
import cronJob from './cron-job.ts'
import { daemonSetController } from './daemon-set.ts'
import deployment from './deployment.ts'
import { disruptionController } from './disruption.ts'
import endpointSliceMirroring from './endpoint-slice-mirroring.ts'
import endpointSlice from './endpoint-slice.ts'
import endpoints from './endpoints.ts'
import flowSchema from './flow-schema.ts'
import { jobController } from './job.ts'
import ephemeralVolume from './ephemeral-volume.ts'
import { autoscalerController } from './horizontal-pod-autoscaler.ts'
import ipAddress from './ip-address.ts'
import { localPathControllers, type LocalPathOptions } from './local-path-provisioner.ts'
import { legacyTokenControllers } from './legacy-token-cleaner.ts'
import { namespaceController } from './namespace.ts'
import { nodeLifecycleController } from './node-lifecycle.ts'
import { podGarbageController } from './pod-gc.ts'
import { claimBinder, volumeBinder } from './persistent-volume-binder.ts'
import pvProtection from './pv-protection.ts'
import pvcProtection from './pvc-protection.ts'
import replicaSet from './replica-set.ts'
import replicationController from './replication-controller.ts'
import { resourceClaimControllers } from './resource-claim.ts'
import { resourceQuotaController } from './resource-quota.ts'
import { rootCaController } from './root-ca.ts'
import serviceAccount from './service-account.ts'
import { tokenSecretController, type TokenSecretOptions } from './service-account-token-secret.ts'
import serviceCidr from './service-cidr.ts'
import statefulSet from './stateful-set.ts'
import { taintEvictionController } from './taint-eviction.ts'
import tokenCleaner from './token-cleaner.ts'
import ttlAfterFinished from './ttl-after-finished.ts'
import vacProtection from './vac-protection.ts'
import volumeExpand from './volume-expand.ts'

export interface ControllersOptions {
  /** Namespaced kinds whose objects go with their namespace; `contentResources` picks them. */
  readonly contentResources: () => readonly Resource[]
  /** Group-versions of other servers whose kinds can't be told now. */
  readonly unknownGroups?: () => readonly string[]
  /** PEM of the cluster's CA. */
  readonly rootCertificate: string
  /** Storage on the nodes' own disks; without it, claims of its class wait. */
  readonly localPath?: LocalPathOptions
  /** Signs the tokens of secrets; without it, those stay empty. */
  readonly signSecretToken?: TokenSecretOptions['sign']
  /** Signs approved requests; without it, they wait. */
  readonly certificates?: CertificateSigner
  /** Asks aggregated metrics APIs; without it, autoscalers know metrics of resources only. */
  readonly readMetrics?: ReadMetrics
}

/** Everything that runs in a ControllerRunner. The garbage collector is not in it: it is for no kind in particular. */
export function allControllers({ contentResources, unknownGroups, rootCertificate, localPath, signSecretToken, certificates, readMetrics }: ControllersOptions): readonly Controller[] {
  return [
    namespaceController({ resources: contentResources, ...(unknownGroups ? { unknown: unknownGroups } : {}) }), serviceAccount, rootCaController({ certificate: rootCertificate }),
    replicaSet, replicationController, deployment, daemonSetController(), statefulSet,
    jobController(), cronJob, ttlAfterFinished, disruptionController({ resources: contentResources }),
    autoscalerController({ resources: contentResources, readMetrics }),
    endpointSlice, endpoints, endpointSliceMirroring, clusterRoleAggregation,
    resourceQuotaController({ resources: contentResources }),
    claimBinder(), volumeBinder, pvcProtection, pvProtection, vacProtection, ephemeralVolume, attachDetachController(), volumeExpand, ...(localPath ? localPathControllers(localPath) : []),
    ipAddress, serviceCidr, tokenCleaner, bootstrapSigner, ...legacyTokenControllers, flowSchema, ...resourceClaimControllers,
    ...(signSecretToken ? [tokenSecretController({ certificate: rootCertificate, sign: signSecretToken })] : []),
    ...(certificates ? [certificateSigningController(certificates)] : []),
    nodeLifecycleController(), taintEvictionController(), podGarbageController(),
  ]
}

export type Served = Pick<BuiltinResource, 'resource' | 'verbs'>

/** One version of each stored kind that can be watched and deleted; events are too many and own nothing. */
export function ownedResources(served: readonly Served[]): readonly Resource[] {
  return distinct(served.filter(({ verbs }) => verbs.includes('watch') && verbs.includes('delete'))).filter(({ plural }) => plural !== 'events')
}

/** One version of each namespaced kind that can be deleted. */
export function contentResources(served: readonly Served[]): readonly Resource[] {
  return distinct(served.filter(({ resource, verbs }) => resource.namespaced && verbs.includes('list') && (verbs.includes('deletecollection') || verbs.includes('delete'))))
}

// Two groups or versions of one stored kind would be seen, and deleted, twice.
function distinct(served: readonly Served[]): readonly Resource[] {
  const kinds = new Map<string, Resource>()
  for (const { resource } of served) {
    if (resource.group === 'events.k8s.io') continue
    const name = `${resource.plural}.${resource.group}`
    const known = kinds.get(name)
    if (!known || (!/^v\d+$/.test(known.version) && /^v\d+$/.test(resource.version))) kinds.set(name, resource)
  }
  return [...kinds.values()]
}
