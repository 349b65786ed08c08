// The administrator's files about images, read when the node starts: registries.yaml, and the configuration of credential providers.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { noRegistries, parseRegistries, type Registries } from '../containerd/registries.ts'
import { parseCredentialProviders } from '../kubelet/credential-providers.ts'
import type { ImageSettings } from '../kubelet/image-settings.ts'
import { type ClusterOptions, OptionError } from './options.ts'

/** Throws OptionError for a file that can't be read or understood. */
export function readRegistries({ privateRegistry }: ClusterOptions): Registries {
  return privateRegistry === undefined ? noRegistries : read('--private-registry', privateRegistry, parseRegistries)
}

/** Usually they are in the data directory; without a configuration there are none. */
export function withCredentialProviders(settings: ImageSettings, dataDirectory: string): ImageSettings {
  const usual = join(dataDirectory, 'credentialprovider')
  const { config, binDirectory = join(usual, 'bin') } = settings.credentialProviderFiles
  const file = config ?? join(usual, 'config.yaml')
  if (config === undefined && !existsSync(file)) return settings
  return { ...settings, credentialProviders: { providers: read('--kubelet-arg: image-credential-provider-config', file, parseCredentialProviders), binDirectory } }
}

function read<T>(flag: string, file: string, parse: (text: string) => T): T {
  try {
    return parse(readFileSync(file, 'utf8'))
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    throw new OptionError(code ? `${flag}: ${file} can't be read (${code})` : `${flag}: ${file}: ${message}`)
  }
}
