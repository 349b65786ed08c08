// Volume attributes classes as objects of the API.
import type { AnyObject } from '../../../pkg/api/object.ts'
import { kindOf } from '../operations.ts'
import { walkReplaced } from './classes-walk.ts'

const classOf = (generateName: string): AnyObject =>
  ({ apiVersion: 'storage.k8s.io/v1', kind: 'VolumeAttributesClass', metadata: { generateName }, driverName: 'e2e-fake-csi-driver', parameters: { foo: 'bar' } })

test('[sig-storage] VolumeAttributesClass [FeatureGate:VolumeAttributesClass] should run through the lifecycle of a VolumeAttributesClass [Conformance]', () =>
  walkReplaced(kindOf('storage.k8s.io/v1', 'volumeattributesclasses', 'VolumeAttributesClass', false), classOf('e2e-'), classOf('e2e-v2-')))
