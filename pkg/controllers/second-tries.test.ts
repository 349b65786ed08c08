// Controllers whose writes were refused, whose objects were replaced by others of the same name, or whose time is over: nothing is lost, counted twice or done in a hurry.
import { keyOf, type KubeObject } from '../api/object.ts'
import { conflict } from '../api/status-error.ts'
import { formatTime } from '../api/times.ts'
import { horizontalPodAutoscalers, leases, type HorizontalPodAutoscaler } from '../api/types-config.ts'
import { podMetrics } from '../api/types-metrics.ts'
import { nodes, type Node } from '../api/types-node.ts'
import { pods, type Pod } from '../api/types-pod.ts'
import { cronJobs, deployments, jobs, type CronJob, type Deployment, type Job } from '../api/types-workload.ts'
import type { Controller, ReconcileResult } from '../controller/controller.ts'
import { ManualClock } from '../util/clock.ts'
import { TestContext } from './context.suite.ts'
import cronJobController from './cron-job.ts'
import { autoscalerController } from './horizontal-pod-autoscaler.ts'
import { jobController } from './job.ts'
import { trackingFinalizer } from './job-plan.ts'
import { nodeLifecycleController } from './node-lifecycle.ts'
import { podGarbageController } from './pod-gc.ts'

let clock: ManualClock
let test: TestContext
beforeEach(() => {
  clock = new ManualClock()
  test = new TestContext(clock)
})

const run = async (controller: Controller, object: KubeObject): Promise<ReconcileResult> =>
  (await controller.reconcile(keyOf(object), object, test.context)) ?? {}
/** Once: the next write to this kind, as `subresource` if it is told. */
const refuseOnce = (plural: string, subresource?: string): void => {
  test.onWrite = (write) => {
    if (write.plural !== plural || write.subresource !== subresource) return
    test.onWrite = () => undefined
    throw conflict({ group: '', plural }, write.name)
  }
}

describe('a Job', () => {
  const job = (uid: string, spec: Partial<Job['spec']> = {}, status: Job['status'] = {}): Job => ({
    apiVersion: 'batch/v1', kind: 'Job', metadata: { namespace: 'a', name: 'work', uid },
    spec: { completions: 1, parallelism: 1, backoffLimit: 6, selector: { matchLabels: { job: uid } }, template: { metadata: { labels: { job: uid } }, spec: { restartPolicy: 'Never', containers: [] } }, ...spec }, status,
  })
  const pod = (owner: Job, name: string, phase: string, deleted = false): Pod => ({
    apiVersion: 'v1', kind: 'Pod', spec: { containers: [] }, status: { phase },
    metadata: {
      namespace: 'a', name, uid: name, labels: { job: owner.metadata.uid ?? '' }, finalizers: [trackingFinalizer], ...(deleted ? { deletionTimestamp: formatTime(clock.now()) } : {}),
      ownerReferences: [{ apiVersion: 'batch/v1', kind: 'Job', name: 'work', uid: owner.metadata.uid ?? '', controller: true }],
    },
  })
  const made = (): number => test.writes.filter(({ verb, plural }) => verb === 'create' && plural === 'pods').length

  it('counts a failure once for its back-off, however often the status is refused', async () => {
    const controller = jobController()
    const first = job('u')
    test.put(jobs, first)
    test.put(pods, pod(first, 'p', 'Failed'))
    refuseOnce('jobs', 'status')
    await expect(run(controller, first)).rejects.toThrow()
    expect(await run(controller, first)).toEqual({ requeueAfterMs: 10_000 })
  })

  it('does not wait for the failures of an earlier one of its name', async () => {
    const controller = jobController()
    const first = job('u')
    test.put(pods, pod(first, 'p', 'Failed'))
    expect((await run(controller, first)).requeueAfterMs).toBe(10_000)
    expect(made()).toBe(0)
    test.remove(pods, { namespace: 'a', name: 'p' })
    await run(controller, job('v'))
    expect(made()).toBe(1)
  })

  it('whose time is over waits for its pods, and not in a hurry', async () => {
    const late = job('u', { activeDeadlineSeconds: 1 }, { startTime: formatTime(clock.now() - 60_000) })
    test.put(pods, pod(late, 'p', 'Running', true))
    expect((await run(jobController(), late)).requeueAfterMs).toBeUndefined()
    expect(test.get(jobs, keyOf(late))?.status?.conditions).toMatchObject([{ type: 'FailureTarget', reason: 'DeadlineExceeded' }])
  })
})

