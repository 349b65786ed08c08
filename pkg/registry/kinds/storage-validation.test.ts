// What storage kinds refuse and warn of: a valid object, changes to it, and what is said of each.
import type { PersistentVolume } from '../../api/types-volume.ts'
import { asking, fixture } from '../fixture.suite.ts'
import type { Json } from './kind.suite.ts'
import { changed, created, creates, definitionOf, definitions, faults, statuses, updates, warnings } from './kind.suite.ts'

const subdomain = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
const namePart = "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
const meta = { name: 'x' }

const storageClass = { metadata: meta, provisioner: 'a.b/c', parameters: { a: 'b' } }
const topology = (...terms: Json[][]): Json => ({ allowedTopologies: terms.map((matchLabelExpressions) => ({ matchLabelExpressions })) })

creates('storageclasses.storage.k8s.io/v1', storageClass, [
  ['capitals', { provisioner: 'A.B/C' }, []],
  ['no provisioner', { provisioner: null }, ['provisioner: Required value']],
  ['provisioner', { provisioner: 'A b' }, [`provisioner: Invalid value: "a b": ${namePart}`]],
  ['parameters', { parameters: { '': 'a' } }, ['parameters: Invalid value: "": field can not be empty.']],
  ['many parameters', { parameters: Object.fromEntries(Array.from({ length: 512 }, (_, index) => [`p${index}`, ''])) }, ['parameters: Too long: may not be more than 512 bytes']],
  ['long parameters', { parameters: { a: 'b'.repeat(256 * 1024) } }, ['parameters: Too long: may not be more than 262144 bytes']],
  ['policies', { reclaimPolicy: 'Recycle', volumeBindingMode: 'Later' }, [
    'reclaimPolicy: Unsupported value: "Recycle": supported values: "Delete", "Retain"', 'volumeBindingMode: Unsupported value: "Later": supported values: "Immediate", "WaitForFirstConsumer"',
  ]],
  ['topologies', topology([{ key: 'a', values: ['1', '2'] }], [{ key: 'a', values: ['2', '1'] }], [{ key: 'b', values: ['1', '1'] }, { key: 'b', values: [] }]), [
    'allowedTopologies[1].matchLabelExpressions: Duplicate value: ""', 'allowedTopologies[2].matchLabelExpressions[0].values[1]: Duplicate value: "1"',
    'allowedTopologies[2].matchLabelExpressions[1].values: Required value', 'allowedTopologies[2].matchLabelExpressions[1].key: Duplicate value: "b"',
  ]],
  ['no topology', topology([]), ['allowedTopologies[0].matchLabelExpressions: Duplicate value: ""']],
])

updates('storageclasses.storage.k8s.io/v1', storageClass, [
  ['all', { parameters: { a: 'c' }, provisioner: 'd', reclaimPolicy: 'Retain', volumeBindingMode: 'WaitForFirstConsumer', allowVolumeExpansion: true }, [
    'parameters: Forbidden: updates to parameters are forbidden.', 'provisioner: Forbidden: updates to provisioner are forbidden.', 'reclaimPolicy: Forbidden: updates to reclaimPolicy are forbidden.',
    'volumeBindingMode: Invalid value: "WaitForFirstConsumer": field is immutable',
  ]],
])

const attributesClass = { metadata: meta, driverName: 'a.b', parameters: { a: 'b' } }

creates('volumeattributesclasses.storage.k8s.io/v1', attributesClass, [['nothing', { driverName: null, parameters: null }, ['driverName: Required value', 'parameters: Required value: must contain at least one key/value pair']]])
updates('volumeattributesclasses.storage.k8s.io/v1', attributesClass, [['all', { driverName: null, parameters: { a: 'c' } }, [
  'driverName: Forbidden: updates to driverName are forbidden.', 'parameters: Forbidden: updates to parameters are forbidden.', 'driverName: Required value',
]]])

const driver = { metadata: { name: 'a.b' }, spec: {} }

