// The types of storage/v1 as text; schema-text.ts tells the notation.
export const storageV1 = `
CSIDriver kind
  1 metadata? meta.ObjectMeta
  2 spec CSIDriverSpec required

CSIDriverSpec
  1 attachRequired? *boolean
  2 podInfoOnMount? *boolean
  3 volumeLifecycleModes? [set]string
  4 storageCapacity? *boolean
  5 fsGroupPolicy? *string
  6 tokenRequests? []TokenRequest
  7 requiresRepublish? *boolean
  8 seLinuxMount? *boolean
  9 nodeAllocatableUpdatePeriodSeconds? *int64
  10 serviceAccountTokenInSecrets? *boolean

TokenRequest
  1 audience string required
  2 expirationSeconds? *int64

CSINode kind
  1 metadata? meta.ObjectMeta
  2 spec CSINodeSpec required

CSINodeSpec
  1 drivers [name]CSINodeDriver required merge=name

CSINodeDriver
  1 name string required
  2 nodeID string required
  3 topologyKeys []string
  4 allocatable? *VolumeNodeResources

VolumeNodeResources
  1 count? *int32

CSIStorageCapacity kind
  1 metadata? meta.ObjectMeta
  2 nodeTopology? *meta.LabelSelector
  3 storageClassName string required
  4 capacity? *quantity
  5 maximumVolumeSize? *quantity

StorageClass kind
  1 metadata? meta.ObjectMeta
  2 provisioner string required
  3 parameters? {}string
  4 reclaimPolicy? *string
  5 mountOptions? []string
  6 allowVolumeExpansion? *boolean
  7 volumeBindingMode? *string
  8 allowedTopologies? []core.TopologySelectorTerm

VolumeAttachment kind
  1 metadata? meta.ObjectMeta
  2 spec VolumeAttachmentSpec required
  3 status? VolumeAttachmentStatus

VolumeAttachmentSpec
  1 attacher string required
  2 source VolumeAttachmentSource required
  3 nodeName string required

VolumeAttachmentSource
  1 persistentVolumeName? *string
  2 inlineVolumeSpec? *core.PersistentVolumeSpec

VolumeAttachmentStatus
  1 attached boolean required
  2 attachmentMetadata? {}string
  3 attachError? *VolumeError
  4 detachError? *VolumeError

VolumeError
  1 time? time
  2 message? string
  3 errorCode? *int32

VolumeAttributesClass kind
  1 metadata? meta.ObjectMeta
  2 driverName string required
  3 parameters? {}string
`
