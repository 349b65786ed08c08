// `kinglet kubeconfig`: the administrator's kubeconfig, for KUBECONFIG or a pipe.
import { readFileSync } from 'node:fs'
import { Command } from '@oclif/core'
import { dataFlags } from './cluster-flags.ts'
import { clusterContext, dataDirFlag } from './context.ts'
import { UserError } from './errors.ts'

export class Kubeconfig extends Command {
  static override summary = "Print the administrator's kubeconfig."
  static override flags = dataFlags

  async run(): Promise<void> {
    const { flags } = await this.parse(Kubeconfig)
    const { options } = clusterContext(flags)
    const path = options.kubeconfigPath ?? ''
    try {
      process.stdout.write(readFileSync(path, 'utf8'))
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'ENOENT') throw new UserError(`there is no kubeconfig at ${path}; start the cluster with: kinglet up${dataDirFlag(options)}`)
      throw new UserError(`${path} can't be read (${code}); it is root's, so run: sudo kinglet kubeconfig`)
    }
  }
}
