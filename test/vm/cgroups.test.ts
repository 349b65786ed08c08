// Pods on cgroup version 2, with both drivers: what the kernel enforces on them, what systemd keeps, and that all of it goes.
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { totalmem } from 'node:os'
import { join } from 'node:path'
import type { Node } from '../../pkg/api/types-node.ts'
import type { Pod } from '../../pkg/api/types-pod.ts'
import { eventually, TestCluster } from '../e2e/cluster.ts'
import { patience } from '../e2e/patience.ts'

const mount = '/sys/fs/cgroup'
const wait = (pods: string): string => `wait --for=condition=Ready ${pods} --timeout=${60 * patience}s`
const file = (directory: string, name: string): string => readFileSync(join(mount, directory, name), 'utf8').trim()

const container = (resources: object): object => ({ name: 'main', image: 'busybox:1.36', command: ['sleep', '100000'], resources })
const pod = (name: string, resources: object, more: object = {}): object =>
  ({ apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec: { terminationGracePeriodSeconds: 1, containers: [{ ...container(resources), ...more }] } })

interface Layout { readonly pods: string; readonly burstable: string; readonly besteffort: string; pod(qos: string, uid: string): string; container(id: string): string }
const layouts: Record<'systemd' | 'cgroupfs', Layout> = {
  systemd: {
    pods: 'kubepods.slice', burstable: 'kubepods.slice/kubepods-burstable.slice', besteffort: 'kubepods.slice/kubepods-besteffort.slice',
    pod: (qos, uid) => (qos === '' ? `kubepods.slice/kubepods-pod${uid.replaceAll('-', '_')}.slice` : `kubepods.slice/kubepods-${qos}.slice/kubepods-${qos}-pod${uid.replaceAll('-', '_')}.slice`),
    container: (id) => `cri-containerd-${id}.scope`,
  },
  cgroupfs: {
    pods: 'kinglet/kubepods', burstable: 'kinglet/kubepods/burstable', besteffort: 'kinglet/kubepods/besteffort',
    pod: (qos, uid) => `kinglet/kubepods/${qos === '' ? '' : `${qos}/`}pod${uid}`, container: (id) => id,
  },
}

