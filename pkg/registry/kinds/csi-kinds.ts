// What CSI drivers say of themselves: CSIDriver, CSINode, CSIStorageCapacity.
import { dnsSubdomainFaults } from '../../api/names.ts'
import type { KubeObject } from '../../api/object.ts'
import type { LabelSelector } from '../../api/types-common.ts'
import type { Definition } from '../definition.ts'
import { ageColumn, integer, nameColumn, none, text, unset } from './columns.ts'
import { define, named } from './define.ts'
import { deprecatedLabelText } from './deprecated-labels.ts'
import type { Errors } from './rules.ts'
import {
  addFaults, checkImmutable, checkLabelSelector, checkNonNegative, checkQuantity, checkResourceName, duplicate, invalid, notSupported, repeats, required, same,
} from './rules.ts'
import { checkCsiDriver } from './volume-disks.ts'

interface TokenRequest {
  audience?: string
  expirationSeconds?: number
}

interface CsiDriver extends KubeObject {
  spec: {
    attachRequired?: boolean
    podInfoOnMount?: boolean
    volumeLifecycleModes?: string[]
    storageCapacity?: boolean
    fsGroupPolicy?: string
    tokenRequests?: TokenRequest[]
    requiresRepublish?: boolean
    seLinuxMount?: boolean
    nodeAllocatableUpdatePeriodSeconds?: number
    serviceAccountTokenInSecrets?: boolean
  }
}

const groupPolicies = ['File', 'None', 'ReadWriteOnceWithFSType']
const lifecycleModes = ['Persistent', 'Ephemeral']

function checkTokenRequests(out: Errors, requests: readonly TokenRequest[]): void {
  const audiences = new Set<string>()
  for (const [index, { audience = '', expirationSeconds: seconds }] of requests.entries()) {
    const path = `spec.tokenRequests[${index}]`
    if (audiences.has(audience)) {
      out.push(duplicate(`${path}.audience`, audience))
      continue
    }
    audiences.add(audience)
    if (seconds !== undefined && seconds < 600) out.push(invalid(`${path}.expirationSeconds`, seconds, 'may not specify a duration less than 10 minutes'))
    if (seconds !== undefined && seconds > 2 ** 32) out.push(invalid(`${path}.expirationSeconds`, seconds, 'may not specify a duration larger than 2^32 seconds'))
  }
}

const drivers = define(named<CsiDriver>('storage.k8s.io/v1', 'csidrivers'), {
  generation: false,
  requireVersionOnUpdate: true,
  defaults(draft) {
    const spec = (draft.spec ??= {})
    spec.attachRequired ??= true
    spec.podInfoOnMount ??= false
    spec.storageCapacity ??= false
    spec.fsGroupPolicy ??= 'ReadWriteOnceWithFSType'
    if (!spec.volumeLifecycleModes?.length) spec.volumeLifecycleModes = ['Persistent']
    spec.requiresRepublish ??= false
    spec.seLinuxMount ??= false
  },
  // The first generation is counted when the driver changes, not when it is made.
  prepareUpdate(draft, old) {
    if (!same(draft.spec, old.spec)) draft.metadata.generation = (old.metadata.generation ?? 0) + 1
  },
  validate({ spec }, old) {
    const out: Errors = []
    const { fsGroupPolicy, tokenRequests = [], volumeLifecycleModes = [], nodeAllocatableUpdatePeriodSeconds: period, serviceAccountTokenInSecrets: inSecrets } = spec
    if (fsGroupPolicy !== undefined && !groupPolicies.includes(fsGroupPolicy)) out.push(notSupported('spec.fsGroupPolicy', fsGroupPolicy, groupPolicies))
    checkTokenRequests(out, tokenRequests)
    for (const mode of volumeLifecycleModes) if (!lifecycleModes.includes(mode)) out.push(notSupported('spec.volumeLifecycleModes', mode, lifecycleModes))
    if (period !== undefined && period < 10) out.push(invalid('spec.nodeAllocatableUpdatePeriodSeconds', period, 'must be greater than or equal to 10 seconds'))
    if (inSecrets !== undefined && tokenRequests.length === 0) out.push(invalid('spec.serviceAccountTokenInSecrets', inSecrets, 'serviceAccountTokenInSecrets is set but no tokenRequests are specified'))
    if (old) {
      // The path is Kubernetes' own slip.
      checkImmutable(out, 'spec.attachedRequired', spec.attachRequired, old.spec.attachRequired)
      checkImmutable(out, 'spec.volumeLifecycleModes', volumeLifecycleModes, old.spec.volumeLifecycleModes)
    }
    return out
  },
  warnings({ spec: { tokenRequests = [], serviceAccountTokenInSecrets } }, old) {
    if (tokenRequests.length === 0 || serviceAccountTokenInSecrets !== undefined || (old && same(tokenRequests, old.spec.tokenRequests))) return []
    return ['spec.serviceAccountTokenInSecrets is unset; if supported by this CSI driver, set to true to prevent possible logging of tokens in volume attributes']
  },
  columns: [
    nameColumn,
    { name: 'AttachRequired', type: 'boolean', description: 'Whether volumes are attached to nodes first.', value: ({ spec }) => spec.attachRequired ?? true },
    { name: 'PodInfoOnMount', type: 'boolean', description: 'Whether the driver is told of the pod.', value: ({ spec }) => spec.podInfoOnMount ?? false },
    { name: 'StorageCapacity', type: 'boolean', description: 'Whether the driver reports free capacity.', value: ({ spec }) => spec.storageCapacity ?? false },
    text('TokenRequests', 'Audiences of the tokens that the driver is given.', ({ spec }) => (spec.tokenRequests?.length ? spec.tokenRequests.map(({ audience = '' }) => audience).join(',') : unset)),
    { name: 'RequiresRepublish', type: 'boolean', description: 'Whether volumes are published again and again.', value: ({ spec }) => spec.requiresRepublish ?? false },
    text('Modes', 'Sorts of volumes that the driver offers.', ({ spec }) => (spec.volumeLifecycleModes?.length ? spec.volumeLifecycleModes.join(',') : none)),
    ageColumn,
  ],
})

