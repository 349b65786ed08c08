// What this machine is: read from the kernel and the system's files.
import { readdir, readFile, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { arch, cpus, networkInterfaces, release, totalmem } from 'node:os'
import { bytesText } from './eviction-ranking.ts'
import { memoryOf } from './machine-usage.ts'

export interface NodeFacts {
  readonly cpus: number
  readonly memoryBytes: number
  readonly diskBytes: number
  /** How much of its memory lies in huge pages, by their size: `2Mi`, `1Gi`. */
  readonly hugePages: Readonly<Record<string, number>>
  /** 0 without any. */
  readonly swapBytes: number
  readonly machineID: string
  readonly systemUUID: string
  readonly bootID: string
  readonly kernelVersion: string
  readonly osImage: string
  readonly architecture: string
}

const architectures: Record<string, string> = { x64: 'amd64', arm64: 'arm64', arm: 'arm' }

export async function readNodeFacts(dataDirectory: string): Promise<NodeFacts> {
  const text = (path: string): Promise<string> => readFile(path, 'utf8').then((content) => content.trim(), () => '')
  const [machineID, systemUUID, bootID, osRelease, disk] = await Promise.all([
    text('/etc/machine-id'), text('/sys/class/dmi/id/product_uuid'), text('/proc/sys/kernel/random/boot_id'), text('/etc/os-release'), statfs(dataDirectory),
  ])
  return {
    cpus: cpus().length,
    memoryBytes: totalmem(),
    diskBytes: disk.blocks * disk.bsize,
    hugePages: await readHugePages(),
    swapBytes: memoryOf(await text('/proc/meminfo')).swapTotalBytes,
    machineID,
    systemUUID: systemUUID || machineID,
    bootID,
    kernelVersion: release(),
    osImage: /^PRETTY_NAME="?([^"\n]*)"?$/m.exec(osRelease)?.[1] ?? 'Linux',
    architecture: architectures[arch()] ?? arch(),
  }
}

const hugePageRoot = '/sys/kernel/mm/hugepages'

async function readHugePages(): Promise<Record<string, number>> {
  const names = await readdir(hugePageRoot).catch(() => [])
  const found = await Promise.all(names.map(async (name) => {
    const kibi = Number(/^hugepages-(\d+)kB$/.exec(name)?.[1] ?? 0)
    const count = Number(await readFile(join(hugePageRoot, name, 'nr_hugepages'), 'utf8').catch(() => '0'))
    return [bytesText(kibi * 1024), count * kibi * 1024] as const
  }))
  return Object.fromEntries(found.sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** Looks at the interfaces only when the routes or the addresses are others: they are many where there are pods, and telling of them may take half a second. */
export function addressLooks(address: () => Promise<string> = defaultAddress, tables: () => Promise<string> = addressTables): () => Promise<string> {
  let last: { readonly tables: string; readonly address: string } | undefined
  return async () => {
    const now = await tables()
    if (now === '' || last?.tables !== now) last = { tables: now, address: await address() }
    return last.address
  }
}

/** What the node's own address depends on; empty where the kernel does not tell. */
async function addressTables(): Promise<string> {
  const [routes, addresses] = await Promise.all(['/proc/net/route', '/proc/net/fib_trie'].map((path) => readFile(path, 'utf8').catch(() => '')))
  return routes && addresses ? `${routes}\n${addresses}` : ''
}

/** The address of the interface that the default route goes through; the first outside address, or loopback, without one. */
export async function defaultAddress(): Promise<string> {
  const routes = await readFile('/proc/net/route', 'utf8').catch(() => '')
  const device = routes.split('\n').map((line) => line.split('\t')).find((fields) => fields[1] === '00000000' && fields[7] === '00000000')?.[0]
  const interfaces = networkInterfaces()
  const candidates = [...(interfaces[device ?? ''] ?? []), ...Object.values(interfaces).flatMap((addresses) => addresses ?? [])]
  return candidates.find((address) => address.family === 'IPv4' && !address.internal)?.address ?? '127.0.0.1'
}
