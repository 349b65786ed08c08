// Shims that nobody knows: a containerd that is killed while it makes one leaves it, and the next containerd does not find it.
import type { Clock } from '../util/clock.ts'
import { connectContainerd, type Task } from './containerd.ts'
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
    const id = shim.command[shim.command.indexOf('-id') + 1] ?? ''
    return shim.startTicks < containerd.startTicks && !ids.has(id) && !descendantsOf(shim.pid, all).some(({ pid }) => pids.has(pid))
  })
}

/** Ends them with what runs in them. To be called once a new containerd answers: it has found by then what it can find. */
export async function endOrphanShims(options: { socketPath: string; containerd: ProcessFacts; clock: Clock; log: (message: string) => void }): Promise<void> {
  const { socketPath, containerd, clock, log } = options
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