describe('a CronJob', () => {
  it.each(['Forbid', 'Replace', 'Allow'])('tells of the Job that it has begun although its status was refused at first: %s', async (concurrencyPolicy) => {
    const cron: CronJob = {
      apiVersion: 'batch/v1', kind: 'CronJob', metadata: { namespace: 'a', name: 'tick', uid: 'u', creationTimestamp: formatTime(clock.now()) },
      spec: { schedule: '* * * * *', concurrencyPolicy, jobTemplate: { spec: { template: {} } } },
    }
    clock.step(61_000)
    refuseOnce('cronjobs', 'status')
    await expect(run(cronJobController, cron)).rejects.toThrow()
    await run(cronJobController, cron)
    expect(test.writes.filter(({ plural }) => plural === 'jobs').map(({ verb }) => verb)).toEqual(['create'])
    const { active = [], lastScheduleTime } = test.get(cronJobs, keyOf(cron))?.status ?? {}
    expect(active.map(({ name }) => name)).toEqual([[...test.writes].find(({ plural }) => plural === 'jobs')?.name])
    expect(lastScheduleTime).toBe(formatTime(clock.now() - 1000))
  })
})

const node = (name: string): Node => ({
  apiVersion: 'v1', kind: 'Node', metadata: { name, uid: name }, spec: {}, status: { conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: formatTime(0) }] },
})
const placed = (name: string): Pod => ({
  apiVersion: 'v1', kind: 'Pod', metadata: { namespace: 'a', name, uid: name }, spec: { nodeName: 'n', containers: [] },
  status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: formatTime(0) }] },
})

it('marks all pods of a silent node, also those that were written to meanwhile', async () => {
  const controller = nodeLifecycleController()
  test.put(nodes, node('n'))
  test.put(leases)
  test.put(pods, placed('one'), placed('two'))
  const look = (): Promise<ReconcileResult> => run(controller, test.get(nodes, { name: 'n' })!)
  expect(await look()).toEqual({ requeueAfterMs: 50_000 })
  clock.step(50_000)
  refuseOnce('pods', 'status')
  await expect(look()).rejects.toThrow()
  await look()
  expect(['one', 'two'].map((name) => test.get(pods, { namespace: 'a', name })?.status?.conditions?.[0]?.status)).toEqual(['False', 'False'])
})

it('gives each absence of a node its own time before its pods go', async () => {
  const controller = podGarbageController()
  const nodeChanged = (): void => void controller.watches?.[0]?.keys(node('n'), test.context)
  test.put(pods, placed('one'))
  expect(await run(controller, placed('one'))).toEqual({ requeueAfterMs: 40_000 })
  test.remove(pods, { namespace: 'a', name: 'one' })
  test.put(nodes, node('n'))
  nodeChanged()
  clock.step(3_600_000)
  test.remove(nodes, { name: 'n' })
  nodeChanged()
  expect(await run(controller, placed('two'))).toEqual({ requeueAfterMs: 40_000 })
})

it('does not hold an autoscaler to what an earlier one of its name recommended', async () => {
  const controller = autoscalerController()
  const labels = { app: 'web' }
  const autoscaler = (uid: string): HorizontalPodAutoscaler => ({
    apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler', metadata: { namespace: 'a', name: 'web', uid },
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' }, minReplicas: 1, maxReplicas: 2,
      metrics: [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } } }],
    },
  })
  const deployment: Deployment = {
    apiVersion: 'apps/v1', kind: 'Deployment', metadata: { namespace: 'a', name: 'web', uid: 'd' }, status: { replicas: 2 },
    spec: { replicas: 2, selector: { matchLabels: labels }, template: {} },
  }
  test.put(deployments, deployment)
  const idle = (): void => {
    for (const name of ['one', 'two']) {
      const pod = placed(name)
      test.put(pods, { ...pod, metadata: { ...pod.metadata, labels }, status: { ...pod.status, startTime: formatTime(0) }, spec: { ...pod.spec, containers: [{ name: 'c', resources: { requests: { cpu: '1' } } }] } })
      test.put(podMetrics, { apiVersion: 'metrics.k8s.io/v1beta1', kind: 'PodMetrics', metadata: { namespace: 'a', name }, timestamp: formatTime(clock.now()), window: '15s', containers: [{ name: 'c', usage: { cpu: '10m' } }] })
    }
  }
  const lookAfter = async (seconds: number, uid: string): Promise<unknown[]> => {
    clock.step(seconds * 1000)
    idle()
    await run(controller, autoscaler(uid))
    return test.writes.filter(({ subresource }) => subresource === 'scale').map(({ body }) => (body as Deployment).spec.replicas)
  }
  test.put(horizontalPodAutoscalers, autoscaler('u'))
  expect(await lookAfter(0, 'u')).toEqual([])
  // Its window of 300 s begins with its own first look, not with the one of the earlier.
  expect(await lookAfter(290, 'v')).toEqual([])
  expect(await lookAfter(290, 'v')).toEqual([])
  expect(await lookAfter(15, 'v')).toEqual([1])
})
