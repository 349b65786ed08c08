// What a directory takes on its disk, without what is mounted below it.
import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'

export interface DiskUsage {
  readonly bytes: number
  readonly inodes: number
}

const blockBytes = 512

/** A file with several names counts once. What goes while it is being counted does not count. */
export async function diskUsage(directory: string): Promise<DiskUsage> {
  const top = await lstat(directory).catch(ifGone)
  if (!top) return { bytes: 0, inodes: 0 }
  const seen = new Set<number>()
  let bytes = top.blocks * blockBytes
  let inodes = 1
  const waiting = [directory]
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    for (const name of (await readdir(path).catch(ifGone)) ?? []) {
      const found = await lstat(join(path, name)).catch(ifGone)
      if (!found || found.dev !== top.dev) continue
      if (found.nlink > 1 && !found.isDirectory()) {
        if (seen.has(found.ino)) continue
        seen.add(found.ino)
      }
      bytes += found.blocks * blockBytes
      inodes++
      if (found.isDirectory()) waiting.push(join(path, name))
    }
  }
  return { bytes, inodes }
}

function ifGone(error: NodeJS.ErrnoException): undefined {
  if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined
  throw error
}
