// What the kernel is to do with every container under cgroup version 2, as files and their texts.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { HostFacts } from './host.ts'

/** As kubelets have it: a container ends as a whole when it runs out of memory (unless `singleProcess`), and does not swap. */
export function unifiedSettings({ cgroupVersion, cgroupMounts }: Pick<HostFacts, 'cgroupVersion' | 'cgroupMounts'>, singleProcess: boolean, own = readFileSync('/proc/self/cgroup', 'utf8')): Record<string, string> {
  if (cgroupVersion !== 'v2') return {}
  // The root cgroup has no such file: a kernel that knows swap shows it in our own.
  const limitsSwap = existsSync(join(cgroupMounts[''] ?? '', ownCgroup(own), 'memory.swap.max'))
  return { ...(singleProcess ? {} : { 'memory.oom.group': '1' }), ...(limitsSwap ? { 'memory.swap.max': '0' } : {}) }
}

/** Pure. Of a /proc/PID/cgroup text, in version 2's hierarchy. */
export const ownCgroup = (text: string): string => /^0::(.*)$/m.exec(text)?.[1] ?? '/'