describe.each(['systemd', 'cgroupfs'] as const)('the %s driver', (driver) => {
  let cluster: TestCluster
  const layout = layouts[driver]
  const get = (name: string): Promise<Pod> => cluster.json<Pod>(`get pod ${name}`)
  const where = async (name: string): Promise<{ pod: string; main: string }> => {
    const { metadata, status } = await get(name)
    const own = layout.pod(status?.qosClass === 'Guaranteed' ? '' : (status?.qosClass ?? '').toLowerCase(), metadata.uid ?? '')
    const id = status?.containerStatuses?.[0]?.containerID?.replace('containerd://', '') ?? ''
    return { pod: own, main: join(own, layout.container(id)) }
  }

  beforeAll(async () => {
    cluster = await TestCluster.prepare()
    await cluster.up([`--kubelet-arg=cgroup-driver=${driver}`, '--kubelet-arg=pod-max-pids=77'])
    await cluster.kinglet(['image', 'import', join(import.meta.dirname, '../../.cache/images/busybox.tar')])
    const pods = [
      pod('guaranteed', { limits: { cpu: '500m', memory: '64Mi' } }), pod('burstable', { requests: { cpu: '250m', memory: '32Mi' }, limits: { memory: '64Mi' } }), pod('best', {}),
    ]
    await cluster.kubectl('apply -f -', { input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items: pods }) })
    await cluster.kubectl(wait('pod/guaranteed pod/burstable pod/best'))
  })

  afterAll(async () => {
    await cluster?.remove()
    expect([existsSync(join(mount, 'kinglet')), existsSync(join(mount, 'kubepods.slice'))]).toEqual([false, false])
  })

  const limits = async (): Promise<Record<string, readonly string[]>> => {
    const names = ['cpu.weight', 'cpu.max', 'memory.max', 'pids.max']
    const of = (directory: string): readonly string[] => names.map((name) => file(directory, name))
    const entries = await Promise.all(['guaranteed', 'burstable', 'best'].map(async (name) => [name, of((await where(name)).pod)] as const))
    return { ...Object.fromEntries(entries), 'all pods': of(layout.pods), 'all burstable': of(layout.burstable), 'all best': of(layout.besteffort) }
  }
  const expected = {
    guaranteed: ['20', '50000 100000', String(64 << 20), '77'], burstable: ['10', 'max 100000', String(64 << 20), '77'], best: ['1', 'max 100000', 'max', '77'],
    'all pods': ['79', 'max 100000', String(totalmem()), 'max'], 'all burstable': ['10', 'max 100000', 'max', 'max'], 'all best': ['1', 'max 100000', 'max', 'max'],
  }

  test('the node is ready, by version 2 and a containerd that has it', async () => {
    const node = await cluster.json<Node>('get node node-1')
    expect(node.status?.conditions?.find(({ type }) => type === 'Ready')?.status).toBe('True')
    expect(node.status?.nodeInfo?.containerRuntimeVersion).toMatch(/^containerd:\/\/2\./)
    const { kubeletconfig } = JSON.parse(await cluster.kubectl('get --raw /api/v1/nodes/node-1/proxy/configz')) as { kubeletconfig: { cgroupDriver: string } }
    expect(kubeletconfig.cgroupDriver).toBe(driver)
  })

  test('each class and pod has what it asks for', async () => {
    // The classes follow their pods.
    await eventually(() => file(layout.burstable, 'cpu.weight') === '10', 'the weight of the burstable')
    expect(await limits()).toEqual(expected)
  })

  test('a container ends as a whole and does not swap', async () => {
    const { main } = await where('best')
    expect(file(main, 'memory.swap.max')).toBe('0')
    const hog = pod('hog', { limits: { memory: '32Mi' } }, { command: ['sh', '-c', 'tail /dev/zero & wait; sleep 100000'] }) as { spec: object }
    await cluster.kubectl('apply -f -', { input: JSON.stringify({ ...hog, spec: { ...hog.spec, restartPolicy: 'Never' } }) })
    const ended = await eventually(async () => {
      const found = await get('hog')
      return found.status?.phase === 'Failed' ? found : undefined
    }, 'the end of the hog')
    expect(ended.status?.containerStatuses?.[0]?.state?.terminated).toMatchObject({ reason: 'OOMKilled', exitCode: 137 })
    const own = layout.pod('burstable', ended.metadata.uid ?? '')
    await cluster.kubectl(`delete pod hog --timeout=${60 * patience}s`)
    await eventually(() => !existsSync(join(mount, own)), 'the end of its cgroup')
  })

  if (driver === 'systemd') {
    test('systemd keeps the limits over a reload', async () => {
      execFileSync('systemctl', ['daemon-reload'])
      expect(await limits()).toEqual(expected)
      const { pod: path } = await where('guaranteed')
      expect(execFileSync('systemctl', ['show', '-p', 'MemoryMax,CPUQuotaPerSecUSec,TasksMax,CPUWeight', path.split('/').at(-1) ?? ''], { encoding: 'utf8' }).trim().split('\n').sort())
        .toEqual(['CPUQuotaPerSecUSec=500ms', 'CPUWeight=20', `MemoryMax=${64 << 20}`, 'TasksMax=77'])
    })
  }

  test('a pod is resized in place', async () => {
    const { pod: own, main } = await where('guaranteed')
    const before = await get('guaranteed')
    await cluster.kubectl(['patch', 'pod', 'guaranteed', '--subresource=resize', '-p', JSON.stringify({ spec: { containers: [{ name: 'main', resources: { requests: { cpu: '700m', memory: '96Mi' }, limits: { cpu: '700m', memory: '96Mi' } } }] } })])
    await eventually(async () => (await get('guaranteed')).status?.containerStatuses?.[0]?.resources?.limits?.['memory'] === '96Mi', 'the resize')
    for (const directory of [own, main]) expect([file(directory, 'cpu.max'), file(directory, 'memory.max')]).toEqual(['70000 100000', String(96 << 20)])
    expect(file(own, 'cpu.weight')).toBe('28')
    expect((await get('guaranteed')).status?.containerStatuses?.[0]).toMatchObject({ containerID: before.status?.containerStatuses?.[0]?.containerID, restartCount: 0 })
  })

  test('usage and pressure are told from its files', async () => {
    interface Psi { some?: { total: number; avg10: number } }
    interface Usage { cpu: { usageCoreNanoSeconds: number; psi?: Psi }; memory: { workingSetBytes: number; rssBytes: number; availableBytes?: number; psi?: Psi }; io?: { psi: Psi } }
    const summary = JSON.parse(await cluster.kubectl('get --raw /api/v1/nodes/node-1/proxy/stats/summary')) as { node: Usage; pods: (Usage & { podRef: { name: string }; containers: Usage[]; process_stats: { process_count: number } })[] }
    const found = summary.pods.find(({ podRef }) => podRef.name === 'burstable')!
    const [main] = found.containers
    expect(main?.cpu.usageCoreNanoSeconds).toBeGreaterThan(0)
    expect(main?.memory.workingSetBytes).toBeGreaterThan(0)
    expect((main?.memory.workingSetBytes ?? 0) + (main?.memory.availableBytes ?? 0)).toBe(64 << 20)
    expect(found.process_stats.process_count).toBe(2)
    for (const usage of [summary.node, found, main!]) {
      for (const psi of [usage.cpu.psi, usage.memory.psi, usage.io?.psi]) expect(psi?.some).toEqual({ total: expect.any(Number), avg10: expect.any(Number), avg60: expect.any(Number), avg300: expect.any(Number) })
    }
    const metrics = await cluster.kubectl('get --raw /api/v1/nodes/node-1/proxy/metrics/cadvisor')
    for (const name of ['cpu_usage_seconds_total', 'memory_working_set_bytes', 'pressure_cpu_waiting_seconds_total', 'pressure_memory_stalled_seconds_total', 'pressure_io_waiting_seconds_total']) {
      expect(metrics).toMatch(new RegExp(`^container_${name}\\{[^}]*container="main"[^}]*pod="burstable"`, 'm'))
    }
    expect(metrics).toMatch(new RegExp(`^container_spec_memory_limit_bytes\\{[^}]*container="main"[^}]*pod="burstable"[^}]*\\} ${64 << 20}\\b`, 'm'))
  })

  test('a pod takes its cgroup with it', async () => {
    const { pod: own } = await where('best')
    await cluster.kubectl(`delete pod best --timeout=${60 * patience}s`)
    await eventually(() => !existsSync(join(mount, own)), 'the end of its cgroup')
    expect(readdirSync(join(mount, layout.besteffort)).filter((name) => name.includes('pod'))).toEqual([])
  })
})
