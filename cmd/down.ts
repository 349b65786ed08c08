// `kinglet down`: ends the server, its pods and its containerd, and takes what they made off the machine.
import { rmSync, rmdirSync } from 'node:fs'
import { Command, Flags } from '@oclif/core'
import { machineLockHolder } from '../pkg/cluster/machine-lock.ts'
import { removeServerRecord, serverProcess, stopServer } from '../pkg/cluster/server-record.ts'
import { systemClock } from '../pkg/util/clock.ts'
import { dataFlags } from './cluster-flags.ts'
import { clusterContext } from './context.ts'
import { requireRoot, UserError } from './errors.ts'
import { Progress } from './progress.ts'

export class Down extends Command {
  static override summary = 'Stop the cluster: server, pods and containerd, and the networks and mounts they made.'
  static override description = 'The data directory stays, so that the next start finds all objects and images again.'
  static override flags = { ...dataFlags, purge: Flags.boolean({ description: 'remove the data directory and the kubeconfig too' }) }

  async run(): Promise<void> {
    const { flags } = await this.parse(Down)
    const { options, record } = clusterContext(flags)
    if (!options.disableAgent) requireRoot('kinglet down removes networks and mounts')
    await this.#refuseForeign(options.stateDirectory, record?.pid)
    const progress = new Progress()
    progress.begin('stopping the server')
    const stopped = await stopServer(record, { clock: systemClock, graceMs: 20_000 })
    progress.end(stopped ? `server stopped (process ${record?.pid})` : 'no server was running')
    if (!options.disableAgent) {
      progress.begin('ending pods and containerd')
      const { removeFromMachine } = await import('../pkg/cluster/cluster.ts')
      await removeFromMachine(options, { log: (text) => progress.note(text) })
      progress.end('pods, containerd, mounts and networks removed')
    }
    removeServerRecord(options.stateDirectory)
    removeEmpty(options.stateDirectory)
    if (flags.purge) {
      rmSync(options.dataDirectory, { recursive: true, force: true })
      if (options.kubeconfigPath) rmSync(options.kubeconfigPath, { force: true })
      progress.end(`${options.dataDirectory} removed`)
    }
  }

  /** The bridge and the nft table are the machine's: they may be another cluster's. */
  async #refuseForeign(stateDirectory: string, pid: number | undefined): Promise<void> {
    const holder = await machineLockHolder()
    if (!holder || (holder.pid === pid && serverProcess(clusterContext({ 'data-dir': holder.dataDirectory }).record))) return
    throw new UserError(`the kinglet that runs on this machine has another data directory; end it with: kinglet down --data-dir ${holder.dataDirectory} (not ${stateDirectory})`)
  }
}

function removeEmpty(directory: string): void {
  try {
    rmdirSync(directory)
  } catch (error) {
    if (!['ENOENT', 'ENOTEMPTY'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
  }
}
