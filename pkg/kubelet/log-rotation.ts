// Keeps container logs small: a log that has grown large is set aside, and the oldest ones set aside are deleted.
import { readdir, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { Clock } from '../util/clock.ts'
import { containerLogPath } from './pod-files.ts'
import { logDirectory } from './pod-names.ts'
import type { RuntimePod } from './runtime-service.ts'

export interface LogRotationOptions {
  readonly clock: Clock
  readonly maxBytes?: number
  /** Files kept of one container, the current one included. */
  readonly maxFiles?: number
}

/** Those of all containers of a pod that run. */
export async function rotatePodLogs({ namespace, name, uid, containers }: RuntimePod, root: string, { reopen, ...options }: LogRotationOptions & { readonly reopen: (containerId: string) => Promise<void> }): Promise<void> {
  for (const container of containers.filter((each) => each.phase === 'running')) {
    await rotateLog(join(logDirectory(root, { namespace, name, uid }), containerLogPath(container.name, container.attempt)), () => reopen(container.id), options)
  }
}

const tenMebibytes = 10 * 2 ** 20

/** `reopen` makes the runtime write to a new file of the same name; returns whether the log was set aside. */
export async function rotateLog(path: string, reopen: () => Promise<void>, { clock, maxBytes = tenMebibytes, maxFiles = 5 }: LogRotationOptions): Promise<boolean> {
  const found = await stat(path).catch(() => undefined)
  if (!found || found.size < maxBytes) return false
  const aside = `${path}.${new Date(clock.now()).toISOString().replace(/[-:]|\..*$/g, '').replace('T', '-')}`
  await rename(path, aside)
  try {
    await reopen()
  } catch (error) {
    // The runtime still writes to it: the next round tries again.
    await rename(aside, path)
    throw error
  }
  const old = (await readdir(dirname(path))).filter((name) => name.startsWith(`${basename(path)}.`)).sort().reverse()
  for (const name of old.slice(maxFiles - 1)) await rm(join(dirname(path), name), { force: true })
  return true
}
