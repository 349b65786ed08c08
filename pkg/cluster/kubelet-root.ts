// Where the kubelet keeps what pods and plugins have on this node: in the data directory, unless it was told otherwise.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { rm, rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import { OptionError } from './options.ts'

export const agentDirectory = (dataDirectory: string): string => join(dataDirectory, 'agent')

/** Tells `down`, also after a restart of the machine. */
const noteOf = (dataDirectory: string): string => join(agentDirectory(dataDirectory), 'kubelet-root')

/** The one that was used last. */
export function lastKubeletRoot(dataDirectory: string): string {
  const note = noteOf(dataDirectory)
  return existsSync(note) ? readFileSync(note, 'utf8') : agentDirectory(dataDirectory)
}

/** Throws OptionError while pods are in another one: nobody would take their mounts away. */
export function useKubeletRoot(dataDirectory: string, chosen: string | undefined): string {
  const root = chosen ?? agentDirectory(dataDirectory)
  const last = lastKubeletRoot(dataDirectory)
  if (root === last) return root
  const pods = join(last, 'pods')
  if (existsSync(pods) && readdirSync(pods).length > 0) throw new OptionError(`--kubelet-arg: root-dir: pods are still in ${last}; run kinglet down before the kubelet's root becomes ${root}`)
  mkdirSync(agentDirectory(dataDirectory), { recursive: true, mode: 0o711 })
  writeFileSync(noteOf(dataDirectory), root)
  return root
}

const made = ['pods', 'secrets', 'plugins/kubernetes.io', 'plugins', 'plugins_registry', 'device-plugins', 'pod-resources', 'image_manager']

/** What a kubelet has made there; the directory itself when nothing else is in it. */
export async function removeKubeletRoot(root: string): Promise<void> {
  for (const name of made) {
    // Drivers have their own folders beside ours.
    if (name === 'plugins') await rmdir(join(root, name)).catch(ifOthers)
    else await rm(join(root, name), { recursive: true, force: true })
  }
  await rmdir(root).catch(ifOthers)
}

function ifOthers(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOTEMPTY' && error.code !== 'ENOENT') throw error
}
