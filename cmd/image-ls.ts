// `kinglet image ls`: the images that pods of this node can use.
import { Command } from '@oclif/core'
import { dataFlags } from './cluster-flags.ts'
import { openImages } from './images.ts'
import { table } from './text.ts'

export class ImageList extends Command {
  static override summary = 'List the images on the node.'
  static override flags = dataFlags

  async run(): Promise<void> {
    const { flags } = await this.parse(ImageList)
    const images = await (await openImages(flags)).list()
    const rows = images
      .filter(({ name }) => !name.includes('@') && !name.startsWith('sha256:'))
      .map(({ name, target }) => [name, target.digest.replace(/^sha256:/, '').slice(0, 12)])
      .sort(([a = ''], [b = '']) => (a < b ? -1 : 1))
    this.log(table(['NAME', 'DIGEST'], rows))
  }
}
