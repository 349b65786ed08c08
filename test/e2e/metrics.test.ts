// Usage of nodes and pods with the real kubectl, and the kubelet's own endpoint, on a real cluster.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { WebSocket } from 'ws'
import { eventually, TestCluster } from './cluster.ts'

let cluster: TestCluster
const k = (args: string | readonly string[]): Promise<string> => cluster.kubectl(args)
const raw = (path: string): Promise<string> => k(['get', '--raw', path])

beforeAll(async () => {
  cluster = await TestCluster.start()
  // Half a core and some memory, so that there is something to measure.
  await k(['run', 'busy', '--image=busybox:1.36', '--labels=app=busy', '--overrides={"spec":{"terminationGracePeriodSeconds":1,"containers":[{"name":"busy","image":"busybox:1.36","command":["sh","-c","while :; do :; done"],"resources":{"limits":{"cpu":"200m","memory":"32Mi"}}}]}}'])
  await k(['run', 'idle', '--image=busybox:1.36', '--', 'sleep', '100000'])
  await k('wait pod/busy pod/idle --for=condition=Ready --timeout=60s')
})

afterAll(() => cluster?.remove())

/** Rows of kubectl top, by their first column. */
async function top(args: string): Promise<Map<string, string[]>> {
  const rows = (await k(`top ${args} --no-headers`)).trim().split('\n').map((line) => line.trim().split(/\s+/))
  return new Map(rows.map(([name = '', ...rest]) => [name, rest]))
}

const milli = (text = ''): number => Number(/^(\d+)m$/.exec(text)?.[1])
const mebi = (text = ''): number => Number(/^(\d+)Mi$/.exec(text)?.[1])

describe('kubectl top', () => {
  test('node', async () => {
    const [cpu, cpuShare, memory, memoryShare] = (await top('node')).get('node-1') ?? []
    expect(milli(cpu)).toBeGreaterThan(50)
    expect(cpuShare).toMatch(/^\d+%$/)
    expect(mebi(memory)).toBeGreaterThan(50)
    expect(memoryShare).toMatch(/^\d+%$/)
  })

  test('pod measures what a pod does', async () => {
    // The limit holds it at 200m, unless the machine has less to give.
    const pods = await eventually(async () => {
      const found = await top('pod')
      return milli(found.get('busy')?.[0]) > 20 ? found : undefined
    }, 'a busy pod that uses CPU')
    expect(milli(pods.get('busy')?.[0])).toBeLessThan(300)
    expect(milli(pods.get('idle')?.[0])).toBeLessThan(20)
    expect(mebi(pods.get('busy')?.[1])).toBeLessThan(32)
    expect([...(await top('pod --sort-by=cpu')).keys()]).toEqual(['busy', 'idle'])
  })

  test('by label, by name, by container, in all namespaces', async () => {
    expect([...(await top('pod -l app=busy')).keys()]).toEqual(['busy'])
    expect([...(await top('pod idle')).keys()]).toEqual(['idle'])
    expect((await top('pod --containers')).get('busy')?.[0]).toBe('busy')
    expect(await k('top pod -A --sum')).toMatch(/^NAMESPACE +NAME +CPU\(cores\) +MEMORY\(bytes\) *\ndefault +busy [^]*\n +\d+m +\d+Mi/)
    expect((await cluster.tryKubectl('top pod nobody')).stderr).toMatch(/NotFound/)
    expect((await cluster.tryKubectl('top node nobody')).stderr).toMatch(/NotFound/)
  })

  test('is for those who may view', async () => {
    await k('create serviceaccount viewer')
    const may = (): Promise<string> => cluster.tryKubectl('auth can-i list pods.metrics.k8s.io --as=system:serviceaccount:default:viewer').then(({ stdout }) => stdout)
    expect(await may()).toBe('no\n')
    await k('create rolebinding viewer --clusterrole=view --serviceaccount=default:viewer')
    await eventually(async () => await may() === 'yes\n', 'the role view reads pod metrics')
    expect(await k('top pod --as=system:serviceaccount:default:viewer')).toMatch(/^busy /m)
  })
})

