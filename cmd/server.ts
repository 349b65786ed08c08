// `kinglet server`: the cluster in the foreground, as systemd or `kinglet up` runs it.
import { Command } from '@oclif/core'
import { clusterFlags, clusterOptions } from './cluster-flags.ts'
import { requireRoot } from './errors.ts'

export class Server extends Command {
  static override summary = 'Run the cluster in the foreground.'
  static override description = 'SIGTERM or Ctrl-C ends the server and leaves the pods running; the next start finds them. A second one ends it at once.'
  static override flags = clusterFlags

  async run(): Promise<void> {
    const { flags } = await this.parse(Server)
    const options = clusterOptions(flags)
    if (!options.disableAgent) requireRoot('kinglet server makes networks and containers')
    const { serve } = await import('./serve.ts')
    await serve(options)
  }
}
