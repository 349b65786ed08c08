// What is mounted into a container: its volumes, hosts file and termination message file. Creates the files behind them.
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import type { Container, Pod, VolumeMount } from '../api/types-pod.ts'
import { ConfigError } from './environment.ts'
import { expand } from './expansion.ts'
import { ownPayload } from './file-usage.ts'
import { hostNetworkHostsFile, podHostsFile } from './hosts-file.ts'
import type { NodePaths } from './pod-files.ts'
import { hostsFile, messageFile, podDirectory, subPathTarget } from './pod-files.ts'
import { podHostname, podUid } from './pod-names.ts'
import type { MountSpec } from './runtime-service.ts'
import { bindSubPath } from './sub-path.ts'
import type { MountedVolume, Mounter } from './volume.ts'

export interface MountInput {
  readonly pod: Pod
  readonly container: Container
  readonly attempt: number
  readonly volumes: ReadonlyMap<string, MountedVolume>
  readonly env: ReadonlyMap<string, string>
  readonly podIPs: readonly string[]
  readonly clusterDomain: string
  readonly paths: NodePaths
  readonly mounter: Mounter
  /** The runtime's names of the images that are volumes, by the volume's name. */
  readonly images: ReadonlyMap<string, string>
  /** Whether the runtime can make what is mounted below a mount read-only, too. */
  readonly recursiveReadOnly: boolean
  /** Whether the kernel has SELinux. */
  readonly seLinux: boolean
}

const hostsPath = '/etc/hosts'

export async function containerMounts(input: MountInput): Promise<{ mounts: MountSpec[]; messageFile: string }> {
  const { pod, container, paths } = input
  const label = input.seLinux ? { relabel: true } : {}
  const mounts: MountSpec[] = await Promise.all((container.volumeMounts ?? []).map((mount, index) => volumeMount(mount, index, input)))
  await mkdir(podDirectory(paths, podUid(pod)), { recursive: true })
  const taken = (path: string): boolean => mounts.some((mount) => mount.containerPath.replace(/(.)\/+$/, '$1') === path)
  if (!taken(hostsPath)) {
    const file = hostsFile(paths, podUid(pod))
    await writeFile(file, await hostsText(input), { mode: 0o644 })
    mounts.push({ containerPath: hostsPath, hostPath: file, readOnly: false, propagation: 'None', ...label })
  }
  const messagePath = container.terminationMessagePath ?? '/dev/termination-log'
  if (messagePath === '' || taken(messagePath)) return { mounts, messageFile: '' }
  const file = messageFile(paths, podUid(pod), container.name, input.attempt)
  // Whoever the container runs as must be able to write it; the umask would cut that at the creation.
  await writeFile(file, '')
  await chmod(file, 0o666)
  mounts.push({ containerPath: messagePath, hostPath: file, readOnly: false, propagation: 'None', ...label })
  return { mounts, messageFile: file }
}

async function hostsText({ pod, podIPs, clusterDomain }: MountInput): Promise<string> {
  const aliases = pod.spec.hostAliases ?? []
  if (pod.spec.hostNetwork) return hostNetworkHostsFile(await readFile(hostsPath, 'utf8'), aliases)
  const { hostname, fqdn } = podHostname(pod, clusterDomain)
  return podHostsFile({ ips: podIPs, hostname, aliases, ...(fqdn === undefined ? {} : { fqdn }) })
}

async function volumeMount(mount: VolumeMount, index: number, input: MountInput): Promise<MountSpec> {
  const volume = input.volumes.get(mount.name)
  if (!volume) throw new ConfigError(`cannot find volume "${mount.name}" to mount into container "${input.container.name}"`)
  const subPath = mountSubPath(mount, input)
  if (volume.image !== undefined) {
    return { containerPath: absolute(mount.mountPath), hostPath: '', readOnly: true, propagation: 'None', image: { id: input.images.get(mount.name) ?? volume.image, name: volume.image, subPath } }
  }
  const hostPath = subPath === '' ? volume.hostPath : await bindSubPath({
    volumePath: volume.hostPath, subPath,
    target: subPathTarget(input.paths, podUid(input.pod), { volume: mount.name, container: input.container.name, index, attempt: input.attempt }),
  }, input.mounter).catch((error: unknown) => {
    throw new ConfigError(`failed to prepare subPath for volumeMount "${mount.name}" of container "${input.container.name}"`, { cause: error })
  })
  return {
    containerPath: absolute(mount.mountPath),
    hostPath,
    readOnly: (mount.readOnly ?? false) || volume.readOnly,
    propagation: (mount.mountPropagation ?? 'None') as MountSpec['propagation'],
    ...(isRecursive(mount, input.recursiveReadOnly) ? { recursiveReadOnly: true } : {}),
    // What others have, too, keeps the label that it has.
    ...(input.seLinux && ownPayload(input.pod.spec.volumes?.find(({ name }) => name === mount.name) ?? { name: '' }) ? { relabel: true } : {}),
  }
}

const absolute = (path: string): string => (path.startsWith('/') ? path : `/${path}`)

function isRecursive({ name, readOnly, recursiveReadOnly = 'Disabled' }: VolumeMount, possible: boolean): boolean {
  if (!readOnly || recursiveReadOnly === 'Disabled') return false
  if (recursiveReadOnly === 'Enabled' && !possible) throw new ConfigError(`failed to resolve recursive read-only mode: volume "${name}" requested recursive read-only mode, but it is not supported by the runtime`)
  return possible
}

/** An expression must expand wholly: what is left over would name a directory that nobody meant. */
function mountSubPath(mount: VolumeMount, { env }: MountInput): string {
  if (!mount.subPathExpr) return mount.subPath ?? ''
  const missing = new Set<string>()
  const text = expand(mount.subPathExpr, (name) => {
    const value = env.get(name)
    if (value === undefined) missing.add(name)
    return value
  })
  if (missing.size > 0) throw new ConfigError(`failed to expand subPath for volumeMount "${mount.name}": missing value for ${[...missing].map((name) => JSON.stringify(name)).join(', ')}`)
  if (text.startsWith('/') || text.split('/').includes('..')) throw new ConfigError(`failed to expand subPath for volumeMount "${mount.name}": ${JSON.stringify(text)} must be relative, without '..'`)
  return text
}
