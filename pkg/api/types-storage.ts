// The kinds of storage.k8s.io that CSI needs: drivers, what they say of nodes, and attachments.
import type { KubeObject, Resource } from './object.ts'
import type { LabelSelector } from './types-common.ts'
import type { PersistentVolumeSpec } from './types-volume.ts'

export const csiDrivers: Resource<CSIDriver> = { group: 'storage.k8s.io', version: 'v1', plural: 'csidrivers', kind: 'CSIDriver', namespaced: false }
export const csiNodes: Resource<CSINode> = { group: 'storage.k8s.io', version: 'v1', plural: 'csinodes', kind: 'CSINode', namespaced: false }
export const volumeAttachments: Resource<VolumeAttachment> = { group: 'storage.k8s.io', version: 'v1', plural: 'volumeattachments', kind: 'VolumeAttachment', namespaced: false }
export const csiStorageCapacities: Resource<CSIStorageCapacity> = { group: 'storage.k8s.io', version: 'v1', plural: 'csistoragecapacities', kind: 'CSIStorageCapacity', namespaced: true }

export interface CSIStorageCapacity extends KubeObject {
  capacity?: string
  maximumVolumeSize?: string
  nodeTopology?: LabelSelector
  storageClassName: string
}

export interface CSIDriver extends KubeObject {
  spec: CSIDriverSpec
}

export interface CSIDriverSpec {
  attachRequired?: boolean
  fsGroupPolicy?: string
  nodeAllocatableUpdatePeriodSeconds?: number
  podInfoOnMount?: boolean
  requiresRepublish?: boolean
  seLinuxMount?: boolean
  serviceAccountTokenInSecrets?: boolean
  storageCapacity?: boolean
  tokenRequests?: StorageTokenRequest[]
  volumeLifecycleModes?: string[]
}

export interface StorageTokenRequest {
  audience: string
  expirationSeconds?: number
}

export interface CSINode extends KubeObject {
  spec: CSINodeSpec
}

export interface CSINodeSpec {
  drivers: CSINodeDriver[]
}

export interface CSINodeDriver {
  allocatable?: { count?: number }
  name: string
  nodeID: string
  topologyKeys?: string[]
}

export interface VolumeAttachment extends KubeObject {
  spec: VolumeAttachmentSpec
  status?: VolumeAttachmentStatus
}

export interface VolumeAttachmentSpec {
  attacher: string
  nodeName: string
  source: { inlineVolumeSpec?: PersistentVolumeSpec; persistentVolumeName?: string }
}

export interface VolumeAttachmentStatus {
  attached: boolean
  attachError?: VolumeError
  attachmentMetadata?: Record<string, string>
  detachError?: VolumeError
}

export interface VolumeError {
  errorCode?: number
  message?: string
  time?: string
}
