// NodeName: a pod that names its node goes nowhere else.
import type { Plugin } from '../plugin.ts'

const elsewhere = { reasons: ["node(s) didn't match the requested node name"], resolvable: false }

export const nodeName: Plugin = {
  name: 'NodeName',
  enqueueOn: ['node-added'],
  preFilter({ pod }) {
    const asked = pod.spec.nodeName
    return asked ? { filter: (node) => (node.name === asked ? undefined : elsewhere) } : undefined
  },
}
