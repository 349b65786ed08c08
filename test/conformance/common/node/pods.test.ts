// Pods: their life, their status, what their containers see, and what goes over websockets.
import { WebSocket } from 'ws'
import type { Pod, PodStatus } from '../../../../pkg/api/types-pod.ts'
import { pods } from '../../../../pkg/api/types-pod.ts'
import { services } from '../../../../pkg/api/types-service.ts'
import { client, connection, eventually, existing, http, podSecurity, uniqueName, useNamespace } from '../../framework.ts'
import type { PodEvent } from '../../pods.ts'
import { conditionOf, createPod, createRunning, followPod, images, isReady, outputOf, podOf, timeouts, toolboxPod, updatePod, waitForPod, waitRunning } from '../../pods.ts'

const namespace = useNamespace('pods', podSecurity('baseline'))

const nameOf = (pod: Pod): string => pod.metadata.name ?? ''
const keyOf = (pod: Pod) => ({ namespace: namespace.name, name: nameOf(pod) })
const countOf = async (labelSelector: string): Promise<number> => (await client.list(pods, { namespace: namespace.name, labelSelector })).items.length
const now = (): string => String(process.hrtime.bigint())

const nginxPod = (prefix: string, time: string): Pod =>
  podOf(namespace.name, uniqueName(prefix), { containers: [{ name: 'nginx', image: images.nginx }] }, { labels: { name: 'foo', time } })

test('[sig-node] Pods should get a host IP [NodeConformance] [Conformance]', async () => {
  const pod = await createRunning(podOf(namespace.name, uniqueName('pod-hostip'), { containers: [{ name: 'test', image: images.toolbox }] }))
  await waitForPod(pod, ({ status }) => Boolean(status?.hostIP), 'has a host IP', 120_000)
})

test('[sig-node] Pods should be submitted and removed [NodeConformance] [Conformance]', async () => {
  const time = now()
  const before = await client.list(pods, { namespace: namespace.name, labelSelector: `time=${time}` })
  expect(before.items).toHaveLength(0)
  const pod = await createPod(nginxPod('pod-submit-remove', time))
  expect(await countOf(`time=${time}`)).toBe(1)
  const since = { ...pod, metadata: { ...pod.metadata, resourceVersion: before.metadata.resourceVersion ?? '' } }
  expect((await followPod(since, [() => true])).type).toBe('ADDED')

  // Otherwise it might go at once instead of gracefully.
  await waitRunning(pod)
  await client.delete(pods, keyOf(pod), { gracePeriodSeconds: 30 })
  const { object: last } = await followPod(pod, [({ type }) => type === 'DELETED'], timeouts.podDelete)
  expect(last.metadata.deletionTimestamp).toBeDefined()
  expect(last.spec.terminationGracePeriodSeconds).toBeGreaterThan(0)
  expect(await countOf(`time=${time}`)).toBe(0)
})

test('[sig-node] Pods should be updated [NodeConformance] [Conformance]', async () => {
  const time = now()
  const pod = await createRunning(nginxPod('pod-update', time))
  expect(await countOf(`time=${time}`)).toBe(1)
  const later = now()
  await updatePod(pod, (it) => ({ ...it, metadata: { ...it.metadata, labels: { ...it.metadata.labels, time: later } } }))
  await waitRunning(pod)
  expect(await countOf(`time=${later}`)).toBe(1)
})

test('[sig-node] Pods should allow activeDeadlineSeconds to be updated [NodeConformance] [Conformance]', async () => {
  const time = now()
  const pod = await createRunning(nginxPod('pod-update-activedeadlineseconds', time))
  expect(await countOf(`time=${time}`)).toBe(1)
  await updatePod(pod, (it) => ({ ...it, spec: { ...it.spec, activeDeadlineSeconds: 5 } }))
  const end = await waitForPod(pod, ({ status }) => status?.phase === 'Failed' || status?.phase === 'Succeeded', 'has ended')
  expect(end.status).toMatchObject({ phase: 'Failed', reason: 'DeadlineExceeded' })
})

