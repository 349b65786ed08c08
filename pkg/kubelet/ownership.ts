// Gives a volume to the pod's fsGroup.
import { chmod, lchown, lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Pod } from '../api/types-pod.ts'

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

/** Gives a volume that keeps its files to the pod's fsGroup, if it has one; as often as its policy says. */
export async function giveToFsGroup(path: string, { spec: { securityContext } }: Pod): Promise<void> {
  const gid = securityContext?.fsGroup
  if (gid === undefined) return
  if (securityContext?.fsGroupChangePolicy === 'OnRootMismatch' && await isGivenTo(path, gid)) return
  await giveToGroup(path, gid, { readOnly: false })
}

/** Looks at the top alone: what is below is taken to be as it is. */
async function isGivenTo(path: string, gid: number): Promise<boolean> {
  const { mode, gid: owner } = await lstat(path)
  return owner === gid && (mode & readWriteBits.directory) === readWriteBits.directory
}
