// TaintNodesByCondition: a new node takes no pods before it is known to be ready.
import type { Node } from '../api/types-node.ts'
import { nodes } from '../api/types-node.ts'
import type { AdmissionPlugin } from './admission.ts'
import { isCreateOf } from './admission.ts'

const notReady = { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' }

export const taintNodesByCondition: AdmissionPlugin = {
  name: 'TaintNodesByCondition',
  mutate(draft, request) {
    if (!isCreateOf(request, nodes)) return
    const node = draft as unknown as Node
    node.spec ??= {}
    if (!node.spec.taints?.some(({ key, effect }) => key === notReady.key && effect === notReady.effect)) {
      node.spec.taints = [...node.spec.taints ?? [], { ...notReady }]
    }
  },
}
