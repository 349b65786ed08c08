// Probes: what they restart, what they leave alone. Most of it is watching for minutes, so all of it happens at once.
import type { Pod } from '../../../../pkg/api/types-pod.ts'
import { pods } from '../../../../pkg/api/types-pod.ts'
import { client, eventually, existing, inNamespace, podSecurity, uniqueName } from '../../framework.ts'
import type { PodSpec } from '../../pods.ts'
import { conditionOf, createPod, images, isReady, podOf, waitForPod, waitReady } from '../../pods.ts'

type Container = PodSpec['containers'][number]
type Probe = NonNullable<Container['livenessProbe']>

const initialDelaySeconds = 15
const observationMs = 4 * 60_000
const reserveMs = 120_000

const testPod = (prefix: string, container: Container): Pod =>
  podOf('', uniqueName(prefix), { containers: [container] }, { labels: { test: 'liveness' } })

const webserver = (probes: Pick<Container, 'livenessProbe' | 'readinessProbe'>): Pod =>
  testPod('test-webserver', { name: 'test-webserver', image: images.toolbox, args: ['test-webserver'], ports: [{ containerPort: 80 }], ...probes })
const busybox = (livenessProbe: Probe, script: string): Pod =>
  testPod('busybox', { name: 'busybox', image: images.busybox, command: ['/bin/sh', '-c', script], livenessProbe })
const tenSeconds = (livenessProbe: Probe): Pod =>
  testPod('liveness', { name: 'agnhost-container', image: images.toolbox, args: ['liveness'], livenessProbe })
const grpcServer = (livenessProbe: Probe): Pod =>
  testPod('test-grpc', { name: 'agnhost', image: images.toolbox, command: ['toolbox', 'grpc-health-checking'], ports: [{ containerPort: 5000 }, { containerPort: 8080 }], livenessProbe })

const restartsOf = (pod: Pod): number => pod.status?.containerStatuses?.[0]?.restartCount ?? 0
const inTestNamespace = (body: (namespace: string) => Promise<void>) => () => inNamespace('container-probe', podSecurity('baseline'), body)
const get = (pod: Pod): Promise<Pod> => client.get(pods, { namespace: pod.metadata.namespace, name: pod.metadata.name ?? '' })
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** With `restarts`, waits for so many; without, watches all the time that there is none. */
async function expectRestarts(namespace: string, template: Pod, restarts: number, timeoutMs = observationMs): Promise<void> {
  const pod = await createPod({ ...template, metadata: { ...template.metadata, namespace } })
  const begun = await waitForPod(pod, ({ status }) => {
    const state = status?.containerStatuses?.[0]?.state
    return state?.running !== undefined || state?.terminated !== undefined
  }, 'has started', timeoutMs)
  const initial = restartsOf(begun)
  const deadline = performance.now() + timeoutMs + initial * 10_000
  let last = initial
  while (performance.now() < deadline && (restarts === 0 || last - initial < restarts)) {
    const now = restartsOf(await get(pod))
    expect(now).toBeGreaterThanOrEqual(last)
    last = now
    if (restarts === 0 && last > initial) break
    await pause(500)
  }
  await existing(client.delete(pods, { namespace, name: pod.metadata.name ?? '' }, { gracePeriodSeconds: 0 }))
  if (restarts === 0) expect(last).toBe(initial)
  else expect(last - initial).toBeGreaterThanOrEqual(restarts)
}

const restarting = (template: () => Pod, restarts: number, timeoutMs?: number) =>
  inTestNamespace((namespace) => expectRestarts(namespace, template(), restarts, timeoutMs))

test.concurrent('[sig-node] Probing container with readiness probe should not be ready before initial delay and never restart [NodeConformance] [Conformance]', inTestNamespace(async (namespace) => {
  const template = webserver({ readinessProbe: { httpGet: { path: '/', port: 80 }, initialDelaySeconds } })
  const pod = await waitReady(await createPod({ ...template, metadata: { ...template.metadata, namespace } }))
  const readyMs = Date.parse(conditionOf(pod, 'Ready')?.lastTransitionTime ?? '')
  const startedMs = Date.parse(pod.status?.containerStatuses?.[0]?.state?.running?.startedAt ?? '')
  expect(readyMs - startedMs).toBeGreaterThanOrEqual(initialDelaySeconds * 1000)
  expect(restartsOf(pod)).toBe(0)
}))

