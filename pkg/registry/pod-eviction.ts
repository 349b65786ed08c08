// pods/eviction: deletes a pod, unless a disruption budget says that it is needed.
import { invalid, invalidObject } from '../api/field-error.ts'
import type { AnyObject, KubeObject } from '../api/object.ts'
import { thaw } from '../api/json.ts'
import { selectorMatcher } from '../api/label-selector.ts'
import type { DeleteOptions } from '../api/request.ts'
import { StatusError, badRequest, forbidden, internalError, notFound } from '../api/status-error.ts'
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
import { admitBody, keyOfTarget, put } from './writing.ts'

interface Eviction extends KubeObject {
  readonly deleteOptions?: DeleteOptions & { readonly dryRun?: readonly string[]; readonly ignoreStoreReadErrorWithClusterBreakingPotential?: boolean }
}

const isReady = (pod: Pod): boolean => pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false
const hasEnded = (pod: Pod): boolean => pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed' || pod.status?.phase === 'Pending'

function tooMany(cause: string, retryAfterSeconds?: number): StatusError {
  return new StatusError(429, 'TooManyRequests', "Cannot evict pod as it would violate the pod's disruption budget.", {
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
    causes: [{ reason: 'DisruptionBudget', message: cause }],
  })
}

/** True when the budget lets a pod go that is not ready anyway. */
function sparesUnready(budget: PodDisruptionBudget): boolean {
  const { currentHealthy = 0, desiredHealthy = 0 } = budget.status ?? {}
  if (budget.spec?.unhealthyPodEvictionPolicy === 'AlwaysAllow') return true
  return currentHealthy >= desiredHealthy && desiredHealthy > 0
}

const budgets = { group: 'policy', plural: 'poddisruptionbudget' }
const mostDisrupted = 2000

/** Why a budget lets nothing go. */
function spentText({ metadata: { name = '' }, status }: PodDisruptionBudget): string {
  const { desiredHealthy = 0, currentHealthy = 0, conditions = [] } = status ?? {}
  const refusal = conditions.find(({ type, status: state, message }) => type === 'DisruptionAllowed' && state === 'False' && message)
  const text = `The disruption budget ${name}`
  if (refusal?.reason === 'SyncFailed') return `${text} does not allow evicting pods currently because it failed sync: ${refusal.message}`
  if (currentHealthy <= desiredHealthy) return `${text} needs ${desiredHealthy} healthy pods and has ${currentHealthy} currently`
  return refusal ? `${text} does not allow evicting pods currently (${refusal.reason}): ${refusal.message}` : `${text} does not allow evicting pods currently`
}

/** Takes one disruption from the budget, or refuses. The controller counts anew when it sees the pod go. */
function spend(step: Step, definition: Definition, budget: PodDisruptionBudget, pod: Pod): void {
  const { status } = budget
  const { name = '' } = budget.metadata
  if ((status?.observedGeneration ?? 0) < (budget.metadata.generation ?? 0)) throw tooMany(`The disruption budget ${name} is still being processed by the server.`, 10)
  const allowed = status?.disruptionsAllowed ?? 0
  if (allowed < 0) throw forbidden(budgets, name, 'pdb disruptions allowed is negative')
  if (Object.keys(status?.disruptedPods ?? {}).length > mostDisrupted) throw forbidden(budgets, name, 'DisruptedPods map too big - too many evictions not confirmed by PDB controller')
  if (allowed === 0) throw tooMany(spentText(budget))
  const target = { definition, name: budget.metadata.name ?? '', ...(budget.metadata.namespace ? { namespace: budget.metadata.namespace } : {}) }
  const stored = step.transaction.get<AnyObject>(keyOfTarget(target))
  if (!stored) return
  const draft = thaw(stored.value) as unknown as PodDisruptionBudget
  if (!draft.status) return
  draft.status.disruptionsAllowed = allowed - 1
  const now = timestamp(step.context.clock.now())
  draft.status.disruptedPods = { ...draft.status.disruptedPods, [pod.metadata.name ?? '']: now }
  if (allowed === 1) {
    const refusal = { type: 'DisruptionAllowed', status: 'False', reason: 'InsufficientPods', message: '', lastTransitionTime: now, ...(status?.observedGeneration ? { observedGeneration: status.observedGeneration } : {}) }
    draft.status.conditions = [...(draft.status.conditions ?? []).filter(({ type }) => type !== 'DisruptionAllowed'), refusal]
  }
  put(step, target, draft as unknown as AnyObject, stored)
}

function evict(step: Step, target: Target, eviction: Eviction): void {
  const stored = step.transaction.get<AnyObject>(keyOfTarget(target))
  if (!stored) throw notFound(pods, target.name)
  admitBody(step, { ...target, subresource: 'eviction' }, eviction as AnyObject)
  const options = eviction.deleteOptions ?? {}
  const pod = stored.value as unknown as Pod
  if (!hasEnded(pod) && !pod.metadata.deletionTimestamp) {
    const labels = pod.metadata.labels ?? {}
    const guards = [...step.view.list<PodDisruptionBudget>(podDisruptionBudgets, target.namespace)]
      .filter(({ spec }) => spec?.selector && selectorMatcher(spec.selector).matches(labels))
    if (guards.length > 1) throw new StatusError(500, '', 'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.')
    const definition = step.context.stored(podDisruptionBudgets)
    const [budget] = guards
    if (budget && definition && (isReady(pod) || !sparesUnready(budget))) spend(step, definition, budget, pod)
  }
  const draft = { ...pod, status: { ...pod.status } } as Pod
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
  if (eviction.metadata?.name !== about.name) throw badRequest('name in URL does not match name in Eviction object')
  if (eviction.deleteOptions?.ignoreStoreReadErrorWithClusterBreakingPotential) {
    throw invalidObject({ group: 'policy', kind: 'Eviction' }, about.name, [
      invalid('deleteOptions.ignoreStoreReadErrorWithClusterBreakingPotential', true, 'can not be set for pod eviction, try after removing the option'),
    ])
  }
  const { dryRun } = eviction.deleteOptions ?? {}
  // A drain's dry run says so in the eviction, not in the query.
  const asking = dryRun?.length ? { ...about, options: { ...about.options, dryRun } } : about
  await registry.write(asking, (step) => evict(step, { definition, namespace: about.namespace, name: about.name }, { ...thaw(eviction), kind: 'Eviction', apiVersion: 'policy/v1' }))
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 }
}
