// Eviction: a delete of a pod that disruption budgets may refuse.
import type { LabelMatcher} from '../api/label-selector.ts';
import { selectorMatcher } from '../api/label-selector.ts'
import type { AnyObject, KubeObject } from '../api/object.ts'
import type { ApiRequest, ApiResponse, DeleteOptions } from '../api/request.ts'
import { StatusError, isConflict, unknownPath, type Status } from '../api/status-error.ts'
import type { Pod } from '../api/types-pod.ts'
import type { PodDisruptionBudget } from '../api/types-config.ts'
import type { Definition } from '../registry/definition.ts'
import type { Registry } from '../registry/registry.ts'
import type { Clock } from '../util/clock.ts'
import type { SpecialRequest } from './handle.ts'

interface Eviction extends KubeObject {
  deleteOptions?: DeleteOptions & { dryRun?: string[] }
}

const created: Status = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 }
const attempts = 5

/** What a budget says of evicting one of its pods: go on without counting it, count it, or a refusal. */
export type Verdict = { readonly type: 'free' } | { readonly type: 'count' } | { readonly type: 'refuse'; readonly error: StatusError }

const tooMany = (cause: string, retryAfterSeconds?: number): StatusError =>
  new StatusError(429, 'TooManyRequests', "Cannot evict pod as it would violate the pod's disruption budget.", {
    causes: [{ reason: 'DisruptionBudget', message: cause }], ...(retryAfterSeconds ? { retryAfterSeconds } : {}),
  })

const ready = (pod: Pod): boolean => pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false

/** A pod that is over or has not started is nobody's availability. */
const needsNoBudget = (pod: Pod): boolean =>
  pod.metadata.deletionTimestamp !== undefined || ['Succeeded', 'Failed', 'Pending'].includes(pod.status?.phase ?? 'Pending')

export function judge(budget: PodDisruptionBudget, pod: Pod): Verdict {
  const name = budget.metadata.name
  const status = budget.status
  const desired = status?.desiredHealthy ?? 0
  const current = status?.currentHealthy ?? 0
  if (!ready(pod)) {
    const policy = (budget.spec as { unhealthyPodEvictionPolicy?: string } | undefined)?.unhealthyPodEvictionPolicy
    if (policy === 'AlwaysAllow' || (desired > 0 && current >= desired)) return { type: 'free' }
  }
  if ((status?.observedGeneration ?? 0) < (budget.metadata.generation ?? 0)) {
    return { type: 'refuse', error: tooMany(`The disruption budget ${name} is still being processed by the server.`, 10) }
  }
  if ((status?.disruptionsAllowed ?? 0) <= 0) {
    return { type: 'refuse', error: tooMany(`The disruption budget ${name} needs ${desired} healthy pods and has ${current} currently`) }
  }
  return { type: 'count' }
}

export function evictionRequests(registry: Registry, clock: Clock): [string, SpecialRequest][] {
  return [['create /pods/eviction', async (request, pods) => {
    const eviction = request.object as Eviction
    const name = request.name ?? ''
    const budgets = registry.definition('policy', 'v1', 'poddisruptionbudgets')
    if (!budgets) throw unknownPath()
    const pod = registry.get(pods, { namespace: request.namespace, name }) as Pod
    const dryRun = eviction.deleteOptions?.dryRun ?? request.options.dryRun
    const options = { ...request.options, dryRun }
    if (!needsNoBudget(pod)) await chargeBudget(registry, clock, budgets, pod, { ...request, options })
    await markDisrupted(registry, clock, pods, pod, { ...request, options })
    await registry.delete(pods, { user: request.user, namespace: request.namespace, name, options: { ...options, delete: eviction.deleteOptions } })
    return { type: 'status', code: 201, status: created } satisfies ApiResponse
  }]]
}

/** Takes the pod from what its budget allows; throws when that is not enough. Another writer in between makes it look again. */
async function chargeBudget(registry: Registry, clock: Clock, budgets: Definition, pod: Pod, request: ApiRequest): Promise<void> {
  const { user, namespace, options } = request
  for (let attempt = 1; ; attempt++) {
    const matching = (registry.list(budgets, { user, namespace, options: {} }).items as unknown as readonly PodDisruptionBudget[])
      .filter((budget) => budget.spec?.selector && matches(selectorMatcher(budget.spec.selector), pod))
    if (matching.length > 1) throw new StatusError(500, 'InternalError', 'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.')
    const budget = matching[0]
    if (!budget) return
    const verdict = judge(budget, pod)
    if (verdict.type === 'refuse') throw verdict.error
    if (verdict.type === 'free') return
    const status = {
      ...budget.status, disruptionsAllowed: (budget.status?.disruptionsAllowed ?? 0) - 1,
      disruptedPods: { ...budget.status?.disruptedPods, [pod.metadata.name!]: `${new Date(clock.now()).toISOString().slice(0, 19)}Z` },
    }
    try {
      await registry.update(budgets, { user, namespace, name: budget.metadata.name!, subresource: 'status', options: { dryRun: options.dryRun }, object: { ...budget, status } as KubeObject })
      return
    } catch (error) {
      if (!isConflict(error) || attempt >= attempts) throw error
    }
  }
}

const matches = (matcher: LabelMatcher, pod: Pod): boolean => matcher.matches(pod.metadata.labels ?? {})

async function markDisrupted(registry: Registry, clock: Clock, pods: Definition, pod: Pod, { user, namespace, options }: ApiRequest): Promise<void> {
  const condition = {
    type: 'DisruptionTarget', status: 'True', reason: 'EvictionByEvictionAPI', message: 'Eviction API: evicting',
    lastTransitionTime: `${new Date(clock.now()).toISOString().slice(0, 19)}Z`,
  }
  const body = { metadata: { uid: pod.metadata.uid }, status: { conditions: [condition] } } as unknown as AnyObject
  await registry.patch(pods, {
    user, namespace, name: pod.metadata.name!, subresource: 'status', options: { dryRun: options.dryRun }, patch: { type: 'strategic', body },
  })
}