test.concurrent('[sig-node] Probing container with readiness probe that fails should never be ready and never restart [NodeConformance] [Conformance]', inTestNamespace(async (namespace) => {
  const template = webserver({ readinessProbe: { httpGet: { path: '/', port: 81 } } })
  const pod = await createPod({ ...template, metadata: { ...template.metadata, namespace } })
  const deadline = performance.now() + 60_000
  while (performance.now() < deadline) {
    expect(isReady(await get(pod))).toBe(false)
    await pause(1000)
  }
  await eventually(async () => (await get(pod)).status?.phase === 'Running', 'it runs')
  expect(restartsOf(await get(pod))).toBe(0)
}))

const catHealth: Probe = { exec: { command: ['cat', '/tmp/health'] }, initialDelaySeconds: 15, timeoutSeconds: 5, failureThreshold: 1 }

test.concurrent('[sig-node] Probing container should be restarted with a exec "cat /tmp/health" liveness probe [NodeConformance] [Conformance]',
  restarting(() => busybox(catHealth, 'echo ok >/tmp/health; sleep 10; rm -rf /tmp/health; sleep 600'), 1), observationMs + reserveMs)

test.concurrent('[sig-node] Probing container should *not* be restarted with a exec "cat /tmp/health" liveness probe [NodeConformance] [Conformance]',
  restarting(() => busybox(catHealth, 'echo ok >/tmp/health; sleep 600'), 0), observationMs + reserveMs)

test.concurrent('[sig-node] Probing container should be restarted with a /healthz http liveness probe [NodeConformance] [Conformance]',
  restarting(() => tenSeconds({ httpGet: { path: '/healthz', port: 8080 }, initialDelaySeconds: 15, failureThreshold: 1 }), 1), observationMs + reserveMs)

test.concurrent('[sig-node] Probing container should *not* be restarted with a tcp:8080 liveness probe [NodeConformance] [Conformance]',
  restarting(() => tenSeconds({ tcpSocket: { port: 8080 }, initialDelaySeconds: 15, failureThreshold: 1 }), 0), observationMs + reserveMs)

// Two minutes for the back-off, four for the first time, two for each restart.
const fiveRestartsMs = 120_000 + observationMs + 4 * 120_000

test.concurrent('[sig-node] Probing container should have monotonically increasing restart count [NodeConformance] [Conformance]',
  restarting(() => tenSeconds({ httpGet: { path: '/healthz', port: 8080 }, initialDelaySeconds: 5, failureThreshold: 1 }), 5, fiveRestartsMs), fiveRestartsMs + reserveMs)

test.concurrent('[sig-node] Probing container should *not* be restarted with a /healthz http liveness probe [NodeConformance] [Conformance]',
  restarting(() => webserver({ livenessProbe: { httpGet: { path: '/', port: 80 }, initialDelaySeconds: 15, timeoutSeconds: 5, failureThreshold: 5 } }), 0), observationMs + reserveMs)

test.concurrent('[sig-node] Probing container should *not* be restarted with a GRPC liveness probe [NodeConformance] [Conformance]',
  restarting(() => grpcServer({ grpc: { port: 5000 }, initialDelaySeconds, timeoutSeconds: 5, failureThreshold: 1 }), 0), observationMs + reserveMs)

test.concurrent('[sig-node] Probing container should be restarted with a GRPC liveness probe [NodeConformance] [Conformance]',
  restarting(() => grpcServer({ grpc: { port: 2333 }, initialDelaySeconds: initialDelaySeconds * 4, timeoutSeconds: 5, failureThreshold: 1 }), 1), observationMs + reserveMs)
