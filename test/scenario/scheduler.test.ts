// The scheduler on the real API server over the memory store: nodes and pods are only objects, nobody runs them.
import type { KubeObject } from '../../pkg/api/object.ts'
import { events, namespaces, podDisruptionBudgets, serviceAccounts, storageClasses } from '../../pkg/api/types-config.ts'
import { nodes, type Node } from '../../pkg/api/types-node.ts'
import { pods, type Pod, type PodSpec } from '../../pkg/api/types-pod.ts'
import { persistentVolumeClaims, persistentVolumes } from '../../pkg/api/types-volume.ts'
import type { QueuedEventRecorder } from '../../pkg/client/event-recorder.ts'
import { Scheduler } from '../../pkg/scheduler/scheduler.ts'
import { systemClock } from '../../pkg/util/clock.ts'
import { BareCluster } from './bare-cluster.ts'

describe('the scheduler', () => {
  let cluster: BareCluster
  let scheduler: Scheduler
  let recorder: QueuedEventRecorder
  let namespace: string
  let count = 0

  const startScheduler = async (): Promise<void> => {
    ({ scheduler, recorder } = cluster.newScheduler())
    await scheduler.start()
  }
  beforeAll(async () => {
    cluster = new BareCluster()
    await startScheduler()
  })
  afterAll(async () => {
    await scheduler.stop()
    await recorder.stop()
    await cluster.stop()
    expect(cluster.logged).toEqual([])
  })
  beforeEach(async () => {
    namespace = `ns-${++count}`
    await cluster.client.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace }, spec: {} })
    await cluster.client.create(serviceAccounts, { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { namespace, name: 'default' } })
  })
  afterEach(async () => {
    const { client } = cluster
    for (const pod of (await client.list(pods)).items) await client.delete(pods, { namespace: pod.metadata.namespace, name: pod.metadata.name ?? '' }, { gracePeriodSeconds: 0 })
    for (const node of (await client.list(nodes)).items) await client.delete(nodes, { name: node.metadata.name ?? '' })
    await cluster.until(nodes, 'no nodes', (informer) => informer.list().length === 0)
    await cluster.until(pods, 'no pods', (informer) => informer.list().length === 0)
  })

  const addNode = (name: string, { cpu = '2', labels = {}, ...spec }: { cpu?: string; labels?: Record<string, string> } & Partial<Node['spec']> = {}): Promise<Node> =>
    cluster.client.create(nodes, {
      apiVersion: 'v1', kind: 'Node', metadata: { name, labels: { 'kubernetes.io/hostname': name, ...labels } }, spec,
      status: { allocatable: { cpu, memory: '4Gi', pods: '10' }, capacity: { cpu, memory: '4Gi', pods: '10' } },
    }).then((node) => cluster.client.patch(nodes, { name }, { type: 'merge', body: { spec: { taints: spec.taints ?? null } } }).then(() => node))
  const addPod = (name: string, cpu = '100m', spec: Partial<PodSpec> = {}): Promise<Pod> => cluster.client.create(pods, {
    apiVersion: 'v1', kind: 'Pod', metadata: { namespace, name, labels: { app: name } },
    spec: { containers: [{ name: 'c', image: 'web:1', resources: { requests: { cpu } } }], ...spec },
  })
  const pod = (name: string): Pod | undefined => cluster.informers.for(pods).get({ namespace, name })
  const bound = (name: string, to?: string): Promise<void> =>
    cluster.until(pods, `${name} is bound`, () => (to === undefined ? Boolean(pod(name)?.spec.nodeName) : pod(name)?.spec.nodeName === to))
  const scheduled = (name: string) => pod(name)?.status?.conditions?.find(({ type }) => type === 'PodScheduled')
  const refused = (name: string, message: string): Promise<void> => cluster.until(pods, `${name} is refused: ${message}`, () => scheduled(name)?.message === message)
  const remove = (name: string): Promise<unknown> => cluster.client.delete(pods, { namespace, name }, { gracePeriodSeconds: 0 })
  const eventsOf = (name: string): string[] =>
    cluster.informers.for(events).list().filter(({ involvedObject }) => involvedObject.namespace === namespace && involvedObject.name === name).map(({ type, reason, message }) => `${type} ${reason}: ${message}`)
  /** What is decided is told of afterwards. */
  const told = (name: string, event: string): Promise<void> => cluster.until(events, `${name} is told of: ${event}`, () => eventsOf(name).includes(event))
  const notHelpful = (node: number): string => `no new claims to deallocate, preemption: 0/${node} nodes are available: ${node} Preemption is not helpful for scheduling.`

  it('binds a pod, and tells', async () => {
    await addNode('a')
    await addPod('web')
    await bound('web', 'a')
    expect(scheduled('web')).toMatchObject({ status: 'True' })
    await told('web', `Normal Scheduled: Successfully assigned ${namespace}/web to a`)
    expect(eventsOf('web')).toHaveLength(1)
  })

  it('schedules when a node is added', async () => {
    await addPod('web')
    await refused('web', 'no nodes available to schedule pods')
    expect(scheduled('web')).toMatchObject({ status: 'False', reason: 'Unschedulable' })
    await told('web', 'Warning FailedScheduling: no nodes available to schedule pods')
    expect(eventsOf('web')).toHaveLength(1)
    await addNode('a')
    await bound('web', 'a')
  })

  it('schedules when a node is uncordoned', async () => {
    await addNode('a', { unschedulable: true })
    await addPod('web')
    await refused('web', `0/1 nodes are available: 1 node(s) were unschedulable. ${notHelpful(1)}`)
    await cluster.client.patch(nodes, { name: 'a' }, { type: 'merge', body: { spec: { unschedulable: null } } })
    await bound('web', 'a')
  })

  it('schedules when another pod is deleted', async () => {
    await addNode('a')
    await addPod('first', '1500m')
    await bound('first')
    await addPod('second', '1500m')
    await refused('second', '0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate, preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod.')
    await remove('first')
    await bound('second')
  })

  it('schedules when a pod that is in the way loses the label that it is avoided for', async () => {
    await addNode('a')
    await addPod('first')
    await bound('first')
    const apart = { topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: { app: 'first' } } }
    await addPod('second', '100m', { affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [apart] } } })
    await cluster.until(pods, 'second is refused', () => scheduled('second')?.status === 'False')
    await cluster.client.patch(pods, { namespace, name: 'first' }, { type: 'merge', body: { metadata: { labels: { app: 'other' } } } })
    await bound('second')
  })

  it('schedules when the node is gone that it had to be spread to', async () => {
    await addNode('a', { labels: { zone: 'one' } })
    await addNode('b', { labels: { zone: 'two' }, cpu: '10m' })
    await addPod('first')
    await bound('first', 'a')
    const spread = { maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule', labelSelector: { matchExpressions: [{ key: 'app', operator: 'Exists' }] } }
    await addPod('second', '100m', { topologySpreadConstraints: [spread] })
    await cluster.until(pods, 'second is refused', () => scheduled('second')?.status === 'False')
    await cluster.client.delete(nodes, { name: 'b' })
    await bound('second', 'a')
  })

  it('tries again a pod for which something else than the pod was not found', async () => {
    await addNode('a')
    let tries = 0
    const preBind = async (): Promise<void> => {
      if (++tries === 1) await cluster.client.get(persistentVolumes, { name: 'gone' })
    }
    const { client, informers, logged } = cluster
    const other = new Scheduler({
      client, informers, events: recorder, clock: systemClock, schedulerName: 'flaky', log: (text) => void logged.push(text),
      plugins: [{ name: 'Flaky', enqueueOn: [], preBind }],
    })
    await other.start()
    await addPod('web', '100m', { schedulerName: 'flaky' })
    await bound('web', 'a').finally(() => other.stop())
    expect(tries).toBe(2)
    const figures = new Map(other.lines().map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]))
    const point = (name: string, status: string): string => `framework_extension_point_duration_seconds_count{extension_point="${name}",profile="flaky",status="${status}"}`
    const expected = {
      'schedule_attempts_total{profile="flaky",result="error"}': 1, 'schedule_attempts_total{profile="flaky",result="scheduled"}': 1,
      'scheduling_attempt_duration_seconds_count{profile="flaky",result="scheduled"}': 1, 'scheduling_algorithm_duration_seconds_count': 2,
      'pod_scheduling_attempts_count': 1, 'pod_scheduling_attempts_sum': 2, 'pod_scheduling_sli_duration_seconds_count{attempts="2"}': 1,
      [point('PreFilter', 'Success')]: 2, [point('Filter', 'Success')]: 2, [point('Reserve', 'Success')]: 2, [point('PreBind', 'Error')]: 1, [point('PreBind', 'Success')]: 1, [point('Bind', 'Success')]: 1,
      'queue_incoming_pods_total{event="UnschedulablePodAdd",queue="active"}': 1, 'queue_incoming_pods_total{event="ScheduleAttemptFailure",queue="backoff"}': 1,
      'queue_incoming_pods_total{event="BackoffComplete",queue="active"}': 1, 'preemption_attempts_total': 0, 'cache_size{type="nodes"}': 1,
    }
    expect(Object.fromEntries(Object.keys(expected).map((series) => [series, figures.get(`scheduler_${series}`)]))).toEqual(expected)
    // It was backed off for a second.
    expect(figures.get('scheduler_pod_scheduling_sli_duration_seconds_bucket{attempts="2",le="0.64"}')).toBe(0)
  })

  it('counts each reason', async () => {
    await addNode('a', { taints: [{ key: 'k', value: 'v', effect: 'NoSchedule' }] })
    await addNode('b', { unschedulable: true })
    await addNode('c', { labels: { disk: 'ssd' } })
    await addPod('web', '3', { nodeSelector: { disk: 'ssd' } })
    await refused('web', `0/3 nodes are available: 1 Insufficient cpu, 1 node(s) had untolerated taint(s), 1 node(s) were unschedulable. ${notHelpful(3)}`)
    await addPod('other', '1', { nodeSelector: { disk: 'none' }, tolerations: [{ operator: 'Exists' }] })
    await refused('other', `0/3 nodes are available: 3 node(s) didn't match Pod's node affinity/selector. ${notHelpful(3)}`)
  })

  it('leaves gated pods alone until the gates are gone', async () => {
    await addNode('a')
    await addPod('web', '1', { schedulingGates: [{ name: 'example.com/wait' }] })
    await refused('web', 'Scheduling is blocked due to non-empty scheduling gates')
    expect(scheduled('web')).toMatchObject({ status: 'False', reason: 'SchedulingGated' })
    await cluster.client.patch(pods, { namespace, name: 'web' }, { type: 'merge', body: { spec: { schedulingGates: null } } })
    await bound('web')
  })

  it('leaves pods of other schedulers alone', async () => {
    await addNode('a')
    await addPod('theirs', '1', { schedulerName: 'other' })
    await addPod('ours')
    await bound('ours')
    expect(pod('theirs')).toMatchObject({ spec: expect.not.objectContaining({ nodeName: expect.anything() }) as unknown })
    expect(scheduled('theirs')).toBeUndefined()
  })

  it('preempts the least important pod, and tells', async () => {
    for (const [name, value] of [['low', 10], ['middle', 20], ['high', 1000]] as const) {
      await cluster.client.create({ group: 'scheduling.k8s.io', version: 'v1', plural: 'priorityclasses', kind: 'PriorityClass', namespaced: false }, {
        apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata: { name }, value,
      } as KubeObject)
    }
    const figure = (series: string): number => Number(scheduler.lines().find((line) => line.startsWith(`scheduler_${series} `))?.split(' ')[1] ?? 0)
    const victims = figure('preemption_victims_sum')
    const asked = figure('preemption_attempts_total')
    await addNode('a')
    await addPod('one', '900m', { priorityClassName: 'middle' })
    await addPod('two', '900m', { priorityClassName: 'low' })
    await Promise.all([bound('one'), bound('two')])
    await addPod('vip', '1', { priorityClassName: 'high' })
    await cluster.until(pods, 'two is going', () => pod('two')?.metadata.deletionTimestamp !== undefined)
    expect(pod('two')?.status?.conditions?.find(({ type }) => type === 'DisruptionTarget')).toMatchObject({
      status: 'True', reason: 'PreemptionByScheduler', message: 'default-scheduler: preempting to accommodate a higher priority pod',
    })
    await cluster.until(pods, 'vip is nominated', () => pod('vip')?.status?.nominatedNodeName === 'a')
    expect(pod('one')?.metadata.deletionTimestamp).toBeUndefined()
    expect([figure('preemption_victims_sum') - victims, figure('preemption_attempts_total') - asked]).toEqual([1, 1])
    // Room that is promised is not given to the less important, although it would fit beside what is there.
    await addPod('late', '1', { priorityClassName: 'low' })
    await refused('late', '0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate, preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod.')
    await remove('two')
    await bound('vip')
    await told('two', `Normal Preempted: Preempted by pod ${pod('vip')?.metadata.uid} on node a`)
    expect(pod('late')?.spec.nodeName).toBeUndefined()
    expect(figure('plugin_execution_duration_seconds_count{extension_point="Filter",plugin="NodeResourcesFit",status="Success"}')).toBeGreaterThan(0)
    expect(figure('unschedulable_pods{plugin="NodeResourcesFit",profile="default-scheduler"}')).toBe(1)
  })

  it('waits for claims, and chooses the node of those that wait for their first user', async () => {
    await addNode('a')
    await addNode('b')
    await addPod('web', '1', { volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'data' } }] })
    await refused('web', `0/2 nodes are available: persistentvolumeclaim "data" not found. not found`)
    await cluster.client.create(storageClasses, { apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass', metadata: { name: 'local' }, provisioner: 'kinglet.dev/local', volumeBindingMode: 'WaitForFirstConsumer' })
    await cluster.client.create(persistentVolumeClaims, {
      apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { namespace, name: 'data' },
      spec: { accessModes: ['ReadWriteOnce'], storageClassName: 'local', resources: { requests: { storage: '1Gi' } } },
    })
    const claim = () => cluster.informers.for(persistentVolumeClaims).get({ namespace, name: 'data' })
    await cluster.until(persistentVolumeClaims, 'a node is chosen', () => claim()?.metadata.annotations?.['volume.kubernetes.io/selected-node'] !== undefined)
    const node = claim()?.metadata.annotations?.['volume.kubernetes.io/selected-node']
    expect(pod('web')?.spec.nodeName).toBeUndefined()
    await cluster.client.create(persistentVolumes, {
      apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name: 'made' },
      spec: { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], storageClassName: 'local', hostPath: { path: '/x' }, claimRef: { namespace, name: 'data' } },
    })
    await cluster.client.patch(persistentVolumeClaims, { namespace, name: 'data' }, { type: 'merge', body: { metadata: { annotations: { 'pv.kubernetes.io/bind-completed': 'yes' } }, spec: { volumeName: 'made' } } })
    await bound('web', node)
  })

  it('goes on after a restart with what it finds', async () => {
    await addNode('a')
    await addPod('first', '1500m')
    await bound('first')
    await scheduler.stop()
    await recorder.stop()
    await addPod('second', '1')
    await addPod('third', '400m')
    await startScheduler()
    await bound('third', 'a')
    await refused('second', '0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate, preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod.')
  })

  it('spreads a hundred pods of a burst', async () => {
    for (let index = 0; index < 10; index++) await addNode(`n${index}`)
    await Promise.all(Array.from({ length: 100 }, (_, index) => addPod(`p${index}`, '10m')))
    await Promise.all(Array.from({ length: 100 }, (_, index) => bound(`p${index}`)))
    const perNode = new Map<string, number>()
    for (const { spec } of cluster.informers.for(pods).list(namespace)) perNode.set(spec.nodeName ?? '', (perNode.get(spec.nodeName ?? '') ?? 0) + 1)
    expect([...perNode.values()]).toEqual(Array<number>(10).fill(10))
  })

  it('forgets pods that go while they wait or are being bound', async () => {
    await addPod('waiting')
    await refused('waiting', 'no nodes available to schedule pods')
    await remove('waiting')
    const created = Promise.all(Array.from({ length: 10 }, (_, index) => addPod(`brief${index}`, '1500m').then(() => remove(`brief${index}`))))
    await addNode('a')
    await created
    await addPod('last', '1500m')
    await bound('last', 'a')
  })

  it('knows the budget of what it preempts', async () => {
    await addNode('a')
    await addPod('kept', '900m', { priorityClassName: 'low' })
    await addPod('let-go', '900m', { priorityClassName: 'middle' })
    await Promise.all([bound('kept'), bound('let-go')])
    await cluster.client.create(podDisruptionBudgets, {
      apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata: { namespace, name: 'b' }, spec: { minAvailable: 1, selector: { matchLabels: { app: 'kept' } } },
    })
    await cluster.until(podDisruptionBudgets, 'the budget', (informer) => informer.list(namespace).length === 1)
    await addPod('vip', '1', { priorityClassName: 'high' })
    await cluster.until(pods, 'let-go is going', () => pod('let-go')?.metadata.deletionTimestamp !== undefined)
    expect(pod('kept')?.metadata.deletionTimestamp).toBeUndefined()
    await remove('let-go')
    await bound('vip')
  })
})
