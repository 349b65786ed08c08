// `kinglet down`: ends the server, its pods and its containerd, and takes what they made off the machine.
import { rmSync } from 'node:fs'
import { Command, Flags } from '@oclif/core'
import { machineLockHolder } from '../pkg/cluster/machine-lock.ts'
import { stopServer } from '../pkg/cluster/server-record.ts'
import { systemClock } from '../pkg/util/clock.ts'
import { dataFlags } from './cluster-flags.ts'
import { clusterContext } from './context.ts'
import { requireRoot, UserError } from './errors.ts'
import { Progress } from './progress.ts'

export class Down extends Command {
  static override summary = 'Stop the cluster: server, pods and containerd, and the networks and mounts they made.'
  static override description = 'The data directory stays, so that the next start finds all objects and images again.'
  static override flags = { ...dataFlags, purge: Flags.boolean({ description: 'remove the data directory too' }) }

  async run(): Promise<void> {
    const { flags } = await this.parse(Down)
    const { options, record } = clusterContext(flags)
    if (!options.disableAgent) requireRoot('kinglet down removes networks and mounts')
    await this.#refuseForeign(record?.pid)
    const { removeData, removeFromMachine, removeKubeconfig } = await import('../pkg/cluster/removal.ts')
    const progress = new Progress()
    progress.begin('stopping the server')
    const stopped = await stopServer(record, { clock: systemClock, graceMs: 20_000 })
    progress.end(stopped ? `server stopped (process ${record?.pid})` : 'no server was running')
    if (!options.disableAgent) {
      progress.begin('ending pods and containerd')
      await removeFromMachine(options, { log: (text) => progress.note(text) })
      progress.end('pods, containerd, mounts and networks removed')
    }
    rmSync(options.stateDirectory, { recursive: true, force: true })
    await removeKubeconfig(options)
    if (flags.purge) {
      await removeData(options)
      progress.end(`${options.dataDirectory} removed`)
    }
  }

  /** The bridge and the nft table are the machine's: they may be another cluster's. */
  async #refuseForeign(ownPid: number | undefined): Promise<void> {
    const holder = await machineLockHolder()
    if (!holder || holder.pid === ownPid) return
    throw new UserError(`another kinglet runs on this machine (process ${holder.pid}); to end that one: kinglet down --data-dir ${holder.dataDirectory}`)
  }
}
