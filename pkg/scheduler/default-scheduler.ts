// The default scheduler: its plugins in order, over the cluster's informers.
import type { Client } from '../client/client.ts'
import type { EventRecorder } from '../client/events.ts'
import type { Informers } from '../client/informer.ts'
import type { SelectorObject } from '../api/label-selector.ts'
import { selectorMatcher } from '../api/label-selector.ts'
import { controllerOf } from '../api/object.ts'
import { namespaces, podDisruptionBudgets, storageClasses } from '../api/types-config.ts'
import { deviceClasses, resourceClaims } from '../api/types-device.ts'
import { services } from '../api/types-service.ts'
import { csiDrivers, csiNodes, csiStorageCapacities, volumeAttachments } from '../api/types-storage.ts'
import { persistentVolumeClaims, persistentVolumes } from '../api/types-volume.ts'
import { replicaSets, replicationControllers, statefulSets } from '../api/types-workload.ts'
import type { Clock } from '../util/clock.ts'
import type { Plugin } from './plugin.ts'
import { balancedAllocation } from './plugins/balanced-allocation.ts'
import { defaultPreemption } from './plugins/default-preemption.ts'
import { dynamicResources } from './plugins/dynamic-resources.ts'
import { imageLocality } from './plugins/image-locality.ts'
import { interPodAffinity } from './plugins/inter-pod-affinity.ts'
import { nodeAffinity } from './plugins/node-affinity.ts'
import { nodeName } from './plugins/node-name.ts'
import { nodePorts } from './plugins/node-ports.ts'
import { nodeResourcesFit } from './plugins/node-resources-fit.ts'
import { nodeUnschedulable } from './plugins/node-unschedulable.ts'
import { nodeVolumeLimits } from './plugins/node-volume-limits.ts'
import { podTopologySpread } from './plugins/pod-topology-spread.ts'
import { taintToleration } from './plugins/taint-toleration.ts'
import { VolumeBinding } from './plugins/volume-binding.ts'
import { volumeRestrictions } from './plugins/volume-restrictions.ts'
import type { PodInfo } from './pod-info.ts'
import { Scheduler, type WatchedKind } from './scheduler.ts'

export interface DefaultSchedulerOptions {
  readonly client: Client
  readonly informers: Informers
  /** With the component `default-scheduler`. */
  readonly events: EventRecorder
  readonly clock: Clock
  readonly log: (text: string) => void
}

const watched: readonly WatchedKind[] = [
  { resource: namespaces, kind: 'namespace' },
  { resource: persistentVolumeClaims, kind: 'claim' },
  { resource: persistentVolumes, kind: 'volume' },
  { resource: storageClasses, kind: 'storage-class' },
  { resource: csiNodes, kind: 'csi-node' },
  { resource: volumeAttachments, kind: 'attachment' },
  // A driver says whether the capacity of storage is to be reckoned with.
  { resource: csiDrivers, kind: 'storage-capacity' },
  { resource: csiStorageCapacities, kind: 'storage-capacity' },
  { resource: resourceClaims, kind: 'resource-claim' },
  { resource: deviceClasses, kind: 'device-class' },
  ...[podDisruptionBudgets, services, replicaSets, replicationControllers, statefulSets].map((resource) => ({ resource })),
]

/** The services and the set that the pod belongs to, as one selector. */
function groupSelector(informers: Informers): (info: PodInfo) => SelectorObject | undefined {
  return ({ pod, namespace }) => {
    const matchLabels: Record<string, string> = {}
    const matchExpressions: { key: string; operator: string; values?: string[] }[] = []
    for (const { spec } of informers.for(services).list(namespace)) {
      const { selector = {} } = spec ?? {}
      if (Object.keys(selector).length > 0 && selectorMatcher({ matchLabels: selector }).matches(pod.metadata.labels)) Object.assign(matchLabels, selector)
    }
    const owner = controllerOf(pod)
    const key = { namespace, name: owner?.name ?? '' }
    if (owner?.kind === 'ReplicationController') Object.assign(matchLabels, informers.for(replicationControllers).get(key)?.spec?.selector)
    const set = owner?.kind === 'ReplicaSet' ? informers.for(replicaSets).get(key) : owner?.kind === 'StatefulSet' ? informers.for(statefulSets).get(key) : undefined
    Object.assign(matchLabels, set?.spec?.selector?.matchLabels)
    matchExpressions.push(...(set?.spec?.selector?.matchExpressions ?? []))
    return Object.keys(matchLabels).length + matchExpressions.length > 0 ? { matchLabels, matchExpressions } : undefined
  }
}

export function defaultPlugins({ client, informers, clock }: Pick<DefaultSchedulerOptions, 'client' | 'informers' | 'clock'>): readonly Plugin[] {
  const claims = informers.for(persistentVolumeClaims)
  const volumes = informers.for(persistentVolumes)
  return [
    nodeUnschedulable, nodeName, taintToleration, nodeAffinity, nodePorts, nodeResourcesFit,
    volumeRestrictions(claims),
    nodeVolumeLimits({ claims, volumes, storageClasses: informers.for(storageClasses), csiNodes: informers.for(csiNodes), attachments: informers.for(volumeAttachments) }),
    new VolumeBinding({ client, clock, claims, volumes, storageClasses: informers.for(storageClasses), drivers: informers.for(csiDrivers), capacities: informers.for(csiStorageCapacities) }),
    podTopologySpread(groupSelector(informers)),
    interPodAffinity((name) => informers.for(namespaces).get({ name })?.metadata.labels),
    dynamicResources({ client, claims: informers.for(resourceClaims), classes: informers.for(deviceClasses) }),
    defaultPreemption({ budgets: () => informers.for(podDisruptionBudgets).list(), random: () => clock.random() }),
    balancedAllocation, imageLocality,
  ]
}

export function defaultScheduler(options: DefaultSchedulerOptions): Scheduler {
  return new Scheduler({ ...options, plugins: defaultPlugins(options), watches: watched })
}
