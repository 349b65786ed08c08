import { Command } from '@oclif/core'
export class Check extends Command {
  async run(): Promise<void> { await Promise.resolve() }
}
