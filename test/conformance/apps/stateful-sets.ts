// Stateful sets of web servers whose readiness tests break and restore by hand.
import type { ObjectKey } from '../../../pkg/api/object.ts'
import { pods, type Pod } from '../../../pkg/api/types-pod.ts'
import { services } from '../../../pkg/api/types-service.ts'
import { statefulSets, type StatefulSet, type StatefulSetSpec } from '../../../pkg/api/types-workload.ts'
import { client, eventually } from '../framework.ts'
import { updateWith } from '../operations.ts'
import { execIn, images, isReady, waitForPod } from '../pods.ts'
import { minuteMs, podsBy } from './workloads.ts'

export const setMs = 10 * minuteMs
export const podMs = 5 * minuteMs
export const labels = { foo: 'bar', baz: 'blah' }
export const serviceName = 'test'
export const newImage = 'nginx:alpine'

export const createService = (namespace: string) => client.create(services, {
  apiVersion: 'v1', kind: 'Service', metadata: { name: serviceName, namespace }, spec: { clusterIP: 'None', selector: labels, ports: [{ port: 80, name: 'http', protocol: 'TCP' }] },
})

const probe = { httpGet: { path: '/index.html', port: 80 }, periodSeconds: 1, successThreshold: 1, failureThreshold: 1 }

export interface SetOptions {
  readonly labels?: Record<string, string>
  readonly probed?: boolean
  readonly spec?: Partial<StatefulSetSpec>
}

export const setOf = (namespace: string, name: string, replicas: number, { labels: own = labels, probed = true, spec }: SetOptions = {}): StatefulSet => ({
  apiVersion: 'apps/v1', kind: 'StatefulSet', metadata: { name, namespace },
  spec: {
    replicas, serviceName, selector: { matchLabels: own }, updateStrategy: { type: 'RollingUpdate' },
    template: { metadata: { labels: own }, spec: { containers: [{ name: 'webserver', image: images.nginx, ...(probed ? { readinessProbe: probe } : {}) }] } },
    ...spec,
  },
})

const ordinalOf = ({ metadata: { name = '' } }: Pod): number => Number(/\d+$/.exec(name)?.[0])

/** In the order of their ordinals. */
export async function podsOf({ metadata: { namespace = '' }, spec: { selector } }: StatefulSet): Promise<Pod[]> {
  return [...await podsBy(namespace, selector?.matchLabels ?? {})].sort((a, b) => ordinalOf(a) - ordinalOf(b))
}

async function waitEach(set: StatefulSet, count: number, fits: (pod: Pod) => boolean, what: string): Promise<void> {
  let last: Pod[] = []
  await eventually(async () => {
    last = await podsOf(set)
    if (last.length > count) throw new Error(`${last.length} pods of ${set.metadata.name}, not ${count}`)
    return last.length === count && last.every(fits)
  }, () => `${count} pods of ${set.metadata.name} ${what}: ${JSON.stringify(last.map(({ metadata, status }) => [metadata.name, metadata.deletionTimestamp, status?.phase]))}`, setMs)
}

const runs = ({ metadata, status }: Pod): boolean => status?.phase === 'Running' && !metadata.deletionTimestamp
export const waitRunningReady = (set: StatefulSet, count: number): Promise<void> => waitEach(set, count, (pod) => runs(pod) && isReady(pod), 'run and are ready')
export const waitRunningNotReady = (set: StatefulSet, count: number): Promise<void> => waitEach(set, count, (pod) => runs(pod) && !isReady(pod), 'run and are not ready')

const keyOfSet = ({ metadata: { namespace = '', name = '' } }: StatefulSet): ObjectKey => ({ namespace, name })
export const live = (set: StatefulSet): Promise<StatefulSet> => client.get(statefulSets, keyOfSet(set))

const waitSet = (set: StatefulSet, fits: (set: StatefulSet) => boolean | Promise<boolean>, what: string): Promise<StatefulSet> => eventually(async () => {
  const now = await live(set)
  return (now.status?.observedGeneration ?? 0) >= (now.metadata.generation ?? 0) && await fits(now) ? now : undefined
}, `${set.metadata.name} ${what}`, setMs)