test('metrics.k8s.io is discovered, explained and shown as tables', async () => {
  expect(await k('api-resources --api-group=metrics.k8s.io --no-headers')).toMatch(/^nodes +metrics\.k8s\.io\/v1beta1 +false +NodeMetrics\npods +metrics\.k8s\.io\/v1beta1 +true +PodMetrics\n$/)
  expect(await k('explain pods.containers --api-version=metrics.k8s.io/v1beta1')).toMatch(/^ +usage\s+<map\[string\]/m)
  expect(await k('get pods.metrics.k8s.io')).toMatch(/^NAME +CPU +MEMORY +WINDOW\nbusy +\S+ +\d+Ki +\d+(\.\d+)?m?s\n/)
  expect(JSON.parse(await raw('/apis/metrics.k8s.io/v1beta1/namespaces/default/pods/busy'))).toMatchObject({
    kind: 'PodMetrics', metadata: { name: 'busy', namespace: 'default', labels: { app: 'busy' } }, containers: [{ name: 'busy', usage: { cpu: expect.any(String), memory: expect.any(String) } }],
  })
})

describe('the kubelet behind nodes/proxy', () => {
  const proxied = (path: string): Promise<string> => raw(`/api/v1/nodes/node-1/proxy${path}`)

  test('summary', async () => {
    const summary = JSON.parse(await proxied('/stats/summary')) as { node: object; pods: { podRef: { name: string }; network?: object }[] }
    expect(summary.node).toMatchObject({ nodeName: 'node-1', cpu: { usageNanoCores: expect.any(Number) }, memory: { workingSetBytes: expect.any(Number) }, fs: { capacityBytes: expect.any(Number) } })
    expect(summary.pods.find(({ podRef }) => podRef.name === 'busy')).toMatchObject({
      containers: [{ name: 'busy', cpu: { usageCoreNanoSeconds: expect.any(Number) }, memory: { workingSetBytes: expect.any(Number), availableBytes: expect.any(Number) } }],
      cpu: { usageNanoCores: expect.any(Number) }, network: { name: 'eth0', rxBytes: expect.any(Number) },
    })
  })

  test('metrics', async () => {
    expect(await proxied('/metrics/resource')).toMatch(/^container_cpu_usage_seconds_total\{container="busy",namespace="default",pod="busy"\} [\d.]+ \d{13}$/m)
    const cadvisor = await proxied('/metrics/cadvisor')
    expect(cadvisor).toMatch(/^container_cpu_usage_seconds_total\{container="busy",id="\/\S+",image="\S*busybox:\S+",name="[0-9a-f]{64}",namespace="default",pod="busy",cpu="total"\} [\d.]+ \d+$/m)
    expect(cadvisor).toMatch(/^container_memory_working_set_bytes\{container="",id="\/[^"]*pod[^"]*",image="",name="",namespace="default",pod="busy"\} \d+/m)
    expect(cadvisor).toMatch(/^container_network_receive_bytes_total\{[^}]*pod="idle",interface="eth0"\} \d+/m)
    expect(await proxied('/metrics')).toMatch(/^kubelet_running_pods \d+$/m)
    // What rules and dashboards of kube-prometheus read, with the labels that they choose by.
    const counted = (text: string, name: string, labels = ''): boolean => new RegExp(`^${name}(\\{[^}]*${labels}[^}]*\\})? [1-9]`, 'm').test(text)
    const kubelet = await proxied('/metrics')
    expect(([
      ['kubelet_pod_worker_duration_seconds_count', 'operation_type="create"'], ['kubelet_pod_start_duration_seconds_count'], ['kubelet_pod_start_sli_duration_seconds_count', 'first_with_network="true"'],
      ['kubelet_runtime_operations_total', 'operation_type="run_podsandbox"'], ['kubelet_runtime_operations_duration_seconds_count', 'operation_type="start_container"'], ['kubelet_pleg_relist_duration_seconds_count'],
      ['kubelet_cgroup_manager_duration_seconds_count', 'operation_type="create"'], ['kubelet_certificate_manager_server_ttl_seconds'], ['storage_operation_duration_seconds_count', 'volume_plugin="kubernetes.io/projected"'],
      ['volume_manager_total_volumes', 'state="actual_state_of_world"'], ['volume_manager_total_volumes', 'state="desired_state_of_world"'], ['process_open_fds'],
    ] as const).filter(([name, labels]) => !counted(kubelet, name, labels))).toEqual([])
    const plane = await raw('/metrics')
    expect(([
      ['scheduler_schedule_attempts_total', 'result="scheduled"'], ['scheduler_scheduling_attempt_duration_seconds_count', 'result="scheduled"'], ['scheduler_scheduling_algorithm_duration_seconds_count'],
      ['scheduler_pod_scheduling_sli_duration_seconds_count', 'attempts="1"'], ['scheduler_framework_extension_point_duration_seconds_count', 'extension_point="Filter"'],
    ] as const).filter(([name, labels]) => !counted(plane, name, labels))).toEqual([])
  })

  test('pods, logs, config', async () => {
    const names = (text: string): string[] => (JSON.parse(text) as { items: { metadata: { name: string } }[] }).items.map(({ metadata }) => metadata.name).sort()
    expect(names(await proxied('/pods'))).toEqual(['busy', 'idle'])
    expect(names(await proxied('/runningpods/'))).toEqual(['busy', 'idle'])
    expect(JSON.parse(await proxied('/configz'))).toMatchObject({ kubeletconfig: { kind: 'KubeletConfiguration', port: 10250 } })
    expect(await proxied('/healthz')).toBe('ok')
    expect(await proxied('/logs/')).toMatch(/<pre>/)
    expect((await cluster.tryKubectl(['get', '--raw', '/api/v1/nodes/node-1/proxy/nothing'])).code).not.toBe(0)
  })
})