creates('csidrivers.storage.k8s.io/v1', driver, [
  ['policies', { spec: { fsGroupPolicy: 'All', volumeLifecycleModes: ['Persistent', 'Long'], nodeAllocatableUpdatePeriodSeconds: 9, serviceAccountTokenInSecrets: true } }, [
    'spec.fsGroupPolicy: Unsupported value: "All": supported values: "File", "None", "ReadWriteOnceWithFSType"', 'spec.volumeLifecycleModes: Unsupported value: "Long": supported values: "Persistent", "Ephemeral"',
    'spec.nodeAllocatableUpdatePeriodSeconds: Invalid value: 9: must be greater than or equal to 10 seconds',
    'spec.serviceAccountTokenInSecrets: Invalid value: true: serviceAccountTokenInSecrets is set but no tokenRequests are specified',
  ]],
  ['tokens', { spec: { tokenRequests: [{ audience: '' }, { audience: 'a', expirationSeconds: 599 }, { audience: 'a', expirationSeconds: 1 }, { audience: 'b', expirationSeconds: 4294967297 }] } }, [
    'spec.tokenRequests[1].expirationSeconds: Invalid value: 599: may not specify a duration less than 10 minutes', 'spec.tokenRequests[2].audience: Duplicate value: "a"',
    'spec.tokenRequests[3].expirationSeconds: Invalid value: 4294967297: may not specify a duration larger than 2^32 seconds',
  ]],
])

updates('csidrivers.storage.k8s.io/v1', driver, [['what volumes are like', { spec: { attachRequired: false, volumeLifecycleModes: ['Ephemeral'], podInfoOnMount: true } }, [
  'spec.attachedRequired: Invalid value: false: field is immutable', 'spec.volumeLifecycleModes: Invalid value: ["Ephemeral"]: field is immutable',
]]])

const node = { metadata: meta, spec: { drivers: [{ name: 'a.b', nodeID: 'n', topologyKeys: ['a/b'] }] } }

creates('csinodes.storage.k8s.io/v1', node, [
  ['drivers', { spec: { drivers: [{ name: '', topologyKeys: ['a', 'a', ''], allocatable: { count: -1 } }, { name: 'A_b', nodeID: 'n'.repeat(257) }, { name: '', nodeID: 'n' }] } }, [
    'spec.drivers[0].name: Required value', 'spec.drivers[0].nodeID: Required value', 'spec.drivers[0].allocatable.count: Invalid value: -1: must be greater than or equal to 0',
    'spec.drivers[0]: Duplicate value: "a"', 'spec.drivers[0]: Required value', 'spec.drivers[0]: Invalid value: "": name part must be non-empty', `spec.drivers[0]: Invalid value: "": ${namePart}`,
    `spec.drivers[1].name: Invalid value: "A_b": ${subdomain}`, `spec.drivers[1].nodeID: Invalid value: "${'n'.repeat(257)}": must be 256 characters or less`,
    'spec.drivers[2].name: Required value', 'spec.drivers[2].name: Duplicate value: ""',
  ]],
])

updates('csinodes.storage.k8s.io/v1', node, [
  ['how much it can attach', { spec: { drivers: [{ name: 'a.b', nodeID: 'n', topologyKeys: ['a/b'], allocatable: { count: 3 } }] } }, []],
  ['another driver', { spec: { drivers: [{ name: 'c.d', nodeID: 'm' }] } }, []],
  ['what it is', { spec: { drivers: [{ name: 'a.b', nodeID: 'm', allocatable: { count: 3 } }] } }, ['spec.drivers: Invalid value: {"Name":"a.b","NodeID":"m","TopologyKeys":null,"Allocatable":null}: field is immutable']],
])

const capacity = { metadata: { ...meta, namespace: 'n' }, storageClassName: 'c', capacity: '1Gi' }

creates('csistoragecapacities.storage.k8s.io/v1', capacity, [['all', { storageClassName: '', capacity: '-1', nodeTopology: { matchExpressions: [{ key: 'a', operator: 'In' }] } }, [
  "nodeTopology.matchExpressions[0].values: Required value: must be specified when `operator` is 'In' or 'NotIn'", `storageClassName: Invalid value: "": ${subdomain}`, 'capacity: Invalid value: "-1": must be greater than or equal to 0',
]]])
updates('csistoragecapacities.storage.k8s.io/v1', capacity, [['what it is of', { storageClassName: 'd', nodeTopology: { matchLabels: { a: 'b' } } }, [
  'nodeTopology: Invalid value: {"matchLabels":{"a":"b"}}: field is immutable', 'storageClassName: Invalid value: "d": field is immutable',
]]])

