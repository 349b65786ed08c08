// The kinds of storage.k8s.io: classes, attachments and what CSI drivers say of themselves.
import type { KubeObject } from '../../api/object.ts'
import { storageClasses } from '../../api/types-config.ts'
import type { StorageClass } from '../../api/types-config.ts'
import type { Definition } from '../definition.ts'
import { ageColumn, integer, nameColumn, none, text, unset } from './columns.ts'
import { define, named } from './define.ts'
import type { Errors } from './rules.ts'
import { checkDnsSubdomain, checkImmutable, checkOneOf, checkQuantity, forbiddenField, required, same } from './rules.ts'

const defaultClass = 'storageclass.kubernetes.io/is-default-class'

const classes = define(storageClasses, {
  generation: false,
  defaults(draft) {
    draft.reclaimPolicy ??= 'Delete'
    draft.volumeBindingMode ??= 'Immediate'
  },
  validate(object: StorageClass, old?: StorageClass) {
    const out: Errors = []
    if (!object.provisioner) out.push(required('provisioner'))
    checkOneOf(out, 'reclaimPolicy', object.reclaimPolicy, ['Delete', 'Retain'])
    checkOneOf(out, 'volumeBindingMode', object.volumeBindingMode, ['Immediate', 'WaitForFirstConsumer'])
    for (const key of Object.keys(object.parameters ?? {})) if (key === '') out.push(required('parameters', 'field can not be empty.'))
    if (!old) return out
    if (!same(object.parameters, old.parameters)) out.push(forbiddenField('parameters', 'updates to parameters are forbidden.'))
    if (object.provisioner !== old.provisioner) out.push(forbiddenField('provisioner', 'updates to provisioner are forbidden.'))
    if (object.reclaimPolicy !== old.reclaimPolicy) out.push(forbiddenField('reclaimPolicy', 'updates to reclaimPolicy are forbidden.'))
    checkImmutable(out, 'volumeBindingMode', object.volumeBindingMode, old.volumeBindingMode)
    return out
  },
  columns: [
    // The class that claims without one get is marked in its name.
    { ...nameColumn, value: ({ metadata }) => `${metadata.name ?? ''}${metadata.annotations?.[defaultClass] === 'true' ? ' (default)' : ''}` },
    text('Provisioner', 'Who makes volumes of the class.', ({ provisioner = '' }) => provisioner),
    text('ReclaimPolicy', 'What happens to a volume when its claim is gone.', ({ reclaimPolicy = '' }) => reclaimPolicy),
    text('VolumeBindingMode', 'When claims are bound: at once or with their first pod.', ({ volumeBindingMode = '' }) => volumeBindingMode),
    { name: 'AllowVolumeExpansion', type: 'string', description: 'Whether volumes may grow.', value: ({ allowVolumeExpansion }) => allowVolumeExpansion ?? false },
    ageColumn,
  ],
})

interface AttributesClass extends KubeObject {
  driverName?: string
  parameters?: Record<string, string>
}

const attributesClasses = define(named<AttributesClass>('storage.k8s.io/v1', 'volumeattributesclasses'), {
  generation: false,
  validate(object, old) {
    const out: Errors = []
    if (!object.driverName) out.push(required('driverName'))
    else checkDnsSubdomain(out, 'driverName', object.driverName.toLowerCase())
    if (old && object.driverName !== old.driverName) out.push(forbiddenField('driverName', 'updates to driverName are forbidden.'))
    if (old && !same(object.parameters, old.parameters)) out.push(forbiddenField('parameters', 'updates to parameters are forbidden.'))
    return out
  },
  columns: [nameColumn, text('DriverName', 'CSI driver of the class.', ({ driverName = '' }) => driverName), ageColumn],
})

interface Attachment extends KubeObject {
  spec: { attacher?: string; nodeName?: string; source?: { persistentVolumeName?: string; inlineVolumeSpec?: unknown } }
  status?: { attached?: boolean }
}

