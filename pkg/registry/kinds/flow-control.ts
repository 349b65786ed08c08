// The kinds of flowcontrol.apiserver.k8s.io: stored and checked here; the API server queues by them.
import type { KubeObject } from '../../api/object.ts'
import type { Definition } from '../definition.ts'
import { ageColumn, integer, nameColumn, none, text } from './columns.ts'
import { define, named } from './define.ts'
import type { Errors } from './rules.ts'
import { checkNonNegative, checkOneOf, checkPositive, checkRange, forbiddenField, invalid, required } from './rules.ts'

interface FlowSchema extends KubeObject {
  spec: {
    priorityLevelConfiguration?: { name?: string }
    matchingPrecedence?: number
    distinguisherMethod?: { type?: string }
    rules?: { subjects?: { kind?: string }[]; resourceRules?: unknown[]; nonResourceRules?: unknown[] }[]
  }
  status?: { conditions?: { type?: string; status?: string }[] }
}

interface PriorityLevel extends KubeObject {
  spec: {
    type?: string
    exempt?: { nominalConcurrencyShares?: number; lendablePercent?: number }
    limited?: {
      nominalConcurrencyShares?: number
      lendablePercent?: number
      borrowingLimitPercent?: number
      limitResponse?: { type?: string; queuing?: { queues?: number; handSize?: number; queueLengthLimit?: number } }
    }
  }
}

const schemas = define(named<FlowSchema>('flowcontrol.apiserver.k8s.io/v1', 'flowschemas'), {
  defaults(draft) {
    draft.spec ??= {}
    draft.spec.matchingPrecedence ||= 1000
  },
  validate({ spec }) {
    const out: Errors = []
    checkRange(out, 'spec.matchingPrecedence', spec.matchingPrecedence, 1, 10_000)
    if (!spec.priorityLevelConfiguration?.name) out.push(required('spec.priorityLevelConfiguration.name', 'must reference a priority level'))
    if (spec.distinguisherMethod) checkOneOf(out, 'spec.distinguisherMethod.type', spec.distinguisherMethod.type, ['ByNamespace', 'ByUser'])
    for (const [index, { subjects = [], resourceRules = [], nonResourceRules = [] }] of (spec.rules ?? []).entries()) {
      if (subjects.length === 0) out.push(required(`spec.rules[${index}].subjects`, 'subjects must contain at least one value'))
      for (const [position, { kind }] of subjects.entries()) checkOneOf(out, `spec.rules[${index}].subjects[${position}].kind`, kind, ['Group', 'ServiceAccount', 'User'])
      if (resourceRules.length === 0 && nonResourceRules.length === 0) out.push(required(`spec.rules[${index}]`, 'at least one of resourceRules and nonResourceRules has to be non-empty'))
    }
    return out
  },
  columns: [
    nameColumn,
    text('PriorityLevel', 'Level that matching requests get.', ({ spec }) => spec.priorityLevelConfiguration?.name ?? ''),
    integer('MatchingPrecedence', 'Order among schemas; the lowest number that matches wins.', ({ spec }) => spec.matchingPrecedence ?? 0),
    text('DistinguisherMethod', 'How requests are told apart.', ({ spec }) => spec.distinguisherMethod?.type ?? none),
    ageColumn,
    text('MissingPL', 'Whether the level does not exist.', ({ status }) => status?.conditions?.find(({ type }) => type === 'Dangling')?.status ?? '?'),
  ],
})

const levels = define(named<PriorityLevel>('flowcontrol.apiserver.k8s.io/v1', 'prioritylevelconfigurations'), {
  defaults(draft) {
    draft.spec ??= {}
    const { limited, exempt } = draft.spec
    if (exempt) {
      exempt.nominalConcurrencyShares ??= 0
      exempt.lendablePercent ??= 0
    }
    if (!limited) return
    limited.nominalConcurrencyShares ??= 30
    limited.lendablePercent ??= 0
    const queuing = limited.limitResponse?.queuing
    if (queuing) {
      queuing.queues ||= 64
      queuing.handSize ||= 8
      queuing.queueLengthLimit ||= 50
    }
  },
  validate({ metadata, spec }) {
    const out: Errors = []
    checkOneOf(out, 'spec.type', spec.type, ['Exempt', 'Limited'])
    if (spec.type === 'Exempt') {
      if (spec.limited) out.push(forbiddenField('spec.limited', 'must be nil if the type is not Limited'))
      if (metadata.name !== 'exempt') out.push(invalid('spec.type', spec.type, "type must be 'Limited' if and only if `name` is not 'exempt'"))
    } else if (spec.type === 'Limited') {
      const { limited } = spec
      if (!limited) out.push(required('spec.limited', 'must not be empty when type is Limited'))
      else {
        checkNonNegative(out, 'spec.limited.nominalConcurrencyShares', limited.nominalConcurrencyShares)
        checkRange(out, 'spec.limited.lendablePercent', limited.lendablePercent, 0, 100)
        checkOneOf(out, 'spec.limited.limitResponse.type', limited.limitResponse?.type, ['Queue', 'Reject'])
        const queuing = limited.limitResponse?.queuing
        if (limited.limitResponse?.type === 'Queue' && !queuing) out.push(required('spec.limited.limitResponse.queuing', 'must not be empty if limitResponse.type is Limited'))
        if (limited.limitResponse?.type === 'Reject' && queuing) out.push(forbiddenField('spec.limited.limitResponse.queuing', 'must be nil if limitResponse.type is not Limited'))
        checkPositive(out, 'spec.limited.limitResponse.queuing.queues', queuing?.queues)
        checkPositive(out, 'spec.limited.limitResponse.queuing.handSize', queuing?.handSize)
        checkPositive(out, 'spec.limited.limitResponse.queuing.queueLengthLimit', queuing?.queueLengthLimit)
      }
    }
    return out
  },
  columns: [
    nameColumn,
    text('Type', 'Exempt or Limited.', ({ spec }) => spec.type ?? ''),
    text('NominalConcurrencyShares', 'Share of the server\'s seats.', ({ spec }) => `${spec.limited?.nominalConcurrencyShares ?? spec.exempt?.nominalConcurrencyShares ?? none}`),
    text('Queues', 'Number of queues.', ({ spec }) => `${spec.limited?.limitResponse?.queuing?.queues ?? none}`),
    text('HandSize', 'Queues that a flow is spread over.', ({ spec }) => `${spec.limited?.limitResponse?.queuing?.handSize ?? none}`),
    text('QueueLengthLimit', 'Requests that may wait in a queue.', ({ spec }) => `${spec.limited?.limitResponse?.queuing?.queueLengthLimit ?? none}`),
    ageColumn,
  ],
})

const both: readonly Definition[] = [schemas, levels]
export default both
