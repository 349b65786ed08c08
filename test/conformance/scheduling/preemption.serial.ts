// Priority classes as objects of the API (part of scheduling/preemption.go).
import { priorityClasses, type PriorityClass } from '../../../pkg/api/types-config.ts'
import { client, refusal, uniqueName } from '../framework.ts'
import { strategicPatch } from '../operations.ts'

const label = uniqueName('preemption')
let classes: PriorityClass[] = []

beforeEach(async () => {
  classes = []
  for (const [index, value] of [1, 2].entries()) {
    classes.push(await client.create(priorityClasses, {
      apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata: { name: `${label}-p${index + 1}`, labels: { e2e: label } }, value,
    }))
  }
})

afterEach(() => client.deleteCollection(priorityClasses, { labelSelector: `e2e=${label}` }))

test('[sig-scheduling] SchedulerPreemption [Serial] PriorityClass endpoints verify PriorityClass endpoints can be operated with different HTTP methods [Conformance]', async () => {
  const [first, second] = classes
  if (!first || !second) throw new Error('no classes')
  const nameOf = ({ metadata: { name = '' } }: PriorityClass): { name: string } => ({ name })
  await refusal(client.patch(priorityClasses, nameOf(first), strategicPatch({ value: first.value * 10 })))
  await refusal(client.update(priorityClasses, { ...second, value: second.value * 10 }))

  const description = 'updated description'
  await client.patch(priorityClasses, nameOf(first), strategicPatch({ description }))
  await client.update(priorityClasses, { ...second, description })
  await client.list(priorityClasses)
  for (const made of classes) {
    const live = await client.get(priorityClasses, nameOf(made))
    expect(live.value).toBe(made.value)
    expect(live.description).toBe(description)
    expect(BigInt(live.metadata.resourceVersion ?? '')).toBeGreaterThan(BigInt(made.metadata.resourceVersion ?? ''))
  }
})
