// A cluster of hollow nodes in this process, without root and containerd: real controllers and scheduler, kubectl against it.
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { deployments } from '../../pkg/api/types-workload.ts'
import { nodes } from '../../pkg/api/types-node.ts'
import { clusterRoleBindings } from '../../pkg/api/types-auth.ts'
import { type Pod, pods } from '../../pkg/api/types-pod.ts'
import { Cluster } from '../../pkg/cluster/cluster.ts'
import { type ClusterOptions, defaultClusterOptions } from '../../pkg/cluster/options.ts'

const run = promisify(execFile)
const kubectlPath = join(import.meta.dirname, '../../.cache/tools/kubectl')

describe('hollow nodes', () => {
  const directory = mkdtempSync(join(tmpdir(), 'kinglet-hollow-cluster-'))
  const options: ClusterOptions = {
    ...defaultClusterOptions, dataDirectory: directory, stateDirectory: join(directory, 'run'), bindAddress: '127.0.0.1', httpsPort: 0, inMemory: true,
    nodeName: 'sim', nodeIP: '192.0.2.7', kubeconfigPath: join(directory, 'kubeconfig.yaml'), disableAgent: true, hollowNodes: 3,
  }
  const logged: string[] = []
  let cluster: Cluster
  const alive = setInterval(() => undefined, 1000)
  beforeAll(async () => { cluster = await Cluster.start(options, { log: (text) => void logged.push(text) }) }, 60_000)
  afterAll(async () => {
    await cluster?.stop()
    clearInterval(alive)
    rmSync(directory, { recursive: true, force: true })
  }, 60_000)

  const kubectl = async (...args: string[]): Promise<{ stdout: string; stderr: string; code: number }> =>
    run(kubectlPath, args, { env: { ...process.env, KUBECONFIG: join(directory, 'kubeconfig.yaml'), HOME: directory } })
      .then(({ stdout, stderr }) => ({ stdout, stderr, code: 0 }), (error: { stdout: string; stderr: string; code: number }) => error)
  const until = async <T>(look: () => Promise<T>, fits: (found: T) => boolean): Promise<T> => {
    for (const deadline = performance.now() + 20_000; ;) {
      const found = await look()
      if (fits(found)) return found
      if (performance.now() > deadline) throw new Error(`not in time: ${JSON.stringify(found)}\n${logged.join('\n')}`)
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }

  it('are ready, each with an address of its own', async () => {
    const { items } = await cluster.client.list(nodes)
    expect(items.map(({ metadata, status }) => [metadata.name, status?.addresses?.[0]?.address, status?.capacity?.['cpu']])).toEqual([
      ['sim-hollow-1', '100.64.0.254', '32'], ['sim-hollow-2', '100.64.1.254', '32'], ['sim-hollow-3', '100.64.2.254', '32'],
    ])
    // A kubelet writes as one, and only about itself: see the node authorizer's tests for what it may.
    for (const { metadata } of items) {
      // A first status in the second of the registration changes nothing, and so is nobody's.
      const [made, ...later] = (metadata.managedFields ?? []).filter(({ manager }) => manager === 'kubelet').map(({ subresource = '' }) => subresource)
      expect([made, ...later.filter((subresource) => subresource !== 'status')]).toEqual([''])
    }
    await until(() => cluster.client.list(nodes), (list) => list.items.every(({ status }) => status?.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True')))
  })

  it('run deployments, spread over them', async () => {
    await cluster.client.create(deployments, {
      apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web', namespace: 'default' },
      spec: { replicas: 9, selector: { matchLabels: { app: 'web' } }, template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'c', image: 'nginx', resources: { requests: { cpu: '1' } } }] } } },
    })
    await until(() => cluster.client.get(deployments, { namespace: 'default', name: 'web' }), ({ status }) => status?.readyReplicas === 9)
    const { items } = await cluster.client.list(pods, { namespace: 'default' })
    const perNode = new Map<string, number>()
    for (const { spec } of items) perNode.set(spec.nodeName ?? '', (perNode.get(spec.nodeName ?? '') ?? 0) + 1)
    expect([...perNode.values()].sort()).toEqual([3, 3, 3])
    expect(new Set(items.map(({ status }) => status?.podIP)).size).toBe(9)
  })

  it('get pods from a scheduler that may do what its role grants, and nothing else', async () => {
    const { client } = cluster
    const pod = (name: string, cpu: string, more: Partial<Pod['spec']> = {}, namespace = 'default'): Pod => ({
      apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace }, spec: { terminationGracePeriodSeconds: 0, containers: [{ name: 'c', image: 'i', resources: { requests: { cpu } } }], ...more },
    })
    const names = ['low-1', 'low-2', 'low-3']
    for (const name of names) await client.create(pods, pod(name, '20'))
    await until(() => client.list(pods, { namespace: 'default' }), ({ items }) => items.filter(({ metadata: { name = '' }, status }) => names.includes(name) && status?.phase === 'Running').length === 3)
    // Preemption: a status is written, a pod is deleted.
    await client.create(pods, pod('high', '20', { priorityClassName: 'system-cluster-critical' }, 'kube-system'))
    await until(() => client.get(pods, { namespace: 'kube-system', name: 'high' }), ({ status }) => status?.phase === 'Running')
    expect((await client.list(pods, { namespace: 'default' })).items.filter(({ metadata: { name = '' } }) => names.includes(name))).toHaveLength(2)

    const key = { name: 'system:kube-scheduler' }
    const { metadata: { labels, annotations }, ...granted } = await client.get(clusterRoleBindings, key)
    await client.delete(clusterRoleBindings, key)
    await client.create(pods, pod('waiting', '1'))
    await until(async () => logged, (texts) => texts.some((text) => text.includes('waiting') && text.includes('forbidden')))
    expect((await client.get(pods, { namespace: 'default', name: 'waiting' })).spec.nodeName).toBeUndefined()
    await client.create(clusterRoleBindings, { ...granted, metadata: { ...key, ...(labels ? { labels } : {}), ...(annotations ? { annotations } : {}) } })
    await until(() => client.get(pods, { namespace: 'default', name: 'waiting' }), ({ status }) => status?.phase === 'Running')
    for (const { metadata: { name = '', namespace } } of (await client.list(pods)).items) if (/^(low-|high|waiting)/.test(name)) await client.delete(pods, { name, namespace }, { gracePeriodSeconds: 0 })
  }, 60_000)

  it('have logs, answers and usage by annotations', async () => {
    const pod: Pod = {
      apiVersion: 'v1', kind: 'Pod',
      metadata: {
        name: 'scripted', namespace: 'default', annotations: {
          'hollow.kinglet.io/logs': 'hello\nworld', 'hollow.kinglet.io/exec': '{"date": "today\\n", "ls /x": {"stderr": "ls: /x: no such file\\n", "exitCode": 2}}',
          'hollow.kinglet.io/cpu': '250m', 'hollow.kinglet.io/memory': '64Mi',
        },
      },
      spec: { containers: [{ name: 'c', image: 'i' }] },
    }
    await cluster.client.create(pods, pod)
    await until(() => cluster.client.get(pods, { namespace: 'default', name: 'scripted' }), ({ status }) => status?.phase === 'Running')
    expect((await kubectl('logs', 'scripted')).stdout).toBe('hello\nworld\n')
    expect(await kubectl('exec', 'scripted', '--', 'date')).toMatchObject({ stdout: 'today\n', code: 0 })
    expect(await kubectl('exec', 'scripted', '--', 'ls', '/x')).toMatchObject({ stderr: expect.stringContaining('ls: /x: no such file\n'), code: 2 })
    const { KUBECTL_REMOTE_COMMAND_WEBSOCKETS: _unset, ...environment } = process.env
    const bySpdy = await run(kubectlPath, ['exec', 'scripted', '--', 'date'], { env: { ...environment, KUBECTL_REMOTE_COMMAND_WEBSOCKETS: 'false', KUBECONFIG: join(directory, 'kubeconfig.yaml'), HOME: directory } })
    expect(bySpdy.stdout).toBe('today\n')
    const usage = await until(() => kubectl('top', 'pod', 'scripted', '--no-headers'), ({ code }) => code === 0)
    expect(usage.stdout.trim().split(/\s+/)).toEqual(['scripted', '250m', '64Mi'])
  })
})
