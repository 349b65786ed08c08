// Lease: who holds what until when; node heartbeats and leader elections.
import { leases } from '../../api/types-config.ts'
import type { Lease } from '../../api/types-config.ts'
import { ageColumn, nameColumn, text } from './columns.ts'
import { define } from './define.ts'
import type { Errors } from './rules.ts'
import { checkNonNegative, checkPositive } from './rules.ts'

/** Elections by the server are not on in 1.35: what asks for them is not stored. */
function dropCoordination({ spec }: Lease): void {
  delete spec.strategy
  delete spec.preferredHolder
}

export default define(leases, {
  generation: false,
  volatile: {},
  allowCreateOnUpdate: true,
  requireVersionOnUpdate: true,
  defaults(draft) {
    draft.spec ??= {}
  },
  prepareCreate: dropCoordination,
  prepareUpdate: dropCoordination,
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
