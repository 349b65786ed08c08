// The types of the core group: pod volumes as text; schema-text.ts tells the notation.
export const coreV1Volume = `
AWSElasticBlockStoreVolumeSource
  1 volumeID string required
  2 fsType? string
  3 partition? int32
  4 readOnly? boolean

AzureDiskVolumeSource
  1 diskName string required
  2 diskURI string required
  3 cachingMode? *string default="ReadWrite"
  4 fsType? *string default="ext4"
  5 readOnly? *boolean default=false
  6 kind? *string default="Shared"

FCVolumeSource
  1 targetWWNs? []string
  2 lun? *int32
  3 fsType? string
  4 readOnly? boolean
  5 wwids? []string

FlockerVolumeSource
  1 datasetName? string
  2 datasetUUID? string

GCEPersistentDiskVolumeSource
  1 pdName string required
  2 fsType? string
  3 partition? int32
  4 readOnly? boolean

HostPathVolumeSource
  1 path string required
  2 type? *string

LocalVolumeSource
  1 path string required
  2 fsType? *string

NFSVolumeSource
  1 server string required
  2 path string required
  3 readOnly? boolean

PhotonPersistentDiskVolumeSource
  1 pdID string required
  2 fsType? string

PortworxVolumeSource
  1 volumeID string required
  2 fsType? string
  3 readOnly? boolean

QuobyteVolumeSource
  1 registry string required
  2 volume string required
  3 readOnly? boolean
  4 user? string
  5 group? string
  6 tenant? string

VsphereVirtualDiskVolumeSource
  1 volumePath string required
  2 fsType? string
  3 storagePolicyName? string
  4 storagePolicyID? string

Volume
  1 name string required
  2 ...VolumeSource

VolumeSource
  1 hostPath? *HostPathVolumeSource
  2 emptyDir? *EmptyDirVolumeSource
  3 gcePersistentDisk? *GCEPersistentDiskVolumeSource
  4 awsElasticBlockStore? *AWSElasticBlockStoreVolumeSource
  5 gitRepo? *GitRepoVolumeSource
  6 secret? *SecretVolumeSource
  7 nfs? *NFSVolumeSource
  8 iscsi? *ISCSIVolumeSource
  9 glusterfs? *GlusterfsVolumeSource
  10 persistentVolumeClaim? *PersistentVolumeClaimVolumeSource
  11 rbd? *RBDVolumeSource
  12 flexVolume? *FlexVolumeSource
  13 cinder? *CinderVolumeSource
  14 cephfs? *CephFSVolumeSource
  15 flocker? *FlockerVolumeSource
  16 downwardAPI? *DownwardAPIVolumeSource
  17 fc? *FCVolumeSource
  18 azureFile? *AzureFileVolumeSource
  19 configMap? *ConfigMapVolumeSource
  20 vsphereVolume? *VsphereVirtualDiskVolumeSource
  21 quobyte? *QuobyteVolumeSource
  22 azureDisk? *AzureDiskVolumeSource
  23 photonPersistentDisk? *PhotonPersistentDiskVolumeSource
  24 portworxVolume? *PortworxVolumeSource
  25 scaleIO? *ScaleIOVolumeSource
  26 projected? *ProjectedVolumeSource
  27 storageos? *StorageOSVolumeSource
  28 csi? *CSIVolumeSource
  29 ephemeral? *EphemeralVolumeSource
  30 image? *ImageVolumeSource

AzureFileVolumeSource
  1 secretName string required
  2 shareName string required
  3 readOnly? boolean

CephFSVolumeSource
  1 monitors []string required
  2 path? string
  3 user? string
  4 secretFile? string
  5 secretRef? *LocalObjectReference
  6 readOnly? boolean

CinderVolumeSource
  1 volumeID string required
  2 fsType? string
  3 readOnly? boolean
  4 secretRef? *LocalObjectReference

ConfigMapVolumeSource
  1 ...LocalObjectReference
  2 items? []KeyToPath
  3 defaultMode? *int32
  4 optional? *boolean

KeyToPath
  1 key string required
  2 path string required
  3 mode? *int32

CSIVolumeSource
  1 driver string required
  2 readOnly? *boolean
  3 fsType? *string
  4 volumeAttributes? {}string
  5 nodePublishSecretRef? *LocalObjectReference

DownwardAPIVolumeSource
  1 items? []DownwardAPIVolumeFile
  2 defaultMode? *int32

DownwardAPIVolumeFile
  1 path string required
  2 fieldRef? *ObjectFieldSelector
  3 resourceFieldRef? *ResourceFieldSelector
  4 mode? *int32

EmptyDirVolumeSource
  1 medium? string
  2 sizeLimit? *quantity

EphemeralVolumeSource
  1 volumeClaimTemplate? *PersistentVolumeClaimTemplate

PersistentVolumeClaimTemplate
  1 metadata? meta.ObjectMeta
  2 spec PersistentVolumeClaimSpec required

FlexVolumeSource
  1 driver string required
  2 fsType? string
  3 secretRef? *LocalObjectReference
  4 readOnly? boolean
  5 options? {}string

GitRepoVolumeSource
  1 repository string required
  2 revision? string
  3 directory? string

GlusterfsVolumeSource
  1 endpoints string required
  2 path string required
  3 readOnly? boolean

ImageVolumeSource
  1 reference? string
  2 pullPolicy? string

ISCSIVolumeSource
  1 targetPortal string required
  2 iqn string required
  3 lun int32 required
  4 iscsiInterface? string default="default"
  5 fsType? string
  6 readOnly? boolean
  7 portals? []string
  8 chapAuthDiscovery? boolean
  10 secretRef? *LocalObjectReference
  11 chapAuthSession? boolean
  12 initiatorName? *string

PersistentVolumeClaimVolumeSource
  1 claimName string required
  2 readOnly? boolean

ProjectedVolumeSource
  1 sources []VolumeProjection
  2 defaultMode? *int32

VolumeProjection
  1 secret? *SecretProjection
  2 downwardAPI? *DownwardAPIProjection
  3 configMap? *ConfigMapProjection
  4 serviceAccountToken? *ServiceAccountTokenProjection
  5 clusterTrustBundle? *ClusterTrustBundleProjection
  6 podCertificate? *PodCertificateProjection

ClusterTrustBundleProjection
  1 name? *string
  2 signerName? *string
  3 labelSelector? *meta.LabelSelector
  4 path string required
  5 optional? *boolean

ConfigMapProjection
  1 ...LocalObjectReference
  2 items? []KeyToPath
  4 optional? *boolean

DownwardAPIProjection
  1 items? []DownwardAPIVolumeFile

PodCertificateProjection
  1 signerName? string required
  2 keyType? string required
  3 maxExpirationSeconds? *int32
  4 credentialBundlePath? string
  5 keyPath? string
  6 certificateChainPath? string
  7 userAnnotations? {}string

SecretProjection
  1 ...LocalObjectReference
  2 items? []KeyToPath
  4 optional? *boolean

ServiceAccountTokenProjection
  1 audience? string
  2 expirationSeconds? *int64
  3 path string required

RBDVolumeSource
  1 monitors []string required
  2 image string required
  3 fsType? string
  4 pool? string default="rbd"
  5 user? string default="admin"
  6 keyring? string default="/etc/ceph/keyring"
  7 secretRef? *LocalObjectReference
  8 readOnly? boolean

ScaleIOVolumeSource
  1 gateway string required
  2 system string required
  3 secretRef *LocalObjectReference required
  4 sslEnabled? boolean
  5 protectionDomain? string
  6 storagePool? string
  7 storageMode? string default="ThinProvisioned"
  8 volumeName? string
  9 fsType? string default="xfs"
  10 readOnly? boolean

SecretVolumeSource
  1 secretName? string
  2 items? []KeyToPath
  3 defaultMode? *int32
  4 optional? *boolean

StorageOSVolumeSource
  1 volumeName? string
  2 volumeNamespace? string
  3 fsType? string
  4 readOnly? boolean
  5 secretRef? *LocalObjectReference
`
