// How a cluster is: its server, node, pods and sizes, as seen from another process.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { load } from 'js-yaml'
import { nodes } from '../api/types-node.ts'
import { pods } from '../api/types-pod.ts'
import { HttpsClient } from '../client/https-client.ts'
import type { ClusterOptions } from './options.ts'
import { type ServerRecord, serverProcess } from './server-record.ts'

export interface NodeStatus {
  readonly name: string
  readonly ready: boolean
  readonly kubelet: string
  readonly runtime: string
}

export interface ClusterStatus {
  readonly server?: { readonly pid: number; readonly version: string; readonly memoryBytes: number; readonly cpuSeconds: number }
  readonly kubeconfig?: string
  /** `ready`, or why it does not answer. */
  readonly api: string
  readonly nodes: readonly NodeStatus[]
  /** How many pods are in each phase. */
  readonly pods: Readonly<Record<string, number>>
  readonly bytes: { readonly database: number; readonly logs: number }
  /** All of it works. */
  readonly ok: boolean
}

export async function clusterStatus(options: ClusterOptions, record: ServerRecord | undefined): Promise<ClusterStatus> {
  const running = serverProcess(record)
  const server = record && running ? { pid: running.pid, version: record.version, ...usageOf(running.pid) } : undefined
  const bytes = {
    database: sizeOf(join(options.dataDirectory, 'server/db')),
    logs: sizeOf(join(options.dataDirectory, 'kinglet.log')) + sizeOf(join(options.dataDirectory, 'agent/containerd.log')),
  }
  const { kubeconfigPath: kubeconfig } = options
  if (!server) return { kubeconfig, api: 'not running', nodes: [], pods: {}, bytes, ok: false }
  const objects = await readObjects(options).catch((error: Error) => ({ api: error.message, nodes: [], pods: {} }))
  const nodesReady = options.disableAgent || (objects.nodes.length > 0 && objects.nodes.every((node) => node.ready))
  return { server, kubeconfig, ...objects, bytes, ok: objects.api === 'ready' && nodesReady }
}

async function readObjects(options: ClusterOptions): Promise<Pick<ClusterStatus, 'api' | 'nodes' | 'pods'>> {
  const client = clientOf(readFileSync(options.kubeconfigPath ?? '', 'utf8'))
  try {
    const [nodeList, podList] = await Promise.all([client.list(nodes), client.list(pods)])
    const phases: Record<string, number> = {}
    for (const pod of podList.items) {
      const phase = pod.status?.phase ?? 'Unknown'
      phases[phase] = (phases[phase] ?? 0) + 1
    }
    return {
      api: 'ready', pods: phases,
      nodes: nodeList.items.map(({ metadata, status }) => ({
        name: metadata.name ?? '',
        ready: status?.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True') ?? false,
        kubelet: status?.nodeInfo?.kubeletVersion ?? '', runtime: status?.nodeInfo?.containerRuntimeVersion ?? '',
      })),
    }
  } finally {
    client.close()
  }
}

/** A client with the credentials of a kubeconfig that kinglet wrote. */
function clientOf(text: string): HttpsClient {
  const { clusters, users } = load(text) as {
    clusters: { cluster: { server: string; 'certificate-authority-data': string } }[]
    users: { user: { 'client-certificate-data': string; 'client-key-data': string } }[]
  }
  const cluster = clusters[0]?.cluster
  const user = users[0]?.user
  if (!cluster || !user) throw new Error('the kubeconfig has no cluster or no user')
  const decode = (data: string): string => Buffer.from(data, 'base64').toString('utf8')
  return new HttpsClient({
    server: cluster.server, ca: decode(cluster['certificate-authority-data']),
    certificate: decode(user['client-certificate-data']), key: decode(user['client-key-data']), userAgent: 'kinglet',
  })
}

// The kernel counts in hundredths of a second on every architecture that Node runs on.
const ticksPerSecond = 100

function usageOf(pid: number): { memoryBytes: number; cpuSeconds: number } {
  const resident = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '0'
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return { memoryBytes: Number(resident) * 1024, cpuSeconds: (Number(fields[11]) + Number(fields[12])) / ticksPerSecond }
}

function sizeOf(path: string): number {
  if (!existsSync(path)) return 0
  const stat = statSync(path)
  if (!stat.isDirectory()) return stat.size
  return readdirSync(path).reduce((sum, name) => sum + sizeOf(join(path, name)), 0)
}