interface NodeDriver {
  name?: string
  nodeID?: string
  topologyKeys?: string[]
  allocatable?: { count?: number }
}

interface CsiNode extends KubeObject {
  spec: { drivers?: NodeDriver[] }
}

const longestNodeId = 256

function checkNodeDrivers(list: readonly NodeDriver[]): Errors {
  const out: Errors = []
  const names = new Set<string>()
  for (const [index, { name = '', nodeID = '', topologyKeys = [], allocatable }] of list.entries()) {
    const path = `spec.drivers[${index}]`
    checkCsiDriver(out, `${path}.name`, name)
    if (nodeID === '') out.push(required(`${path}.nodeID`))
    if (Buffer.byteLength(nodeID) > longestNodeId) out.push(invalid(`${path}.nodeID`, nodeID, `must be ${longestNodeId} characters or less`))
    checkNonNegative(out, `${path}.allocatable.count`, allocatable?.count)
    if (names.has(name)) out.push(duplicate(`${path}.name`, name))
    names.add(name)
    const again = new Set(repeats(topologyKeys))
    for (const [position, key] of topologyKeys.entries()) {
      if (key === '') out.push(required(path))
      if (again.has(position)) out.push(duplicate(path, key))
      checkResourceName(out, path, key)
    }
  }
  return out
}

const driverShown = ({ name = '', nodeID = '', topologyKeys }: NodeDriver): unknown => ({ Name: name, NodeID: nodeID, TopologyKeys: topologyKeys ?? null, Allocatable: null })

/** Only how much a driver can attach may change of what it says. */
function changedDrivers(list: readonly NodeDriver[], old: readonly NodeDriver[]): NodeDriver[] {
  return old.flatMap((before) => list.filter(({ name, nodeID, topologyKeys }) => name === before.name && !(nodeID === before.nodeID && same(topologyKeys, before.topologyKeys))))
}

const nodes = define(named<CsiNode>('storage.k8s.io/v1', 'csinodes'), {
  generation: false,
  requireVersionOnUpdate: true,
  defaults(draft) {
    draft.spec ??= {}
    draft.spec.drivers ??= []
  },
  validate({ spec: { drivers: list = [] } }, old) {
    const faults = checkNodeDrivers(list)
    if (!old) return faults
    // An update is checked twice, as Kubernetes does.
    return [...faults, ...faults, ...changedDrivers(list, old.spec.drivers ?? []).map((driver) => invalid('spec.drivers', driverShown(driver), 'field is immutable'))]
  },
  columns: [nameColumn, integer('Drivers', 'Number of drivers on the node.', ({ spec }) => (spec.drivers ?? []).length), ageColumn],
})

interface Capacity extends KubeObject {
  storageClassName?: string
  capacity?: string
  maximumVolumeSize?: string
  nodeTopology?: LabelSelector
}

const capacities = define(named<Capacity>('storage.k8s.io/v1', 'csistoragecapacities'), {
  generation: false,
  requireVersionOnUpdate: true,
  validate({ nodeTopology, storageClassName = '', capacity }, old) {
    const out: Errors = []
    checkLabelSelector(out, 'nodeTopology', nodeTopology)
    addFaults(out, 'storageClassName', storageClassName, dnsSubdomainFaults(storageClassName))
    if (capacity !== undefined) checkQuantity(out, 'capacity', capacity)
    if (old && !same(nodeTopology, old.nodeTopology)) out.push(invalid('nodeTopology', nodeTopology ?? null, 'field is immutable'))
    if (old) checkImmutable(out, 'storageClassName', storageClassName, old.storageClassName)
    return out
  },
  warnings({ nodeTopology }) {
    const told = (path: string, key: string, name: string): string[] => {
      const fault = deprecatedLabelText(key)
      return fault ? [`nodeTopology.${path}: ${name}${fault}`] : []
    }
    return [
      ...(nodeTopology?.matchExpressions ?? []).flatMap(({ key = '' }, index) => told(`matchExpressions[${index}].key`, key, `${key} is `)),
      ...Object.keys(nodeTopology?.matchLabels ?? {}).flatMap((key) => told(`matchLabels.${key}`, key, '')),
    ]
  },
  columns: [
    nameColumn,
    text('StorageClassName', 'Class that the capacity is of.', ({ storageClassName = '' }) => storageClassName),
    text('Capacity', 'How much is free.', ({ capacity }) => capacity ?? unset),
  ],
})

const all: readonly Definition[] = [drivers, nodes, capacities]
export default all
