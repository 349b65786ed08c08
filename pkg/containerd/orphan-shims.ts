// Shims that nobody knows: a containerd that is killed while it makes one leaves it, and the next containerd does not find it.
import type { Clock, Timer } from '../util/clock.ts'
import { connectContainerd, criNamespace, type Task } from './containerd.ts'
import { watchContainerdEvents } from './events.ts'
import type { ProcessFacts } from './processes.ts'
import { descendantsOf, listProcesses, sendSignal, waitForEnd } from './processes.ts'
import { shimsOf } from './teardown.ts'

/**
 * Pure: the shims among `all` that are older than this containerd and serve none of its tasks. A shim serves the sandbox that it
 * is named for, and the sandbox's containers, which may outlive the sandbox's own process.
 */
export function orphanShims(options: { socketPath: string; containerd: Pick<ProcessFacts, 'startTicks'>; all: readonly ProcessFacts[]; tasks: readonly Task[] }): ProcessFacts[] {
  const { socketPath, containerd, all, tasks } = options
  const pids = new Set(tasks.map(({ pid }) => pid))
  const ids = new Set(tasks.map(({ containerId, id }) => containerId || id))
  return shimsOf(socketPath, all).filter((shim) => {
    const id = idOf(shim)
    return shim.startTicks < containerd.startTicks && !ids.has(id) && !descendantsOf(shim.pid, all).some(({ pid }) => pids.has(pid))
  })
}

const idOf = ({ command }: ProcessFacts): string => command[command.indexOf('-id') + 1] ?? ''

export interface OrphanOptions {
  readonly socketPath: string
  readonly containerd: ProcessFacts
  readonly clock: Clock
  readonly log: (message: string) => void
}

/** Ends them with what runs in them. To be called once a new containerd answers: it has found by then what it can find. */
export async function endOrphanShims({ socketPath, containerd, clock, log }: OrphanOptions): Promise<void> {
  if (shimsOf(socketPath).length === 0) return
  const client = connectContainerd(socketPath, clock)
  try {
    const tasks = await client.listTasks({ timeoutMs: 10_000 })
    const all = listProcesses()
    const orphans = orphanShims({ socketPath, containerd, all, tasks })
    for (const shim of orphans) {
      log(`ending shim ${shim.pid}, which this containerd does not know`)
      const doomed = [...descendantsOf(shim.pid, all), shim]
      for (const { pid } of doomed) sendSignal(pid, 'SIGKILL')
      for (const target of doomed) await waitForEnd(target, { clock, timeoutMs: 5_000 })
    }
  } finally {
    client.close()
  }
}

const removalMs = 3_000

/**
 * containerd 2 knows the shim of a sandbox that the containerd before it was about to start, and forgets it once that sandbox is removed.
 * Looks after each removal of a sandbox that is older than this containerd. Returns the end of it.
 */
export function watchOrphanShims(options: OrphanOptions): () => void {
  const { socketPath, containerd, clock, log } = options
  const old = new Set(shimsOf(socketPath).filter(({ startTicks }) => startTicks < containerd.startTicks).map(idOf))
  if (old.size === 0) return () => undefined
  let timer: Timer | undefined
  const look = (): void => {
    timer = undefined
    endOrphanShims(options).catch((error: Error) => log(`shims that are left could not be looked for: ${error.message}`))
  }
  const watching = watchContainerdEvents(socketPath, {
    clock, filters: [`topic=="/containers/delete",namespace==${criNamespace}`],
    onEvent: ({ containerId }) => {
      if (old.delete(containerId)) timer ??= clock.setTimer(look, removalMs)
    },
  })
  return () => {
    timer?.cancel()
    watching.stop()
  }
}
