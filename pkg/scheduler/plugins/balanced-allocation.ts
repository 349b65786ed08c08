// NodeResourcesBalancedAllocation: prefers nodes where CPU and memory are used to the same degree.
import type { Plugin } from '../plugin.ts'

const compared = ['cpu', 'memory']

export const balancedAllocation: Plugin = {
  name: 'NodeResourcesBalancedAllocation',
  enqueueOn: [],
  preScore({ requests }) {
    if (compared.every((name) => !requests.get(name))) return undefined
    return {
      score({ allocatable, requested }) {
        const shares = compared.flatMap((name) => {
          const whole = allocatable.get(name) ?? 0
          return whole === 0 ? [] : [Math.min(1, ((requested.get(name) ?? 0) + (requests.get(name) ?? 0)) / whole)]
        })
        const [cpu = 0, memory = cpu] = shares
        return Math.floor((1 - Math.abs(cpu - memory) / 2) * 100)
      },
    }
  },
}