test('[sig-node] Pods should contain environment variables for services [NodeConformance] [Conformance]', async () => {
  const server = toolboxPod(namespace.name, uniqueName('server-envvars'), ['netexec', '--http-port', '9376'])
  await createRunning({ ...server, metadata: { ...server.metadata, labels: { name: nameOf(server) } } })
  await client.create(services, {
    apiVersion: 'v1', kind: 'Service', metadata: { name: 'fooservice', namespace: namespace.name, labels: { name: 'fooservice' } },
    spec: { ports: [{ port: 8765, targetPort: 8080 }], selector: { name: nameOf(server) } },
  })
  const output = await outputOf(podOf(namespace.name, uniqueName('client-envvars'), {
    restartPolicy: 'Never', containers: [{ name: 'env3cont', image: images.busybox, command: ['sh', '-c', 'env'] }],
  }))
  for (const name of ['SERVICE_HOST', 'SERVICE_PORT', 'PORT', 'PORT_8765_TCP_PORT', 'PORT_8765_TCP_PROTO', 'PORT_8765_TCP', 'PORT_8765_TCP_ADDR']) {
    expect(output).toContain(`FOOSERVICE_${name}=`)
  }
})

/** All binary messages until the server closes the connection. */
function messagesOf(path: string, protocol: string): Promise<Buffer[]> {
  const { server, ca, certificate: cert, key } = connection
  const socket = new WebSocket(`${server.replace('https', 'wss')}${path}`, [protocol], { ca, cert, key })
  return new Promise((resolve, reject) => {
    const messages: Buffer[] = []
    socket.on('open', () => { if (socket.protocol !== protocol) reject(new Error(`the server chose the protocol ${socket.protocol}`)) })
    socket.on('message', (data, binary) => void (binary ? messages.push(data as Buffer) : reject(new Error(`a text message: ${(data as Buffer).toString()}`))))
    socket.on('error', reject).on('close', () => resolve(messages))
  })
}

const echoing = (prefix: string, seconds: number): Pod => podOf(namespace.name, uniqueName(prefix), {
  containers: [{ name: 'main', image: images.busybox, command: ['/bin/sh', '-c', `echo container is alive; sleep ${seconds}`] }],
})

test('[sig-node] Pods should support remote command execution over websockets [NodeConformance] [Conformance]', async () => {
  const pod = await createRunning(echoing('pod-exec-websocket', 600))
  const query = 'stderr=1&stdout=1&container=main&command=echo&command=remote%20execution%20test'
  const messages = await messagesOf(`/api/v1/namespaces/${namespace.name}/pods/${nameOf(pod)}/exec?${query}`, 'channel.k8s.io')
  const told = messages.filter((message) => message.length > 1)
  for (const message of told) expect(message[0]).toBe(1)
  expect(Buffer.concat(told.map((message) => message.subarray(1))).toString()).toContain('remote execution test')
})

test('[sig-node] Pods should support retrieving logs from the container over websockets [NodeConformance] [Conformance]', async () => {
  const pod = await createRunning(echoing('pod-logs-websocket', 10000))
  const messages = await messagesOf(`/api/v1/namespaces/${namespace.name}/pods/${nameOf(pod)}/log?container=main`, 'binary.k8s.io')
  expect(Buffer.concat(messages).toString()).toBe('container is alive\n')
})

