// Volumes: sources in a pod, claims and persistent volumes.
import type { KubeObject, ObjectMeta, Resource } from './object.ts'
import type { LabelSelector } from './types-common.ts'

export const persistentVolumes: Resource<PersistentVolume> = { group: '', version: 'v1', plural: 'persistentvolumes', kind: 'PersistentVolume', namespaced: false }
export const persistentVolumeClaims: Resource<PersistentVolumeClaim> = { group: '', version: 'v1', plural: 'persistentvolumeclaims', kind: 'PersistentVolumeClaim', namespaced: true }
export const volumeAttributesClasses: Resource<VolumeAttributesClass> = { group: 'storage.k8s.io', version: 'v1', plural: 'volumeattributesclasses', kind: 'VolumeAttributesClass', namespaced: false }

export interface Volume extends VolumeSource {
  name: string
}

export interface VolumeSource {
  awsElasticBlockStore?: AWSElasticBlockStoreVolumeSource
  azureDisk?: AzureDiskVolumeSource
  azureFile?: AzureFileVolumeSource
  cephfs?: CephFSVolumeSource
  cinder?: CinderVolumeSource
  configMap?: ConfigMapVolumeSource
  csi?: CSIVolumeSource
  downwardAPI?: DownwardAPIVolumeSource
  emptyDir?: EmptyDirVolumeSource
  ephemeral?: EphemeralVolumeSource
  fc?: FCVolumeSource
  flexVolume?: FlexVolumeSource
  flocker?: FlockerVolumeSource
  gcePersistentDisk?: GCEPersistentDiskVolumeSource
  gitRepo?: GitRepoVolumeSource
  glusterfs?: GlusterfsVolumeSource
  hostPath?: HostPathVolumeSource
  image?: ImageVolumeSource
  iscsi?: ISCSIVolumeSource
  nfs?: NFSVolumeSource
  persistentVolumeClaim?: PersistentVolumeClaimVolumeSource
  photonPersistentDisk?: PhotonPersistentDiskVolumeSource
  portworxVolume?: PortworxVolumeSource
  projected?: ProjectedVolumeSource
  quobyte?: QuobyteVolumeSource
  rbd?: RBDVolumeSource
  scaleIO?: ScaleIOVolumeSource
  secret?: SecretVolumeSource
  storageos?: StorageOSVolumeSource
  vsphereVolume?: VsphereVirtualDiskVolumeSource
}

export interface AWSElasticBlockStoreVolumeSource {
  fsType?: string
  partition?: number
  readOnly?: boolean
  volumeID: string
}

export interface AzureDiskVolumeSource {
  cachingMode?: string
  diskName: string
  diskURI: string
  fsType?: string
  kind?: string
  readOnly?: boolean
}

export interface AzureFileVolumeSource {
  readOnly?: boolean
  secretName: string
  shareName: string
}

export interface CephFSVolumeSource {
  monitors: string[]
  path?: string
  readOnly?: boolean
  secretFile?: string
  secretRef?: LocalObjectReference
  user?: string
}

export interface LocalObjectReference {
  name?: string
}

export interface CinderVolumeSource {
  fsType?: string
  readOnly?: boolean
  secretRef?: LocalObjectReference
  volumeID: string
}

export interface ConfigMapVolumeSource extends LocalObjectReference {
  defaultMode?: number
  items?: KeyToPath[]
  optional?: boolean
}

export interface KeyToPath {
  key: string
  mode?: number
  path: string
}

export interface CSIVolumeSource {
  driver: string
  fsType?: string
  nodePublishSecretRef?: LocalObjectReference
  readOnly?: boolean
  volumeAttributes?: Record<string, string>
}

export interface DownwardAPIVolumeSource {
  defaultMode?: number
  items?: DownwardAPIVolumeFile[]
}

export interface DownwardAPIVolumeFile {
  fieldRef?: ObjectFieldSelector
  mode?: number
  path: string
  resourceFieldRef?: ResourceFieldSelector
}

export interface ObjectFieldSelector {
  apiVersion?: string
  fieldPath: string
}

export interface ResourceFieldSelector {
  containerName?: string
  divisor?: string
  resource: string
}

export interface EmptyDirVolumeSource {
  medium?: string
  sizeLimit?: string
}

export interface EphemeralVolumeSource {
  volumeClaimTemplate?: PersistentVolumeClaimTemplate
}

export interface PersistentVolumeClaimTemplate {
  metadata?: ObjectMeta
  spec: PersistentVolumeClaimSpec
}

export interface PersistentVolumeClaimSpec {
  accessModes?: string[]
  dataSource?: TypedLocalObjectReference
  dataSourceRef?: TypedObjectReference
  resources?: VolumeResourceRequirements
  selector?: LabelSelector
  storageClassName?: string
  volumeAttributesClassName?: string
  volumeMode?: string
  volumeName?: string
}

export interface TypedLocalObjectReference {
  apiGroup?: string
  kind: string
  name: string
}

export interface TypedObjectReference {
  apiGroup?: string
  kind: string
  name: string
  namespace?: string
}

