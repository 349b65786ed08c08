// What a kubelet tells of its work, after work that was done.
import type { Pod } from '../api/types-pod.ts'
import { pods } from '../api/types-pod.ts'
import { ManualClock } from '../util/clock.ts'
import { makePod } from './fixture.suite.ts'
import { HollowTestNode, isGone, isRunning } from './hollow-node.suite.ts'
import { RuntimeOperations } from './runtime-operations.ts'
import { WorkFigures } from './work-figures.ts'

const read = (lines: readonly string[]): (series: string) => number | undefined => {
  const told = new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]))
  return (series) => told.get(series)
}

it('a node tells of the pods that it started', async () => {
  const node = new HollowTestNode()
  await node.start()
  try {
    const metrics = async (): Promise<(series: string) => number | undefined> => read((await (await node.kubelet?.fetch(new Request('https://n/metrics')))?.text() ?? '').split('\n'))
    const before = await metrics()
    expect(['kubelet_pod_start_duration_seconds_count', 'kubelet_started_pods_total', 'kubelet_pleg_relist_duration_seconds_count'].map(before)).toEqual([0, 0, 1])
    await node.create('one', { volumeMounts: [{ name: 'v', mountPath: '/v' }] }, { volumes: [{ name: 'v', emptyDir: {} }] })
    await node.untilPod('one', isRunning)
    const now = await node.until(metrics, (value) => value('kubelet_pod_start_sli_duration_seconds_count{first_with_network="true"}') === 1 && value('kubelet_pod_worker_duration_seconds_count{operation_type="create"}') === 1, 'figures')
    const expected = {
      kubelet_pod_start_duration_seconds_count: 1, kubelet_pod_worker_start_duration_seconds_count: 1, 'kubelet_pod_start_total_duration_seconds_count{first_with_network="true"}': 1,
      kubelet_started_pods_total: 1, kubelet_started_pods_errors_total: 0, 'kubelet_started_containers_total{container_type="container"}': 1,
      'kubelet_run_podsandbox_duration_seconds_count{runtime_handler=""}': 1, 'kubelet_desired_pods{static=""}': 1, 'kubelet_active_pods{static="true"}': 0, kubelet_mirror_pods: 0,
      'storage_operation_duration_seconds_count{migrated="false",operation_name="volume_mount",status="success",volume_plugin="kubernetes.io/hollow"}': 1,
      'volume_manager_total_volumes{plugin_name="kubernetes.io/hollow",state="actual_state_of_world"}': 1, 'volume_manager_total_volumes{plugin_name="kubernetes.io/hollow",state="desired_state_of_world"}': 1,
    }
    expect(Object.fromEntries(Object.keys(expected).map((series) => [series, now(series)]))).toEqual(expected)
    expect(now('kubelet_pod_status_sync_duration_seconds_count')).toBeGreaterThan(0)
    expect(now('process_open_fds')).toBeGreaterThan(3)
    await node.client.delete(pods, { namespace: 'default', name: 'one' }, { gracePeriodSeconds: 0 })
    await node.untilPod('one', isGone)
    const unmounted = 'storage_operation_duration_seconds_count{migrated="false",operation_name="volume_unmount",status="success",volume_plugin="kubernetes.io/hollow"}'
    const after = await node.until(metrics, (value) => value(unmounted) === 1 && value('kubelet_desired_pods{static=""}') === 0 && value('kubelet_pod_worker_duration_seconds_count{operation_type="kill"}') !== undefined, 'the end')
    expect(after('volume_manager_total_volumes{plugin_name="kubernetes.io/hollow",state="desired_state_of_world"}')).toBeUndefined()
  } finally {
    await node.stop()
  }
})

it('a start is told without pulls and init containers, once, and only by who saw its beginning', () => {
  const clock = new ManualClock()
  const figures = new WorkFigures(clock)
  const created = new Date(clock.now()).toISOString()
  const at = (seconds: number): string => new Date(Date.parse(created) + seconds * 1000).toISOString()
  const pod = makePod({ initContainers: [{ name: 'i', image: 'i' }] }, { creationTimestamp: created })
  const started = { ...pod, status: { startTime: created, initContainerStatuses: [{ name: 'i', state: { terminated: { exitCode: 0, startedAt: at(3), finishedAt: at(5) } } }], containerStatuses: [{ name: 'c', state: { running: { startedAt: at(9) } } }] } } as unknown as Pod
  figures.seen(pod)
  figures.pulled('u', 2500)
  clock.step(10_000)
  figures.shown(pod)
  figures.shown(started)
  figures.shown(started)
  figures.gone('u')
  // As a kubelet that was started later.
  figures.seen(started)
  figures.shown(started)
  const value = read(figures.lines())
  expect(value('kubelet_pod_start_total_duration_seconds_sum{first_with_network="true"}')).toBe(10)
  expect(value('kubelet_pod_start_sli_duration_seconds_sum{first_with_network="true"}')).toBe(5.5)
  expect(value('kubelet_pod_start_sli_duration_seconds_count{first_with_network="true"}')).toBe(1)
})

it('calls of the runtime have the names that a kubelet has for them', () => {
  const operations = new RuntimeOperations()
  const names = { RunPodSandbox: 'run_podsandbox', ListPodSandboxStats: 'list_podsandbox_stats', UpdateContainerResources: 'update_container', ReopenContainerLog: 'reopen_container_log', ExecSync: 'exec_sync', ImageFsInfo: 'image_fs_info', Version: 'version' }
  for (const method of Object.keys(names)) operations.ended(method, 1000, false)
  operations.ended('ExecSync', 3000, true)
  const value = read(operations.lines())
  expect(Object.values(names).map((name) => value(`kubelet_runtime_operations_total{operation_type="${name}"}`))).toEqual([1, 1, 1, 1, 2, 1, 1])
  expect(value('kubelet_runtime_operations_errors_total{operation_type="exec_sync"}')).toBe(1)
  expect(value('kubelet_runtime_operations_duration_seconds_sum{operation_type="exec_sync"}')).toBe(4)
})
