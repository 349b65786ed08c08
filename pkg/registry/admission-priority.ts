// Priority: a pod's priority and preemption policy come from its priority class.
import type { PriorityClass } from '../api/types-config.ts'
import { priorityClasses } from '../api/types-config.ts'
import type { Pod } from '../api/types-pod.ts'
import { pods } from '../api/types-pod.ts'
import type { AdmissionPlugin, AdmissionRequest } from './admission.ts'
import { isAbout, refusal } from './admission.ts'

interface Rank {
  readonly className?: string
  readonly priority: number
  readonly policy: string
}

// These two hold before their objects exist.
const systemPriorities: Readonly<Record<string, number>> = { 'system-cluster-critical': 2_000_000_000, 'system-node-critical': 2_000_001_000 }
const preempting = 'PreemptLowerPriority'

const rankOf = (found: PriorityClass): Rank =>
  ({ className: found.metadata.name ?? '', priority: found.value, policy: found.preemptionPolicy ?? preempting })

function rankFor(className: string | undefined, request: AdmissionRequest): Rank {
  if (!className) {
    const defaults = request.view.list<PriorityClass>(priorityClasses).filter((found) => found.globalDefault)
    const lowest = defaults.sort((a, b) => a.value - b.value)[0]
    return lowest ? rankOf(lowest) : { priority: 0, policy: preempting }
  }
  const found = request.view.get<PriorityClass>(priorityClasses, { name: className })
  if (found) return rankOf(found)
  const system = Object.hasOwn(systemPriorities, className) ? systemPriorities[className] : undefined
  if (system === undefined) throw refusal(request, `no PriorityClass with name ${className} was found`)
  return { className, priority: system, policy: preempting }
}

function setRank(pod: Pod, request: AdmissionRequest): void {
  const { spec } = pod
  const rank = rankFor(spec.priorityClassName, request)
  if (spec.priority !== undefined && spec.priority !== rank.priority) {
    throw refusal(request, `the integer value of priority (${spec.priority}) must not be provided in pod spec; priority admission controller computed ${rank.priority} from the given PriorityClass name`)
  }
  if (spec.preemptionPolicy !== undefined && spec.preemptionPolicy !== rank.policy) {
    throw refusal(request, `the string value of PreemptionPolicy (${spec.preemptionPolicy}) must not be provided in pod spec; priority admission controller computed ${rank.policy} from the given PriorityClass name`)
  }
  if (rank.className !== undefined) spec.priorityClassName = rank.className
  spec.priority = rank.priority
  spec.preemptionPolicy = rank.policy
}

export const priorityAdmission: AdmissionPlugin = {
  name: 'Priority',
  mutate(draft, request) {
    if (!isAbout(request, pods)) return
    const pod = draft as unknown as Pod
    if (request.operation === 'CREATE') return setRank(pod, request)
    const old = (request.old as unknown as Pod | undefined)?.spec
    if (pod.spec.priority === undefined && old?.priority !== undefined) pod.spec.priority = old.priority
    if (pod.spec.preemptionPolicy === undefined && old?.preemptionPolicy !== undefined) pod.spec.preemptionPolicy = old.preemptionPolicy
  },
  validate(object, request) {
    if (request.operation === 'DELETE' || !isAbout(request, priorityClasses) || object.globalDefault !== true) return
    for (const other of request.view.list<PriorityClass>(priorityClasses)) {
      if (other.globalDefault && other.metadata.name !== object.metadata.name) {
        throw refusal(request, `PriorityClass ${other.metadata.name} is already marked as default. Only one default can exist`)
      }
    }
  },
}
