// The directories of local-path volumes on this machine.
import { chmod, mkdir, rm } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import type { LocalPathOptions, VolumeDirectory } from '../controllers/local-path-provisioner.ts'

export interface VolumeDirectoriesOptions {
  readonly directory: string
  /** The node that runs in this process; directories of others are out of reach. */
  readonly nodeName: string
}

export function volumeDirectories({ directory, nodeName }: VolumeDirectoriesOptions): LocalPathOptions {
  const root = resolve(directory)
  return {
    directory: root,
    async makeDirectory({ host, path }: VolumeDirectory) {
      // Elsewhere the kubelet makes it when it mounts the volume.
      if (host !== nodeName) return
      await mkdir(own(root, path), { recursive: true })
      // Containers run as any user; who may reach the files is decided by the directory above.
      await chmod(path, 0o777)
    },
    async removeDirectory({ host, path }: VolumeDirectory) {
      if (host !== nodeName) throw new Error(`${path} is on node ${host} and can't be removed from ${nodeName}: remove it there, then delete the volume`)
      await rm(own(root, path), { recursive: true, force: true })
    },
  }
}

/** A volume is an object that people can edit: only what is directly below our directory is ours to remove. */
function own(root: string, path: string): string {
  if (dirname(resolve(path)) !== root) throw new Error(`expected a directory in ${root}, found ${path}`)
  return path
}
