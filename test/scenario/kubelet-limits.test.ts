// What a real kernel enforces besides CPU and memory, and what this node says that it cannot do.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Pod } from '../../pkg/api/types-pod.ts'
import { nodes } from '../../pkg/api/types-node.ts'
import { resourceClaims } from '../../pkg/api/types-device.ts'
import { pods } from '../../pkg/api/types-pod.ts'
import { canRunPods, nodeName, TestNode } from './kubelet-driver.ts'

const describeWithContainerd = canRunPods ? describe : describe.skip
const hugePages = '/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages'
const before = existsSync(hugePages) ? readFileSync(hugePages, 'utf8').trim() : undefined
const cgroupFile = (node: TestNode, controller: string, path: string, names: { v1: string; v2: string }): string => {
  const v2 = join('/sys/fs/cgroup', node.cgroupRoot, path, names.v2)
  return readFileSync(existsSync(v2) ? v2 : join('/sys/fs/cgroup', controller, node.cgroupRoot, path, names.v1), 'utf8').trim()
}

describeWithContainerd('limits of a node', () => {
  const node = new TestNode({ podPidsLimit: 40 })
  const alive = setInterval(() => undefined, 1000)
  beforeAll(async () => {
    // Before the kubelet looks at what there is.
    if (before !== undefined) writeFileSync(hugePages, '8')
    await node.start()
  }, 60_000)
  afterAll(async () => {
    await node.stop()
    if (before !== undefined) writeFileSync(hugePages, before)
    clearInterval(alive)
  }, 60_000)

  it('a pod has no more processes than it may', async () => {
    await node.createPod('forks', { restartPolicy: 'Never', containers: [{ name: 'c', command: ['sh', '-c', 'i=0; while [ $i -lt 100 ]; do sleep 20 & i=$((i+1)); done; echo all'] }] })
    const done = await node.untilPod('forks', ({ status }) => status?.phase === 'Failed' || status?.phase === 'Succeeded', 40_000)
    expect(done.status?.phase).toBe('Failed')
    expect(await node.log(done, { container: 'c' })).toMatch(/can't fork/)
  }, 60_000)

  it('classes of pods share the CPU by what they ask for', async () => {
    await node.createPod('asks', { containers: [{ name: 'c', command: ['sleep', '1000'], resources: { requests: { cpu: '300m' } } }] })
    await node.untilPod('asks', ({ status }) => status?.phase === 'Running')
    const shares = (path: string): string => cgroupFile(node, 'cpu', path, { v1: 'cpu.shares', v2: 'cpu.weight' })
    expect([['307', '12'], ['2', '1']].map((either, index) => either.includes(shares(`kubepods/${['burstable', 'besteffort'][index]}`)))).toEqual([true, true])
    await node.client.delete(pods, { namespace: 'default', name: 'asks' })
    await node.until(pods, 'asks', (gone) => gone === undefined)
  })

  // What becomes of it where users can be mapped is in test/containerd2.
  it('says that it cannot map users', async () => {
    if (node.runtimeFeatures?.userNamespaces) return
    await node.createPod('mapped', { hostNetwork: false, hostUsers: false, containers: [{ name: 'c', command: ['sleep', '1000'] }] })
    for (const deadline = performance.now() + 10_000; ;) {
      const told = await node.eventsOf('mapped')
      if (told.includes("FailedCreatePodSandBox: Failed to create pod sandbox: can't set `spec.hostUsers: false`, runtime does not support user namespaces")) break
      expect(performance.now()).toBeLessThan(deadline)
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    await node.client.delete(pods, { namespace: 'default', name: 'mapped' })
  })

  it('does not start a pod with devices that it cannot prepare', async () => {
    const claim = await node.client.create(resourceClaims, { apiVersion: 'resource.k8s.io/v1', kind: 'ResourceClaim', metadata: { namespace: 'default', name: 'gpu' }, spec: { devices: { requests: [{ name: 'r', exactly: { deviceClassName: 'c' } }] } } })
    const pod = await node.createPod('devices', { resourceClaims: [{ name: 'd', resourceClaimName: 'gpu' }], containers: [{ name: 'c', command: ['sleep', '1000'] }] })
    const results = [{ request: 'r', driver: 'gpu.example.com', pool: 'p', device: 'd' }]
    await node.client.update(resourceClaims, { ...claim, status: { allocation: { devices: { results } }, reservedFor: [{ resource: 'pods', name: 'devices', uid: pod.metadata.uid ?? '' }] } }, { subresource: 'status' })
    for (const deadline = performance.now() + 20_000; ;) {
      if ((await node.eventsOf('devices')).includes('FailedPrepareDynamicResources: Failed to prepare dynamic resources: prepare dynamic resources: DRA driver gpu.example.com is not registered')) break
      expect(performance.now()).toBeLessThan(deadline)
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    await node.client.delete(pods, { namespace: 'default', name: 'devices' })
  })

  it('takes no pod whose groups are to be its own alone when the runtime cannot', async () => {
    if (node.runtimeStrictGroups) return
    await node.createPod('strict', { securityContext: { supplementalGroupsPolicy: 'Strict' }, containers: [{ name: 'c', command: ['sleep', '1000'] }] })
    const refused = await node.untilPod('strict', ({ status }) => status?.phase === 'Failed')
    expect(refused.status).toMatchObject({ reason: 'SupplementalGroupsPolicyNotSupported', message: 'Pod was rejected: SupplementalGroupsPolicy=Strict is not supported in this node' })
  })

  it('cannot enforce AppArmor where the kernel has none', async () => {
    if (existsSync('/sys/kernel/security/apparmor')) return
    await node.createPod('confined', { containers: [{ name: 'c', command: ['sleep', '1000'], securityContext: { appArmorProfile: { type: 'RuntimeDefault' } } }] })
    const refused = await node.untilPod('confined', ({ status }) => status?.phase === 'Failed')
    expect(refused.status).toMatchObject({ reason: 'AppArmor', message: 'Pod was rejected: Cannot enforce AppArmor: AppArmor is not enabled on the host' })
  })

  const withHugePages = before === undefined ? it.skip : it
  withHugePages('huge pages are counted, and mounted where a pod asks for them', async () => {
    const { capacity } = (await node.client.get(nodes, { name: nodeName })).status ?? {}
    // The kernel gives as many as it finds room for.
    const there = Number(readFileSync(hugePages, 'utf8'))
    expect(capacity?.['hugepages-2Mi']).toBe(there === 0 ? '0' : `${there * 2}Mi`)
    if (there < 4) return
    const pod: Pod = await node.createPod('huge', {
      restartPolicy: 'Never', volumes: [{ name: 'pages', emptyDir: { medium: 'HugePages' } }],
      containers: [{
        name: 'c', command: ['sh', '-c', 'grep " /pages " /proc/mounts'], volumeMounts: [{ name: 'pages', mountPath: '/pages' }],
        resources: { limits: { 'hugepages-2Mi': '4Mi', memory: '64Mi', cpu: '100m' } },
      }],
    })
    const done = await node.untilPod('huge', ({ status }) => status?.phase === 'Failed' || status?.phase === 'Succeeded')
    expect([done.status?.phase, await node.log(pod, { container: 'c' })]).toEqual(['Succeeded', expect.stringMatching(/hugetlbfs .*pagesize=2M/)])
    await node.createPod('greedy', { containers: [{ name: 'c', command: ['sleep', '1000'], resources: { limits: { 'hugepages-2Mi': '400Mi', memory: '64Mi' } } }] })
    expect((await node.untilPod('greedy', ({ status }) => status?.phase === 'Failed')).status?.reason).toBe('OutOfhugepages-2Mi')
  })
})
