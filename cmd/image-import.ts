// `kinglet image import`: images from OCI and docker archives into the node's container runtime, without a registry.
import { accessSync, constants } from 'node:fs'
import { Args, Command } from '@oclif/core'
import { dataFlags } from './cluster-flags.ts'
import { openImages } from './images.ts'
import { UserError } from './errors.ts'

export class ImageImport extends Command {
  static override summary = 'Import images from archives (OCI layout or docker save; plain, gzip or zstd).'
  static override strict = false
  static override flags = dataFlags
  static override args = { file: Args.string({ description: 'archives to import', required: true }) }
  static override examples = ['docker save web:1 | gzip > web.tar.gz && kinglet image import web.tar.gz']

  async run(): Promise<void> {
    const { flags, argv } = await this.parse(ImageImport)
    const files = argv as string[]
    for (const file of files) requireReadable(file)
    const images = await openImages(flags)
    for (const file of files) {
      const names = await images.importFile(file).catch((error: Error) => {
        throw new UserError(`${file}: ${error.message}`)
      })
      for (const name of names) this.log(name)
    }
  }
}

function requireReadable(file: string): void {
  try {
    accessSync(file, constants.R_OK)
  } catch (error) {
    throw new UserError(`${file} can't be read (${(error as NodeJS.ErrnoException).code})`)
  }
}
