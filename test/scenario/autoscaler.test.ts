// The autoscaler on the real API server; only what pods use is made up.
import type { KubeObject, ObjectList, Resource } from '../../pkg/api/object.ts'
import { formatTime } from '../../pkg/api/times.ts'
import { events, horizontalPodAutoscalers } from '../../pkg/api/types-config.ts'
import { podMetrics } from '../../pkg/api/types-metrics.ts'
import { pods } from '../../pkg/api/types-pod.ts'
import { deployments } from '../../pkg/api/types-workload.ts'
import type { Client } from '../../pkg/client/client.ts'
import { ControllerRunner } from '../../pkg/controller/runner.ts'
import { autoscalerController } from '../../pkg/controllers/horizontal-pod-autoscaler.ts'
import { systemClock } from '../../pkg/util/clock.ts'
import { Harness } from './harness.ts'

const labels = { app: 'web' }

it('sizes a deployment by what its pods use', async () => {
  const harness = await Harness.start()
  let milli = 900
  const namespace = await harness.namespace('scaled')
  const measured = (): ObjectList => ({
    apiVersion: 'metrics.k8s.io/v1beta1', kind: 'PodMetricsList', metadata: {},
    items: harness.informers.for(pods).list(namespace).map(({ metadata: { name } }) => ({
      metadata: { name, namespace }, timestamp: formatTime(systemClock.now() + 60_000), window: '1s', containers: [{ name: 'c', usage: { cpu: `${milli}m` } }],
    }) as KubeObject),
  })
  const real: Client = harness.clientFor('horizontal-pod-autoscaler')
  const list = (async (resource: Resource, options) => (resource.group === podMetrics.group ? measured() : real.list(resource, options))) as Client['list']
  const client: Client = {
    list, get: real.get.bind(real), watch: real.watch.bind(real), create: real.create.bind(real), update: real.update.bind(real), patch: real.patch.bind(real),
    delete: real.delete.bind(real), deleteCollection: real.deleteCollection.bind(real), createSubresource: real.createSubresource.bind(real), getSubresource: real.getSubresource.bind(real),
  }
  const runner = new ControllerRunner({ client, informers: harness.informers, clock: systemClock, log: (text) => void harness.logged.push(text), controllers: [autoscalerController({ periodMs: 50 })] })
  await runner.start()
  const key = { namespace, name: 'web' }
  await harness.client.create(deployments, {
    apiVersion: 'apps/v1', kind: 'Deployment', metadata: key,
    spec: { replicas: 1, selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers: [{ name: 'c', image: 'c:1', resources: { requests: { cpu: '1' } } }] } } },
  })
  await harness.client.create(horizontalPodAutoscalers, {
    apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler', metadata: key,
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' }, minReplicas: 1, maxReplicas: 4,
      metrics: [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } } }],
      behavior: { scaleDown: { stabilizationWindowSeconds: 0 } },
    },
  })
  const size = (is: number): Promise<void> => harness.until(deployments, `size ${is}`, (informer) => informer.get(key)?.spec.replicas === is && informer.get(key)?.status?.readyReplicas === is)
  // 90 % of one, of two and of four: the maximum.
  await size(4)
  await harness.until(horizontalPodAutoscalers, 'status', (informer) => {
    const status = informer.get(key)?.status
    return status?.currentMetrics?.[0]?.resource?.current.averageUtilization === 90 && status.desiredReplicas === 4
      && (status.conditions ?? []).some(({ type, reason }) => type === 'ScalingLimited' && reason === 'TooManyReplicas')
  })
  await harness.until(events, 'told', (informer) => informer.list(namespace).some(({ message }) => message?.startsWith('New size: 2; reason: cpu resource utilization (percentage of request) above target') ?? false))
  milli = 10
  await size(1)
  await runner.stop()
  await harness.stop()
  expect(harness.logged).toEqual([])
})

it('sizes a deployment by a metric from outside', async () => {
  const harness = await Harness.start()
  const namespace = await harness.namespace('queued')
  const asked: string[] = []
  let length = '40'
  const readMetrics = (path: string): Promise<unknown> => {
    asked.push(path)
    return Promise.resolve({ kind: 'ExternalMetricValueList', apiVersion: 'external.metrics.k8s.io/v1beta1', items: [{ metricName: 'queue', metricLabels: {}, timestamp: formatTime(systemClock.now()), value: length }] })
  }
  const start = async (): Promise<ControllerRunner> => {
    const runner = new ControllerRunner({ client: harness.clientFor('horizontal-pod-autoscaler'), informers: harness.informers, clock: systemClock, log: (text) => void harness.logged.push(text), controllers: [autoscalerController({ periodMs: 50, readMetrics })] })
    await runner.start()
    return runner
  }
  const runner = await start()
  const key = { namespace, name: 'worker' }
  await harness.client.create(deployments, {
    apiVersion: 'apps/v1', kind: 'Deployment', metadata: key,
    spec: { replicas: 1, selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers: [{ name: 'c', image: 'c:1' }] } } },
  })
  await harness.client.create(horizontalPodAutoscalers, {
    apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler', metadata: key,
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'worker' }, minReplicas: 1, maxReplicas: 10,
      metrics: [{ type: 'External', external: { metric: { name: 'queue' }, target: { type: 'AverageValue', averageValue: '10' } } }],
      behavior: { scaleDown: { stabilizationWindowSeconds: 0 } },
    },
  })
  const size = (is: number): Promise<void> => harness.until(deployments, `size ${is}`, (informer) => informer.get(key)?.spec.replicas === is && informer.get(key)?.status?.readyReplicas === is)
  await size(4)
  length = '15'
  await size(2)
  expect(asked[0]).toBe(`/apis/external.metrics.k8s.io/v1beta1/namespaces/${namespace}/queue`)
  await runner.stop()

  // After a restart, as when it is new, it has seen no window of five minutes yet in which less would have done.
  const { behavior: _behavior, ...spec } = (await harness.client.get(horizontalPodAutoscalers, key)).spec
  await harness.client.update(horizontalPodAutoscalers, { ...await harness.client.get(horizontalPodAutoscalers, key), spec })
  length = '5'
  const again = await start()
  await harness.until(horizontalPodAutoscalers, 'waiting', (informer) => informer.get(key)?.status?.conditions?.some(({ type, reason }) => type === 'AbleToScale' && reason === 'ScaleDownStabilized') ?? false)
  expect((await harness.client.get(deployments, key)).spec.replicas).toBe(2)
  await again.stop()
  await harness.stop()
})
