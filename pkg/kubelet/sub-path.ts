// Mounts one path inside a volume, so that no link in the volume, which containers may write, leads out of it.
import { constants } from 'node:fs'
import { chmod, lchown, lstat, mkdir, open, readlink, realpath, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Mounter } from './volume.ts'

export interface SubPath {
  readonly volumePath: string
  readonly subPath: string
  /** Where it is bound; the same for the same container, volume mount and pod. */
  readonly target: string
}

// O_PATH: names the file without opening it, so that sockets and devices can be bound too.
const openPathOnly = 0o10000000

/** Binds what is there now: it stays even if the volume's files are replaced. */
export async function bindSubPath({ volumePath, subPath, target }: SubPath, mounter: Mounter): Promise<string> {
  if (subPath.startsWith('/') || subPath.split('/').includes('..')) throw new Error(`subPath ${JSON.stringify(subPath)} must be relative, without '..'`)
  const root = await realpath(volumePath)
  await createMissing(root, subPath)
  const resolved = await realpath(join(root, subPath))
  if (!inside(root, resolved)) throw new Error(`subPath ${JSON.stringify(subPath)} leads out of its volume`)
  const handle = await open(resolved, openPathOnly | constants.O_NOFOLLOW)
  try {
    // The open handle cannot be exchanged any more: what it is, is what gets mounted.
    const link = `/proc/${process.pid}/fd/${handle.fd}`
    const opened = await readlink(link)
    if (!inside(root, opened)) throw new Error(`subPath ${JSON.stringify(subPath)} was exchanged for ${opened}`)
    await mkdir(dirname(target), { recursive: true, mode: 0o750 })
    if ((await handle.stat()).isDirectory()) await mkdir(target, { recursive: true, mode: 0o750 })
    else await writeFile(target, '', { flag: 'a' })
    await mounter.bind(link, target)
  } finally {
    await handle.close()
  }
  return target
}

const inside = (root: string, path: string): boolean => path === root || path.startsWith(root === '/' ? root : `${root}/`)

/** Makes the directories of the path that are missing, with the mode of the volume, never following a link out. */
async function createMissing(root: string, subPath: string): Promise<void> {
  const { mode, gid } = await stat(root)
  let current = root
  for (const part of subPath.split('/').filter((each) => each !== '' && each !== '.')) {
    const next = join(current, part)
    const found = await lstat(next).catch(() => undefined)
    if (!found) {
      await mkdir(next)
      await lchown(next, 0, gid)
      await chmod(next, mode & 0o7777)
    }
    current = await realpath(next)
    if (!inside(root, current)) throw new Error(`subPath ${JSON.stringify(subPath)} leads out of its volume`)
  }
}
