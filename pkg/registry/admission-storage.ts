// DefaultStorageClass, PersistentVolumeClaimResize and StorageObjectInUseProtection: claims get a class, grow where it allows that,
// and claims and volumes stay while they are used.
import type { KubeObject } from '../api/object.ts'
import { compareQuantities, parseQuantity } from '../api/quantity.ts'
import type { StorageClass } from '../api/types-config.ts'
import { isDefaultClass, storageClasses } from '../api/types-config.ts'
import type { PersistentVolumeClaim } from '../api/types-volume.ts'
import { persistentVolumeClaims, persistentVolumes } from '../api/types-volume.ts'
import type { AdmissionPlugin } from './admission.ts'
import { isAbout, isCreateOf, refusal } from './admission.ts'

const classAnnotation = 'volume.beta.kubernetes.io/storage-class'

/** The order of preference where several classes are marked as default. */
export function newestFirst(a: KubeObject, b: KubeObject): number {
  const [older = '', newer = ''] = [a.metadata.creationTimestamp, b.metadata.creationTimestamp]
  if (older !== newer) return older < newer ? 1 : -1
  return (a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1
}

export const defaultStorageClass: AdmissionPlugin = {
  name: 'DefaultStorageClass',
  mutate(draft, request) {
    if (!isCreateOf(request, persistentVolumeClaims)) return
    const claim = draft as unknown as PersistentVolumeClaim
    if (claim.spec.storageClassName !== undefined || claim.metadata.annotations?.[classAnnotation] !== undefined) return
    const name = request.view.list<StorageClass>(storageClasses).filter(isDefaultClass).sort(newestFirst)[0]?.metadata.name
    if (name !== undefined) claim.spec.storageClassName = name
  },
}

export const claimResize: AdmissionPlugin = {
  name: 'PersistentVolumeClaimResize',
  validate(object, request) {
    if (request.operation !== 'UPDATE' || !isAbout(request, persistentVolumeClaims)) return
    const { spec, metadata } = object as unknown as PersistentVolumeClaim
    const old = request.old as unknown as PersistentVolumeClaim | undefined
    const [wanted, before] = [spec, old?.spec].map((one) => one?.resources?.requests?.['storage'])
    if (wanted === undefined || before === undefined || compareQuantities(parseQuantity(wanted), parseQuantity(before)) <= 0) return
    if (old?.status?.phase !== 'Bound') throw refusal(request, 'Only bound persistent volume claims can be expanded')
    const name = metadata.annotations?.[classAnnotation] ?? spec.storageClassName ?? ''
    if (!request.view.get<StorageClass>(storageClasses, { name })?.allowVolumeExpansion) {
      throw refusal(request, 'only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize')
    }
  },
}

const protections = [
  { resource: persistentVolumeClaims, finalizer: 'kubernetes.io/pvc-protection' },
  { resource: persistentVolumes, finalizer: 'kubernetes.io/pv-protection' },
  { resource: { group: 'storage.k8s.io', plural: 'volumeattributesclasses' }, finalizer: 'kubernetes.io/vac-protection' },
]

export const storageObjectInUseProtection: AdmissionPlugin = {
  name: 'StorageObjectInUseProtection',
  mutate({ metadata }, request) {
    const finalizer = protections.find(({ resource }) => isCreateOf(request, resource))?.finalizer
    if (finalizer !== undefined && !metadata.finalizers?.includes(finalizer)) metadata.finalizers = [...metadata.finalizers ?? [], finalizer]
  },
}
