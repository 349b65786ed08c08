// Storage classes as objects of the API.
import { storageClasses, type StorageClass } from '../../../pkg/api/types-config.ts'
import { walkReplaced } from './classes-walk.ts'

const classOf = (generateName: string): StorageClass =>
  ({ apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass', metadata: { generateName }, provisioner: 'e2e-fake-provisioner' })

test('[sig-storage] StorageClasses CSI Conformance should run through the lifecycle of a StorageClass [Conformance]', () =>
  walkReplaced(storageClasses, classOf('e2e-'), classOf('e2e-v2-')))
