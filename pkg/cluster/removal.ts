// Takes a cluster off its machine: pods, containerd, mounts, cgroups, network, logs. The data directory stays.
import { readdir, rm, rmdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { unmountBelow } from '../containerd/teardown.ts'
import { LinuxCgroups } from '../kubelet/pod-cgroup.ts'
import { unshareRoot } from '../kubelet/shared-root.ts'
import { removeNetwork } from '../network/cluster-network.ts'
import { systemClock } from '../util/clock.ts'
import type { ClusterHooks } from './cluster.ts'
import { agentDirectory, lastKubeletRoot, removeKubeletRoot } from './kubelet-root.ts'
import { cgroupRoot, containerdSupervisor } from './node.ts'
import type { ClusterOptions } from './options.ts'

/** The server must have ended. Safe to repeat, and where nothing is left to remove. */
export async function removeFromMachine(options: ClusterOptions, hooks: ClusterHooks = {}): Promise<void> {
  const { log = () => undefined, clock = systemClock } = hooks
  const { dataDirectory, stateDirectory, serviceCidr } = options
  if (!options.containerRuntimeEndpoint) await containerdSupervisor({ cluster: options, nodeIP: '', clock, log }).shutdown()
  const root = lastKubeletRoot(dataDirectory)
  await unmountBelow([join(dataDirectory, 'agent'), root, stateDirectory])
  await unshareRoot(root)
  await removePodLogs(join(root, 'pods'), options.podLogDirectory ?? '/var/log/pods')
  await rm(join(root, 'pods'), { recursive: true, force: true })
  await rm(join(dataDirectory, 'agent/ipam'), { recursive: true, force: true })
  const cgroups = new LinuxCgroups()
  await cgroups.release(cgroupRoot)
  await cgroups.releaseEmptySlices()
  await removeNetwork(serviceCidr)
  await rm(stateDirectory, { recursive: true, force: true })
  for (const directory of foldersOfOthers) await removeEmpty(directory)
}

/** Whose contents end with each pod, but which the CNI library, runc and containerd's shims leave; inner ones first. */
const foldersOfOthers = [
  '/var/lib/cni/results', '/var/lib/cni',
  '/run/containerd/runc/k8s.io', '/run/containerd/runc', '/run/containerd/s', '/run/containerd/fifo', '/run/containerd',
]

/** All data, after the rest was removed from the machine. */
export async function removeData({ dataDirectory }: ClusterOptions): Promise<void> {
  const root = lastKubeletRoot(dataDirectory)
  if (root !== agentDirectory(dataDirectory)) await removeKubeletRoot(root)
  await rm(dataDirectory, { recursive: true, force: true })
}

/** The next start writes it again. */
export async function removeKubeconfig({ kubeconfigPath }: ClusterOptions): Promise<void> {
  if (!kubeconfigPath) return
  await rm(kubeconfigPath, { force: true })
  await removeEmpty(dirname(kubeconfigPath))
}

async function removeEmpty(directory: string): Promise<void> {
  await rmdir(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOTEMPTY' && error.code !== 'ENOENT') throw error
  })
}

/** Log directories end in the pod's uid, by which ours are told from another kubelet's; the directory itself goes when it is empty. */
async function removePodLogs(podDirectory: string, logDirectory: string): Promise<void> {
  const uids = await names(podDirectory)
  const logs = await names(logDirectory)
  const ours = logs.filter((name) => uids.some((uid) => name.endsWith(`_${uid}`)))
  await Promise.all(ours.map((name) => rm(join(logDirectory, name), { recursive: true, force: true })))
  if (ours.length > 0 && ours.length === logs.length) await rm(logDirectory, { recursive: true })
}

async function names(directory: string): Promise<string[]> {
  return readdir(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw error
  })
}
