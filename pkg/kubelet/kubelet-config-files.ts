// The kubelet's settings with what its configuration files say put in their place: --config, and --config-dir with its drop-ins.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type ConfigFile, type KubeletConfig, kubeletConfig } from './kubelet-config.ts'

const place = /^(?:--)?(config|config-dir)=(.*)$/s

/** `args` are `name=value`; what they say themselves comes last, and so wins. Throws for a file that can't be read or understood. */
export function withConfigFiles(args: readonly string[]): KubeletConfig {
  const places = args.flatMap((arg) => place.exec(arg) ?? [])
  if (places.length === 0) return { args, ignored: [] }
  const value = (name: string): string | undefined => args.findLast((arg) => place.exec(arg)?.[1] === name)?.replace(place, '$2')
  const [file, directory] = [value('config'), value('config-dir')]
  const paths = [...(file === undefined ? [] : [file]), ...(directory === undefined ? [] : dropIns(directory))]
  const config = kubeletConfig(paths.map(read))
  return { args: [...config.args, ...args.filter((arg) => !place.test(arg))], ignored: config.ignored }
}

const dropIns = (directory: string): string[] => readdirSync(directory).filter((name) => name.endsWith('.conf')).sort().map((name) => join(directory, name))
const read = (path: string): ConfigFile => ({ path, text: readFileSync(path, 'utf8') })
