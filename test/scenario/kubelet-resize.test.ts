// In-place resize on a real containerd: the API, the node's decision, and what the kernel enforces in the end.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Pod, PodCondition, ResourceRequirements } from '../../pkg/api/types-pod.ts'
import { pods } from '../../pkg/api/types-pod.ts'
import { canRunPods, TestNode } from './kubelet-driver.ts'

const describeWithContainerd = canRunPods ? describe : describe.skip
const both = (cpu: string, memory: string): ResourceRequirements => ({ requests: { cpu, memory }, limits: { cpu, memory } })
const statusOf = (pod: Pod) => pod.status?.containerStatuses?.[0]
const condition = (pod: Pod, type: string): PodCondition | undefined => pod.status?.conditions?.find((each) => each.type === type)
const settled = (pod: Pod): boolean => !condition(pod, 'PodResizePending') && !condition(pod, 'PodResizeInProgress') && condition(pod, 'Ready')?.status === 'True'

describeWithContainerd('in-place resize', () => {
  const node = new TestNode()
  const alive = setInterval(() => undefined, 1000)
  beforeAll(() => node.start(), 60_000)
  afterAll(async () => {
    await node.stop()
    clearInterval(alive)
  }, 60_000)

  const resize = (name: string, resources: ResourceRequirements): Promise<Pod> => node.client.patch(
    pods, { namespace: 'default', name }, { type: 'strategic', body: { spec: { containers: [{ name: 'c', resources }] } } }, { subresource: 'resize' },
  )
  /** CPU quota and memory limit of the pod's cgroup, and of its container's; in microseconds and bytes. */
  const enforced = (pod: Pod): { pod: number[]; container: number[] } => {
    const group = join(`/${node.cgroupRoot}`, 'kubepods', pod.status?.qosClass === 'Guaranteed' ? '' : 'burstable', `pod${pod.metadata.uid}`)
    const read = (path: string): number[] => {
      const v2 = join('/sys/fs/cgroup', path, 'cpu.max')
      if (existsSync(v2)) return [Number(readFileSync(v2, 'utf8').split(' ')[0]), Number(readFileSync(join('/sys/fs/cgroup', path, 'memory.max'), 'utf8'))]
      return [Number(readFileSync(join('/sys/fs/cgroup/cpu', path, 'cpu.cfs_quota_us'), 'utf8')), Number(readFileSync(join('/sys/fs/cgroup/memory', path, 'memory.limit_in_bytes'), 'utf8'))]
    }
    return { pod: read(group), container: read(join(group, statusOf(pod)?.containerID?.replace('containerd://', '') ?? '')) }
  }
  const mebi = 2 ** 20

  it('grows and shrinks a running container', async () => {
    await node.createPod('sized', { containers: [{ name: 'c', command: ['sleep', '1000'], resources: both('100m', '40Mi') }] })
    const before = await node.untilPod('sized', settled)
    expect(enforced(before)).toEqual({ pod: [10_000, 40 * mebi], container: [10_000, 40 * mebi] })
    await resize('sized', both('200m', '60Mi'))
    const grown = await node.untilPod('sized', (pod) => settled(pod) && statusOf(pod)?.resources?.limits?.['cpu'] === '200m')
    expect(enforced(grown)).toEqual({ pod: [20_000, 60 * mebi], container: [20_000, 60 * mebi] })
    expect(statusOf(grown)).toMatchObject({ containerID: statusOf(before)?.containerID, restartCount: 0, resources: both('200m', '60Mi'), allocatedResources: { cpu: '200m', memory: '60Mi' } })
    await resize('sized', both('50m', '30Mi'))
    const shrunk = await node.untilPod('sized', (pod) => settled(pod) && statusOf(pod)?.resources?.limits?.['cpu'] === '50m')
    expect(enforced(shrunk)).toEqual({ pod: [5000, 30 * mebi], container: [5000, 30 * mebi] })
    const told = await node.eventsOf('sized')
    expect(told).toEqual(expect.arrayContaining([
      'ResizeStarted: Pod resize started: {"containers":[{"name":"c","resources":{"limits":{"cpu":"50m","memory":"30Mi"},"requests":{"cpu":"50m","memory":"30Mi"}}}],"generation":3}',
      expect.stringMatching(/^ResizeCompleted: Pod resize completed: .*"generation":2}$/),
    ]))
  })

  it('says when a limit would be below what is used, and takes the next one', async () => {
    await resize('sized', both('50m', '10Ki'))
    const stuck = await node.untilPod('sized', (pod) => condition(pod, 'PodResizeInProgress')?.reason === 'Error')
    expect(condition(stuck, 'PodResizeInProgress')?.message).toMatch(/memory limit \(10240\) below current usage \(\d+\)/)
    expect(statusOf(stuck)?.resources).toEqual(both('50m', '30Mi'))
    await resize('sized', both('50m', '40Mi'))
    const freed = await node.untilPod('sized', (pod) => settled(pod) && statusOf(pod)?.resources?.limits?.['memory'] === '40Mi')
    expect(enforced(freed).container).toEqual([5000, 40 * mebi])
  })

  it('goes on with a resize after a restart of the kubelet', async () => {
    await node.stopKubelet()
    await resize('sized', both('70m', '40Mi'))
    await node.startKubelet()
    const done = await node.untilPod('sized', (pod) => settled(pod) && statusOf(pod)?.resources?.limits?.['cpu'] === '70m')
    expect(enforced(done).container).toEqual([7000, 40 * mebi])
    expect(statusOf(done)?.restartCount).toBe(0)
    // What was refused, and for which reason, too.
    await resize('sized', both('1000', '40Mi'))
    await node.untilPod('sized', (pod) => condition(pod, 'PodResizePending') !== undefined)
    await node.stopKubelet()
    await node.startKubelet()
    const refused = await node.untilPod('sized', (pod) => condition(pod, 'PodResizePending')?.reason === 'Infeasible')
    expect(condition(refused, 'PodResizePending')?.message).toMatch(/^Node didn't have enough capacity: cpu, requested: 1000000, capacity: \d+$/)
    expect(statusOf(refused)?.resources).toEqual(both('70m', '40Mi'))
    await node.client.delete(pods, { namespace: 'default', name: 'sized' }, { gracePeriodSeconds: 0 })
    await node.until(pods, 'sized', (gone) => gone === undefined)
  })

  it('restarts a container whose policy wants it', async () => {
    await node.createPod('again', { containers: [{
      name: 'c', command: ['sleep', '1000'], resources: both('100m', '40Mi'), resizePolicy: [{ resourceName: 'memory', restartPolicy: 'RestartContainer' }],
    }] })
    await node.untilPod('again', settled)
    await resize('again', both('200m', '40Mi'))
    const same = await node.untilPod('again', (pod) => settled(pod) && statusOf(pod)?.resources?.limits?.['cpu'] === '200m')
    expect(statusOf(same)?.restartCount).toBe(0)
    await resize('again', both('200m', '50Mi'))
    const restarted = await node.untilPod('again', (pod) => settled(pod) && statusOf(pod)?.resources?.limits?.['memory'] === '50Mi')
    expect(statusOf(restarted)?.restartCount).toBe(1)
    expect(enforced(restarted)).toEqual({ pod: [20_000, 50 * mebi], container: [20_000, 50 * mebi] })
    expect(await node.eventsOf('again')).toContain('Killing: Container c resize requires restart')
    await node.client.delete(pods, { namespace: 'default', name: 'again' })
    await node.until(pods, 'again', (gone) => gone === undefined)
  })

  it('waits for room, and takes it when another pod goes', async () => {
    const cpus = Number(await node.cpus())
    await node.createPod('small', { containers: [{ name: 'c', command: ['sleep', '1000'], resources: { requests: { cpu: '100m' } } }] })
    await node.createPod('large', { containers: [{ name: 'c', command: ['sleep', '1000'], resources: { requests: { cpu: `${cpus * 1000 - 500}m` } } }] })
    await Promise.all(['small', 'large'].map((name) => node.untilPod(name, settled)))
    await resize('small', { requests: { cpu: '900m' } })
    const waiting = await node.untilPod('small', (pod) => condition(pod, 'PodResizePending') !== undefined)
    expect(condition(waiting, 'PodResizePending')).toMatchObject({ status: 'True', reason: 'Deferred', message: `Node didn't have enough resource: cpu, requested: 900, used: ${cpus * 1000 - 500}, capacity: ${cpus * 1000}`, observedGeneration: 2 })
    expect(statusOf(waiting)?.resources).toEqual({ requests: { cpu: '100m' } })
    await node.client.delete(pods, { namespace: 'default', name: 'large' }, { gracePeriodSeconds: 0 })
    await node.untilPod('small', (pod) => settled(pod) && statusOf(pod)?.resources?.requests?.['cpu'] === '900m')
  })
})
