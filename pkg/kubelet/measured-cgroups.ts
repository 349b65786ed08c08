// The cgroups of a node, with a note of how long their changes take.
import type { PodCgroups } from './pod-cgroup.ts'
import type { WorkFigures } from './work-figures.ts'

export function measuredCgroups(cgroups: PodCgroups, figures: Pick<WorkFigures, 'changingCgroup'>): PodCgroups {
  return {
    async limit(path, limits) {
      let made = false
      await figures.changingCgroup(async () => {
        made = await cgroups.limit(path, limits)
        return made ? 'create' : 'update'
      })
      return made
    },
    workingSetBytes: (path, below) => cgroups.workingSetBytes(path, below),
    release: (path) => figures.changingCgroup(() => cgroups.release(path).then(() => 'destroy')),
  }
}
