// NodeUnschedulable: cordoned nodes take only pods that tolerate it.
import type { Node } from '../../api/types-node.ts'
import { unschedulableTaint } from '../node-info.ts'
import type { Plugin } from '../plugin.ts'
import { isTolerated } from '../taints.ts'

const cordoned = { reasons: ['node(s) were unschedulable'], resolvable: false }

export const nodeUnschedulable: Plugin = {
  name: 'NodeUnschedulable',
  enqueueOn: ['node-added', 'node-taints'],
  mayHelp: (_pod, { object }) => !(object as Node).spec?.unschedulable,
  preFilter({ pod }) {
    if (isTolerated(unschedulableTaint, pod.spec.tolerations)) return undefined
    return { filter: ({ node }) => (node?.spec?.unschedulable ? cordoned : undefined) }
  },
}
