// Records Events about objects: the contract. Repeats of one event raise its count instead of making another.
import type { KubeObject } from '../api/object.ts'

export interface Occurrence {
  readonly type: 'Normal' | 'Warning'
  readonly reason: string
  readonly message: string
  /** Names a part, such as `spec.containers{web}`. */
  readonly fieldPath?: string
  /** What was done or tried. With it the event is told as those of events.k8s.io are: with the time of the first, and a series of its repeats. */
  readonly action?: string
  /** The other object in it; of events with an action only. */
  readonly related?: KubeObject
}

export interface EventRecorder {
  /** Never throws and never waits: losing an event must not fail the work that it tells of. */
  record(about: KubeObject, event: Occurrence): void
}
