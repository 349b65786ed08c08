// FlowSchemas: says of each whether the priority level that it names is there.
import { formatTime } from '../api/times.ts'
import type { Condition } from '../api/types-common.ts'
import { flowSchemas, priorityLevels, type FlowSchema, type PriorityLevel } from '../api/types-flow-control.ts'
import type { Index } from '../client/informer.ts'
import { controller, watches } from '../controller/controller.ts'

const levelOf = ({ spec }: FlowSchema): string => spec.priorityLevelConfiguration?.name ?? ''
const byLevel: Index<FlowSchema> = { name: 'level', values: (schema) => [levelOf(schema)] }

/** Pure. */
export function danglingOf(schema: FlowSchema, exists: boolean): Omit<Condition, 'lastTransitionTime'> {
  const text = `This FlowSchema references the PriorityLevelConfiguration object named ${JSON.stringify(levelOf(schema))}`
  return exists ? { type: 'Dangling', status: 'False', reason: 'Found', message: `${text} and it exists` } : { type: 'Dangling', status: 'True', reason: 'NotFound', message: `${text} but there is no such object` }
}

export default controller<FlowSchema>({
  name: 'flow-schema',
  for: flowSchemas,
  watches: [
    watches<PriorityLevel>(priorityLevels, ({ metadata: { name = '' } }, { informers }) =>
      informers.for(flowSchemas).byIndex(byLevel, name).map((schema) => ({ name: schema.metadata.name ?? '' }))),
  ],
  async reconcile({ name }, schema, { client, informers, clock }) {
    if (!schema) return
    const wanted = danglingOf(schema, informers.for(priorityLevels).get({ name: levelOf(schema) }) !== undefined)
    const before = schema.status?.conditions?.find(({ type }) => type === wanted.type)
    if (before?.status === wanted.status && before.reason === wanted.reason && before.message === wanted.message) return
    const condition = { ...wanted, lastTransitionTime: before?.status === wanted.status && before.lastTransitionTime ? before.lastTransitionTime : formatTime(clock.now()) }
    const body = { apiVersion: 'flowcontrol.apiserver.k8s.io/v1', kind: 'FlowSchema', metadata: { name }, status: { conditions: [condition] } }
    await client.patch(flowSchemas, { name }, { type: 'apply', body }, { subresource: 'status', fieldManager: 'api-priority-and-fairness-config-consumer-v1', force: true })
  },
})
