// The types of metrics.k8s.io/v1beta1: usage of nodes and pods.
import type { KubeObject, Resource } from './object.ts'

const place = { group: 'metrics.k8s.io', version: 'v1beta1' }

export const nodeMetrics: Resource<NodeMetrics> = { ...place, plural: 'nodes', kind: 'NodeMetrics', namespaced: false }
export const podMetrics: Resource<PodMetrics> = { ...place, plural: 'pods', kind: 'PodMetrics', namespaced: true }

/** Quantities by resource: cpu, memory. */
export type UsageList = Readonly<Record<string, string>>

interface Measured extends KubeObject {
  /** The end of `window`. */
  timestamp: string
  /** The CPU usage is the average over this time, as Go spells durations. */
  window: string
}

export interface NodeMetrics extends Measured {
  usage: UsageList
}

export interface PodMetrics extends Measured {
  containers: readonly { readonly name: string; readonly usage: UsageList }[]
}