test('[sig-node] Pods should delete a collection of pods [Conformance]', async () => {
  const names = ['test-pod-1', 'test-pod-2', 'test-pod-3']
  for (const name of names) {
    await createPod(podOf(namespace.name, name, {
      terminationGracePeriodSeconds: 1, restartPolicy: 'Never', containers: [{ name: 'token-test', image: images.toolbox }],
    }, { labels: { type: 'Testing' } }))
  }
  await eventually(async () => (await client.list(pods, { namespace: namespace.name })).items.filter(isReady).length === 3, 'three pods run', timeouts.podStart)
  await client.deleteCollection(pods, { namespace: namespace.name, labelSelector: 'type=Testing' }, { gracePeriodSeconds: 1 })
  await eventually(async () => (await countOf('type=Testing')) === 0, 'the pods are gone', timeouts.podDelete)
})

test('[sig-node] Pods should run through the lifecycle of Pods and PodStatus [Conformance]', async () => {
  const selector = 'test-pod-static=true'
  const { metadata: { resourceVersion } } = await client.list(pods, { labelSelector: selector })
  const name = 'pod-test'
  const pod = await createPod(podOf(namespace.name, name, {
    terminationGracePeriodSeconds: 1, containers: [{ name, image: images.toolbox }],
  }, { labels: { 'test-pod-static': 'true' } }))
  const from = (version = '') => ({ ...pod, metadata: { ...pod.metadata, resourceVersion: version } })
  const { object: running } = await followPod(from(resourceVersion), [({ object }) => object.status?.phase === 'Running'])
  expect((await client.get(pods, keyOf(pod))).status?.phase).toBe('Running')

  await client.patch(pods, keyOf(pod), {
    type: 'strategic',
    body: { metadata: { labels: { 'test-pod': 'patched' } }, spec: { terminationGracePeriodSeconds: 1, containers: [{ name, image: images.nginx }] } },
  })
  await followPod(from(running.metadata.resourceVersion), [({ type, object }: PodEvent) => type === 'MODIFIED' && object.metadata.labels?.['test-pod-static'] === 'true'], 30_000)
  const patched = await client.get(pods, keyOf(pod))
  expect(patched.metadata.labels?.['test-pod']).toBe('patched')
  expect(patched.spec.containers[0]?.image).toBe(images.nginx)

  // The original relies on being faster than the restart; with a quick kubelet it may be over the pod not being ready, so this waits for it.
  const readyTypes = ['Ready', 'ContainersReady']
  const path = `/api/v1/namespaces/${namespace.name}/pods/${name}/status`
  const updated = await eventually(async () => {
    const read = (await http<Pod>('GET', path)).json()
    const ready = readyTypes.filter((type) => conditionOf(read, type)?.status === 'True')
    if (ready.length < readyTypes.length) return undefined
    const conditions = read.status?.conditions?.map((condition) => (readyTypes.includes(condition.type) ? { ...condition, status: 'False' } : condition))
    const answer = await http<Pod>('PUT', path, { body: { ...read, status: { ...read.status, conditions } } })
    if (answer.status === 409) return undefined
    expect(answer.status).toBe(200)
    return answer.json()
  }, 'the status of the ready pod is replaced without a conflict')
  for (const type of readyTypes) expect(conditionOf(updated, type)?.status).toBe('False')

  await client.deleteCollection(pods, { namespace: namespace.name, labelSelector: selector }, { gracePeriodSeconds: 1 })
  await followPod(from(updated.metadata.resourceVersion), [({ type }) => type === 'DELETED'], 60_000)
  expect(await existing(client.get(pods, keyOf(pod)))).toBeUndefined()
})

test('[sig-node] Pods should patch a pod status [Conformance]', async () => {
  const name = uniqueName('pod')
  const pod = await waitRunning(await createPod(podOf(namespace.name, name, {
    terminationGracePeriodSeconds: 1, containers: [{ name: 'agnhost', image: images.toolbox }],
  }, { labels: { e2e: name } })))
  const status: PodStatus = { message: 'Patched by e2e test', reason: 'E2E' }
  const patched = await client.patch(pods, keyOf(pod), { type: 'merge', body: { metadata: { annotations: { patchedstatus: 'true' } }, status } }, { subresource: 'status' })
  expect(patched.status).toMatchObject(status)
})
