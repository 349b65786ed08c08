// NodePorts: two pods on a node can't have the same port of the host.
import type { Pod } from '../../api/types-pod.ts'
import { podInfo, portsCollide, type PodInfo } from '../pod-info.ts'
import type { Plugin } from '../plugin.ts'

const taken = { reasons: ["node(s) didn't have free ports for the requested pod ports"], resolvable: true }

const collides = (wanted: PodInfo, used: Iterable<PodInfo['hostPorts'][number]>): boolean => {
  for (const port of used) if (wanted.hostPorts.some((want) => portsCollide(want, port))) return true
  return false
}

export const nodePorts: Plugin = {
  name: 'NodePorts',
  enqueueOn: ['pod-gone', 'node-added'],
  mayHelp: (pod, { kind, object }) => kind !== 'pod-gone' || collides(pod, podInfo(object as Pod).hostPorts),
  preFilter(pod) {
    if (pod.hostPorts.length === 0) return undefined
    return { filter: (node) => (collides(pod, node.usedPorts()) ? taken : undefined) }
  },
}
