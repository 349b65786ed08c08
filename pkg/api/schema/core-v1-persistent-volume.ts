// The types of the core group: persistent volumes and claims as text; schema-text.ts tells the notation.
export const coreV1PersistentVolume = `
PersistentVolumeClaim kind
  1 metadata? meta.ObjectMeta
  2 spec? PersistentVolumeClaimSpec
  3 status? PersistentVolumeClaimStatus

PersistentVolumeClaimSpec
  1 accessModes? []string
  2 resources? VolumeResourceRequirements
  3 volumeName? string
  4 selector? *meta.LabelSelector
  5 storageClassName? *string
  6 volumeMode? *string
  7 dataSource? *TypedLocalObjectReference
  8 dataSourceRef? *TypedObjectReference
  9 volumeAttributesClassName? *string

TypedLocalObjectReference atomic
  1 apiGroup *string
  2 kind string required
  3 name string required

TypedObjectReference
  1 apiGroup *string
  2 kind string required
  3 name string required
  4 namespace? *string

VolumeResourceRequirements
  1 limits? {}quantity
  2 requests? {}quantity

PersistentVolumeClaimStatus
  1 phase? string
  2 accessModes? []string
  3 capacity? {}quantity
  4 conditions? [type]PersistentVolumeClaimCondition merge=type
  5 allocatedResources? {}quantity
  7 allocatedResourceStatuses? {granular}string
  8 currentVolumeAttributesClassName? *string
  9 modifyVolumeStatus? *ModifyVolumeStatus

PersistentVolumeClaimCondition
  1 type string required
  2 status string required
  3 lastProbeTime? time
  4 lastTransitionTime? time
  5 reason? string
  6 message? string

ModifyVolumeStatus
  1 targetVolumeAttributesClassName? string
  2 status string required

PersistentVolume kind
  1 metadata? meta.ObjectMeta
  2 spec? PersistentVolumeSpec
  3 status? PersistentVolumeStatus

PersistentVolumeSpec
  1 capacity? {}quantity
  2 ...PersistentVolumeSource
  3 accessModes? []string
  4 claimRef? *ObjectReference@granular
  5 persistentVolumeReclaimPolicy? string
  6 storageClassName? string
  7 mountOptions? []string
  8 volumeMode? *string
  9 nodeAffinity? *VolumeNodeAffinity
  10 volumeAttributesClassName? *string

VolumeNodeAffinity
  1 required? *NodeSelector

PersistentVolumeSource
  1 gcePersistentDisk? *GCEPersistentDiskVolumeSource
  2 awsElasticBlockStore? *AWSElasticBlockStoreVolumeSource
  3 hostPath? *HostPathVolumeSource
  4 glusterfs? *GlusterfsPersistentVolumeSource
  5 nfs? *NFSVolumeSource
  6 rbd? *RBDPersistentVolumeSource
  7 iscsi? *ISCSIPersistentVolumeSource
  8 cinder? *CinderPersistentVolumeSource
  9 cephfs? *CephFSPersistentVolumeSource
  10 fc? *FCVolumeSource
  11 flocker? *FlockerVolumeSource
  12 flexVolume? *FlexPersistentVolumeSource
  13 azureFile? *AzureFilePersistentVolumeSource
  14 vsphereVolume? *VsphereVirtualDiskVolumeSource
  15 quobyte? *QuobyteVolumeSource
  16 azureDisk? *AzureDiskVolumeSource
  17 photonPersistentDisk? *PhotonPersistentDiskVolumeSource
  18 portworxVolume? *PortworxVolumeSource
  19 scaleIO? *ScaleIOPersistentVolumeSource
  20 local? *LocalVolumeSource
  21 storageos? *StorageOSPersistentVolumeSource
  22 csi? *CSIPersistentVolumeSource

AzureFilePersistentVolumeSource
  1 secretName string required
  2 shareName string required
  3 readOnly? boolean
  4 secretNamespace *string

CephFSPersistentVolumeSource
  1 monitors []string required
  2 path? string
  3 user? string
  4 secretFile? string
  5 secretRef? *SecretReference
  6 readOnly? boolean

SecretReference atomic
  1 name? string
  2 namespace? string

CinderPersistentVolumeSource
  1 volumeID string required
  2 fsType? string
  3 readOnly? boolean
  4 secretRef? *SecretReference

CSIPersistentVolumeSource
  1 driver string required
  2 volumeHandle string required
  3 readOnly? boolean
  4 fsType? string
  5 volumeAttributes? {}string
  6 controllerPublishSecretRef? *SecretReference
  7 nodeStageSecretRef? *SecretReference
  8 nodePublishSecretRef? *SecretReference
  9 controllerExpandSecretRef? *SecretReference
  10 nodeExpandSecretRef? *SecretReference

FlexPersistentVolumeSource
  1 driver string required
  2 fsType? string
  3 secretRef? *SecretReference
  4 readOnly? boolean
  5 options? {}string

GlusterfsPersistentVolumeSource
  1 endpoints string required
  2 path string required
  3 readOnly? boolean
  4 endpointsNamespace? *string

ISCSIPersistentVolumeSource
  1 targetPortal string required
  2 iqn string required
  3 lun int32 required
  4 iscsiInterface? string default="default"
  5 fsType? string
  6 readOnly? boolean
  7 portals? []string
  8 chapAuthDiscovery? boolean
  10 secretRef? *SecretReference
  11 chapAuthSession? boolean
  12 initiatorName? *string

RBDPersistentVolumeSource
  1 monitors []string required
  2 image string required
  3 fsType? string
  4 pool? string default="rbd"
  5 user? string default="admin"
  6 keyring? string default="/etc/ceph/keyring"
  7 secretRef? *SecretReference
  8 readOnly? boolean

ScaleIOPersistentVolumeSource
  1 gateway string required
  2 system string required
  3 secretRef *SecretReference required
  4 sslEnabled? boolean
  5 protectionDomain? string
  6 storagePool? string
  7 storageMode? string default="ThinProvisioned"
  8 volumeName? string
  9 fsType? string default="xfs"
  10 readOnly? boolean

StorageOSPersistentVolumeSource
  1 volumeName? string
  2 volumeNamespace? string
  3 fsType? string
  4 readOnly? boolean
  5 secretRef? *ObjectReference

PersistentVolumeStatus
  1 phase? string
  2 message? string
  3 reason? string
  4 lastPhaseTransitionTime? *time
`
