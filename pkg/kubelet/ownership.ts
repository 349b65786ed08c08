// Gives a volume to the pod's fsGroup.
import { chmod, lchown, lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'

const readWriteBits = { file: 0o660, directory: 0o2770 }
const readOnlyBits = { file: 0o440, directory: 0o2550 }

/** All below belongs to the group, which may read (and write); what is made in directories later belongs to it too. */
export async function giveToGroup(path: string, gid: number, options: { readOnly: boolean }): Promise<void> {
  const stat = await lstat(path)
  if (stat.gid !== gid) await lchown(path, stat.uid, gid)
  if (stat.isSymbolicLink()) return
  const bits = options.readOnly ? readOnlyBits : readWriteBits
  const wanted = (stat.mode & 0o7777) | (stat.isDirectory() ? bits.directory : bits.file)
  // Also when nothing is added: a change of owner takes the set-id bits away.
  await chmod(path, wanted)
  if (stat.isDirectory()) for (const name of await readdir(path)) await giveToGroup(join(path, name), gid, options)
}
