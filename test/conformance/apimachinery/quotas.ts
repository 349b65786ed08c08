// Quotas as the quota tests make and await them.
import { compareQuantities, parseQuantity } from '../../../pkg/api/quantity.ts'
import { resourceQuotas, type ResourceQuota } from '../../../pkg/api/types-config.ts'
import type { Pod } from '../../../pkg/api/types-pod.ts'
import { client, eventually } from '../framework.ts'
import { createPod, images, podOf } from '../pods.ts'

export type Amounts = Readonly<Record<string, string>>

export const dongle = 'example.com/dongle'

/** What the original's test quota allows. */
export const testHard: Amounts = {
  pods: '5', services: '10', 'services.nodeports': '1', 'services.loadbalancers': '1', replicationcontrollers: '10', resourcequotas: '1',
  cpu: '1', memory: '500Mi', configmaps: '2', secrets: '10', persistentvolumeclaims: '10', 'requests.storage': '10Gi', 'ephemeral-storage': '50Gi',
  'gold.storageclass.storage.k8s.io/persistentvolumeclaims': '10', 'gold.storageclass.storage.k8s.io/requests.storage': '10Gi',
  'count/replicasets.apps': '5', [`requests.${dongle}`]: '3',
}

export const quotaOf = (namespace: string, name: string, hard: Amounts, more: Partial<ResourceQuota['spec']> = {}): ResourceQuota =>
  ({ apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name, namespace }, spec: { hard: { ...hard }, ...more } })

export const countQuotas = async (namespace: string): Promise<number> => (await client.list(resourceQuotas, { namespace })).items.length

/** The test quota, with its own existence in its status. */
export async function createTestQuota(namespace: string, hard: Amounts = {}, used: Amounts = {}): Promise<string> {
  const resourcequotas = String(await countQuotas(namespace) + 1)
  await client.create(resourceQuotas, quotaOf(namespace, 'test-quota', { ...testHard, ...hard }))
  await waitForUsed(namespace, 'test-quota', { resourcequotas, ...used })
  return resourcequotas
}

/** The status says all that the spec allows, and these amounts are used. The original gives it 5 minutes. */
export async function waitForUsed(namespace: string, name: string, used: Amounts): Promise<void> {
  let last: ResourceQuota | undefined
  await eventually(async () => {
    last = await client.get(resourceQuotas, { namespace, name })
    const { spec, status } = last
    if (Object.keys(spec.hard ?? {}).some((key) => status?.hard?.[key] === undefined)) return false
    return Object.entries(used).every(([key, amount]) => {
      const found = status?.used?.[key]
      return found !== undefined && compareQuantities(parseQuantity(found), parseQuantity(amount)) === 0
    })
  }, () => `quota ${name} has used ${JSON.stringify(used)}; its status is ${JSON.stringify(last?.status)}`, 300_000)
}

export const createQuotaPod = (namespace: string, name: string, requests: Amounts, limits: Amounts, more: Partial<Pod['spec']> = {}): Promise<Pod> => createPod(podOf(namespace, name, {
  terminationGracePeriodSeconds: 0, ...more,
  // The original's node selector keeps the pod from running.
  nodeSelector: { 'x-test.k8s.io/unsatisfiable': 'not-schedulable' },
  containers: [{ name: 'pause', image: images.toolbox, args: ['pause'], resources: { requests: { ...requests }, limits: { ...limits } } }],
}))
