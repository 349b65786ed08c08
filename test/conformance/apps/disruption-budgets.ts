// Pod disruption budgets as the disruption tests make, change and await them.
import { podDisruptionBudgets, type PodDisruptionBudget } from '../../../pkg/api/types-config.ts'
import { client, eventually, existing } from '../framework.ts'
import { getSubresource, mergePatch, updateWith } from '../operations.ts'

export const schedulingTimeoutMs = 600_000
export const budgetName = 'foo'
export const podLabels = { foo: 'bar' }

export const getBudget = (namespace: string, name = budgetName): Promise<PodDisruptionBudget> => client.get(podDisruptionBudgets, { namespace, name })

export async function createBudget(namespace: string, name: string, minAvailable: number | string, labels: Record<string, string>): Promise<void> {
  await client.create(podDisruptionBudgets, {
    apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata: { name, namespace, labels }, spec: { selector: { matchLabels: podLabels }, minAvailable },
  })
  await waitProcessed(namespace, name)
}

export async function updateBudget(namespace: string, change: (budget: PodDisruptionBudget) => PodDisruptionBudget, subresource?: string): Promise<PodDisruptionBudget> {
  const updated = await updateWith(podDisruptionBudgets, { namespace, name: budgetName }, change, subresource)
  await waitProcessed(namespace, budgetName)
  return updated
}

export async function patchBudget(namespace: string, change: (budget: PodDisruptionBudget) => object, subresource?: string): Promise<PodDisruptionBudget> {
  const key = { namespace, name: budgetName }
  const body = change(await getSubresource(podDisruptionBudgets, key, 'status'))
  const patched = await client.patch(podDisruptionBudgets, key, mergePatch(body), subresource === undefined ? {} : { subresource })
  await waitProcessed(namespace, budgetName)
  return patched
}

export async function deleteBudget(namespace: string): Promise<void> {
  const key = { namespace, name: budgetName }
  await client.delete(podDisruptionBudgets, key)
  await eventually(async () => (await existing(client.get(podDisruptionBudgets, key))) === undefined, 'the budget is gone', schedulingTimeoutMs)
}

async function waitProcessed(namespace: string, name: string): Promise<void> {
  await eventually(async () => {
    const { status, metadata } = await getBudget(namespace, name)
    return (status?.observedGeneration ?? 0) >= (metadata.generation ?? 0)
  }, `the budget ${name} is processed`, schedulingTimeoutMs)
}
