// What a node keeps of pods outside the runtime: volumes, mounts into containers, cgroups. A hollow node keeps nothing.
import { containerMounts } from './container-mounts.ts'
import { checkProbe } from './probe-check.ts'
import { hollowCheck } from './hollow-check.ts'
import { LinuxCgroups, noCgroups, type PodCgroups } from './pod-cgroup.ts'
import type { VolumeTools, VolumeTypes } from './pod-volumes.ts'
import { standardVolumeTypes } from './pod-volumes.ts'

export interface NodeFiles {
  volumeTypes(tools: VolumeTools): VolumeTypes
  readonly containerMounts: typeof containerMounts
  readonly cgroups: PodCgroups
  readonly checkProbe: typeof checkProbe
}

export const realFiles: NodeFiles = { volumeTypes: standardVolumeTypes, containerMounts, cgroups: new LinuxCgroups(), checkProbe }

export const hollowFiles: NodeFiles = {
  volumeTypes: () => () => ({ name: 'hollow', sources: () => [], setUp: async () => ({ hostPath: '/', readOnly: true }) }),
  containerMounts: async () => ({ mounts: [], messageFile: '' }),
  cgroups: noCgroups,
  checkProbe: hollowCheck,
}
