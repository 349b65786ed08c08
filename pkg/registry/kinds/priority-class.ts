// PriorityClass: a number by name, for scheduling and preemption.
import { priorityClasses } from '../../api/types-config.ts'
import type { PriorityClass } from '../../api/types-config.ts'
import { forbidden } from '../../api/status-error.ts'
import { ageColumn, integer, nameColumn, text } from './columns.ts'
import { define } from './define.ts'
import type { Errors } from './rules.ts'
import { checkImmutable, checkOneOf, forbiddenField } from './rules.ts'

const highestUserPriority = 1_000_000_000
const systemPrefix = 'system-'
const systemClasses: Readonly<Record<string, number>> = { 'system-node-critical': 2_000_001_000, 'system-cluster-critical': 2_000_000_000 }

/** What is wrong with a class that has one of the system's names; '' for the system's own. */
function systemFault({ metadata: { name = '' }, value, globalDefault = false }: PriorityClass): string {
  const wanted = systemClasses[name]
  if (wanted === undefined) return `${name} is not a known system priority class`
  if (value !== wanted) return `value of ${name} PriorityClass must be ${wanted}`
  return globalDefault ? `globalDefault of ${name} PriorityClass must be false` : ''
}

function validateUpdate(object: PriorityClass, old: PriorityClass): Errors {
  const out: Errors = []
  if (object.value !== old.value) out.push(forbiddenField('value', 'may not be changed in an update.'))
  checkImmutable(out, 'preemptionPolicy', object.preemptionPolicy, old.preemptionPolicy)
  return out
}

function validate(object: PriorityClass): Errors {
  const out: Errors = []
  const { metadata: { name = '' }, value } = object
  if (name.startsWith(systemPrefix)) {
    const fault = systemFault(object)
    if (fault) out.push(forbiddenField('metadata.name', `priority class names with 'system-' prefix are reserved for system use only. error: ${fault}`))
  } else if (value > highestUserPriority) {
    out.push(forbiddenField('value', `maximum allowed value of a user defined priority is ${highestUserPriority}`))
  }
  if (object.preemptionPolicy !== undefined) checkOneOf(out, 'preemptionPolicy', object.preemptionPolicy, ['PreemptLowerPriority', 'Never'])
  return out
}

export default define(priorityClasses, {
  // The first generation is the only one.
  generation: false,
  prepareCreate(draft) {
    draft.metadata.generation = 1
  },
  defaults(draft) {
    draft.value ??= 0
    draft.preemptionPolicy ??= 'PreemptLowerPriority'
  },
  validate: (object, old) => (old ? validateUpdate(object, old) : validate(object)),
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
