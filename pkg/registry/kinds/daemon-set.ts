// DaemonSet: one pod of a template on each node that fits.
import { daemonSets } from '../../api/types-workload.ts'
import type { DaemonSet } from '../../api/types-workload.ts'
import { ageColumn, integer, labelsText, nameColumn, selectorQuery, text } from './columns.ts'
import { define } from './define.ts'
import { defaultPodTemplate } from './pod-spec-defaults.ts'
import { templateWarnings } from './pod-warnings.ts'
import type { Errors } from './rules.ts'
import { checkAtMostAll, checkImmutable, checkNonNegative, checkNumberOrPercent, checkOneOf, invalid, numberOrPercent, required } from './rules.ts'
import { checkAlwaysRestarts, checkSelectorAndTemplate, templateColumns } from './workload.ts'

function defaults(object: DaemonSet): void {
  object.spec ??= { template: {} }
  const { spec } = object
  spec.template ??= {}
  defaultPodTemplate(spec.template)
  spec.updateStrategy ??= {}
  spec.updateStrategy.type ||= 'RollingUpdate'
  if (spec.updateStrategy.type === 'RollingUpdate') {
    spec.updateStrategy.rollingUpdate ??= {}
    spec.updateStrategy.rollingUpdate.maxUnavailable ??= 1
    spec.updateStrategy.rollingUpdate.maxSurge ??= 0
  }
  spec.revisionHistoryLimit ??= 10
}

function checkUpdateStrategy(out: Errors, { updateStrategy }: DaemonSet['spec']): void {
  checkOneOf(out, 'spec.updateStrategy.type', updateStrategy?.type, ['OnDelete', 'RollingUpdate'])
  if (updateStrategy?.type !== 'RollingUpdate') return
  const path = 'spec.updateStrategy.rollingUpdate'
  const { rollingUpdate } = updateStrategy
  if (!rollingUpdate) {
    out.push(required(path))
    return
  }
  const { maxUnavailable, maxSurge } = rollingUpdate
  checkNumberOrPercent(out, `${path}.maxUnavailable`, maxUnavailable)
  checkAtMostAll(out, `${path}.maxUnavailable`, maxUnavailable)
  checkNumberOrPercent(out, `${path}.maxSurge`, maxSurge)
  checkAtMostAll(out, `${path}.maxSurge`, maxSurge)
  const surges = numberOrPercent(maxSurge) !== 0
  const stops = numberOrPercent(maxUnavailable) !== 0
  if (surges && stops) out.push(invalid(`${path}.maxSurge`, maxSurge, 'may not be set when maxUnavailable is non-zero'))
  if (!surges && !stops) out.push(invalid(`${path}.maxUnavailable`, maxUnavailable, 'cannot be 0 when maxSurge is 0'))
}

function validate({ spec }: DaemonSet, old?: DaemonSet): Errors {
  const out: Errors = []
  checkSelectorAndTemplate(out, spec, 'daemonset')
  checkAlwaysRestarts(out, spec.template, 'DaemonSet')
  checkNonNegative(out, 'spec.minReadySeconds', spec.minReadySeconds)
  checkNonNegative(out, 'spec.revisionHistoryLimit', spec.revisionHistoryLimit)
  checkUpdateStrategy(out, spec)
  if (old) checkImmutable(out, 'spec.selector', spec.selector, old.spec.selector)
  return out
}

export default define(daemonSets, {
  initialStatus: () => ({ currentNumberScheduled: 0, desiredNumberScheduled: 0, numberMisscheduled: 0, numberReady: 0 }),
  defaults,
  validate,
  warnings: ({ spec }, old) => templateWarnings('spec.template', spec.template, old?.spec.template),
  columns: [
    nameColumn,
    integer('Desired', 'Nodes that should run the pod.', ({ status }) => status?.desiredNumberScheduled ?? 0),
    integer('Current', 'Nodes that should run the pod and do.', ({ status }) => status?.currentNumberScheduled ?? 0),
    integer('Ready', 'Nodes whose pod is ready.', ({ status }) => status?.numberReady ?? 0),
    integer('Up-to-date', 'Nodes whose pod has the current template.', ({ status }) => status?.updatedNumberScheduled ?? 0),
    integer('Available', 'Nodes whose pod has been ready for long enough.', ({ status }) => status?.numberAvailable ?? 0),
    text('Node Selector', 'Labels that a node must have.', ({ spec }) => labelsText(spec.template?.spec?.nodeSelector)),
    ageColumn,
    ...templateColumns<DaemonSet>(({ spec }) => spec.template, ({ spec }) => selectorQuery(spec.selector)),
  ],
})
