// Pods in conformance tests: make one, wait for what it becomes, read what it says.
import type { WatchEvent } from '../../pkg/api/object.ts'
import { StatusError } from '../../pkg/api/status-error.ts'
import type { Pod } from '../../pkg/api/types-pod.ts'
import { pods } from '../../pkg/api/types-pod.ts'
import type { WriteOptions } from '../../pkg/client/client.ts'
import { client, cluster, eventually, existing, http } from './framework.ts'

export const images = { busybox: 'busybox:1.36', nginx: 'nginx:1.22', toolbox: 'kinglet.test/toolbox:1' } as const

/** The suite's own limits (test/e2e/framework/timeouts.go). */
export const timeouts = { podStart: 300_000, podDelete: 300_000 } as const

export type PodSpec = NonNullable<Pod['spec']>

export const podOf = (namespace: string, name: string, spec: PodSpec, metadata: Partial<Pod['metadata']> = {}): Pod =>
  ({ apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace, ...metadata }, spec })

export const createPod = (pod: Pod): Promise<Pod> => client.create(pods, pod)

/** Resolves with the first state of the pod that fits. */
export async function waitForPod(pod: Pod, fits: (pod: Pod) => boolean, what: string, timeoutMs: number = timeouts.podStart): Promise<Pod> {
  const { namespace, name = '' } = pod.metadata
  let last: Pod | undefined
  return eventually(async () => {
    last = await client.get(pods, { namespace, name })
    return fits(last) ? last : undefined
  }, () => `pod ${name} ${what}; its status is ${JSON.stringify(last?.status)}`, timeoutMs)
}

export const conditionOf = (pod: Pod, type: string) => pod.status?.conditions?.find((condition) => condition.type === type)
export const isReady = (pod: Pod): boolean => conditionOf(pod, 'Ready')?.status === 'True'

export const waitRunning = (pod: Pod): Promise<Pod> => waitForPod(pod, ({ status }) => {
  if (status?.phase === 'Failed' || status?.phase === 'Succeeded') throw new Error(`pod ${pod.metadata.name} ended instead of running: ${JSON.stringify(status)}`)
  return status?.phase === 'Running'
}, 'is running')

export const waitReady = (pod: Pod): Promise<Pod> => waitForPod(pod, isReady, 'is ready')

/** Fails at once when the pod fails. */
export const waitSucceeded = (pod: Pod): Promise<Pod> => waitForPod(pod, ({ status }) => {
  if (status?.phase === 'Failed') throw new Error(`pod ${pod.metadata.name} failed: ${JSON.stringify(status)}`)
  return status?.phase === 'Succeeded'
}, 'has succeeded')

export async function waitGone(pod: Pod, timeoutMs: number = timeouts.podDelete): Promise<void> {
  const { namespace, name = '', uid } = pod.metadata
  await eventually(async () => {
    const found = await existing(client.get(pods, { namespace, name }))
    return found === undefined || (uid !== undefined && found.metadata.uid !== uid)
  }, `pod ${name} is gone`, timeoutMs)
}

export async function logsOf(pod: Pod, container = pod.spec?.containers[0]?.name ?? ''): Promise<string> {
  const { namespace, name } = pod.metadata
  const { status, text } = await http('GET', `/api/v1/namespaces/${namespace}/pods/${name}/log?container=${container}`, { headers: { accept: '*/*' } })
  if (status !== 200) throw new Error(`the log of ${name}/${container}: ${text}`)
  return text
}

/** Runs a command in a running container and returns what it wrote. */
export const execIn = (pod: Pod, command: readonly string[], container = pod.spec?.containers[0]?.name ?? ''): Promise<string> =>
  cluster.kubectl(['exec', '-n', pod.metadata.namespace ?? '', pod.metadata.name ?? '', '-c', container, '--', ...command])

/** Runs a pod to its end and returns its output, as the suite's TestContainerOutput does. */
export async function outputOf(pod: Pod, container?: string): Promise<string> {
  const created = await createPod(pod)
  await waitSucceeded(created)
  return logsOf(created, container)
}

/** A pod of one toolbox container that runs `args`. */
export const toolboxPod = (namespace: string, name: string, args?: readonly string[], spec: Partial<PodSpec> = {}): Pod =>
  podOf(namespace, name, { containers: [{ name: 'agnhost-container', image: images.toolbox, ...(args ? { args: [...args] } : {}) }], ...spec })

/** Creates the pod and waits until it runs, as the suite's CreateSync does. */
export const createRunning = async (pod: Pod): Promise<Pod> => waitReady(await createPod(pod))

/** Changes the pod as it is, again when somebody else was faster. */
export async function updatePod(pod: Pod, change: (pod: Pod) => Pod, options: WriteOptions = {}): Promise<Pod> {
  const { namespace, name = '' } = pod.metadata
  for (;;) {
    try {
      return await client.update(pods, change(await client.get(pods, { namespace, name })), options)
    } catch (error) {
      if (!(error instanceof StatusError && error.status.reason === 'Conflict')) throw error
    }
  }
}

export type PodEvent = WatchEvent<Pod>

/** Follows the pod from this version on, each step until it is true; a step that throws ends it. Resolves with the last event. */
export async function followPod(pod: Pod, steps: readonly ((event: PodEvent) => boolean)[], timeoutMs: number = timeouts.podStart): Promise<PodEvent> {
  const { namespace, name, resourceVersion = '' } = pod.metadata
  const signal = AbortSignal.timeout(timeoutMs)
  const waiting = [...steps]
  let last: PodEvent | undefined
  for await (const batch of client.watch(pods, { namespace, fieldSelector: `metadata.name=${name}`, resourceVersion, signal })) {
    for (const event of batch) {
      if (event.type === 'BOOKMARK') continue
      last = event
      while (waiting[0]?.(event)) waiting.shift()
      if (waiting.length === 0) return event
    }
  }
  throw new Error(`the watch of pod ${name} ended ${waiting.length} steps early; the last state was ${JSON.stringify(last)}`)
}

/** Runs a pod to its end; its output must contain each text and match each expression. The pod is gone afterwards. */
export async function expectOutput(pod: Pod, expected: readonly (string | RegExp)[], container?: string): Promise<void> {
  const created = await createPod(pod)
  try {
    await waitSucceeded(created)
    const output = await logsOf(created, container)
    for (const each of expected) {
      if (typeof each === 'string') expect(output).toContain(each)
      else expect(output).toMatch(each)
    }
  } finally {
    await deletePod(created)
  }
}

/** Deletes with the pod's own grace period and waits until it is gone. */
export async function deletePod(pod: Pod): Promise<void> {
  const { namespace, name = '' } = pod.metadata
  await existing(client.delete(pods, { namespace, name }))
  await waitGone(pod)
}

/** Waits until the container waits for this reason. */
export const waitWaiting = (pod: Pod, reason: string, timeoutMs = 120_000): Promise<Pod> => waitForPod(pod, ({ status }) =>
  status?.containerStatuses?.[0]?.state?.waiting?.reason === reason, `waits with ${reason}`, timeoutMs)
