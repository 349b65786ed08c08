// A machine whose containerd becomes one of the second generation keeps its pods and images.
import { dirname } from 'node:path'
import { findProgram } from '../../pkg/containerd/host.ts'
import { eventually, processesOfPod, TestCluster } from '../e2e/cluster.ts'
import { PodDriver, podOf } from './pods.ts'

const newPath = process.env['PATH'] ?? ''
const oldPath = newPath.split(':').filter((directory) => directory !== dirname(findProgram('containerd') ?? '/')).join(':')
const itWithBoth = findProgram('containerd', oldPath) === findProgram('containerd') ? it.skip : it
let cluster: TestCluster
afterAll(async () => {
  process.env['PATH'] = newPath
  await cluster?.remove()
})

itWithBoth('what runs runs on, can be looked into, ended and followed by what only the new one can', async () => {
  process.env['PATH'] = oldPath
  cluster = await TestCluster.start(['busybox'])
  const driver = new PodDriver(cluster)
  const [before] = await driver.start(podOf('kept', { container: { command: ['sh', '-c', 'n=0; while true; do n=$((n+1)); echo $n; sleep 1; done'] } }))
  expect(await driver.isAtLeast(2, 0)).toBe(false)
  const [pid] = processesOfPod(before!.metadata.uid ?? '', 'sh')

  process.kill(await cluster.serverPid(), 'SIGTERM')
  await eventually(async () => (await cluster.serverPid().catch(() => 0)) === 0, 'the server has ended')
  process.env['PATH'] = newPath
  await cluster.up()
  await eventually(() => driver.isAtLeast(2, 1), 'the node has its new runtime')

  const after = await driver.running('kept')
  const seen = after.status?.containerStatuses?.[0]
  expect([seen?.containerID, seen?.restartCount]).toEqual([before!.status?.containerStatuses?.[0]?.containerID, 0])
  expect(processesOfPod(after.metadata.uid ?? '', 'sh')).toContain(pid)
  expect(await driver.exec('kept', 'echo inside')).toBe('inside\n')
  const count = async (): Promise<number> => Number((await cluster.kubectl('logs kept --tail=1')).trim())
  const now = await count()
  await eventually(async () => (await count()) > now, 'its log goes on')
  expect(await cluster.tryKubectl('get pod kept -o jsonpath={.status.phase}')).toMatchObject({ stdout: 'Running' })
  await driver.start(podOf('new', { hostUsers: false }))
  expect(await driver.exec('new', 'cat /proc/self/uid_map')).toMatch(/ 65536$/m)
  await driver.remove('kept', 'new')
  await eventually(() => processesOfPod(after.metadata.uid ?? '', 'sh').length === 0, 'the old pod has ended')
})
