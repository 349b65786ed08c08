import { Command } from '@oclif/core'
export class Status extends Command {
  async run(): Promise<void> { await Promise.resolve() }
}
