// The CRI's status of a container that containerd says has exited.
import type { Clock } from '../util/clock.ts'
import { sleep } from '../util/clock.ts'
import type { CriClient } from './cri.ts'
import type { ContainerStatus } from './cri-types.ts'

const firstDelayMs = 2
const longestWaitMs = 5_000

/**
 * The CRI plugin hears of an exit at the same time as we do, and only then drains the log and notes the end. So right after
 * the event its status still says "running"; this waits, usually some milliseconds, until it says otherwise. Resolves to
 * undefined when the CRI does not notice in time, and rejects like any call (NOT_FOUND for one that is removed).
 */
export async function exitedStatus(cri: Pick<CriClient, 'containerStatus'>, containerId: string, clock: Clock): Promise<ContainerStatus | undefined> {
  const deadline = clock.monotonic() + longestWaitMs
  for (let delayMs = firstDelayMs; ; delayMs *= 2) {
    const { status } = await cri.containerStatus({ containerId })
    if (!status || status.state !== 'CONTAINER_RUNNING') return status
    if (clock.monotonic() + delayMs > deadline) return undefined
    await sleep(clock, delayMs)
  }
}
