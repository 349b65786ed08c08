// CSI nodes as objects of the API.
import type { AnyObject } from '../../../pkg/api/object.ts'
import { uniqueName } from '../framework.ts'
import { kindOf } from '../operations.ts'
import { walkReplaced } from './classes-walk.ts'

// What the original's client sends for a node without drivers.
const nodeOf = (): AnyObject => ({ apiVersion: 'storage.k8s.io/v1', kind: 'CSINode', metadata: { name: uniqueName('e2e-csinode') }, spec: { drivers: null } })

test('[sig-storage] CSINodes CSI Conformance should run through the lifecycle of a csinode [Conformance]', () =>
  walkReplaced(kindOf('storage.k8s.io/v1', 'csinodes', 'CSINode', false), nodeOf(), nodeOf()))
