// Records Events about objects: the contract. Repeats of one event raise its count instead of making another.
import type { KubeObject } from '../api/object.ts'

export interface EventRecorder {
  /** Never throws and never waits: losing an event must not fail the work that it tells of. `fieldPath` names a part, such as `spec.containers{web}`. */
  record(about: KubeObject, event: { type: 'Normal' | 'Warning'; reason: string; message: string; fieldPath?: string }): void
}
