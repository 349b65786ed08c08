// Removes a pod's cgroup, in every hierarchy, once nothing is in it.
import { readdir, rmdir } from 'node:fs/promises'
import { join } from 'node:path'

const mountRoot = '/sys/fs/cgroup'

/** `path` as the cgroupfs driver has it; systemd removes its slices itself. */
export async function releaseCgroup(path: string): Promise<void> {
  if (!path.startsWith('/')) return
  const hierarchies = (await readdir(mountRoot, { withFileTypes: true })).filter((entry) => entry.isDirectory()).map((entry) => join(mountRoot, entry.name))
  for (const root of [mountRoot, ...hierarchies]) await removeTree(join(root, path))
}

/** cgroups are directories whose files cannot be deleted: only empty ones go, from the leaves up. */
async function removeTree(directory: string): Promise<void> {
  const entries = await readdir(directory, { withFileTypes: true }).catch(() => undefined)
  if (!entries) return
  for (const entry of entries) if (entry.isDirectory()) await removeTree(join(directory, entry.name))
  await rmdir(directory).catch((error: NodeJS.ErrnoException) => {
    // Still in use: the runtime removes it with its last process, or the next clean-up does.
    if (error.code !== 'EBUSY' && error.code !== 'ENOENT' && error.code !== 'ENOTEMPTY') throw error
  })
}
