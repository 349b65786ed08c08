// PodDisruptionBudget: how many pods of a set may be evicted at once.
import type { PodDisruptionBudget } from '../../api/types-config.ts'
import { podDisruptionBudgets } from '../../api/types-config.ts'
import { ageColumn, integer, nameColumn, text } from './columns.ts'
import { checkStatusConditions } from './status-conditions.ts'
import { define, subresource } from './define.ts'
import type { GoShape } from './go-values.ts'
import { goForm } from './go-values.ts'
import type { Errors } from './rules.ts'
import { checkAtMostAll, checkLabelSelector, checkNonNegative, checkNumberOrPercent, invalid, notSupported } from './rules.ts'

const policies = ['AlwaysAllow', 'IfHealthyBudget']
const specShape: GoShape = { MinAvailable: ['minAvailable', null], Selector: ['selector', null], MaxUnavailable: ['maxUnavailable', null], UnhealthyPodEvictionPolicy: ['unhealthyPodEvictionPolicy', null] }

const shown = (value: number | string | undefined): string => (value === undefined ? 'N/A' : `${value}`)

export default define(podDisruptionBudgets, {
  finalizers: 'any',
  requireVersionOnUpdate: true,
  initialStatus: () => ({ currentHealthy: 0, desiredHealthy: 0, disruptionsAllowed: 0, expectedPods: 0 }),
  defaults(draft) {
    draft.spec ??= {}
  },
  // Names are checked for what cannot be in a path only.
  names: 'path-segment',
  validate({ spec }) {
    const out: Errors = []
    const { minAvailable, maxUnavailable, selector, unhealthyPodEvictionPolicy: policy } = spec
    if (minAvailable !== undefined && maxUnavailable !== undefined) out.push(invalid('spec', goForm(spec, specShape), 'minAvailable and maxUnavailable cannot be both set'))
    for (const [path, value] of [['spec.minAvailable', minAvailable], ['spec.maxUnavailable', maxUnavailable]] as const) {
      checkNumberOrPercent(out, path, value)
      checkAtMostAll(out, path, value)
    }
    checkLabelSelector(out, 'spec.selector', selector)
    if (policy !== undefined && !policies.includes(policy)) out.push(notSupported('spec.unhealthyPodEvictionPolicy', policy, policies))
    return out
  },
  subresources: [subresource<PodDisruptionBudget>('status', {
    validate({ status }) {
      const out: Errors = []
      checkStatusConditions(out, 'status.conditions', status?.conditions)
      for (const field of ['disruptionsAllowed', 'currentHealthy', 'desiredHealthy', 'expectedPods'] as const) checkNonNegative(out, `status.${field}`, status?.[field])
      return out
    },
  })],
  columns: [
    nameColumn,
    text('Min Available', 'Fewest pods that must stay available.', ({ spec }) => shown(spec.minAvailable)),
    text('Max Unavailable', 'Most pods that may be unavailable.', ({ spec }) => shown(spec.maxUnavailable)),
    integer('Allowed Disruptions', 'Pods that may be evicted now.', ({ status }) => status?.disruptionsAllowed ?? 0),
    ageColumn,
  ],
})
