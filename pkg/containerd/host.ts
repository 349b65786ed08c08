// What this machine offers to a container runtime: cgroups, init system, capabilities, file systems, programs.
import { execFileSync } from 'node:child_process'
import { accessSync, constants, existsSync, readFileSync, statfsSync } from 'node:fs'
import { join } from 'node:path'

/** `hybrid` has the controllers in v1 hierarchies and an empty v2 one beside them: treat it as v1. */
export type CgroupVersion = 'v1' | 'hybrid' | 'v2'
export type CgroupDriver = 'systemd' | 'cgroupfs'

export interface HostFacts {
  cgroupVersion: CgroupVersion
  cgroupDriver: CgroupDriver
  /** Mount points by controller (v1), or `''` for the unified hierarchy (v2 and hybrid). */
  cgroupMounts: Record<string, string>
  systemd: boolean
  /** Whether an oom_score_adj may be lowered (CAP_SYS_RESOURCE). */
  mayLowerOomScore: boolean
  appArmor: boolean
  snapshotter: 'overlayfs' | 'native'
}

/** `rootDirectory` is where the runtime will keep its layers; its nearest existing parent is looked at. */
export function detectHost(rootDirectory: string): HostFacts {
  const { version, mounts } = readCgroups(readFileSync('/proc/self/mountinfo', 'utf8'))
  const systemd = existsSync('/run/systemd/system')
  return {
    cgroupVersion: version,
    cgroupMounts: mounts,
    cgroupDriver: cgroupDriverOf({ version, systemd, systemBus: existsSync('/run/dbus/system_bus_socket') }),
    systemd,
    mayLowerOomScore: hasCapability(readFileSync('/proc/self/status', 'utf8'), capSysResource),
    appArmor: existsSync('/sys/kernel/security/apparmor'),
    snapshotter: overlayUsable(rootDirectory) ? 'overlayfs' : 'native',
  }
}

/** Pure. runc and the kubelet speak to systemd over the system bus. */
export const cgroupDriverOf = ({ version, systemd, systemBus }: { version: CgroupVersion; systemd: boolean; systemBus: boolean }): CgroupDriver =>
  (version === 'v2' && systemd && systemBus ? 'systemd' : 'cgroupfs')

/** Pure: which cgroup hierarchies a mountinfo text tells of. */
export function readCgroups(mountInfo: string): { version: CgroupVersion; mounts: Record<string, string> } {
  const mounts: Record<string, string> = {}
  for (const { type, mountPoint, superOptions } of parseMountInfo(mountInfo)) {
    if (type === 'cgroup2') mounts[''] ??= mountPoint
    if (type !== 'cgroup') continue
    for (const option of superOptions.split(',')) {
      if (option !== 'rw' && option !== 'ro') mounts[option] ??= mountPoint
    }
  }
  const v1Controllers = Object.keys(mounts).some((name) => name !== '' && !name.startsWith('name='))
  if (v1Controllers) return { version: '' in mounts ? 'hybrid' : 'v1', mounts }
  if ('' in mounts) return { version: 'v2', mounts }
  throw new Error('no cgroup hierarchy is mounted; containers need one (usually at /sys/fs/cgroup)')
}

export interface MountInfo {
  mountPoint: string
  type: string
  source: string
  superOptions: string
  /** `major:minor` of the file system, and which directory of it is mounted. */
  device: string
  root: string
  /** What is mounted below it is seen in its copies, too. */
  shared: boolean
}

/** Pure: the mounts of a mountinfo text, oldest first. */
export function parseMountInfo(text: string): MountInfo[] {
  const unescape = (word: string): string => word.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))
  return text.split('\n').filter(Boolean).map((line) => {
    const [before = '', after = ''] = line.split(' - ')
    const [type = '', source = '', superOptions = ''] = after.split(' ')
    const [, , device = '', root = '', mountPoint = '', , ...fields] = before.split(' ')
    return { mountPoint: unescape(mountPoint), type, source, superOptions, device, root: unescape(root), shared: fields.some((field) => field.startsWith('shared:')) }
  })
}

export const capSysResource = 24
export const capSysAdmin = 21

/** Pure: whether a /proc/PID/status text has the capability in its effective set. */
export function hasCapability(status: string, capability: number): boolean {
  const mask = /^CapEff:\s*([0-9a-f]+)/m.exec(status)?.[1] ?? '0'
  return ((BigInt(`0x${mask}`) >> BigInt(capability)) & 1n) === 1n
}

const overlayMagic = 0x794c7630

export interface FileSystems {
  /** /proc/filesystems: those that the kernel has now. */
  known(): string
  load(module: string): void
}

const kernelFileSystems: FileSystems = {
  known: () => readFileSync('/proc/filesystems', 'utf8'),
  load: (module) => void execFileSync(findProgram('modprobe') ?? 'modprobe', [module], { stdio: 'ignore' }),
}

/** Most kernels have it as a module, which nobody has loaded on a machine that just started. */
export function hasOverlay(kernel: FileSystems = kernelFileSystems): boolean {
  const known = (): boolean => /\boverlay$/m.test(kernel.known())
  if (known()) return true
  try {
    kernel.load('overlay')
  } catch {
    return false
  }
  return known()
}

function overlayUsable(directory: string): boolean {
  if (!hasOverlay()) return false
  let existing = directory
  while (!existsSync(existing)) existing = join(existing, '..')
  // An overlay cannot have its upper directory on another overlay.
  return statfsSync(existing).type !== overlayMagic
}

const systemDirectories = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin']

/** The first executable of that name on PATH or in the usual system directories. */
export function findProgram(name: string, path = process.env.PATH ?? ''): string | undefined {
  for (const directory of [...path.split(':'), ...systemDirectories]) {
    if (directory === '') continue
    const file = join(directory, name)
    try {
      accessSync(file, constants.X_OK)
      return file
    } catch {
      continue
    }
  }
  return undefined
}
