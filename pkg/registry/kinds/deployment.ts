// Deployment: replica sets of a template, rolled from one revision to the next.
import { deployments } from '../../api/types-workload.ts'
import type { Deployment, DeploymentSpec } from '../../api/types-workload.ts'
import { ageColumn, nameColumn, selectorQuery, text } from './columns.ts'
import { define } from './define.ts'
import { defaultPodTemplate } from './pod-spec-defaults.ts'
import { templateWarnings } from './pod-warnings.ts'
import type { Errors } from './rules.ts'
import { checkAtMostAll, checkImmutable, checkNonNegative, checkNumberOrPercent, checkOneOf, forbiddenField, invalid, numberOrPercent } from './rules.ts'
import { checkAlwaysRestarts, checkSelectorAndTemplate, scaleSubresource, templateColumns } from './workload.ts'

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
  const path = 'spec.strategy'
  checkOneOf(out, `${path}.type`, strategy.type, ['Recreate', 'RollingUpdate'])
  const { rollingUpdate } = strategy
  if (strategy.type === 'Recreate' && rollingUpdate) {
    out.push(forbiddenField(`${path}.rollingUpdate`, 'may not be specified when strategy `type` is \'Recreate\''))
  }
  if (strategy.type !== 'RollingUpdate' || !rollingUpdate) return
  checkNumberOrPercent(out, `${path}.rollingUpdate.maxUnavailable`, rollingUpdate.maxUnavailable)
  checkNumberOrPercent(out, `${path}.rollingUpdate.maxSurge`, rollingUpdate.maxSurge)
  if (numberOrPercent(rollingUpdate.maxUnavailable) === 0 && numberOrPercent(rollingUpdate.maxSurge) === 0) {
    out.push(invalid(`${path}.rollingUpdate.maxUnavailable`, rollingUpdate.maxUnavailable, 'may not be 0 when `maxSurge` is 0'))
  }
  checkAtMostAll(out, `${path}.rollingUpdate.maxUnavailable`, rollingUpdate.maxUnavailable)
}

function validate({ spec }: Deployment, old?: Deployment): Errors {
  const out: Errors = []
  checkNonNegative(out, 'spec.replicas', spec.replicas)
  checkSelectorAndTemplate(out, spec, 'deployment')
  checkAlwaysRestarts(out, spec.template, 'ReplicaSet')
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

export default define(deployments, {
  defaults,
  validate,
  warnings: ({ spec }, old) => templateWarnings('spec.template', spec.template, old?.spec.template),
  subresources: [scaleSubresource(({ spec }) => spec.selector)],
  columns: [
    nameColumn,
    text('Ready', 'Pods that are ready, of those wanted.', ({ spec, status }) => `${status?.readyReplicas ?? 0}/${spec.replicas ?? 0}`),
    text('Up-to-date', 'Pods that have the current template.', ({ status }) => `${status?.updatedReplicas ?? 0}`),
    text('Available', 'Pods that have been ready for long enough.', ({ status }) => `${status?.availableReplicas ?? 0}`),
    ageColumn,
    ...templateColumns<Deployment>(({ spec }) => spec.template, ({ spec }) => selectorQuery(spec.selector)),
  ],
})
