// What this node has given a pod's containers of CPU and memory: it may differ from what the spec asks for by now. Remembered in a file once it does.
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Container, ContainerStatus, Pod, ResourceRequirements } from '../api/types-pod.ts'
import { same } from './status-patch.ts'

type ResourcesByName = Readonly<Record<string, ResourceRequirements>>

/** What the file holds. `actuated` is by container id of the runtime: what was applied last. */
export interface AllocationRecord {
  readonly allocated: ResourcesByName
  readonly actuated: ResourcesByName
}

const withoutUndefined = ({ resources }: Container): ResourceRequirements => resources ?? {}

/** Pure. Of all containers that can be resized. */
export const resourcesOfPod = (pod: Pod): ResourcesByName =>
  Object.fromEntries([...(pod.spec.initContainers ?? []), ...pod.spec.containers].map((container) => [container.name, withoutUndefined(container)]))

/** Pure. The pod with these resources instead of its own; the same object when nothing differs. */
export function withResources(pod: Pod, resources: ResourcesByName): Pod {
  const differs = Object.entries(resourcesOfPod(pod)).some(([name, own]) => name in resources && !same(own, resources[name]))
  if (!differs) return pod
  const replaced = (container: Container): Container => (container.name in resources ? { ...container, resources: resources[container.name]! } : container)
  const { initContainers } = pod.spec
  return { ...pod, spec: { ...pod.spec, containers: pod.spec.containers.map(replaced), ...(initContainers ? { initContainers: initContainers.map(replaced) } : {}) } }
}

/** Pure. What the API server knows of the containers' resources, for a pod that came before this kubelet. */
export function allocationOfStatus({ status }: Pod): { allocated: ResourcesByName; actuated: ResourcesByName } {
  const told = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])].filter((each) => each.resources)
  const idOf = ({ containerID = '' }: ContainerStatus): string => containerID.replace(/^.*:\/\//, '')
  return {
    allocated: Object.fromEntries(told.map((each) => [each.name, each.resources!])),
    actuated: Object.fromEntries(told.filter((each) => each.state?.running).map((each) => [idOf(each), each.resources!])),
  }
}

export class PodAllocation {
  readonly #file: string
  #allocated: ResourcesByName | undefined
  readonly #actuated = new Map<string, ResourceRequirements>()
  #recorded = false

  /** `pod` as the API server has it; what it has begun on this node before is taken up again. */
  constructor(pod: Pod, file: string) {
    this.#file = file
    if (pod.status?.startTime === undefined) return
    const record = readRecord(file)
    this.#recorded = record !== undefined
    const { allocated, actuated } = record ?? allocationOfStatus(pod)
    this.#allocated = { ...resourcesOfPod(pod), ...allocated }
    for (const [id, resources] of Object.entries(actuated)) this.#actuated.set(id, resources)
  }

  /** The pod with what it has been given; before it is admitted, with what it asks for. */
  applied(asked: Pod): Pod {
    return this.#allocated ? withResources(asked, this.#allocated) : asked
  }

  get admitted(): boolean {
    return this.#allocated !== undefined
  }

  /** Gives the pod all that it asks for. */
  take(asked: Pod): void {
    const first = this.#allocated === undefined
    this.#allocated = resourcesOfPod(asked)
    if (!first) this.#write()
  }

  /** What the runtime's container has; one that nothing is known of was started with what is allocated. */
  actuated(id: string, container: Container): ResourceRequirements {
    return this.#actuated.get(id) ?? container.resources ?? {}
  }

  note(id: string, resources: ResourceRequirements): void {
    const before = this.#actuated.get(id)
    this.#actuated.set(id, resources)
    if (this.#recorded && !same(before, resources)) this.#write()
  }

  forgetExcept(ids: ReadonlySet<string>): void {
    for (const id of this.#actuated.keys()) if (!ids.has(id)) this.#actuated.delete(id)
  }

  // Atomic, since the kubelet may be killed at any moment; synchronous, so that nothing happens between a decision and its record.
  #write(): void {
    const record: AllocationRecord = { allocated: this.#allocated ?? {}, actuated: Object.fromEntries(this.#actuated) }
    mkdirSync(dirname(this.#file), { recursive: true, mode: 0o750 })
    writeFileSync(`${this.#file}.new`, JSON.stringify(record))
    renameSync(`${this.#file}.new`, this.#file)
    this.#recorded = true
  }
}

function readRecord(file: string): AllocationRecord | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as AllocationRecord
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
