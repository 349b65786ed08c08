// PriorityClass: a number by name, for scheduling and preemption.
import { priorityClasses } from '../../api/types-config.ts'
import type { PriorityClass } from '../../api/types-config.ts'
import { forbidden } from '../../api/status-error.ts'
import { ageColumn, integer, nameColumn, text } from './columns.ts'
import { define } from './define.ts'
import type { Errors } from './rules.ts'
import { checkImmutable, checkOptionalOneOf, forbiddenField } from './rules.ts'

const highestUserPriority = 1_000_000_000
const systemPrefix = 'system-'
const systemClasses: Readonly<Record<string, number>> = { 'system-node-critical': 2_000_001_000, 'system-cluster-critical': 2_000_000_000 }

function systemFault({ metadata: { name = '' }, value, globalDefault }: PriorityClass): string | undefined {
  const known = systemClasses[name]
  if (known === undefined) return `${name} is not a known system priority class`
  if (value !== known) return `value of ${name} PriorityClass must be ${known}`
  return globalDefault ? `globalDefault of ${name} PriorityClass must be false` : undefined
}

function validate(object: PriorityClass, old?: PriorityClass): Errors {
  const out: Errors = []
  const { metadata: { name = '' }, value } = object
  if (name.startsWith(systemPrefix)) {
    const fault = systemFault(object)
    if (fault !== undefined) out.push(forbiddenField('metadata.name', `priority class names with 'system-' prefix are reserved for system use only. error: ${fault}`))
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
  prepareDelete({ metadata: { name = '' } }) {
    if (Object.hasOwn(systemClasses, name)) throw forbidden(priorityClasses, name, 'this is a system priority class and cannot be deleted')
  },
  columns: [
    nameColumn,
    integer('Value', 'The priority that pods of the class get.', ({ value }) => value),
    { name: 'Global-Default', type: 'boolean', description: 'Whether pods that name no class get this one.', value: ({ globalDefault }) => globalDefault ?? false },
    ageColumn,
    text('PreemptionPolicy', 'Whether pods of the class may push out others.', ({ preemptionPolicy = '' }) => preemptionPolicy),
  ],
})
