// PodDisruptionBudget: keeps the count of allowed disruptions that evictions go by.
import { selectorInGo } from '../api/go-print.ts'
import { equalJson } from '../api/json.ts'
import { selectorMatcher } from '../api/label-selector.ts'
import { controllerOf, keyOf } from '../api/object.ts'
import { podDisruptionBudgets, type PodDisruptionBudget } from '../api/types-config.ts'
import { pods, type Pod } from '../api/types-pod.ts'
import { deployments, replicaSets, replicationControllers, statefulSets } from '../api/types-workload.ts'
import { controller, watches, type Controller, type ReconcileContext, type Trigger } from '../controller/controller.ts'
import type { KubeObject, Resource } from '../api/object.ts'
import { disruptionStatus, failedStatus, needsScale, nextTimeoutMs } from './disruption-plan.ts'
import { readScale, resourceOf } from './scale-target.ts'

const matching = (pod: Pod, { informers }: ReconcileContext): readonly PodDisruptionBudget[] => informers.for(podDisruptionBudgets)
  .list(pod.metadata.namespace).filter(({ spec }) => selectorMatcher(spec.selector).matches(pod.metadata.labels))

// A change of size changes what is expected; the owner's pods tell which budgets that concerns.
const owners: readonly Trigger[] = ([deployments, replicaSets, replicationControllers, statefulSets] as readonly Resource[]).map((resource) =>
  watches<KubeObject>(resource, ({ metadata }, { informers }) => informers.for(podDisruptionBudgets).list(metadata.namespace).map(keyOf)))

export interface DisruptionOptions {
  /** Namespaced kinds that are served, custom ones among them: pods may be of each. */
  readonly resources?: () => readonly Resource[]
}

export const disruptionController = ({ resources = () => [] }: DisruptionOptions = {}): Controller => controller<PodDisruptionBudget>({
  name: 'disruption',
  eventSource: 'controllermanager',
  for: podDisruptionBudgets,
  watches: [watches(pods, (pod, context) => matching(pod, context).map(keyOf)), ...owners],
  async reconcile(_, budget, context) {
    if (!budget || budget.metadata.deletionTimestamp) return
    const { client, informers, clock, events } = context
    const selector = selectorMatcher(budget.spec.selector)
    const chosen = informers.for(pods).list(budget.metadata.namespace).filter(({ metadata }) => selector.matches(metadata.labels))
    const result = disruptionStatus(budget, chosen, { scale: needsScale(budget) ? await scaleOf(chosen, resources(), context) : undefined, nowMs: clock.now() })
    if (chosen.length === 0) events.record(budget, { type: 'Normal', reason: 'NoPods', message: 'No matching pods found' })
    if (needsScale(budget) && chosen.some((pod) => !controllerOf(pod))) events.record(budget, { type: 'Warning', reason: 'UnmanagedPods', message: unmanaged(budget) })
    if ('failure' in result) {
      events.record(budget, { type: 'Warning', reason: 'CalculateExpectedPodCountFailed', message: `Failed to calculate the number of expected pods: ${result.failure}` })
      const status = failedStatus(budget, result.failure, clock.now())
      if (!equalJson(status, budget.status)) await client.update(podDisruptionBudgets, { ...budget, status }, { subresource: 'status' })
      return
    }
    if (!equalJson(result, budget.status)) await client.update(podDisruptionBudgets, { ...budget, status: result }, { subresource: 'status' })
    return { requeueAfterMs: nextTimeoutMs(result, clock.now()) }
  },
})

const unmanaged = ({ spec: { selector } }: PodDisruptionBudget): string =>
  `Pods selected by this PodDisruptionBudget (selector: ${selector ? selectorInGo(selector) : 'nil'}) were found to be unmanaged. As a result, the status of the PDB cannot be calculated correctly, which may result in undefined behavior. To account for these pods please set ".spec.minAvailable" field of the PDB to an integer value.`

/** The sizes of the controllers of the pods, each counted once; a set's Deployment speaks for it. Pods without a controller count for nothing. */
async function scaleOf(chosen: readonly Pod[], served: readonly Resource[], { client, informers }: ReconcileContext): Promise<number | undefined> {
  const sizes = new Map<string, number>()
  const asked = new Set<string>()
  for (const pod of chosen) {
    const { namespace } = pod.metadata
    const owner = controllerOf(pod)
    if (!owner || asked.has(owner.uid)) continue
    asked.add(owner.uid)
    const find = <T extends Sized>(resource: Resource<T>, name: string): T | undefined => informers.for(resource).get({ namespace, name })
    const known = builtin.find(({ kind, group }) => kind === owner.kind && apiVersionGroup(owner.apiVersion) === group)
    if (known) {
      const set = find(known, owner.name)
      const above = set && controllerOf(set)
      const sized = above?.kind === 'Deployment' ? find(deployments as Resource<Sized>, above.name) : set
      if (!sized) return undefined
      sizes.set(sized.metadata.uid ?? '', sized.spec.replicas ?? 1)
      continue
    }
    const resource = resourceOf(served, owner)
    const scale = resource && await readScale(client, resource, { namespace, name: owner.name })
    if (!scale) return undefined
    sizes.set(owner.uid, scale.wished)
  }
  return [...sizes.values()].reduce((sum, size) => sum + size, 0)
}

type Sized = KubeObject & { spec: { replicas?: number } }
const builtin = [replicaSets, statefulSets, replicationControllers] as readonly Resource[] as readonly Resource<Sized>[]
const apiVersionGroup = (apiVersion: string): string => (apiVersion.includes('/') ? apiVersion.split('/')[0] ?? '' : '')
