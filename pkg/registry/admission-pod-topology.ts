// PodTopologyLabels: a pod carries the zone and region of its node as labels; so does what binds it there.
import type { AnyObject } from '../api/object.ts'
import type { Node } from '../api/types-node.ts'
import { nodes } from '../api/types-node.ts'
import type { Binding, Pod } from '../api/types-pod.ts'
import { pods } from '../api/types-pod.ts'
import type { AdmissionPlugin, AdmissionRequest } from './admission.ts'
import { isCreateOf, isResource } from './admission.ts'

const copied = ['topology.kubernetes.io/zone', 'topology.kubernetes.io/region']

/** The node that the draft names. */
function nodeOf(draft: AnyObject, request: AdmissionRequest): string | undefined {
  if (isCreateOf(request, pods)) return (draft as unknown as Pod).spec.nodeName
  if (request.operation !== 'CREATE' || request.subresource !== 'binding' || !isResource(request.definition, pods.group, pods.plural)) return undefined
  const { kind, name } = (draft as unknown as Binding).target ?? {}
  return kind === 'Node' ? name : undefined
}

export const podTopologyLabels: AdmissionPlugin = {
  name: 'PodTopologyLabels',
  mutate(draft, request) {
    const name = nodeOf(draft, request)
    if (!name) return
    const labels = request.view.get<Node>(nodes, { name })?.metadata.labels ?? {}
    for (const label of copied) {
      const value = labels[label]
      if (value !== undefined) draft.metadata.labels = { ...draft.metadata.labels, [label]: value }
    }
  },
}
