// The pod network's CNI configuration: a bridge, and addresses from the node's range. Masquerading and host ports are rules of ours.
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

export interface CniOptions {
  readonly bridge: string
  readonly podCidr: string
  /** Where host-local keeps the addresses in use. */
  readonly ipamDirectory: string
}

export function conflist(options: CniOptions): string {
  return `${JSON.stringify({
    cniVersion: '0.4.0',
    name: 'kinglet',
    plugins: [{
      type: 'bridge',
      bridge: options.bridge,
      isDefaultGateway: true,
      hairpinMode: true,
      ipMasq: false,
      ipam: { type: 'host-local', dataDir: options.ipamDirectory, ranges: [[{ subnet: options.podCidr }]] },
    }],
  }, null, 2)}\n`
}

/** Writes the configuration where containerd looks for it; an equal file is left alone. */
export async function writeConflist(directory: string, options: CniOptions): Promise<void> {
  const file = join(directory, '10-kinglet.conflist')
  const text = conflist(options)
  const present = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return ''
    throw error
  })
  if (present === text) return
  await mkdir(directory, { recursive: true })
  await writeFile(`${file}.new`, text)
  await rename(`${file}.new`, file)
}
