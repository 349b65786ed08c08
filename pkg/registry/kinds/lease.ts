// Lease: who holds what until when; node heartbeats and leader elections.
import { leases } from '../../api/types-config.ts'
import { ageColumn, nameColumn, text } from './columns.ts'
import { define } from './define.ts'
import type { Errors } from './rules.ts'
import { checkNonNegative, checkPositive } from './rules.ts'

export default define(leases, {
  generation: false,
  volatile: {},
  allowCreateOnUpdate: true,
  requireVersionOnUpdate: true,
  defaults(draft) {
    draft.spec ??= {}
  },
  validate({ spec }) {
    const out: Errors = []
    checkPositive(out, 'spec.leaseDurationSeconds', spec.leaseDurationSeconds)
    checkNonNegative(out, 'spec.leaseTransitions', spec.leaseTransitions)
    return out
  },
  columns: [
    nameColumn,
    text('Holder', 'Who holds the lease.', ({ spec }) => spec?.holderIdentity ?? ''),
    ageColumn,
  ],
})