const attachments = define(named<Attachment>('storage.k8s.io/v1', 'volumeattachments'), {
  generation: false,
  requireVersionOnUpdate: true,
  initialStatus: () => ({ attached: false }),
  defaults(draft) {
    draft.spec ??= {}
  },
  validate({ spec }, old) {
    const out: Errors = []
    if (!spec.attacher) out.push(required('spec.attacher'))
    if (!spec.nodeName) out.push(required('spec.nodeName'))
    if (!spec.source?.persistentVolumeName && !spec.source?.inlineVolumeSpec) out.push(required('spec.source', 'must specify exactly one of inlineVolumeSpec and persistentVolumeName'))
    if (old) checkImmutable(out, 'spec', spec, old.spec)
    return out
  },
  columns: [
    nameColumn,
    text('Attacher', 'Driver that attaches.', ({ spec }) => spec.attacher ?? ''),
    text('PV', 'Volume that is attached.', ({ spec }) => spec.source?.persistentVolumeName ?? ''),
    text('Node', 'Node that it is attached to.', ({ spec }) => spec.nodeName ?? ''),
    { name: 'Attached', type: 'boolean', description: 'Whether it is attached now.', value: ({ status }) => status?.attached ?? false },
    ageColumn,
  ],
})

interface CsiDriver extends KubeObject {
  spec: {
    attachRequired?: boolean
    podInfoOnMount?: boolean
    volumeLifecycleModes?: string[]
    storageCapacity?: boolean
    fsGroupPolicy?: string
    tokenRequests?: { audience?: string }[]
    requiresRepublish?: boolean
    seLinuxMount?: boolean
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
  validate({ spec }, old) {
    const out: Errors = []
    for (const [index, mode] of (spec.volumeLifecycleModes ?? []).entries()) checkOneOf(out, `spec.volumeLifecycleModes[${index}]`, mode, ['Ephemeral', 'Persistent'])
    checkOneOf(out, 'spec.fsGroupPolicy', spec.fsGroupPolicy, ['File', 'None', 'ReadWriteOnceWithFSType'])
    if (old) {
      checkImmutable(out, 'spec.attachRequired', spec.attachRequired, old.spec.attachRequired)
      checkImmutable(out, 'spec.volumeLifecycleModes', spec.volumeLifecycleModes, old.spec.volumeLifecycleModes)
    }
    return out
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

interface CsiNode extends KubeObject {
  spec: { drivers?: { name?: string; nodeID?: string }[] }
}

const nodes = define(named<CsiNode>('storage.k8s.io/v1', 'csinodes'), {
  generation: false,
  requireVersionOnUpdate: true,
  defaults(draft) {
    draft.spec ??= {}
    draft.spec.drivers ??= []
  },
  validate({ spec }) {
    const out: Errors = []
    for (const [index, { name, nodeID }] of (spec.drivers ?? []).entries()) {
      if (!name) out.push(required(`spec.drivers[${index}].name`))
      if (!nodeID) out.push(required(`spec.drivers[${index}].nodeID`))
    }
    return out
  },
  columns: [nameColumn, integer('Drivers', 'Number of drivers on the node.', ({ spec }) => (spec.drivers ?? []).length), ageColumn],
})

interface Capacity extends KubeObject {
  storageClassName?: string
  capacity?: string
  maximumVolumeSize?: string
  nodeTopology?: unknown
}

const capacities = define(named<Capacity>('storage.k8s.io/v1', 'csistoragecapacities'), {
  generation: false,
  requireVersionOnUpdate: true,
  validate(object, old) {
    const out: Errors = []
    if (!object.storageClassName) out.push(required('storageClassName'))
    if (object.capacity !== undefined) checkQuantity(out, 'capacity', object.capacity)
    if (object.maximumVolumeSize !== undefined) checkQuantity(out, 'maximumVolumeSize', object.maximumVolumeSize)
    if (old) {
      checkImmutable(out, 'nodeTopology', object.nodeTopology, old.nodeTopology)
      checkImmutable(out, 'storageClassName', object.storageClassName, old.storageClassName)
    }
    return out
  },
  columns: [
    nameColumn,
    text('StorageClassName', 'Class that the capacity is of.', ({ storageClassName = '' }) => storageClassName),
    text('Capacity', 'How much is free.', ({ capacity }) => capacity ?? unset),
  ],
})

const all: readonly Definition[] = [drivers, nodes, capacities, classes, attachments, attributesClasses]
export default all
