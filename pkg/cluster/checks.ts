// What a machine must have to be a node, checked one by one, each with its remedy.
import { execFile } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { release } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { findContainerd } from '../containerd/containerd-binary.ts'
import { capSysAdmin, findProgram, hasCapability, readCgroups } from '../containerd/host.ts'
import { containerdSocket } from './node-images.ts'
import type { ClusterOptions } from './options.ts'
import { portOwner } from './port-owner.ts'

export interface Check {
  readonly name: string
  readonly ok: boolean
  /** What was found. */
  readonly found: string
  /** What to do; only when it is not ok. */
  readonly remedy?: string
  /** Without it no cluster starts; otherwise something is less good. */
  readonly needed: boolean
}

/** `serverPid`: a server that runs already, whose port is not in anybody's way. */
export async function checkMachine(options: ClusterOptions, serverPid?: number): Promise<Check[]> {
  const always = [checkPort('API server', options.httpsPort, serverPid), checkMemory(readFileSync('/proc/meminfo', 'utf8'))]
  if (options.disableAgent) return always
  return [
    checkRoot(),
    ...(await Promise.all(kernelFeatures.map(checkKernelFeature))),
    ...checkCgroups(),
    await checkRuntime(options),
    checkProgram('nft', 'nftables'),
    checkProgram('ip', 'iproute2'),
    checkCni(),
    checkPort('API server', options.httpsPort, serverPid),
    ...(options.kubeletPort && !options.disableAgent ? [checkPort('kubelet', options.kubeletPort, serverPid)] : []),
    checkMemory(readFileSync('/proc/meminfo', 'utf8')),
  ]
}

function checkRoot(): Check {
  const root = process.getuid?.() === 0
  const admin = hasCapability(readFileSync('/proc/self/status', 'utf8'), capSysAdmin)
  if (root && admin) return { name: 'root', ok: true, found: 'yes', needed: true }
  return { name: 'root', ok: false, needed: true, found: root ? 'root without CAP_SYS_ADMIN' : 'an ordinary user', remedy: root ? 'give the container CAP_SYS_ADMIN (docker: --privileged)' : 'run with sudo' }
}

interface KernelFeature {
  readonly name: string
  /** The module that has it. */
  readonly module: string
  /** A command that works only with it; tried in a network namespace of its own, which is gone afterwards. */
  readonly trial?: readonly string[]
}

const kernelFeatures: readonly KernelFeature[] = [
  { name: 'overlayfs', module: 'overlay' },
  { name: 'network bridge', module: 'bridge', trial: ['ip', 'link', 'add', 'kinglet-try', 'type', 'bridge'] },
  { name: 'veth links', module: 'veth', trial: ['ip', 'link', 'add', 'kinglet-try', 'type', 'veth', 'peer', 'name', 'kinglet-peer'] },
  { name: 'nftables', module: 'nf_tables', trial: ['nft', 'add', 'table', 'ip', 'kinglet-try'] },
  { name: 'nftables address translation', module: 'nft_chain_nat', trial: ['nft', 'add table ip t; add chain ip t c { type nat hook prerouting priority dstnat; }'] },
]

async function checkKernelFeature({ name, module, trial }: KernelFeature): Promise<Check> {
  const loaded = existsSync(`/sys/module/${module}`) || (module === 'overlay' && /\boverlay$/m.test(readFileSync('/proc/filesystems', 'utf8')))
  if (loaded) return { name, ok: true, found: 'in the kernel', needed: true }
  const program = trial?.[0]
  if (program && process.getuid?.() === 0 && findProgram(program)) {
    const failure = await tryInOwnNetwork(trial)
    if (failure === undefined) return { name, ok: true, found: 'works', needed: true }
    return { name, ok: false, found: failure, remedy: `modprobe ${module}, or a kernel that has it`, needed: true }
  }
  const directory = `/lib/modules/${release()}`
  const listed = ['modules.builtin', 'modules.dep'].some((file) => existsSync(join(directory, file)) && readFileSync(join(directory, file), 'utf8').includes(`/${module}.ko`))
  if (listed) return { name, ok: true, found: `module ${module}`, needed: true }
  return { name, ok: false, found: "can't be told", remedy: 'run as root', needed: false }
}

