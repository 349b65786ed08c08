// PriorityClass: a number by name, for scheduling and preemption.
import { priorityClasses } from '../../api/types-config.ts'
import type { PriorityClass } from '../../api/types-config.ts'
import { ageColumn, integer, nameColumn, text } from './columns.ts'
import { define } from './define.ts'
import type { Errors } from './rules.ts'
import { checkImmutable, checkOptionalOneOf, forbiddenField } from './rules.ts'

const highestUserPriority = 1_000_000_000
const systemPrefix = 'system-'
const systemClasses: Readonly<Record<string, number>> = { 'system-node-critical': 2_000_001_000, 'system-cluster-critical': 2_000_000_000 }

function validate(object: PriorityClass, old?: PriorityClass): Errors {
  const out: Errors = []
  const { metadata: { name = '' }, value } = object
  if (name.startsWith(systemPrefix)) {
    if (systemClasses[name] !== value) out.push(forbiddenField('metadata.name', 'priority class names with \'system-\' prefix are reserved for system use only. error: value is not known for this name'))
  } else if (value > highestUserPriority) {
    out.push(forbiddenField('value', `maximum allowed value of a user defined priority is ${highestUserPriority}`))
  }
  checkOptionalOneOf(out, 'preemptionPolicy', object.preemptionPolicy, ['Never', 'PreemptLowerPriority'])
  if (old) {
    if (value !== old.value) out.push(forbiddenField('value', 'may not be changed in an update.'))
    checkImmutable(out, 'preemptionPolicy', object.preemptionPolicy, old.preemptionPolicy)
  }
  return out
}

export default define(priorityClasses, {
  generation: true,
  defaults(draft) {
    draft.value ??= 0
    draft.preemptionPolicy ??= 'PreemptLowerPriority'
  },
  validate,
  columns: [
    nameColumn,
    integer('Value', 'The priority that pods of the class get.', ({ value }) => value),
    { name: 'Global-Default', type: 'boolean', description: 'Whether pods that name no class get this one.', value: ({ globalDefault }) => globalDefault ?? false },
    ageColumn,
    text('PreemptionPolicy', 'Whether pods of the class may push out others.', ({ preemptionPolicy = '' }) => preemptionPolicy),
  ],
})
