// Pod disruption budgets: their life, what they count, and evictions that they refuse.
import { podDisruptionBudgets } from '../../../pkg/api/types-config.ts'
import { pods, type Pod } from '../../../pkg/api/types-pod.ts'
import { replicaSets } from '../../../pkg/api/types-workload.ts'
import { client, createNamespace, eventually, refusal, uniqueName, useNamespace } from '../framework.ts'
import { foreverMs, getSubresource } from '../operations.ts'
import { createPod, images, podOf } from '../pods.ts'
import { budgetName, createBudget, deleteBudget, getBudget, patchBudget, podLabels, schedulingTimeoutMs, updateBudget } from './disruption-budgets.ts'
import { minuteMs, waitReadyPods } from './workloads.ts'

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

const pause = { containers: [{ name: 'donothing', image: images.toolbox, args: ['pause'] }] }

async function createPods(count: number): Promise<void> {
  for (let index = 0; index < count; index++) await createPod(podOf(namespace.name, `pod-${index}`, { ...pause, restartPolicy: 'Always' }, { labels: podLabels }))
}

const ready = (count: number): Promise<readonly Pod[]> => waitReadyPods(namespace.name, podLabels, count)

const evict = (pod: Pod): Promise<unknown> => {
  const key = { namespace: namespace.name, name: pod.metadata.name ?? '' }
  return client.createSubresource(pods, key, 'eviction', { apiVersion: 'policy/v1', kind: 'Eviction', metadata: key })
}

async function expectRefused(pod: Pod): Promise<void> {
  const { status } = await refusal(evict(pod))
  expect(status.code).toBe(429)
  expect((status.details?.causes ?? []).map(({ reason }) => reason)).toContain('DisruptionBudget')
}

test('[sig-apps] DisruptionController should observe PodDisruptionBudget status updated [Conformance]', async () => {
  await createBudget(namespace.name, budgetName, 1, podLabels)
  await createPods(3)
  await ready(3)
  await eventually(async () => ((await getBudget(namespace.name)).status?.disruptionsAllowed ?? 0) > 0, 'disruptions are allowed', minuteMs)
})

test('[sig-apps] DisruptionController should update/patch PodDisruptionBudget status [Conformance]', async () => {
  await createBudget(namespace.name, budgetName, 1, podLabels)
  await createPods(1)
  const [pod] = await ready(1)
  const name = pod?.metadata.name ?? ''
  const withDisrupted = (disruptedPods: Record<string, string>) => (budget: Awaited<ReturnType<typeof getBudget>>) => ({
    ...budget, status: { currentHealthy: 0, desiredHealthy: 0, disruptionsAllowed: 0, expectedPods: 0, ...budget.status, disruptedPods },
  })
  await updateBudget(namespace.name, withDisrupted({ [name]: `${new Date().toISOString().slice(0, 19)}Z` }), 'status')
  const updated = await getSubresource(podDisruptionBudgets, { namespace: namespace.name, name: budgetName }, 'status')
  expect(Object.keys(updated.status?.disruptedPods ?? {})).toContain(name)
  // A merge patch from the pod's entry to none.
  const patched = await patchBudget(namespace.name, () => ({ status: { disruptedPods: null } }), 'status')
  expect(patched.status?.disruptedPods ?? {}).toEqual({})
})

test('[sig-apps] DisruptionController should block an eviction until the PDB is updated to allow it [Conformance]', async () => {
  await createBudget(namespace.name, budgetName, 3, podLabels)
  await client.create(replicaSets, {
    apiVersion: 'apps/v1', kind: 'ReplicaSet', metadata: { name: 'rs', namespace: namespace.name },
    spec: { replicas: 3, selector: { matchLabels: podLabels }, template: { metadata: { labels: podLabels }, spec: pause } },
  })
  const [first] = await ready(3)
  if (!first) throw new Error('no pod')
  await expectRefused(first)

  await updateBudget(namespace.name, (budget) => ({ ...budget, spec: { ...budget.spec, minAvailable: 2 } }))
  await ready(3)
  await eventually(async () => {
    const { status } = await getBudget(namespace.name)
    return status?.currentHealthy === 3 && status.desiredHealthy === 2
  }, 'the budget counts three healthy pods', foreverMs)
  await evict(first)

  await patchBudget(namespace.name, () => ({ spec: { minAvailable: null, maxUnavailable: 0 } }))
  const [next] = await ready(3)
  if (!next) throw new Error('no pod')
  await expectRefused(next)

  await deleteBudget(namespace.name)
  await ready(3)
  await evict(next)
})
