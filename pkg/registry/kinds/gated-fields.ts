// Fields behind features that are off in Kubernetes 1.35: dropped unless the object had them before.
import type { AnyObject } from '../../api/object.ts'

/**
 * `paths`: the fields of one feature, `[]` for each of a list, `{}` for each of a map, `?` where an object that is empty
 * without the field goes with it. When the old object has any of them, all stay.
 */
interface Gate {
  readonly feature: string
  readonly paths: readonly string[]
  /** Dropped even if the old object has them. */
  readonly always?: true
}

const containers = ['containers', 'initContainers', 'ephemeralContainers']

const ofPodSpec: readonly Gate[] = [
  { feature: 'ClusterTrustBundleProjection', paths: ['volumes[].projected.sources[].clusterTrustBundle'] },
  { feature: 'PodCertificateRequest', paths: ['volumes[].projected.sources[].podCertificate'] },
  { feature: 'GenericWorkload', paths: ['workloadRef'] },
  { feature: 'ContainerStopSignals', paths: containers.map((list) => `${list}[].lifecycle?.stopSignal`) },
]

const ofClaimSpec: readonly Gate[] = [
  { feature: 'DRADeviceTaints', paths: ['devices.requests[].exactly.tolerations', 'devices.requests[].firstAvailable[].tolerations'] },
  { feature: 'DRAConsumableCapacity', paths: ['devices.constraints[].distinctAttribute', 'devices.requests[].exactly.capacity', 'devices.requests[].firstAvailable[].capacity'] },
]

const below = (root: string, gates: readonly Gate[]): Gate[] => gates.map((gate) => ({ ...gate, paths: gate.paths.map((path) => `${root}.${path}`) }))

const template = below('spec.template.spec', ofPodSpec)
const results = 'status.allocation.devices.results[]'

const table: Readonly<Record<string, readonly Gate[]>> = {
  pods: [
    ...below('spec', ofPodSpec),
    { feature: 'InPlacePodLevelResourcesVerticalScaling', paths: ['status.resources', 'status.allocatedResources'] },
    { feature: 'DRAExtendedResource', paths: ['status.extendedResourceClaimStatus'] },
    { feature: 'ResourceHealthStatus', paths: ['containerStatuses', 'initContainerStatuses', 'ephemeralContainerStatuses'].map((list) => `status.${list}[].allocatedResourcesStatus`), always: true },
  ],
  podtemplates: below('template.spec', ofPodSpec),
  replicationcontrollers: template,
  'replicasets.apps': template,
  'deployments.apps': template,
  'daemonsets.apps': template,
  'statefulsets.apps': [...template, { feature: 'MaxUnavailableStatefulSet', paths: ['spec.updateStrategy.rollingUpdate.maxUnavailable'] }],
  'jobs.batch': template,
  'cronjobs.batch': below('spec.jobTemplate.spec.template.spec', ofPodSpec),
  nodes: [{ feature: 'NodeDeclaredFeatures', paths: ['status.declaredFeatures'] }],
  'leases.coordination.k8s.io': ['strategy', 'preferredHolder'].map((field) => ({ feature: 'CoordinatedLeaderElection', paths: [`spec.${field}`] })),
  'deviceclasses.resource.k8s.io': [{ feature: 'DRAExtendedResource', paths: ['spec.extendedResourceName'] }],
  'resourceslices.resource.k8s.io': [
    { feature: 'DRADeviceTaints', paths: ['spec.devices[].taints'] },
    { feature: 'DRAPartitionableDevices', paths: ['spec.sharedCounters', 'spec.perDeviceNodeSelection', ...['consumesCounters', 'nodeName', 'nodeSelector', 'allNodes'].map((field) => `spec.devices[].${field}`)] },
    { feature: 'DRADeviceBindingConditions', paths: ['bindingConditions', 'bindingFailureConditions', 'bindsToNode'].map((field) => `spec.devices[].${field}`) },
    { feature: 'DRAConsumableCapacity', paths: ['spec.devices[].allowMultipleAllocations', 'spec.devices[].capacity{}.requestPolicy'] },
  ],
  'resourceclaims.resource.k8s.io': [
    ...below('spec', ofClaimSpec),
    { feature: 'DRADeviceBindingConditions', paths: [`${results}.bindingConditions`, `${results}.bindingFailureConditions`] },
    { feature: 'DRAConsumableCapacity', paths: [`${results}.shareID`, `${results}.consumedCapacity`, 'status.devices[].shareID'] },
  ],
  'resourceclaimtemplates.resource.k8s.io': below('spec.spec', ofClaimSpec),
}

interface Step {
  readonly key: string
  readonly each?: 'list' | 'map'
  readonly pruned?: true
}

interface Compiled {
  readonly paths: readonly (readonly Step[])[]
  readonly always: boolean
}

type Values = Record<string, unknown>

function stepOf(word: string): Step {
  const key = word.replace(/\[\]$|\{\}$|\?$/, '')
  return word.endsWith('[]') ? { key, each: 'list' } : word.endsWith('{}') ? { key, each: 'map' } : word.endsWith('?') ? { key, pruned: true } : { key }
}

const childrenOf = (value: unknown, each: Step['each']): readonly unknown[] =>
  value === undefined || value === null ? [] : each === 'list' ? value as unknown[] : each === 'map' ? Object.values(value) : [value]

/** A list without elements is no use of a field. */
const isSet = (value: unknown): boolean => value !== undefined && value !== null && !(Array.isArray(value) && value.length === 0)

function isUsed(object: Values, steps: readonly Step[], at = 0): boolean {
  const { key, each } = steps[at]!
  const value = object[key]
  if (at === steps.length - 1) return isSet(value)
  return childrenOf(value, each).some((child) => isUsed(child as Values, steps, at + 1))
}

function drop(object: Values, steps: readonly Step[], at = 0): void {
  const { key, each, pruned } = steps[at]!
  const value = object[key]
  if (value === undefined || value === null) return
  if (at === steps.length - 1) {
    delete object[key]
    return
  }
  const before = pruned && Object.keys(value).length
  for (const child of childrenOf(value, each)) drop(child as Values, steps, at + 1)
  if (before && Object.keys(value).length === 0) delete object[key]
}

export interface GatedFields {
  /** Of a new object, its status included. */
  create(draft: AnyObject): void
  /** All but the status. */
  update(draft: AnyObject, old: AnyObject): void
  updateStatus(draft: AnyObject, old: AnyObject): void
}

/** undefined for kinds without such fields. */
export function gatedFields(group: string, plural: string): GatedFields | undefined {
  const gates = table[group === '' ? plural : `${plural}.${group}`]
  if (!gates) return undefined
  const compiled = gates.map(({ paths, always = false }): Compiled => ({ paths: paths.map((path) => path.split('.').map(stepOf)), always }))
  const isStatus = ({ paths }: Compiled): boolean => paths[0]?.[0]?.key === 'status'
  const [status, rest] = [compiled.filter(isStatus), compiled.filter((gate) => !isStatus(gate))]
  const apply = (some: readonly Compiled[], draft: AnyObject, old?: AnyObject): void => {
    for (const { paths, always } of some) {
      if (old && !always && paths.some((steps) => isUsed(old as unknown as Values, steps))) continue
      for (const steps of paths) drop(draft as unknown as Values, steps)
    }
  }
  return {
    create: (draft) => apply(compiled, draft),
    update: (draft, old) => apply(rest, draft, old),
    updateStatus: (draft, old) => apply(status, draft, old),
  }
}
