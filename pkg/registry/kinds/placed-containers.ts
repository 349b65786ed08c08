// The containers of a pod's spec with the paths at which errors and warnings name them.
import type { Container, PodSpec } from '../../api/types-pod.ts'

export interface PlacedContainer {
  readonly at: string
  readonly container: Container
}

/** Of every sort, in the order in which checks of the whole pod look at them. */
export function placedContainers(path: string, spec: PodSpec): PlacedContainer[] {
  return (['initContainers', 'containers', 'ephemeralContainers'] as const).flatMap((list) =>
    (spec[list] ?? []).map((container, index) => ({ at: `${path}.${list}[${index}]`, container })))
}
