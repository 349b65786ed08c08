// Device plugins on a real containerd: registered, counted, given to pods, watched for their health, kept through a new kubelet.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { nodes } from '../../pkg/api/types-node.ts'
import { type Container, type Pod, pods } from '../../pkg/api/types-pod.ts'
import { GrpcConnection } from '../../pkg/containerd/grpc-connection.ts'
import { podResourcesSchema } from '../../pkg/kubelet/pod-resources.ts'
import { systemClock } from '../../pkg/util/clock.ts'
import { TestDevicePlugin } from '../plugins/device-plugin.ts'
import { canRunPods, nodeName, TestNode } from './kubelet-driver.ts'

const describeWithContainerd = canRunPods ? describe : describe.skip
const resource = 'example.com/widget'
const running = (pod: Pod): boolean => pod.status?.phase === 'Running'
const inDefault = (name: string): { namespace: string; name: string } => ({ namespace: 'default', name })

describeWithContainerd('device plugins', () => {
  const node = new TestNode()
  const directory = join(node.directory, 'agent/device-plugins')
  const plugin = new TestDevicePlugin({ resource, directory, devices: ['w1', 'w2', 'w3'], prefersLast: true, numaNode: 1 })
  let again: TestDevicePlugin | undefined
  // The clock's timers do not keep the process alive, and between two events nothing else might.
  const alive = setInterval(() => undefined, 1000)

  const using = (count: number, text = 'sleep 1000', name = 'main'): Container =>
    ({ name, image: 'busybox:1.36', command: ['sh', '-c', text], env: [{ name: 'OWN', value: 'pod' }], resources: { limits: { [resource]: String(count) } } })
  const amounts = (all: string, free: string): Promise<unknown> =>
    node.until(nodes, nodeName, (found) => found?.status?.capacity?.[resource] === all && found.status.allocatable?.[resource] === free)
  const remove = async (name: string): Promise<void> => {
    await node.client.delete(pods, inDefault(name), { gracePeriodSeconds: 1 })
    await node.until(pods, name, (gone) => gone === undefined)
  }

  beforeAll(() => node.start(), 60_000)
  afterAll(async () => {
    plugin.stop()
    again?.stop()
    await node.stop()
    clearInterval(alive)
  }, 60_000)

  it('are refused when they speak of other things', async () => {
    await expect(new TestDevicePlugin({ resource, directory, devices: [], version: 'v9' }).start()).rejects.toThrow('requested API version "v9" is not supported by kubelet. Supported version is "v1beta1"')
    await expect(new TestDevicePlugin({ resource: 'cpu', directory, devices: [] }).start()).rejects.toThrow('the ResourceName "cpu" is invalid')
  })

  it('give containers devices, files and environment', async () => {
    await plugin.start()
    await amounts('3', '3')
    const pod = await node.createPod('user', { containers: [using(2, 'test -c /dev/w2 && test -c /dev/w3 && test ! -e /dev/w1 && cat /plugin.txt && echo $DEVICES $OWN && exec sleep 1000')] })
    const up = await node.untilPod('user', running)
    expect(plugin.allocated).toEqual([['w3', 'w2']])
    expect(plugin.preStarted).toEqual([['w3', 'w2']])
    expect(await node.logUntil(pod, 'main', ' pod\n')).toBe('from the plugin\nw3,w2 pod\n')
    // The feature ResourceHealthStatus is off.
    expect(up.status?.containerStatuses?.[0]).not.toHaveProperty('allocatedResourcesStatus')
  })

  it('are told of with their pods on the pod-resources socket', async () => {
    const monitor = new GrpcConnection(join(node.directory, 'agent/pod-resources/kubelet.sock'), { clock: systemClock, schema: podResourcesSchema })
    const ask = (name: string, request: object = {}): Promise<object> => monitor.unary('v1.PodResourcesLister', name, request)
    const device = (id: string): object => ({ resourceName: resource, deviceIds: [id], topology: { nodes: [{ ID: 1 }] } })
    const user = { name: 'user', namespace: 'default', containers: [{ name: 'main', devices: [device('w3'), device('w2')], cpuIds: [], memory: [] }] }
    try {
      expect(await ask('List')).toEqual({ podResources: [user] })
      expect(await ask('Get', { podName: 'user', podNamespace: 'default' })).toEqual({ podResources: user })
      await expect(ask('Get', { podName: 'user', podNamespace: 'other' })).rejects.toThrow('pod user in namespace other not found')
      plugin.setHealth('w1', 'Unhealthy')
      await amounts('3', '2')
      expect(await ask('GetAllocatableResources')).toEqual({ devices: [device('w2'), device('w3')], cpuIds: [], memory: [] })
      plugin.setHealth('w1', 'Healthy')
      await amounts('3', '3')
    } finally {
      monitor.close()
    }
  })

  it('refuse pods that come to a node where there are none left', async () => {
    await node.createPod('greedy', { containers: [using(2)] })
    const refused = await node.untilPod('greedy', ({ status }) => status?.phase === 'Failed')
    expect([refused.status?.reason, refused.status?.message]).toEqual([
      'UnexpectedAdmissionError', `Pod was rejected: Allocate failed due to requested number of devices unavailable for ${resource}. Requested: 2, Available: 1, which is unexpected`,
    ])
    plugin.failure = 'the drawer is stuck'
    await node.createPod('stuck', { containers: [using(1)] })
    const stuck = await node.untilPod('stuck', ({ status }) => status?.phase === 'Failed')
    expect(stuck.status?.message).toBe('Pod was rejected: Allocate failed due to rpc error: code = ResourceExhausted desc = the drawer is stuck, which is unexpected')
    plugin.failure = undefined
    await remove('greedy')
    await remove('stuck')
  })

  it('do not count devices that fall ill', async () => {
    plugin.setHealth('w2', 'Unhealthy')
    await amounts('3', '2')
    plugin.setHealth('w2', 'Healthy')
    await amounts('3', '3')
  })

  it('have the devices of init containers used again', async () => {
    await node.createPod('stages', { restartPolicy: 'Never', initContainers: [using(1, 'true', 'first')], containers: [using(1, 'true')] })
    await node.untilPod('stages', ({ status }) => status?.phase === 'Succeeded')
    expect(plugin.allocated.slice(-2)).toEqual([['w1'], ['w1']])
    await remove('stages')
  })

  it('register again with the next kubelet, which knows who has what', async () => {
    const entries = (): object[] => (JSON.parse(readFileSync(join(directory, 'kubelet_internal_checkpoint'), 'utf8')) as { Data: { PodDeviceEntries: object[] } }).Data.PodDeviceEntries
    // The pods of the tests before are gone, and soon so is what they had.
    while (entries().length > 1) await new Promise((resolve) => setTimeout(resolve, 20))
    expect(entries()).toEqual([expect.objectContaining({ ContainerName: 'main', ResourceName: resource, DeviceIDs: { '-1': ['w3', 'w2'] } })])
    await node.stopKubelet()
    plugin.stop()
    await node.startKubelet()
    await amounts('0', '0')
    expect(plugin.orphaned).toBe(true)
    again = new TestDevicePlugin({ resource, directory, devices: ['w1', 'w2', 'w3'] })
    await again.start()
    await amounts('3', '3')
    await node.createPod('late', { containers: [using(1)] })
    await node.untilPod('late', running)
    expect(again.allocated).toEqual([['w1']])
    const kept = await node.pod('user')
    expect(kept.status?.containerStatuses?.[0]?.restartCount).toBe(0)
    await remove('user')
    await node.createPod('heir', { containers: [using(2)] })
    await node.untilPod('heir', running)
    expect(again.allocated.at(-1)).toEqual(['w2', 'w3'])
  }, 60_000)
})