const attachment = { metadata: meta, spec: { attacher: 'a.b', nodeName: 'n', source: { persistentVolumeName: 'v' } } }

creates('volumeattachments.storage.k8s.io/v1', attachment, [
  ['nothing', { spec: { attacher: null, nodeName: null, source: null } }, [
    'spec.attacher: Required value', 'spec.source: Required value: must specify exactly one of inlineVolumeSpec and persistentVolumeName', `spec.nodeName: Invalid value: "": ${subdomain}`, 'spec.attacher: Required value',
  ]],
  ['two sources', { spec: { source: { inlineVolumeSpec: {} } } }, ['spec.source: Forbidden: must specify exactly one of inlineVolumeSpec and persistentVolumeName']],
  ['volume', { spec: { source: { persistentVolumeName: 'A' } } }, [`spec.source.persistentVolumeName: Invalid value: "A": ${subdomain}`]],
  ['inline', { spec: { source: { persistentVolumeName: null, inlineVolumeSpec: { accessModes: ['ReadWriteOnce'], csi: { driver: 'a.b', volumeHandle: 'h' } } } } }, []],
  ['inline with all', { spec: { source: { persistentVolumeName: null, inlineVolumeSpec: {
    hostPath: { path: '/a' }, capacity: { storage: '1' }, claimRef: {}, persistentVolumeReclaimPolicy: 'Delete', nodeAffinity: {}, storageClassName: 'c', volumeMode: 'Block',
  } } } }, [
    ...['claimRef', 'capacity'].map((field) => `spec.source.inlineVolumeSpec.${field}: Forbidden: may not be specified in the context of inline volumes`),
    'spec.source.inlineVolumeSpec.csi: Required value: has to be specified in the context of inline volumes', 'spec.source.inlineVolumeSpec.accessModes: Required value',
    'spec.source.inlineVolumeSpec.persistentVolumeReclaimPolicy: Forbidden: may only be Retain in the context of inline volumes',
    ...['nodeAffinity', 'storageClassName'].map((field) => `spec.source.inlineVolumeSpec.${field}: Forbidden: may not be specified in the context of inline volumes`),
    'spec.source.inlineVolumeSpec.volumeMode: Forbidden: may not specify volumeMode other than Filesystem in the context of inline volumes',
  ]],
])

updates('volumeattachments.storage.k8s.io/v1', attachment, [['another node', { spec: { nodeName: 'm' } }, [
  'spec: Invalid value: {"Attacher":"a.b","Source":{"PersistentVolumeName":"v","InlineVolumeSpec":null},"NodeName":"m"}: field is immutable',
]]])

statuses('volumeattachments.storage.k8s.io/v1', attachment, [
  ['good', { status: { attached: true, attachmentMetadata: { a: 'b' } } }, []],
  ['bad', { status: { attachmentMetadata: { a: 'b'.repeat(256 * 1024) }, attachError: { message: 'a'.repeat(1025), errorCode: -1 } } }, [
    'status.attachmentMetadata: Too long: may not be more than 262144 bytes', 'status.attachError.message: Too long: may not be more than 262144 bytes',
    'status.attachError.errorCode: Invalid value: -1: must be between 0 and 2147483647, inclusive',
  ]],
])

const volume = { metadata: meta, spec: { accessModes: ['ReadWriteOnce'], capacity: { storage: '1Gi' }, hostPath: { path: '/a' } } }
const bare = { spec: { hostPath: null } }

