// Deployment: replica sets of a template, rolled from one revision to the next.
import { deployments } from '../../api/types-workload.ts'
import type { Deployment, DeploymentSpec, RollingUpdateDeployment } from '../../api/types-workload.ts'
import { ageColumn, nameColumn, number, selectorQuery, text } from './columns.ts'
import { define } from './define.ts'
import { defaultPodTemplate } from './pod-spec-defaults.ts'
import { inGo } from './go-values.ts'
import { nameWarnings, templateWarnings } from './pod-warnings.ts'
import type { Errors } from './rules.ts'
import { checkAtMostAll, checkImmutable, checkNonNegative, checkNumberOrPercent, forbiddenField, invalid, notSupported, numberOrPercent, required, same } from './rules.ts'
import { checkReplicaTemplate, scaleSubresource, templateColumns } from './workload.ts'
import { atMostReplicas, countedStatus } from './workload-status.ts'

function defaults(object: Deployment): void {
  object.spec ??= { template: {} }
  const { spec } = object
  spec.template ??= {}
  defaultPodTemplate(spec.template)
  spec.replicas ??= 1
  spec.strategy ??= {}
  spec.strategy.type ||= 'RollingUpdate'
  if (spec.strategy.type === 'RollingUpdate') {
    spec.strategy.rollingUpdate ??= {}
    spec.strategy.rollingUpdate.maxUnavailable ??= '25%'
    spec.strategy.rollingUpdate.maxSurge ??= '25%'
  }
  spec.revisionHistoryLimit ??= 10
  spec.progressDeadlineSeconds ??= 600
}

function checkStrategy(out: Errors, { strategy = {} }: DeploymentSpec): void {
  const path = 'spec.strategy.rollingUpdate'
  const { type, rollingUpdate } = strategy
  if (type === 'Recreate') {
    if (rollingUpdate) out.push(forbiddenField(path, 'may not be specified when strategy `type` is \'Recreate\''))
  } else if (type !== 'RollingUpdate') {
    const update = rollingUpdate ? inGo(rollingUpdate, { MaxUnavailable: 0, MaxSurge: 0 }) : null
    out.push(notSupported('spec.strategy', { Type: type ?? '', RollingUpdate: update }, ['Recreate', 'RollingUpdate']))
  } else if (!rollingUpdate) out.push(required(path, 'this should be defaulted and never be nil'))
  else checkRollingUpdate(out, path, rollingUpdate)
}

function checkRollingUpdate(out: Errors, path: string, { maxUnavailable, maxSurge }: RollingUpdateDeployment): void {
  checkNumberOrPercent(out, `${path}.maxUnavailable`, maxUnavailable)
  checkNumberOrPercent(out, `${path}.maxSurge`, maxSurge)
  if (numberOrPercent(maxUnavailable) === 0 && numberOrPercent(maxSurge) === 0) {
    out.push(invalid(`${path}.maxUnavailable`, maxUnavailable, 'may not be 0 when `maxSurge` is 0'))
  }
  checkAtMostAll(out, `${path}.maxUnavailable`, maxUnavailable)
}

function validate({ spec }: Deployment, old?: Deployment): Errors {
  const out: Errors = []
  checkNonNegative(out, 'spec.replicas', spec.replicas)
  checkReplicaTemplate(out, spec, old?.spec.template)
  checkStrategy(out, spec)
  checkNonNegative(out, 'spec.minReadySeconds', spec.minReadySeconds)
  checkNonNegative(out, 'spec.revisionHistoryLimit', spec.revisionHistoryLimit)
  const { progressDeadlineSeconds, minReadySeconds = 0 } = spec
  checkNonNegative(out, 'spec.progressDeadlineSeconds', progressDeadlineSeconds)
  if (progressDeadlineSeconds !== undefined && progressDeadlineSeconds <= minReadySeconds) {
    out.push(invalid('spec.progressDeadlineSeconds', progressDeadlineSeconds, 'must be greater than minReadySeconds'))
  }
  if (old) checkImmutable(out, 'spec.selector', spec.selector, old.spec.selector)
  return out
}

/** A status brings annotations, which the controller writes with it, and no labels. */
function keepLabels({ metadata }: Deployment, old: Deployment): void {
  if (old.metadata.labels) metadata.labels = { ...old.metadata.labels }
  else delete metadata.labels
}

export default define(deployments, {
  defaults,
  // Annotations count as a change of what is wanted: they go to the replica sets.
  prepareUpdate(draft, old) {
    if (!same(draft.metadata.annotations ?? {}, old.metadata.annotations ?? {})) draft.metadata.generation = (old.metadata.generation ?? 0) + 1
  },
  validate,
  warnings: (object, old) => [...nameWarnings(object, old), ...templateWarnings(object, old, 'spec.template', object.spec.template)],
  subresources: [scaleSubresource(({ spec }) => spec.selector), { prepareUpdate: keepLabels, ...countedStatus<Deployment>({
    counts: [
      'observedGeneration', 'replicas', 'updatedReplicas', 'readyReplicas', 'availableReplicas', 'unavailableReplicas', 'terminatingReplicas', 'collisionCount',
    ],
    atMost: [
      ...atMostReplicas('updatedReplicas', 'readyReplicas', 'availableReplicas'), { field: 'availableReplicas', limit: 'readyReplicas', called: 'readyReplicas' },
    ],
  }) }],
  columns: [
    nameColumn,
    text('Ready', 'Pods that are ready, of those wanted.', ({ spec, status }) => `${status?.readyReplicas ?? 0}/${spec.replicas ?? 0}`),
    number('Up-to-date', 'Pods that have the current template.', ({ status }) => status?.updatedReplicas ?? 0),
    number('Available', 'Pods that have been ready for long enough.', ({ status }) => status?.availableReplicas ?? 0),
    ageColumn,
    ...templateColumns<Deployment>(({ spec }) => spec.template, ({ spec }) => selectorQuery(spec.selector)),
  ],
})
