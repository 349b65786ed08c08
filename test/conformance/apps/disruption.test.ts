// Pod disruption budgets: their life, what they count, and evictions that they refuse.
import { podDisruptionBudgets } from '../../../pkg/api/types-config.ts'
import { client, createNamespace, eventually, uniqueName, useNamespace } from '../framework.ts'
import { budgetName, createBudget, deleteBudget, patchBudget, podLabels, schedulingTimeoutMs, updateBudget } from './disruption-budgets.ts'

const namespace = useNamespace('disruption')

test('[sig-apps] DisruptionController Listing PodDisruptionBudgets for all namespaces should list and delete a collection of PodDisruptionBudgets [Conformance]', async () => {
  const other = await createNamespace('disruption-2')
  const label = uniqueName('bar-pdb')
  const labels = { foo_pdb: label }
  await createBudget(namespace.name, budgetName, 2, labels)
  await createBudget(namespace.name, 'foo2', '1%', labels)
  await createBudget(other, 'foo3', 2, labels)

  const names = async (place: { namespace?: string }): Promise<(string | undefined)[]> =>
    (await client.list(podDisruptionBudgets, { ...place, labelSelector: `foo_pdb=${label}` })).items.map(({ metadata }) => metadata.name).sort()
  expect(await names({})).toEqual(['foo', 'foo2', 'foo3'])
  expect(await names({ namespace: namespace.name })).toEqual(['foo', 'foo2'])

  await client.deleteCollection(podDisruptionBudgets, { namespace: namespace.name })
  await eventually(async () => (await client.list(podDisruptionBudgets, { namespace: namespace.name })).items.length === 0, 'the budgets are gone', schedulingTimeoutMs)
})

test('[sig-apps] DisruptionController should create a PodDisruptionBudget [Conformance]', async () => {
  await createBudget(namespace.name, budgetName, '1%', podLabels)
  const updated = await updateBudget(namespace.name, (budget) => ({ ...budget, spec: { ...budget.spec, minAvailable: '2%' } }))
  expect(updated.spec?.minAvailable).toBe('2%')
  const patched = await patchBudget(namespace.name, () => ({ spec: { minAvailable: '3%' } }))
  expect(patched.spec?.minAvailable).toBe('3%')
  await deleteBudget(namespace.name)
})