export interface VolumeResourceRequirements {
  limits?: Record<string, string>
  requests?: Record<string, string>
}

export interface FCVolumeSource {
  fsType?: string
  lun?: number
  readOnly?: boolean
  targetWWNs?: string[]
  wwids?: string[]
}

export interface FlexVolumeSource {
  driver: string
  fsType?: string
  options?: Record<string, string>
  readOnly?: boolean
  secretRef?: LocalObjectReference
}

export interface FlockerVolumeSource {
  datasetName?: string
  datasetUUID?: string
}

export interface GCEPersistentDiskVolumeSource {
  fsType?: string
  partition?: number
  pdName: string
  readOnly?: boolean
}

export interface GitRepoVolumeSource {
  directory?: string
  repository: string
  revision?: string
}

export interface GlusterfsVolumeSource {
  endpoints: string
  path: string
  readOnly?: boolean
}

export interface HostPathVolumeSource {
  path: string
  type?: string
}

export interface ImageVolumeSource {
  pullPolicy?: string
  reference?: string
}

export interface ISCSIVolumeSource {
  chapAuthDiscovery?: boolean
  chapAuthSession?: boolean
  fsType?: string
  initiatorName?: string
  iqn: string
  iscsiInterface?: string
  lun: number
  portals?: string[]
  readOnly?: boolean
  secretRef?: LocalObjectReference
  targetPortal: string
}

export interface NFSVolumeSource {
  path: string
  readOnly?: boolean
  server: string
}

export interface PersistentVolumeClaimVolumeSource {
  claimName: string
  readOnly?: boolean
}

export interface PhotonPersistentDiskVolumeSource {
  fsType?: string
  pdID: string
}

export interface PortworxVolumeSource {
  fsType?: string
  readOnly?: boolean
  volumeID: string
}

export interface ProjectedVolumeSource {
  defaultMode?: number
  sources: VolumeProjection[]
}

export interface VolumeProjection {
  clusterTrustBundle?: ClusterTrustBundleProjection
  configMap?: ConfigMapProjection
  downwardAPI?: DownwardAPIProjection
  podCertificate?: PodCertificateProjection
  secret?: SecretProjection
  serviceAccountToken?: ServiceAccountTokenProjection
}

export interface ClusterTrustBundleProjection {
  labelSelector?: LabelSelector
  name?: string
  optional?: boolean
  path: string
  signerName?: string
}

export interface ConfigMapProjection extends LocalObjectReference {
  items?: KeyToPath[]
  optional?: boolean
}

export interface DownwardAPIProjection {
  items?: DownwardAPIVolumeFile[]
}

export interface PodCertificateProjection {
  certificateChainPath?: string
  credentialBundlePath?: string
  keyPath?: string
  keyType?: string
  maxExpirationSeconds?: number
  signerName?: string
  userAnnotations?: Record<string, string>
}

export interface SecretProjection extends LocalObjectReference {
  items?: KeyToPath[]
  optional?: boolean
}

export interface ServiceAccountTokenProjection {
  audience?: string
  expirationSeconds?: number
  path: string
}

export interface QuobyteVolumeSource {
  group?: string
  readOnly?: boolean
  registry: string
  tenant?: string
  user?: string
  volume: string
}

export interface RBDVolumeSource {
  fsType?: string
  image: string
  keyring?: string
  monitors: string[]
  pool?: string
  readOnly?: boolean
  secretRef?: LocalObjectReference
  user?: string
}

export interface ScaleIOVolumeSource {
  fsType?: string
  gateway: string
  protectionDomain?: string
  readOnly?: boolean
  secretRef?: LocalObjectReference
  sslEnabled?: boolean
  storageMode?: string
  storagePool?: string
  system: string
  volumeName?: string
}

export interface SecretVolumeSource {
  defaultMode?: number
  items?: KeyToPath[]
  optional?: boolean
  secretName?: string
}

export interface StorageOSVolumeSource {
  fsType?: string
  readOnly?: boolean
  secretRef?: LocalObjectReference
  volumeName?: string
  volumeNamespace?: string
}

export interface VsphereVirtualDiskVolumeSource {
  fsType?: string
  storagePolicyID?: string
  storagePolicyName?: string
  volumePath: string
}

export interface PersistentVolume extends KubeObject {
  spec: PersistentVolumeSpec
  status?: PersistentVolumeStatus
}

export interface PersistentVolumeSpec extends PersistentVolumeSource {
  accessModes?: string[]
  capacity?: Record<string, string>
  claimRef?: ObjectReference
  mountOptions?: string[]
  nodeAffinity?: VolumeNodeAffinity
  persistentVolumeReclaimPolicy?: string
  storageClassName?: string
  volumeAttributesClassName?: string
  volumeMode?: string
}

export interface ObjectReference {
  apiVersion?: string
  fieldPath?: string
  kind?: string
  name?: string
  namespace?: string
  resourceVersion?: string
  uid?: string
}

export interface VolumeNodeAffinity {
  required?: NodeSelector
}

