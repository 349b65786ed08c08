// hostPath: a path of the node itself.
import { mkdir, open, stat } from 'node:fs/promises'
import type { Stats } from 'node:fs'
import type { HostPathVolumeSource } from '../api/types-volume.ts'
import type { VolumeType } from './volume.ts'

export const hostPathVolume: VolumeType = {
  name: 'host-path',
  sources: () => [],
  async setUp({ volume }) {
    if (!volume.hostPath) throw new Error(`volume ${volume.name} has no hostPath`)
    await checkHostPath(volume.hostPath)
    return { hostPath: volume.hostPath.path, readOnly: false }
  },
}

const checks: Record<string, { is: (found: Stats) => boolean; words: string }> = {
  Directory: { is: (found) => found.isDirectory(), words: 'a directory' },
  File: { is: (found) => found.isFile(), words: 'a file' },
  Socket: { is: (found) => found.isSocket(), words: 'a socket file' },
  CharDevice: { is: (found) => found.isCharacterDevice(), words: 'a character device' },
  BlockDevice: { is: (found) => found.isBlockDevice(), words: 'a block device' },
}

/** Creates or checks what the type of the source asks for. */
export async function checkHostPath({ path, type = '' }: HostPathVolumeSource): Promise<void> {
  if (type === '') return
  if (type === 'DirectoryOrCreate') await mkdir(path, { recursive: true, mode: 0o755 })
  if (type === 'FileOrCreate') await (await open(path, 'a', 0o644)).close()
  const check = checks[type.replace('OrCreate', '')]
  if (!check) throw new Error(`hostPath type check failed: unknown type ${type}`)
  const found = await stat(path).catch(() => undefined)
  if (!found || !check.is(found)) throw new Error(`hostPath type check failed: ${path} is not ${check.words}`)
}
