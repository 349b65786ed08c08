// Finds the pods of a node.
import type { Pod } from '../api/types-pod.ts'
import type { Index } from '../client/informer.ts'

export const podsByNode: Index<Pod> = { name: 'spec.nodeName', values: ({ spec }) => (spec.nodeName ? [spec.nodeName] : []) }
