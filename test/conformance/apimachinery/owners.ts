// Owners of pods, as the tests of garbage collection make them, and how many of what is left.
import type { KubeObject, Resource } from '../../../pkg/api/object.ts'
import type { DeleteOptions } from '../../../pkg/api/request.ts'
import { nodes } from '../../../pkg/api/types-node.ts'
import { pods, type Pod } from '../../../pkg/api/types-pod.ts'
import { replicationControllers, type ReplicationController } from '../../../pkg/api/types-workload.ts'
import { client, eventually, existing } from '../framework.ts'
import { keyOf } from '../operations.ts'
import { images } from '../pods.ts'

export const server = { name: 'nginx', image: images.nginx }

/** Two periods in which the collector may have to begin anew, because kinds came or went. */
export const resyncMs = 60_000

export const ownerOf = (namespace: string, name: string, replicas: number, labels: Record<string, string>): ReplicationController => ({
  apiVersion: 'v1', kind: 'ReplicationController', metadata: { name, namespace },
  spec: { replicas, selector: labels, template: { metadata: { labels }, spec: { terminationGracePeriodSeconds: 0, containers: [server] } } },
})

/** Between 10 and 100 pods, four fifths of what the nodes take. */
export async function manyReplicas(): Promise<number> {
  const { items } = await client.list(nodes)
  const room = items.filter(({ spec }) => spec?.unschedulable !== true).reduce((sum, { status }) => sum + Number(status?.allocatable?.['pods'] ?? 0), 0)
  return Math.min(Math.max(Math.floor(room * 8 / 10), 10), 100)
}

export const waitReplicas = (owner: ReplicationController): Promise<unknown> => eventually(async () =>
  (await client.get(replicationControllers, keyOf(owner))).status?.replicas === owner.spec?.replicas, `${owner.metadata.name} has its pods`, 120_000)

export const countOf = async (resource: Resource, namespace: string): Promise<number> => (await client.list(resource, { namespace })).items.length

export async function deleteOwner<T extends KubeObject>(resource: Resource<T>, owner: T, propagationPolicy: NonNullable<DeleteOptions['propagationPolicy']>): Promise<void> {
  const { uid } = owner.metadata
  await client.delete(resource, keyOf(owner), { propagationPolicy, preconditions: { ...(uid === undefined ? {} : { uid }) } })
}

export const waitOwnerGone = (owner: ReplicationController, timeoutMs: number): Promise<unknown> =>
  eventually(async () => await existing(client.get(replicationControllers, keyOf(owner))) === undefined, `${owner.metadata.name} is gone`, timeoutMs)

export async function podsLeft(namespace: string): Promise<readonly Pod[]> {
  return (await client.list(pods, { namespace })).items
}
