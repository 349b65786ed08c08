// What the tests of workloads share: their pods, counted and followed; their scale; conditions in their status.
import type { KubeObject, ObjectKey, Resource } from '../../../pkg/api/object.ts'
import { pods, type Pod } from '../../../pkg/api/types-pod.ts'
import { client, eventually, existing, http } from '../framework.ts'
import { getSubresource, mergePatch, strategicPatch, updateWith, Watching } from '../operations.ts'
import { images, isReady, timeouts } from '../pods.ts'

export const minuteMs = 60_000

export const webserver = { name: 'httpd', image: images.nginx }
export const agnhost = { name: 'agnhost', image: images.toolbox }
/** Another image than agnhost's, which pauses as well. */
export const pauseImage = 'kinglet.test/toolbox:2'

export interface Scale extends KubeObject {
  spec: { replicas?: number }
  status?: { replicas?: number; selector?: string }
}

export const selectorOf = (labels: Readonly<Record<string, string>>): string => Object.entries(labels).map(([name, value]) => `${name}=${value}`).join(',')

export const podsBy = async (namespace: string, labels: Readonly<Record<string, string>>): Promise<readonly Pod[]> =>
  (await client.list(pods, { namespace, labelSelector: selectorOf(labels) })).items

/** So many pods that are not being deleted, all of them running. */
export async function waitRunningPods(namespace: string, labels: Readonly<Record<string, string>>, count: number): Promise<readonly Pod[]> {
  let last: readonly Pod[] = []
  return eventually(async () => {
    last = (await podsBy(namespace, labels)).filter(({ metadata }) => !metadata.deletionTimestamp)
    return last.length === count && last.every(({ status }) => status?.phase === 'Running') ? last : undefined
  }, () => `${count} pods run: ${JSON.stringify(last.map(({ metadata, status }) => [metadata.name, status?.phase]))}`, timeouts.podStart)
}

/** So many pods that are ready. */
export async function waitReadyPods(namespace: string, labels: Readonly<Record<string, string>>, count: number): Promise<readonly Pod[]> {
  return eventually(async () => {
    const ready = (await podsBy(namespace, labels)).filter((pod) => isReady(pod) && !pod.metadata.deletionTimestamp)
    return ready.length >= count ? ready : undefined
  }, `${count} pods are ready`, 600_000)
}

/** Each pod's server answers with the pod's name, asked through the API server. */
export async function expectHostnames(all: readonly Pod[]): Promise<void> {
  for (const { metadata: { namespace, name } } of all) {
    await eventually(async () => (await http('GET', `/api/v1/namespaces/${namespace}/pods/${name}/proxy/`, { headers: { accept: '*/*' } })).text === name, `${name} answers`, 120_000)
  }
}

export const isOwnedBy = (pod: KubeObject, owner: KubeObject): boolean => (pod.metadata.ownerReferences ?? []).some(({ controller, uid }) => controller === true && uid === owner.metadata.uid)

/** The orphan is adopted by the owner, or has gone. */
export const waitAdopted = (key: ObjectKey, owner: KubeObject): Promise<unknown> => eventually(async () => {
  const pod = await existing(client.get(pods, key))
  return pod === undefined || isOwnedBy(pod, owner)
}, `${key.name} is adopted`, minuteMs)

/** Takes the pod out of the owner's selector, and waits until it is let go. */
export async function expectReleased(pod: Pod, owner: KubeObject): Promise<void> {
  const key = { namespace: pod.metadata.namespace, name: pod.metadata.name ?? '' }
  await updateWith(pods, key, (one) => ({ ...one, metadata: { ...one.metadata, labels: { name: 'not-matching-name' } } }))
  await eventually(async () => !isOwnedBy(await client.get(pods, key), owner), `${key.name} is released`, minuteMs)
}

/** Reads the scale, sets it by an update without a version, and by a patch. */
export async function expectWorkingScale<T extends KubeObject & { spec?: { replicas?: number } }>(resource: Resource<T>, key: ObjectKey): Promise<void> {
  const replicas = async (): Promise<number | undefined> => (await client.get(resource, key)).spec?.replicas
  const scale = await getSubresource<Scale>(resource as Resource as Resource<Scale>, key, 'scale')
  expect(scale).toMatchObject({ spec: { replicas: 1 }, status: { replicas: 1 } })
  const { resourceVersion: _version, ...metadata } = scale.metadata
  const updated = await client.update(resource as Resource as Resource<Scale>, { ...scale, metadata, spec: { replicas: 2 } }, { subresource: 'scale' })
  expect(updated.spec.replicas).toBe(2)
  expect(await replicas()).toBe(2)
  await client.patch(resource, key, strategicPatch({ metadata: { creationTimestamp: null }, spec: { replicas: 4 }, status: { replicas: 0 } }), { subresource: 'scale' })
  expect(await replicas()).toBe(4)
}

interface Conditioned extends KubeObject {
  status?: { conditions?: { type: string; status: string; reason?: string; message?: string }[] }
}

/** The status is read, then given a condition by an update and another by a patch; a watch from the list's version shows both. */
export async function expectStatusEndpoints<T extends KubeObject>(typed: Resource<T>, key: ObjectKey, place: { labelSelector: string; resourceVersion: string }): Promise<void> {
  const resource = typed as Resource as Resource<Conditioned>
  await getSubresource(resource, key, 'status')
  const condition = { type: 'StatusUpdate', status: 'True', reason: 'E2E', message: 'Set from e2e test' }
  await updateWith(resource, key, (object) => ({ ...object, status: { ...object.status, conditions: [...object.status?.conditions ?? [], condition] } }), 'status')
  const watch = await Watching.start(resource, { namespace: key.namespace, ...place })
  const seen = (fits: (condition: { type: string; reason?: string; message?: string }) => boolean, what: string) =>
    watch.until(({ object }) => object.metadata.name === key.name && (object.status?.conditions ?? []).some(fits), what, 2 * minuteMs)
  try {
    await seen(({ type, reason, message }) => type === condition.type && reason === condition.reason && message === condition.message, 'the updated status')
    await client.patch(resource, key, mergePatch({ status: { conditions: [{ type: 'StatusPatched', status: 'True' }] } }), { subresource: 'status' })
    await seen(({ type }) => type === 'StatusPatched', 'the patched status')
  } finally {
    watch.stop()
  }
}