/** The controller has seen the newest specification. */
export const waitStatus = (set: StatefulSet): Promise<StatefulSet> => waitSet(set, () => true, 'is observed')
export const waitReadyReplicas = (set: StatefulSet, count: number): Promise<StatefulSet> => waitSet(set, ({ status }) => (status?.readyReplicas ?? 0) === count, `counts ${count} ready`)
export const waitReplicas = (set: StatefulSet, count: number): Promise<StatefulSet> => waitSet(set, ({ status }) => status?.replicas === count, `counts ${count}`)

export const updateReplicas = (set: StatefulSet, replicas: number): Promise<StatefulSet> =>
  updateWith(statefulSets, keyOfSet(set), (one) => ({ ...one, spec: { ...one.spec, replicas } }))

export const updateImage = (set: StatefulSet, image: string): Promise<StatefulSet> => updateWith(statefulSets, keyOfSet(set), (one) => ({
  ...one, spec: { ...one.spec, template: { ...one.spec.template, spec: { ...one.spec.template.spec, containers: (one.spec.template.spec?.containers ?? []).map((container) => ({ ...container, image })) } } },
}))

export const updatePartition = (set: StatefulSet, partition: number): Promise<StatefulSet> =>
  updateWith(statefulSets, keyOfSet(set), (one) => ({ ...one, spec: { ...one.spec, updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition } } } }))

/** Both revisions are one. */
export const waitRolled = (set: StatefulSet): Promise<StatefulSet> => waitSet(set, async ({ spec, status }) =>
  (await podsOf(set)).length >= (spec.replicas ?? 0) && status?.updateRevision === status?.currentRevision, 'is rolled out')

/** Every pod from the partition on has the new revision. */
export const waitPartition = (set: StatefulSet, partition: number): Promise<StatefulSet> => waitSet(set, async ({ spec, status }) => {
  const all = await podsOf(set)
  if (all.length < (spec.replicas ?? 0) || (partition <= 0 && status?.updateRevision !== status?.currentRevision)) return false
  return all.slice(partition).every((pod) => revisionOf(pod) === status?.updateRevision)
}, `is rolled out from ${partition} on`)

export const revisionOf = ({ metadata }: Pod): string | undefined => metadata.labels?.['controller-revision-hash']

/** Those from the partition on are new, the others old. */
export async function expectPartitioned(set: StatefulSet, partition: number, old: { image: string; revision?: string }, fresh: { image: string; revision?: string }): Promise<void> {
  const found = (await podsOf(set)).map((pod) => ({ image: pod.spec?.containers[0]?.image, revision: revisionOf(pod) }))
  expect(found).toEqual(found.map((_, index) => (index < partition ? old : fresh)))
}

export async function deletePodAt(set: StatefulSet, index: number): Promise<void> {
  await client.delete(pods, { namespace: set.metadata.namespace ?? '', name: `${set.metadata.name}-${index}` }, { gracePeriodSeconds: 0 })
}

const page = '/usr/share/nginx/html/index.html'
export const breakPod = (pod: Pod): Promise<string> => execIn(pod, ['/bin/sh', '-x', '-c', `mv -v ${page} /tmp/ || true`])
export const restorePod = (pod: Pod): Promise<string> => execIn(pod, ['/bin/sh', '-x', '-c', `mv -v /tmp/index.html ${page} || true`])
export const waitReadiness = (pod: Pod, ready: boolean): Promise<Pod> => waitForPod(pod, (one) => isReady(one) === ready, ready ? 'is ready' : 'is not ready', setMs)

export const breakAll = async (set: StatefulSet): Promise<void> => { for (const pod of await podsOf(set)) await breakPod(pod) }
/** From the last: were the first restored first, a set that shrinks could delete the last, then the first that is unhealthy, before its turn. */
export const restoreAll = async (set: StatefulSet): Promise<void> => { for (const pod of (await podsOf(set)).reverse()) await restorePod(pod) }

export async function scaleTo(set: StatefulSet, count: number): Promise<void> {
  await updateReplicas(set, count)
  await eventually(async () => (await podsOf(set)).length === count, `${set.metadata.name} has ${count} pods`, setMs)
}
