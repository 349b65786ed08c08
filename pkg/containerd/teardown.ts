// The end of a private containerd and of everything that it runs: pods, shims, processes, mounts.
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { promisify } from 'node:util'
import type { Clock } from '../util/clock.ts'
import { connectCri } from './cri.ts'
import { parseMountInfo } from './host.ts'
import type { ProcessFacts } from './processes.ts'
import { descendantsOf, endProcess, listProcesses, sendSignal, waitForEnd } from './processes.ts'

export interface TearDownOptions {
  clock: Clock
  /** The running containerd, if there is one. */
  containerd?: ProcessFacts
  socketPath: string
  /** Nothing stays mounted below these. */
  directories: readonly string[]
  log: (message: string) => void
}

export async function tearDown(options: TearDownOptions): Promise<void> {
  const { clock, containerd, socketPath } = options
  if (containerd) {
    await removeSandboxes(options)
    await endProcess(containerd, { clock, graceMs: 10_000 })
  }
  await killShims(socketPath, clock)
  await unmountBelow(options.directories)
}

const atOnce = 16
/** containerd that fails at an end under load tries again only after seconds, and longer each time: nobody waits for that. */
const oneMs = 15_000
const allMs = 30_000

/** What the runtime cannot end in order is logged and then killed with its shim. */
async function removeSandboxes({ clock, socketPath, log }: TearDownOptions): Promise<void> {
  const cri = connectCri(socketPath, clock)
  try {
    const { items } = await cri.listPodSandbox({}, { timeoutMs: 10_000 })
    const untilMs = clock.monotonic() + allMs
    // Longer than this none waits for others: the runtime ends no more at the same time than it has hands for.
    const limit = (): { timeoutMs: number } => ({ timeoutMs: Math.max(1, Math.min(oneMs, untilMs - clock.monotonic())) })
    const queue = items.values()
    await Promise.all(Array.from({ length: atOnce }, async () => {
      for (const { id, metadata } of queue) {
        try {
          await cri.stopPodSandbox({ podSandboxId: id }, limit())
          await cri.removePodSandbox({ podSandboxId: id }, limit())
        } catch (error) {
          log(`pod ${metadata.namespace}/${metadata.name} could not be ended in order: ${(error as Error).message}`)
        }
      }
    }))
  } catch (error) {
    log(`the pods could not be listed: ${(error as Error).message}`)
  } finally {
    cri.close()
  }
}

/** The shims that report to this containerd: they name its socket on their command line. */
export function shimsOf(socketPath: string, all: readonly ProcessFacts[] = listProcesses()): ProcessFacts[] {
  return all.filter(({ command }) => {
    const address = command.indexOf('-address')
    return /containerd-shim/.test(command[0] ?? '') && address >= 0 && command[address + 1] === socketPath
  })
}

/** A shim's containers outlive it, so they go first. */
async function killShims(socketPath: string, clock: Clock): Promise<void> {
  const all = listProcesses()
  const doomed = shimsOf(socketPath, all).flatMap((shim) => [...descendantsOf(shim.pid, all), shim])
  for (const { pid } of doomed) sendSignal(pid, 'SIGKILL')
  for (const target of doomed) await waitForEnd(target, { clock, timeoutMs: 5_000 })
}

/** Last mounted, first unmounted. The runtime may be unmounting, too: what is gone when its turn comes is well. */
export async function unmountBelow(directories: readonly string[]): Promise<void> {
  for (const mountPoint of mountsBelow(directories).reverse()) {
    try {
      await promisify(execFile)('umount', ['-l', mountPoint])
    } catch (error) {
      if (mountsBelow(directories).includes(mountPoint)) throw error
    }
  }
}

const mountsBelow = (directories: readonly string[]): string[] => parseMountInfo(readFileSync('/proc/self/mountinfo', 'utf8'))
  .flatMap(({ mountPoint }) => (directories.some((directory) => mountPoint.startsWith(`${directory}/`)) ? [mountPoint] : []))
