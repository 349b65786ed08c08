// DaemonSet: one pod of a template on each node that fits.
import { daemonSets } from '../../api/types-workload.ts'
import type { DaemonSet, RollingUpdateDaemonSet } from '../../api/types-workload.ts'
import { ageColumn, integer, labelsText, nameColumn, selectorQuery, text } from './columns.ts'
import { define } from './define.ts'
import { defaultPodTemplate } from './pod-spec-defaults.ts'
import { inGo } from './go-values.ts'
import { checkPodTemplate } from './pod-spec-validation.ts'
import { nameWarnings, templateWarnings } from './pod-warnings.ts'
import type { Errors } from './rules.ts'
import { checkAtMostAll, checkImmutable, checkLabelSelector, checkNonNegative, checkNumberOrPercent, invalid, isEmptySelector, notSupported, numberOrPercent, required, same } from './rules.ts'
import { checkAlwaysRestarts, checkTemplateLabels, templateColumns } from './workload.ts'
import { countedStatus } from './workload-status.ts'

/** How often the template has changed is an annotation here and a field of its own in the server of Kubernetes; clients don't change it. */
const generationKey = 'deprecated.daemonset.template.generation'

const generationOf = ({ metadata }: DaemonSet): number => Number(metadata.annotations?.[generationKey]) || 0

function setGeneration({ metadata }: DaemonSet, generation: number): void {
  metadata.annotations = { ...metadata.annotations, [generationKey]: String(generation) }
}

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
  if (object.metadata.annotations?.[generationKey] === undefined) setGeneration(object, 0)
}

function checkUpdateStrategy(out: Errors, { updateStrategy }: DaemonSet['spec']): void {
  const { type = '', rollingUpdate } = updateStrategy ?? {}
  if (type === 'RollingUpdate') {
    if (rollingUpdate) checkRollingUpdate(out, 'spec.updateStrategy.rollingUpdate', rollingUpdate)
    else out.push(required('spec.updateStrategy.rollingUpdate'))
  } else if (type !== 'OnDelete') {
    const update = rollingUpdate ? inGo(rollingUpdate, { MaxUnavailable: 0, MaxSurge: 0 }) : null
    out.push(notSupported('spec.updateStrategy', { Type: type, RollingUpdate: update }, ['RollingUpdate', 'OnDelete']))
  }
}

function checkRollingUpdate(out: Errors, path: string, { maxUnavailable, maxSurge }: RollingUpdateDaemonSet): void {
  for (const check of [checkNumberOrPercent, checkAtMostAll]) {
    check(out, `${path}.maxUnavailable`, maxUnavailable)
    check(out, `${path}.maxSurge`, maxSurge)
  }
  const surges = numberOrPercent(maxSurge) !== 0
  const stops = numberOrPercent(maxUnavailable) !== 0
  if (surges && stops) out.push(invalid(`${path}.maxSurge`, maxSurge, 'may not be set when maxUnavailable is non-zero'))
  if (!surges && !stops) out.push(required(`${path}.maxUnavailable`, 'cannot be 0 when maxSurge is 0'))
}

function validate({ spec }: DaemonSet, old?: DaemonSet): Errors {
  const out: Errors = []
  const { selector, template } = spec
  checkLabelSelector(out, 'spec.selector', selector)
  if (out.length === 0) checkTemplateLabels(out, selector, template)
  if (selector && isEmptySelector(selector)) out.push(invalid('spec.selector', selector, 'empty selector is invalid for daemonset'))
  checkPodTemplate(out, 'spec.template', template, old?.spec.template)
  checkAlwaysRestarts(out, template, 'DaemonSet')
  checkNonNegative(out, 'spec.minReadySeconds', spec.minReadySeconds)
  checkUpdateStrategy(out, spec)
  checkNonNegative(out, 'spec.revisionHistoryLimit', spec.revisionHistoryLimit)
  if (old) checkImmutable(out, 'spec.selector', spec.selector, old.spec.selector)
  return out
}

export default define(daemonSets, {
  initialStatus: () => ({ currentNumberScheduled: 0, desiredNumberScheduled: 0, numberMisscheduled: 0, numberReady: 0 }),
  defaults,
  prepareCreate: (draft) => setGeneration(draft, Math.max(1, generationOf(draft))),
  prepareUpdate: (draft, old) => setGeneration(draft, generationOf(old) + (same(draft.spec.template, old.spec.template) ? 0 : 1)),
  validate,
  warnings: (object, old) => [...nameWarnings(object, old), ...templateWarnings(object, old, 'spec.template', object.spec.template)],
  subresources: [{ prepareUpdate: (draft, old) => setGeneration(draft, generationOf(old)), ...countedStatus<DaemonSet>({
    counts: [
      'currentNumberScheduled', 'numberMisscheduled', 'desiredNumberScheduled', 'numberReady', 'observedGeneration', 'updatedNumberScheduled', 'numberAvailable',
      'numberUnavailable', 'collisionCount',
    ],
  }) }],
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
