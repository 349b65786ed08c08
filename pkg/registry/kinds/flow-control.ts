// The kinds of flowcontrol.apiserver.k8s.io: stored and checked here; the API server queues by them.
import type { FlowSchema, PriorityLevel } from '../../api/types-flow-control.ts'
import { flowSchemas, priorityLevels } from '../../api/types-flow-control.ts'
import type { Definition } from '../definition.ts'
import { ageColumn, nameColumn, number, none, text } from './columns.ts'
import { bareStatus, define, subresource } from './define.ts'
import { flowSchemaErrors, flowStatusErrors, priorityLevelErrors } from './flow-validation.ts'

const schemas = define(flowSchemas, {
  defaults(draft) {
    draft.spec ??= {}
    draft.spec.matchingPrecedence ||= 1000
  },
  validate: flowSchemaErrors,
  subresources: [subresource<FlowSchema>('status', { merge: bareStatus, validate: flowStatusErrors })],
  // In which they are tried.
  rowOrder: (a, b) => (a.spec.matchingPrecedence ?? 0) - (b.spec.matchingPrecedence ?? 0) || ((a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1),
  columns: [
    nameColumn,
    text('PriorityLevel', 'Level that matching requests get.', ({ spec }) => spec.priorityLevelConfiguration?.name ?? ''),
    number('MatchingPrecedence', 'Order among schemas; the lowest number that matches wins.', ({ spec }) => spec.matchingPrecedence ?? 0),
    text('DistinguisherMethod', 'How requests are told apart.', ({ spec }) => spec.distinguisherMethod?.type ?? none),
    ageColumn,
    text('MissingPL', 'Whether the level does not exist.', ({ status }) => status?.conditions?.find(({ type }) => type === 'Dangling')?.status ?? '?'),
  ],
})

const levels = define(priorityLevels, {
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
  validate: priorityLevelErrors,
  subresources: [subresource<PriorityLevel>('status', { merge: bareStatus, validate: flowStatusErrors })],
  columns: [
    nameColumn,
    text('Type', 'Exempt or Limited.', ({ spec }) => spec.type ?? ''),
    text('NominalConcurrencyShares', 'Share of the server\'s seats.', ({ spec }) => spec.limited?.nominalConcurrencyShares ?? none),
    text('Queues', 'Number of queues.', ({ spec }) => spec.limited?.limitResponse?.queuing?.queues ?? none),
    text('HandSize', 'Queues that a flow is spread over.', ({ spec }) => spec.limited?.limitResponse?.queuing?.handSize ?? none),
    text('QueueLengthLimit', 'Requests that may wait in a queue.', ({ spec }) => spec.limited?.limitResponse?.queuing?.queueLengthLimit ?? none),
    ageColumn,
  ],
})

const both: readonly Definition[] = [schemas, levels]
export default both