export interface NodeSelector {
  nodeSelectorTerms: NodeSelectorTerm[]
}

export interface NodeSelectorTerm {
  matchExpressions?: NodeSelectorRequirement[]
  matchFields?: NodeSelectorRequirement[]
}

export interface NodeSelectorRequirement {
  key: string
  operator: string
  values?: string[]
}

export interface PersistentVolumeSource {
  awsElasticBlockStore?: AWSElasticBlockStoreVolumeSource
  azureDisk?: AzureDiskVolumeSource
  azureFile?: AzureFilePersistentVolumeSource
  cephfs?: CephFSPersistentVolumeSource
  cinder?: CinderPersistentVolumeSource
  csi?: CSIPersistentVolumeSource
  fc?: FCVolumeSource
  flexVolume?: FlexPersistentVolumeSource
  flocker?: FlockerVolumeSource
  gcePersistentDisk?: GCEPersistentDiskVolumeSource
  glusterfs?: GlusterfsPersistentVolumeSource
  hostPath?: HostPathVolumeSource
  iscsi?: ISCSIPersistentVolumeSource
  local?: LocalVolumeSource
  nfs?: NFSVolumeSource
  photonPersistentDisk?: PhotonPersistentDiskVolumeSource
  portworxVolume?: PortworxVolumeSource
  quobyte?: QuobyteVolumeSource
  rbd?: RBDPersistentVolumeSource
  scaleIO?: ScaleIOPersistentVolumeSource
  storageos?: StorageOSPersistentVolumeSource
  vsphereVolume?: VsphereVirtualDiskVolumeSource
}

export interface AzureFilePersistentVolumeSource {
  readOnly?: boolean
  secretName: string
  secretNamespace?: string
  shareName: string
}

export interface CephFSPersistentVolumeSource {
  monitors: string[]
  path?: string
  readOnly?: boolean
  secretFile?: string
  secretRef?: SecretReference
  user?: string
}

export interface SecretReference {
  name?: string
  namespace?: string
}

export interface CinderPersistentVolumeSource {
  fsType?: string
  readOnly?: boolean
  secretRef?: SecretReference
  volumeID: string
}

export interface CSIPersistentVolumeSource {
  controllerExpandSecretRef?: SecretReference
  controllerPublishSecretRef?: SecretReference
  driver: string
  fsType?: string
  nodeExpandSecretRef?: SecretReference
  nodePublishSecretRef?: SecretReference
  nodeStageSecretRef?: SecretReference
  readOnly?: boolean
  volumeAttributes?: Record<string, string>
  volumeHandle: string
}

export interface FlexPersistentVolumeSource {
  driver: string
  fsType?: string
  options?: Record<string, string>
  readOnly?: boolean
  secretRef?: SecretReference
}

export interface GlusterfsPersistentVolumeSource {
  endpoints: string
  endpointsNamespace?: string
  path: string
  readOnly?: boolean
}

export interface ISCSIPersistentVolumeSource {
  chapAuthDiscovery?: boolean
  chapAuthSession?: boolean
  fsType?: string
  initiatorName?: string
  iqn: string
  iscsiInterface?: string
  lun: number
  portals?: string[]
  readOnly?: boolean
  secretRef?: SecretReference
  targetPortal: string
}

export interface LocalVolumeSource {
  fsType?: string
  path: string
}

export interface RBDPersistentVolumeSource {
  fsType?: string
  image: string
  keyring?: string
  monitors: string[]
  pool?: string
  readOnly?: boolean
  secretRef?: SecretReference
  user?: string
}

export interface ScaleIOPersistentVolumeSource {
  fsType?: string
  gateway: string
  protectionDomain?: string
  readOnly?: boolean
  secretRef?: SecretReference
  sslEnabled?: boolean
  storageMode?: string
  storagePool?: string
  system: string
  volumeName?: string
}

export interface StorageOSPersistentVolumeSource {
  fsType?: string
  readOnly?: boolean
  secretRef?: ObjectReference
  volumeName?: string
  volumeNamespace?: string
}

export interface PersistentVolumeStatus {
  lastPhaseTransitionTime?: string
  message?: string
  phase?: string
  reason?: string
}

export interface PersistentVolumeClaim extends KubeObject {
  spec: PersistentVolumeClaimSpec
  status?: PersistentVolumeClaimStatus
}

export interface PersistentVolumeClaimStatus {
  accessModes?: string[]
  allocatedResourceStatuses?: Record<string, string>
  allocatedResources?: Record<string, string>
  capacity?: Record<string, string>
  conditions?: PersistentVolumeClaimCondition[]
  currentVolumeAttributesClassName?: string
  modifyVolumeStatus?: ModifyVolumeStatus
  phase?: string
}

export interface PersistentVolumeClaimCondition {
  lastProbeTime?: string
  lastTransitionTime?: string
  message?: string
  reason?: string
  status: string
  type: string
}

export interface ModifyVolumeStatus {
  status: string
  targetVolumeAttributesClassName?: string
}

export interface VolumeAttributesClass extends KubeObject {
  driverName: string
  parameters?: Record<string, string>
}