creates('persistentvolumes.v1', volume, [
  ['nothing', { spec: { accessModes: null, capacity: null, hostPath: null } }, [
    'spec.accessModes: Required value', 'spec.capacity: Required value', 'spec.capacity: Unsupported value: null: supported values: "storage"', 'spec: Required value: must specify a volume type',
  ]],
  ['modes', { spec: { accessModes: ['ReadWriteOncePod', 'x', 'ReadOnlyMany'] } }, [
    'spec.accessModes: Unsupported value: "x": supported values: "ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"', 'spec.accessModes: Forbidden: may not use ReadWriteOncePod with other access modes',
  ]],
  ['capacity', { spec: { capacity: { storage: '-1', cpu: '1' } } }, [
    'spec.capacity: Unsupported value: {"cpu":"1","storage":"-1"}: supported values: "storage"', 'spec.capacity[storage]: Invalid value: -1: must be a valid resource quantity',
    'spec.capacity[storage]: Invalid value: "-1": must be greater than zero',
  ]],
  ['order', { spec: { persistentVolumeReclaimPolicy: 'x', nodeAffinity: {}, storageClassName: 'A', volumeMode: 'y', volumeAttributesClassName: '' } }, [
    'spec.persistentVolumeReclaimPolicy: Unsupported value: "x": supported values: "Delete", "Recycle", "Retain"', 'spec.nodeAffinity.required: Required value: must specify required node constraints',
    `spec.storageClassName: Invalid value: "A": ${subdomain}`, 'spec.volumeMode: Unsupported value: "y": supported values: "Block", "Filesystem"',
    'spec.volumeAttributesClassName: Required value: an empty string is disallowed', 'spec.csi: Required value: has to be specified when using volumeAttributesClassName',
  ]],
  ['two sources', { spec: { nfs: { server: 'a', path: '/' }, cephfs: {} } }, ['spec.nfs: Forbidden: may not specify more than 1 volume type', 'spec.cephFS: Forbidden: may not specify more than 1 volume type']],
  ['a disk', changed(bare, { spec: { gcePersistentDisk: { pdName: '', partition: 256 } } }), ['spec.persistentDisk.pdName: Required value', 'spec.persistentDisk.partition: Invalid value: 256: must be between 1 and 255, inclusive']],
  ['recycled root', { spec: { persistentVolumeReclaimPolicy: 'Recycle', hostPath: { path: '/./' } } }, ["spec.persistentVolumeReclaimPolicy: Forbidden: may not be 'recycle' for a hostPath mount of '/'"]],
  ['iscsi', { metadata: { name: 'v'.repeat(60) }, spec: { hostPath: null, iscsi: { targetPortal: '10.0.0.1', iqn: 'x', lun: 0, initiatorName: 'iqn.2001-01.a:b' } } }, [
    'spec.iscsi.targetportal: Invalid value: "10.0.0.1": Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified.', 'spec.iscsi.iqn: Invalid value: "x": must be valid format',
  ]],
  ['mount options', { metadata: { annotations: { 'volume.beta.kubernetes.io/mount-options': 'ro' } } }, ['metadata.annotations.volume.beta.kubernetes.io/mount-options: Forbidden: may not specify mount options for this volume type']],
])

const where = (key: string): Json => ({ spec: { nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [{ key, operator: 'In', values: ['a'] }] }] } } } })

updates('persistentvolumes.v1', changed(volume, where('failure-domain.beta.kubernetes.io/zone')), [
  ['the label\'s newer name', where('topology.kubernetes.io/zone'), []],
  ['another label', where('zone'), [
    'nodeAffinity: Invalid value: {"Required":{"NodeSelectorTerms":[{"MatchExpressions":[{"Key":"zone","Operator":"In","Values":["a"]}],"MatchFields":null}]}}: field is immutable, except for updating from beta label to GA',
  ]],
  ['everything is told twice', { spec: { accessModes: null } }, ['spec.accessModes: Required value', 'spec.accessModes: Required value']],
  ['another path', { spec: { hostPath: { path: '/b' } } }, [[
    'spec.persistentvolumesource: Forbidden: spec.persistentvolumesource is immutable after creation', '@@ -2,7 +2,7 @@', '  "GCEPersistentDisk": null,', '  "AWSElasticBlockStore": null,', '  "HostPath": {',
    '-  "Path": "/a",', '+  "Path": "/b",', '   "Type": ""', '  },', '  "Glusterfs": null,', '',
  ].join('\n')]],
])

const claim = { metadata: { ...meta, namespace: 'n' }, spec: { accessModes: ['ReadWriteOnce'], storageClassName: 'c', resources: { requests: { storage: '2Gi' } } } }

