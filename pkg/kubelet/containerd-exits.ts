// Ends of containers and sandboxes, from containerd's own events: its CRI tells of none before version 1.7.
import { isMainProcess, watchContainerdEvents } from '../containerd/events.ts'
import type { Clock } from '../util/clock.ts'
import type { TaskExits } from './cri-runtime.ts'

export function containerdExits(socketPath: string, clock: Clock): TaskExits {
  return (onExit, onGap) => {
    const watch = watchContainerdEvents(socketPath, {
      clock,
      onEvent: (event) => {
        if (event.topic === '/tasks/exit' && isMainProcess(event)) onExit(event.containerId)
      },
      onConnect: onGap,
    })
    return () => watch.stop()
  }
}