/** Resolves to what went wrong. */
async function tryInOwnNetwork(command: readonly string[]): Promise<string | undefined> {
  try {
    await promisify(execFile)('unshare', ['--net', ...command])
    return undefined
  } catch (error) {
    return ((error as { stderr?: string }).stderr ?? String(error)).trim().split('\n')[0]
  }
}

function checkCgroups(): Check[] {
  let cgroups
  try {
    cgroups = readCgroups(readFileSync('/proc/self/mountinfo', 'utf8'))
  } catch (error) {
    return [{ name: 'cgroups', ok: false, found: (error as Error).message, remedy: 'mount -t cgroup2 none /sys/fs/cgroup', needed: true }]
  }
  const { version, mounts } = cgroups
  const root = mounts[''] ?? ''
  const present = version === 'v2' ? readFileSync(join(root, 'cgroup.controllers'), 'utf8').trim().split(' ') : Object.keys(mounts)
  const missing = ['cpu', 'memory', 'pids', 'cpuset'].filter((name) => !present.includes(name))
  return [
    { name: 'cgroups', ok: true, found: version, needed: true },
    missing.length === 0
      ? { name: 'cgroup controllers', ok: true, found: 'cpu, memory, pids, cpuset', needed: true }
      : { name: 'cgroup controllers', ok: false, found: `${missing.join(', ')} missing`, remedy: `boot with ${missing.map((name) => `cgroup_enable=${name}`).join(' ')}`, needed: missing.includes('cpu') || missing.includes('memory') },
  ]
}

async function checkRuntime(options: ClusterOptions): Promise<Check> {
  if (options.containerRuntimeEndpoint) {
    const socket = containerdSocket(options)
    const ok = existsSync(socket)
    return { name: 'container runtime', ok, found: ok ? socket : `nothing at ${socket}`, ...(ok ? {} : { remedy: 'start it, or leave --container-runtime-endpoint out' }), needed: true }
  }
  try {
    const { path, version } = await findContainerd()
    return { name: 'containerd and runc', ok: true, found: `${path} ${version}`, needed: true }
  } catch (error) {
    return { name: 'containerd and runc', ok: false, found: (error as Error).message.split(';')[0] ?? '', remedy: 'apt-get install containerd runc', needed: true }
  }
}

function checkProgram(name: string, packageName: string): Check {
  const path = findProgram(name)
  return { name, ok: path !== undefined, found: path ?? 'not found', ...(path ? {} : { remedy: `apt-get install ${packageName}` }), needed: true }
}

function checkCni(): Check {
  const directory = ['/opt/cni/bin', '/usr/lib/cni'].find((path) => existsSync(path))
  const missing = ['bridge', 'host-local'].filter((plugin) => !directory || !existsSync(join(directory, plugin)))
  if (missing.length === 0) return { name: 'CNI plugins', ok: true, found: `bridge and host-local in ${directory}`, needed: true }
  return { name: 'CNI plugins', ok: false, found: `${missing.join(' and ')} missing`, remedy: 'apt-get install containernetworking-plugins', needed: true }
}

function checkPort(what: string, port: number, serverPid: number | undefined): Check {
  const name = `port ${port} (${what})`
  const owner = portOwner(port)
  if (!owner) return { name, ok: true, found: 'free', needed: true }
  if (owner.pid === serverPid) return { name, ok: true, found: 'used by this cluster', needed: true }
  return { name, ok: false, found: `taken by process ${owner.pid} (${owner.name})`, remedy: 'end that, or choose another port', needed: true }
}

const enoughMiB = 512

/** Pure, on a /proc/meminfo text. */
export function checkMemory(text: string): Check {
  const available = Math.floor(Number(/^MemAvailable:\s+(\d+) kB/m.exec(text)?.[1] ?? 0) / 1024)
  const ok = available >= enoughMiB
  return { name: 'memory', ok, found: `${available} MiB available`, ...(ok ? {} : { remedy: `kinglet and a few pods want ${enoughMiB} MiB` }), needed: false }
}
