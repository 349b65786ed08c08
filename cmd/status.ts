// `kinglet status`: whether the cluster works, and how big it is.
import { Command, Flags } from '@oclif/core'
import type { ClusterStatus } from '../pkg/cluster/status.ts'
import { dataFlags } from './cluster-flags.ts'
import { clusterContext } from './context.ts'
import { byteText } from './text.ts'

export class Status extends Command {
  static override summary = 'Show whether the cluster works. Exit code 0 when it does, 1 when not.'
  static override flags = { ...dataFlags, output: Flags.string({ char: 'o', options: ['text', 'json'], default: 'text', description: 'how to print it' }) }

  async run(): Promise<void> {
    const { flags } = await this.parse(Status)
    const { options, record } = clusterContext(flags)
    const { clusterStatus } = await import('../pkg/cluster/status.ts')
    const status = await clusterStatus(options, record)
    this.log(flags.output === 'json' ? JSON.stringify(status, null, 2) : statusText(status, options.dataDirectory))
    if (!status.ok) this.exit(1)
  }
}

/** Pure: one line a fact. */
export function statusText(status: ClusterStatus, dataDirectory: string): string {
  const { server, api, bytes } = status
  const podCounts = Object.entries(status.pods).sort().map(([phase, count]) => `${count} ${phase}`)
  const lines: [string, string][] = [
    ['server', server ? `process ${server.pid}, kinglet ${server.version}, ${byteText(server.memoryBytes)} resident, ${server.cpuSeconds.toFixed(1)} s of CPU` : 'not running'],
    ['API', api],
    ...status.nodes.map((node): [string, string] => ['node', `${node.name} ${node.ready ? 'Ready' : 'NotReady'}, kubelet ${node.kubelet}, ${node.runtime}`]),
    ['pods', podCounts.join(', ') || 'none'],
    ['data', `${dataDirectory}: database ${byteText(bytes.database)}, logs ${byteText(bytes.logs)}`],
  ]
  return lines.map(([name, text]) => `${name.padEnd(8)}${text}`).join('\n')
}