creates('persistentvolumeclaims.v1', claim, [
  ['nothing', { spec: { accessModes: null, resources: null } }, ['spec.accessModes: Required value: at least 1 access mode is required', 'spec.resources[storage]: Required value']],
  ['data that is no claim', { spec: { dataSource: { kind: 'Pod', name: 'a' } } }, []],
  ['data in another namespace', { spec: { dataSourceRef: { kind: 'PersistentVolumeClaim', name: 'a', namespace: 'b' } } }, []],
  ['data', { spec: { dataSourceRef: { apiGroup: 'A', kind: '', name: '' } } }, ['dataSource', 'dataSourceRef'].flatMap((field) => [
    `spec.${field}.name: Required value`, `spec.${field}.kind: Required value`, `spec.${field}.apiGroup: Invalid value: "A": ${subdomain}`,
  ])],
])

const bound = { ...created('persistentvolumeclaims.v1', claim), status: { phase: 'Bound', capacity: { storage: '1Gi' }, currentVolumeAttributesClassName: 'a' } } as Json

describe('claims: update', () => {
  it.each<[string, Json, string[]]>([
    ['grows', { spec: { resources: { requests: { storage: '3Gi' } } } }, []],
    ['shrinks too far', { spec: { resources: { requests: { storage: '1Gi' } } } }, ['spec.resources.requests.storage: Forbidden: field can not be less than status.capacity']],
    ['loses its attributes', { spec: { volumeAttributesClassName: '' } }, ['spec.volumeAttributesClassName: Forbidden: update to empty string is forbidden when status.currentVolumeAttributesClassName is not nil']],
    ['class', { metadata: { annotations: { 'volume.beta.kubernetes.io/storage-class': 'd' } }, spec: { storageClassName: 'd', volumeMode: 'Block' } }, [
      'metadata.annotations.volume.beta.kubernetes.io/storage-class: Invalid value: "d": field is immutable', [
        'spec: Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims', '@@ -10,8 +10,8 @@', '   }', '  },', '  "VolumeName": "",',
        '- "StorageClassName": "c",', '- "VolumeMode": "Filesystem",', '+ "StorageClassName": "d",', '+ "VolumeMode": "Block",', '  "DataSource": null,', '  "DataSourceRef": null,', '  "VolumeAttributesClassName": null', '',
      ].join('\n'), 'volumeMode: Invalid value: "Block": field is immutable',
    ]],
  ])('%s', (_, change, expected) => expect(faults('persistentvolumeclaims.v1', changed(bound, change), bound)).toEqual(expected))

  it('gets a class and a volume once', () => {
    const old = created('persistentvolumeclaims.v1', changed(claim, { spec: { storageClassName: null } }))
    expect(faults('persistentvolumeclaims.v1', changed(old, { spec: { storageClassName: 'c', volumeName: 'v' } }), old)).toEqual([])
    expect(faults('persistentvolumeclaims.v1', changed(old, { spec: { resources: { requests: { storage: '3Gi' } } } }), old)).toEqual([expect.stringContaining('\n-   "storage": "2Gi"\n+   "storage": "3Gi"\n')])
  })
})

statuses('persistentvolumeclaims.v1', claim, [
  ['good', { status: { phase: 'Bound', capacity: { storage: '1Gi' }, allocatedResources: { storage: '1Gi' }, allocatedResourceStatuses: { storage: 'NodeResizePending', 'a.b/c': 'NodeResizePending' } } }, []],
  ['bad', { status: { capacity: { storage: '-1500m' }, allocatedResources: { cpu: '1', storage: '-1' }, allocatedResourceStatuses: { storage: 'Soon' } } }, [
    'status.capacity[storage]: Invalid value: -2: must be a valid resource quantity',
    'status.allocatedResourceStatuses: Unsupported value: "storage": supported values: "ControllerResizeInProgress", "ControllerResizeInfeasible", "NodeResizeInProgress", "NodeResizeInfeasible", "NodeResizePending"',
    'status.allocatedResources: Unsupported value: "cpu": supported values: "storage"', 'status.allocatedResources[storage]: Invalid value: -1: must be a valid resource quantity',
  ]],
])

