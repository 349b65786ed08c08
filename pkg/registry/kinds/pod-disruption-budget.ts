// PodDisruptionBudget: how many pods of a set may be evicted at once.
import { podDisruptionBudgets } from '../../api/types-config.ts'
import { ageColumn, integer, nameColumn, text } from './columns.ts'
import { define } from './define.ts'
import type { Errors } from './rules.ts'
import { checkAtMostAll, checkLabelSelector, checkNumberOrPercent, checkOptionalOneOf, invalid } from './rules.ts'

const shown = (value: number | string | undefined): string => (value === undefined ? 'N/A' : `${value}`)

export default define(podDisruptionBudgets, {
  requireVersionOnUpdate: true,
  initialStatus: () => ({ currentHealthy: 0, desiredHealthy: 0, disruptionsAllowed: 0, expectedPods: 0 }),
  defaults(draft) {
    draft.spec ??= {}
  },
  validate({ spec }) {
    const out: Errors = []
    const { minAvailable, maxUnavailable } = spec
    if (minAvailable !== undefined && maxUnavailable !== undefined) out.push(invalid('spec', spec, 'minAvailable and maxUnavailable cannot be both set'))
    checkNumberOrPercent(out, 'spec.minAvailable', minAvailable)
    checkAtMostAll(out, 'spec.minAvailable', minAvailable)
    checkNumberOrPercent(out, 'spec.maxUnavailable', maxUnavailable)
    checkAtMostAll(out, 'spec.maxUnavailable', maxUnavailable)
    checkOptionalOneOf(out, 'spec.unhealthyPodEvictionPolicy', spec.unhealthyPodEvictionPolicy, ['AlwaysAllow', 'IfHealthyBudget'])
    checkLabelSelector(out, 'spec.selector', spec.selector)
    return out
  },
  columns: [
    nameColumn,
    text('Min Available', 'Fewest pods that must stay available.', ({ spec }) => shown(spec.minAvailable)),
    text('Max Unavailable', 'Most pods that may be unavailable.', ({ spec }) => shown(spec.maxUnavailable)),
    integer('Allowed Disruptions', 'Pods that may be evicted now.', ({ status }) => status?.disruptionsAllowed ?? 0),
    ageColumn,
  ],
})
