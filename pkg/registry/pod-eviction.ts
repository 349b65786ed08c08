// pods/eviction: deletes a pod, unless a disruption budget says that it is needed.
import type { AnyObject, KubeObject } from '../api/object.ts'
import { thaw } from '../api/json.ts'
import { selectorMatcher } from '../api/label-selector.ts'
import type { DeleteOptions } from '../api/request.ts'
import { StatusError, badRequest, internalError, notFound } from '../api/status-error.ts'
import type { Status } from '../api/status-error.ts'
import type { PodDisruptionBudget } from '../api/types-config.ts'
import { podDisruptionBudgets } from '../api/types-config.ts'
import type { Pod } from '../api/types-pod.ts'
import { pods } from '../api/types-pod.ts'
import type { Definition } from './definition.ts'
import { deleteIn } from './deletion.ts'
import { timestamp } from './object-metadata.ts'
import { setCondition } from './pod-binding.ts'
import type { Registry } from './registry.ts'
import type { Asking } from './requests.ts'
import type { Step } from './transaction-step.ts'
import type { Target } from './writing.ts'
import { admissionRequest, keyOfTarget, put, review } from './writing.ts'

interface Eviction extends KubeObject {
  readonly deleteOptions?: DeleteOptions & { readonly dryRun?: readonly string[] }
}

const isReady = (pod: Pod): boolean => pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false
const hasEnded = (pod: Pod): boolean => pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed' || pod.status?.phase === 'Pending'

function tooMany(message: string, budget: PodDisruptionBudget, cause: string, retryAfterSeconds?: number): StatusError {
  return new StatusError(429, 'TooManyRequests', message, {
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
    causes: [{ reason: 'DisruptionBudget', message: cause.replace('%', budget.metadata.name ?? '') }],
  })
}

/** True when the budget lets a pod go that is not ready anyway. */
function sparesUnready(budget: PodDisruptionBudget): boolean {
  const { currentHealthy = 0, desiredHealthy = 0 } = budget.status ?? {}
  if (budget.spec?.unhealthyPodEvictionPolicy === 'AlwaysAllow') return true
  return currentHealthy >= desiredHealthy && desiredHealthy > 0
}

/** Takes one disruption from the budget, or refuses. The controller counts anew when it sees the pod go. */
function spend(step: Step, definition: Definition, budget: PodDisruptionBudget, pod: Pod): void {
  const { status } = budget
  if ((status?.observedGeneration ?? 0) < (budget.metadata.generation ?? 0)) {
    throw tooMany("Cannot evict pod as it would violate the pod's disruption budget.", budget, 'The disruption budget % is still being processed by the server.', 10)
  }
  const allowed = status?.disruptionsAllowed ?? 0
  if (allowed <= 0) {
    throw tooMany("Cannot evict pod as it would violate the pod's disruption budget.", budget, `The disruption budget % needs ${status?.desiredHealthy ?? 0} healthy pods and has ${status?.currentHealthy ?? 0} currently`)
  }
  const target = { definition, name: budget.metadata.name ?? '', ...(budget.metadata.namespace ? { namespace: budget.metadata.namespace } : {}) }
  const stored = step.transaction.get<AnyObject>(keyOfTarget(target))
  if (!stored) return
  const draft = thaw(stored.value) as unknown as PodDisruptionBudget
  if (!draft.status) return
  draft.status.disruptionsAllowed = allowed - 1
  draft.status.disruptedPods = { ...draft.status.disruptedPods, [pod.metadata.name ?? '']: timestamp(step.context.clock.now()) }
  put(step, target, draft as unknown as AnyObject, stored)
}

function evict(step: Step, target: Target, eviction: Eviction): void {
  const options = eviction.deleteOptions ?? {}
  const stored = step.transaction.get<AnyObject>(keyOfTarget(target))
  if (!stored) throw notFound(pods, target.name)
  review(step, eviction as AnyObject, admissionRequest(step, 'CREATE', { ...target, subresource: 'eviction' }))
  const pod = stored.value as unknown as Pod
  if (!hasEnded(pod) && !pod.metadata.deletionTimestamp) {
    const labels = pod.metadata.labels ?? {}
    const budgets = [...step.view.list<PodDisruptionBudget>(podDisruptionBudgets, target.namespace)]
      .filter(({ spec }) => spec?.selector && selectorMatcher(spec.selector).matches(labels))
    if (budgets.length > 1) throw internalError('This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.')
    const definition = step.context.stored(podDisruptionBudgets)
    const [budget] = budgets
    if (budget && definition && (isReady(pod) || !sparesUnready(budget))) spend(step, definition, budget, pod)
  }
  const draft = thaw(pod)
  setCondition(draft, { type: 'DisruptionTarget', status: 'True', reason: 'EvictionByEvictionAPI', message: 'Eviction API: evicting' }, timestamp(step.context.clock.now()))
  // The precondition is about the version that the caller saw, before the condition was set.
  const { resourceVersion } = options.preconditions ?? {}
  const seen = resourceVersion === undefined || resourceVersion === String(stored.revision)
  const { resourceVersion: _resourceVersion, ...preconditions } = options.preconditions ?? {}
  if (seen) put(step, target, draft as unknown as AnyObject, stored)
  deleteIn(step, target, seen ? { ...options, preconditions } : options)
}

/** Answers a POST to pods/eviction. */
export async function evictPod(registry: Registry, about: Asking & { namespace: string; name: string }, body: KubeObject): Promise<Status> {
  const eviction = body as Eviction
  const definition = registry.definition(pods.group, pods.version, pods.plural)
  if (!definition) throw internalError('pods are not served')
  if (eviction.metadata?.name && eviction.metadata.name !== about.name) throw badRequest(`name in URL does not match name in Eviction object: ${about.name} != ${eviction.metadata.name}`)
  const { dryRun } = eviction.deleteOptions ?? {}
  // A drain's dry run says so in the eviction, not in the query.
  const asking = dryRun?.length ? { ...about, options: { ...about.options, dryRun } } : about
  await registry.write(asking, (step) => evict(step, { definition, namespace: about.namespace, name: about.name }, { ...eviction, metadata: eviction.metadata ?? {}, kind: 'Eviction', apiVersion: 'policy/v1' }))
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 }
}
