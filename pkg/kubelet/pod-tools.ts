// What all pod workers of a node share.
import type { PodCgroups } from './pod-cgroup.ts'
import type { ContainerKiller } from './container-killer.ts'
import type { ContainerStarter, StarterNode } from './container-starter.ts'
import type { DeviceManager } from './device-manager.ts'
import type { ObjectWatches } from './object-watches.ts'
import type { PodDirectories } from './pod-directories.ts'
import type { VolumeTypes } from './pod-volumes.ts'
import type { Prober } from './prober.ts'
import type { PodUsers } from './pod-users.ts'
import type { RuntimeHandlers } from './runtime-handlers.ts'
import type { RuntimeService } from './runtime-service.ts'
import type { RequestedTokens } from './volume-payload.ts'
import type { WorkFigures } from './work-figures.ts'

export interface PodTools {
  readonly runtime: RuntimeService
  readonly starter: ContainerStarter
  readonly killer: ContainerKiller
  readonly prober: Prober
  readonly volumeTypes: VolumeTypes
  readonly tokens: RequestedTokens
  readonly watches: ObjectWatches
  readonly directories: PodDirectories
  readonly devices: Pick<DeviceManager, 'allocate' | 'release'>
  readonly node: StarterNode
  readonly handlers: RuntimeHandlers
  readonly users: PodUsers
  readonly cgroups: PodCgroups
  readonly figures: WorkFigures
}