describe("the kubelet's port", () => {
  const tls = (name: string): string => join(cluster.dataDirectory, 'server/tls', name)
  const curl = (...args: string[]): Promise<string> => cluster.inNetwork('curl', ['-sS', '--cacert', tls('server-ca.crt'), ...args])
  const code = (path: string, ...args: string[]): Promise<string> => curl('-o', '/dev/null', '-w', '%{http_code}', ...args, `https://127.0.0.1:10250${path}`)

  test('is told in the node, and shows a certificate of the cluster', async () => {
    expect(await k('get node node-1 -o jsonpath={.status.daemonEndpoints.kubeletEndpoint.Port}')).toBe('10250')
    expect(await code('/pods')).toBe('401')
    expect(await code('/pods', '-H', 'Authorization: Bearer nonsense')).toBe('401')
  })

  test('takes client certificates', async () => {
    expect(await code('/pods', '--cert', tls('client-kube-apiserver.crt'), '--key', tls('client-kube-apiserver.key'))).toBe('200')
    expect(readFileSync(tls('server-ca.crt'), 'utf8')).toMatch(/BEGIN CERTIFICATE/)
  })

  test('takes tokens, for what their roles say', async () => {
    await k('create serviceaccount scraper')
    const token = (await k('create token scraper')).trim()
    const header = ['-H', `Authorization: Bearer ${token}`]
    expect(await code('/metrics/resource', ...header)).toBe('403')
    await k('create clusterrole scrape --verb=get --resource=nodes/metrics')
    await k('create clusterrolebinding scrape --clusterrole=scrape --serviceaccount=default:scraper')
    await eventually(async () => await code('/metrics/resource', ...header) === '200', 'a scraper that may read metrics')
    expect(await code('/stats/summary', ...header)).toBe('403')
    expect(await code('/run/default/busy/busy?cmd=id', '-X', 'POST', ...header)).toBe('403')
  })

  test('and no more than one endpoint, where they say no more', async () => {
    await k('create serviceaccount narrow')
    const header = ['-H', `Authorization: Bearer ${(await k('create token narrow')).trim()}`]
    const paths = { pods: '/pods', healthz: '/healthz/syncloop', configz: '/configz', stats: '/stats/summary', metrics: '/metrics/slis', log: '/logs/' }
    for (const [subresource, path] of Object.entries(paths)) {
      await k(`create clusterrole narrow-${subresource} --verb=get --resource=nodes/${subresource}`)
      await k(`create clusterrolebinding narrow --clusterrole=narrow-${subresource} --serviceaccount=default:narrow`)
      await eventually(async () => await code(path, ...header) === '200', `one who may read ${path}`)
      expect(await code('/containerLogs/default/idle/idle', ...header)).toBe('403')
      await k('delete clusterrolebinding narrow')
      // Answers that were good are believed for ten seconds.
    }
    expect(await curl(...header, 'https://127.0.0.1:10250/run/default/idle/idle?cmd=id', '-X', 'POST')).toMatch(/^Forbidden \(user=system:serviceaccount:default:narrow, verb=create, resource=nodes, subresource\(s\)=\[proxy\]\)/)
  })

  test('tells how it is', async () => {
    const admin = ['--cert', tls('client-admin.crt'), '--key', tls('client-admin.key')]
    expect(await curl(...admin, 'https://127.0.0.1:10250/healthz?verbose')).toBe('[+]ping ok\n[+]log ok\n[+]syncloop ok\nhealthz check passed\n')
    expect(await curl(...admin, 'https://127.0.0.1:10250/metrics/slis')).toMatch(/^kubernetes_healthcheck\{name="syncloop",type="healthz"\} 1$/m)
  })

  test.each(['the port', 'nodes/proxy'])('speaks v5 channels, also to the end of the input: by %s', async (way) => {
    const url = way === 'the port' ? `wss://${cluster.network.address}:10250` : `wss://${cluster.network.address}:6443/api/v1/nodes/node-1/proxy`
    const socket = new WebSocket(`${url}/exec/default/idle/idle?command=wc&command=-c&input=1&output=1`, ['v5.channel.k8s.io'], {
      ca: readFileSync(tls('server-ca.crt')), cert: readFileSync(tls('client-admin.crt')), key: readFileSync(tls('client-admin.key')),
    })
    const got: Buffer[] = []
    socket.on('message', (message: Buffer) => void got.push(message))
    await new Promise((resolve, reject) => void socket.once('open', resolve).once('error', reject))
    expect(socket.protocol).toBe('v5.channel.k8s.io')
    socket.send(Buffer.from('\0hello'))
    socket.send(Buffer.from([255, 0]))
    expect(await new Promise((resolve) => socket.once('close', resolve))).toBe(1000)
    const of = (channel: number): string => Buffer.concat(got.filter((message) => message[0] === channel).map((message) => message.subarray(1))).toString()
    expect([of(1).trim(), JSON.parse(of(3))]).toEqual(['5', { metadata: {}, status: 'Success' }])
  })

  test('serves logs and commands', async () => {
    const admin = ['--cert', tls('client-admin.crt'), '--key', tls('client-admin.key')]
    expect(await curl(...admin, '-X', 'POST', 'https://127.0.0.1:10250/run/default/idle/idle?cmd=echo%20hello')).toBe('hello\n')
    expect(await curl(...admin, 'https://127.0.0.1:10250/containerLogs/default/idle/idle?tailLines=5')).toBe('')
    const upgrade = ['-i', '-N', '--http1.1', '-m', '5', '-H', 'Connection: Upgrade', '-H', 'Upgrade: SPDY/3.1', '-H', 'X-Stream-Protocol-Version: v4.channel.k8s.io']
    const outcome = await cluster.inNetwork('sh', ['-c', 'curl -sS "$@" || true', 'sh', '--cacert', tls('server-ca.crt'), ...admin, ...upgrade, '-X', 'POST', 'https://127.0.0.1:10250/exec/default/idle/idle?command=id&output=1'])
    expect(outcome).toMatch(/^HTTP\/1\.1 101 /)
  })

  test('that is taken is told of, with who has it', async () => {
    const holder = cluster.followProgram(...cluster.network.command('/usr/bin/env', ['python3', '-c', 'import socket,time\ns=socket.socket()\ns.bind(("0.0.0.0",10999))\ns.listen()\nprint("up",flush=True)\ntime.sleep(600)']))
    await holder.says(/up/)
    await cluster.kinglet(['down'])
    const outcome = await cluster.tryKinglet(['up', '--node-name=node-1', '--kubelet-port=10999'])
    await holder.end()
    expect(outcome.code).not.toBe(0)
    expect(outcome.stderr).toMatch(/--kubelet-port: port 10999 is taken by process \d+ \(python3\)/)
    await cluster.up(['--kubelet-port=0'])
    expect(await k('get node node-1 -o jsonpath={.status.daemonEndpoints.kubeletEndpoint.Port}')).toBe('0')
    expect((await top('node')).get('node-1')).toHaveLength(4)
  })
})
