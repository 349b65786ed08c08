// `kinglet check`: whether this machine can be a node, one line for each thing it needs.
import { Command } from '@oclif/core'
import type { Check as MachineCheck } from '../pkg/cluster/checks.ts'
import { serverProcess } from '../pkg/cluster/server-record.ts'
import { clusterFlags, clusterOptions } from './cluster-flags.ts'
import { clusterContext } from './context.ts'

export class Check extends Command {
  static override summary = 'Check whether this machine has all that a cluster needs. Exit code 1 when not.'
  static override flags = clusterFlags

  async run(): Promise<void> {
    const { flags } = await this.parse(Check)
    const { checkMachine } = await import('../pkg/cluster/checks.ts')
    const checks = await checkMachine(clusterOptions(flags), serverProcess(clusterContext(flags).record)?.pid)
    for (const check of checks) this.log(checkText(check))
    if (checks.some((check) => !check.ok && check.needed)) this.exit(1)
  }
}

/** Pure: `✗ nft: not found; apt-get install nftables`. */
export const checkText = ({ ok, needed, name, found, remedy }: MachineCheck): string =>
  `${ok ? '✓' : needed ? '✗' : '!'} ${name}: ${found}${remedy ? `; ${remedy}` : ''}`
