// `kinglet up`: a cluster in the background, ready to be used when the command returns.
import { Command, Flags } from '@oclif/core'
import { readServerRecord, serverProcess } from '../pkg/cluster/server-record.ts'
import { clusterFlags, clusterOptions } from './cluster-flags.ts'
import { requireRoot } from './errors.ts'
import { bringUp } from './launch.ts'

export class Up extends Command {
  static override summary = 'Start the cluster in the background and wait until it is ready.'
  static override description = 'Returns when the node is Ready and the cluster DNS answers. Does nothing when the cluster is up.'
  static override flags = {
    ...clusterFlags,
    timeout: Flags.integer({ helpValue: 'SECONDS', default: 180, min: 1, description: 'how long to wait' }),
  }

  async run(): Promise<void> {
    const { flags } = await this.parse(Up)
    const options = clusterOptions(flags)
    if (!options.disableAgent) requireRoot('kinglet up makes networks and containers')
    const record = readServerRecord(options.stateDirectory)
    const running = serverProcess(record)
    if (record && running && record.step === 'ready') {
      this.log(`kinglet is up already (process ${running.pid})`)
    } else {
      await bringUp(options, { timeoutMs: flags.timeout * 1000, running })
    }
    this.log(`export KUBECONFIG=${(record && running ? record.options : options).kubeconfigPath}`)
  }
}
