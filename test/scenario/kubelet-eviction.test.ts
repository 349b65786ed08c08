// Eviction on a real containerd: pods that use more of the disk than they may, and a node that runs short of memory.
import { evictionConfig, type Observations } from '../../pkg/kubelet/eviction-signals.ts'
import { observeNode } from '../../pkg/kubelet/pod-consumption.ts'
import type { Pod } from '../../pkg/api/types-pod.ts'
import { canRunPods, TestNode } from './kubelet-driver.ts'

const describeWithContainerd = canRunPods ? describe : describe.skip
const evicted = (pod: Pod): boolean => pod.status?.reason === 'Evicted'
const running = (pod: Pod): boolean => pod.status?.containerStatuses?.[0]?.state?.running !== undefined

describeWithContainerd('eviction', () => {
  let short = false
  const node = new TestNode({
    measured: true, eviction: evictionConfig({ hard: 'memory.available<10%' }),
    observe: async (): Promise<Observations> => {
      const seen = new Map(await observeNode('/'))
      const memory = seen.get('memory.available')
      // Close to the threshold, so that it looks every two seconds.
      return seen.set('memory.available', { available: (memory?.capacity ?? 0) * (short && !evicted(await node.pod('hungry')) ? 0.05 : 0.12), capacity: memory?.capacity ?? 0 })
    },
  })
  const alive = setInterval(() => undefined, 1000)
  beforeAll(() => node.start(), 60_000)
  afterAll(async () => {
    await node.stop()
    clearInterval(alive)
  }, 60_000)

  it('ends pods that take more disk than they may', async () => {
    const fill = (directory: string, mebi: number): string[] => ['sh', '-c', `dd if=/dev/zero of=${directory}/fill bs=1M count=${mebi} && sleep 1000`]
    await Promise.all([
      node.createPod('volume', { volumes: [{ name: 'v', emptyDir: { sizeLimit: '4Mi' } }], containers: [{ name: 'c', command: fill('/v', 6), volumeMounts: [{ name: 'v', mountPath: '/v' }] }] }),
      node.createPod('layer', { containers: [{ name: 'c', command: fill('/tmp', 6), resources: { limits: { 'ephemeral-storage': '4Mi' } } }] }),
      node.createPod('logs', { containers: [{ name: 'c', command: ['sh', '-c', 'yes 0123456789012345678901234567890123456789 | head -n 100000; sleep 1000'], resources: { limits: { 'ephemeral-storage': '4Mi' } } }] }),
      node.createPod('modest', { volumes: [{ name: 'v', emptyDir: { sizeLimit: '8Mi' } }], containers: [{ name: 'c', command: fill('/v', 6), volumeMounts: [{ name: 'v', mountPath: '/v' }], resources: { limits: { 'ephemeral-storage': '20Mi' } } }] }),
    ])
    expect((await node.untilPod('volume', evicted, 40_000)).status).toMatchObject({ phase: 'Failed', message: 'Usage of EmptyDir volume "v" exceeds the limit "4Mi". ' })
    // containerd looks at the layers of containers now and then only.
    expect((await node.untilPod('layer', evicted, 40_000)).status?.message).toBe('Pod ephemeral local storage usage exceeds the total limit of containers 4Mi. ')
    expect((await node.untilPod('logs', evicted, 40_000)).status?.message).toBe('Pod ephemeral local storage usage exceeds the total limit of containers 4Mi. ')
    expect(running(await node.pod('modest'))).toBe(true)
  }, 90_000)

  it('ends the pod with the most memory first', async () => {
    await node.createPod('hungry', { containers: [{ name: 'c', command: ['sh', '-c', 'head -c 30000000 /dev/zero > /dev/shm/x; sleep 1000'] }] })
    await node.untilPod('hungry', running)
    const deadline = performance.now() + 20_000
    for (;;) {
      const report = await node.kubelet?.usage()
      expect(performance.now()).toBeLessThan(deadline)
      if ((report?.pods.find(({ name }) => name === 'hungry')?.containers[0]?.memoryBytes ?? 0) > 15_000_000) break
      await new Promise((resolve) => setTimeout(resolve, 200))
    }
    short = true
    const gone = await node.untilPod('hungry', evicted, 30_000)
    expect(gone.status?.message).toMatch(/^The node was low on resource: memory\. Threshold quantity: \d+\w*, available: \d+\w*\. Container c was using \d+Ki, request is 0, has larger consumption of memory\. $/)
    expect(gone.status?.conditions).toEqual(expect.arrayContaining([expect.objectContaining({ type: 'DisruptionTarget', reason: 'TerminationByKubelet' })]))
    expect(running(await node.pod('modest'))).toBe(true)
  }, 90_000)
})
