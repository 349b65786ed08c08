// What FlowSchemas say of themselves.
import { flowSchemas, priorityLevels } from '../../pkg/api/types-flow-control.ts'
import { Harness } from './harness.ts'

let harness: Harness
beforeAll(async () => {
  harness = await Harness.start()
})
afterAll(() => harness.stop())

it('tell whether their priority level is there, at first and when it comes and goes', async () => {
  const { client, informers } = harness
  const dangling = (): string | undefined => {
    const found = informers.for(flowSchemas).get({ name: 'one' })?.status?.conditions?.find(({ type }) => type === 'Dangling')
    return found && `${found.status} ${found.reason}: ${found.message}`
  }
  const text = 'This FlowSchema references the PriorityLevelConfiguration object named "own"'
  await client.create(flowSchemas, {
    apiVersion: 'flowcontrol.apiserver.k8s.io/v1', kind: 'FlowSchema', metadata: { name: 'one' },
    spec: { priorityLevelConfiguration: { name: 'own' }, rules: [{ subjects: [{ kind: 'User', user: { name: 'u' } }], nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }] }] },
  })
  await informers.for(flowSchemas).until(() => dangling() === `True NotFound: ${text} but there is no such object`)
  await client.create(priorityLevels, {
    apiVersion: 'flowcontrol.apiserver.k8s.io/v1', kind: 'PriorityLevelConfiguration', metadata: { name: 'own' }, spec: { type: 'Limited', limited: { limitResponse: { type: 'Reject' } } },
  })
  await informers.for(flowSchemas).until(() => dangling() === `False Found: ${text} and it exists`)
  await client.delete(priorityLevels, { name: 'own' })
  await informers.for(flowSchemas).until(() => dangling()?.startsWith('True') === true)
})