describe('warnings', () => {
  it.each<[string, Json, string[]]>([
    ['storageclasses.storage.k8s.io/v1', changed(storageClass, topology([{ key: 'failure-domain.beta.kubernetes.io/zone', values: ['a'] }])), [
      'allowedTopologies[0].matchLabelExpressions[0].key: deprecated since v1.17; use "topology.kubernetes.io/zone" instead',
    ]],
    ['csistoragecapacities.storage.k8s.io/v1', changed(capacity, { nodeTopology: { matchLabels: { 'beta.kubernetes.io/os': 'a' } } }), ['nodeTopology.matchLabels.beta.kubernetes.io/os: deprecated since v1.14; use "kubernetes.io/os" instead']],
    ['csidrivers.storage.k8s.io/v1', changed(driver, { spec: { tokenRequests: [{ audience: 'a' }] } }), [
      'spec.serviceAccountTokenInSecrets is unset; if supported by this CSI driver, set to true to prevent possible logging of tokens in volume attributes',
    ]],
    ['persistentvolumes.v1', changed(changed(volume, where('beta.kubernetes.io/arch')), { metadata: { annotations: { 'volume.beta.kubernetes.io/storage-class': 'a' } }, spec: { persistentVolumeReclaimPolicy: 'Recycle', rbd: {} } }), [
      'metadata.annotations[volume.beta.kubernetes.io/storage-class]: deprecated since v1.8; use "storageClassName" attribute instead',
      'spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning.',
      'spec.nodeAffinity.required.nodeSelectorTerms[0].matchExpressions[0].key: beta.kubernetes.io/arch is deprecated since v1.14; use "kubernetes.io/arch" instead', 'spec.rbd: deprecated in v1.28, non-functional in v1.31+',
    ]],
    ['persistentvolumeclaims.v1', changed(claim, { metadata: { annotations: { 'volume.beta.kubernetes.io/storage-class': 'a' } }, spec: { resources: { requests: { storage: '1500m' } } } }), [
      'metadata.annotations[volume.beta.kubernetes.io/storage-class]: deprecated since v1.8; use "storageClassName" attribute instead', 'spec.resources.requests[storage]: fractional byte value "1500m" is invalid, must be an integer',
    ]],
  ])('%s', (name, object, expected) => expect(warnings(name, object)).toEqual(expected))
})

describe('storage kinds in the registry', () => {
  it('note when a volume came to its phase, and count generations of drivers from their first change', async () => {
    const { registry, create, clock } = fixture({ definitions })
    const volumes = definitionOf('persistentvolumes.v1')
    const made = await create(volumes, volume) as unknown as PersistentVolume
    expect(made.status).toMatchObject({ phase: 'Pending', lastPhaseTransitionTime: expect.any(String) as string })
    const status = async (value: Json): Promise<PersistentVolume> => (await registry.patch(volumes, { ...asking(), name: 'x', subresource: 'status', patch: { type: 'merge', body: { status: value } } })).object as unknown as PersistentVolume
    clock.step(60_000)
    expect((await status({ reason: 'a' })).status?.lastPhaseTransitionTime).toBe(made.status?.lastPhaseTransitionTime)
    expect((await status({ phase: 'Available' })).status?.lastPhaseTransitionTime).not.toBe(made.status?.lastPhaseTransitionTime)
    const drivers = definitionOf('csidrivers.storage.k8s.io/v1')
    expect((await create(drivers, driver)).metadata.generation).toBeUndefined()
    const { object } = await registry.patch(drivers, { ...asking(), name: 'a.b', patch: { type: 'merge', body: { spec: { podInfoOnMount: true } } } })
    expect(object.metadata.generation).toBe(1)
  })

  it('write nothing of an attachment\'s metadata with its status', async () => {
    const { registry, create } = fixture({ definitions })
    const attachments = definitionOf('volumeattachments.storage.k8s.io/v1')
    await create(attachments, changed(attachment, { metadata: { labels: { a: 'b' } } }))
    const { object } = await registry.patch(attachments, { ...asking(), name: 'x', subresource: 'status', patch: { type: 'merge', body: { metadata: { labels: { c: 'd' }, finalizers: ['e.f/g'] }, status: { attached: true } } } })
    expect(object).toMatchObject({ metadata: { labels: { a: 'b' } }, status: { attached: true } })
    expect(object.metadata).not.toHaveProperty('finalizers')
    expect(object.metadata.labels).not.toHaveProperty('c')
  })
})
