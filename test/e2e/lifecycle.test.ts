// The cluster's own life: up, status, restart, down, and what is left on the machine.
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { stateDirectoryOf } from '../../cmd/cluster-flags.ts'
import { testImage } from '../images/build.ts'
import { eventually, processesOfPod, TestCluster } from './cluster.ts'
import { tracesOnMachine } from './machine.ts'

let cluster: TestCluster
let uid = ''
const before = tracesOnMachine()

beforeAll(async () => {
  cluster = await TestCluster.prepare()
})

afterAll(() => cluster?.remove())

const pod = `
apiVersion: v1
kind: Pod
metadata: { name: sleeper, labels: { app: sleeper } }
spec:
  terminationGracePeriodSeconds: 1
  containers:
    - { name: main, image: 'busybox:1.36', command: [sh, -c, 'trap exit TERM; while :; do sleep 1; done'], volumeMounts: [{ name: scratch, mountPath: /scratch }] }
  volumes: [{ name: scratch, emptyDir: { medium: Memory } }]
`

test('before anything runs: status and down say so, check finds the machine fit', async () => {
  const status = await cluster.tryKinglet(['status'])
  expect([status.code, status.stdout]).toEqual([1, expect.stringMatching(/^server\s+not running/)])
  expect((await cluster.tryKinglet(['down'])).stderr).toContain('no server was running')
  const kubeconfig = await cluster.tryKinglet(['kubeconfig'])
  expect([kubeconfig.code, kubeconfig.stderr]).toEqual([1, expect.stringContaining('start the cluster with: kinglet up')])
  const check = await cluster.tryKinglet(['check'])
  expect(check.stdout).toMatch(/^✓ root: yes$/m)
  expect(check.stdout).toMatch(/^✓ port 6443 \(API server\): free$/m)
  expect([check.code, check.stdout.match(/^✗.*/m)]).toEqual([0, null])
})

test('up: plain lines without a terminal, a ready node, DNS that answers, a kubeconfig', async () => {
  const { stdout, stderr, code } = await cluster.tryKinglet(['up', '--node-name=node-1', '--tls-san=kinglet.example.com,10.9.8.7'])
  expect([code, stderr]).toEqual([0, 'API server ready\ncontrollers and scheduler at work\nnode ready\ncluster DNS answers\n'])
  expect(stdout).toBe(`export KUBECONFIG=${cluster.kubeconfig}\n`)
  expect(await cluster.kinglet(['kubeconfig'])).toMatch(/current-context: kinglet\n/)
  expect(await cluster.kinglet(['status'])).toMatch(/API\s+ready\nnode\s+node-1 Ready, kubelet v1\.35\.0\+kinglet\S*, containerd:/)
  const again = await cluster.tryKinglet(['up'])
  expect([again.code, again.stdout]).toEqual([0, expect.stringMatching(/^kinglet is up already \(process \d+\)$/m)])
  const names = await cluster.inNetwork('sh', ['-c', 'openssl s_client -connect 127.0.0.1:6443 </dev/null 2>/dev/null | openssl x509 -noout -ext subjectAltName'])
  for (const name of ['DNS:kubernetes.default.svc', 'DNS:kinglet.example.com', 'IP Address:10.9.8.7', 'IP Address:10.43.0.1', `IP Address:${cluster.network.address}`]) expect(names).toContain(name)
})

test('images come from archives and are listed', async () => {
  expect(await cluster.kinglet(['image', 'import', testImage('busybox')])).toContain('docker.io/library/busybox:1.36\n')
  expect(await cluster.kinglet(['image', 'ls'])).toMatch(/^NAME\s+DIGEST[^]*docker\.io\/library\/busybox:1\.36\s+[0-9a-f]{12}$/m)
  const bad = join(cluster.directory, 'bad.tar')
  writeFileSync(bad, 'this is no archive')
  const refused = await cluster.tryKinglet(['image', 'import', bad])
  expect([refused.code, refused.stderr]).toEqual([1, expect.stringMatching(/^kinglet: .*bad\.tar: /)])
  expect((await cluster.tryKinglet(['image', 'import', '/nosuch.tar'])).stderr).toBe("kinglet: /nosuch.tar can't be read (ENOENT)\n")
})

test('a second cluster on the machine is refused', async () => {
  const other = join(cluster.directory, 'other')
  const refused = await cluster.tryKinglet(['server', `--data-dir=${other}`])
  expect([refused.code, refused.stderr]).toEqual([1, expect.stringMatching(/^kinglet: another kinglet runs on this machine: process \d+, data directory \S+\/data;/m)])
  const down = await cluster.tryKinglet(['down', `--data-dir=${other}`])
  expect([down.code, down.stderr]).toEqual([1, expect.stringContaining('another kinglet runs on this machine')])
  expect((await cluster.tryKinglet(['status'])).code).toBe(0)
})

test('SIGTERM ends the server in order and leaves the pods', async () => {
  await cluster.kubectl('apply -f -', { input: pod })
  await cluster.kubectl('wait pod/sleeper --for=condition=Ready --timeout=60s')
  uid = await cluster.kubectl(['get', 'pod', 'sleeper', '-o', 'jsonpath={.metadata.uid}'])
  const started = await cluster.kubectl(['get', 'pod', 'sleeper', '-o', 'jsonpath={.status.containerStatuses[0].containerID}'])
  process.kill(await cluster.serverPid(), 'SIGTERM')
  await eventually(() => !cluster.network.processes().some((line) => line.includes('kinglet.js server')), 'the server has ended')
  expect(processesOfPod(uid, 'sh')).toHaveLength(1)
  await cluster.up()
  await cluster.kubectl('wait pod/sleeper --for=condition=Ready --timeout=30s')
  expect(await cluster.kubectl(['get', 'pod', 'sleeper', '-o', 'jsonpath={.status.containerStatuses[0].containerID}'])).toBe(started)
})

test('down leaves nothing on the machine', async () => {
  expect((await cluster.tryKinglet(['down'])).code).toBe(0)
  expect(cluster.network.processes()).toEqual([])
  expect([processesOfPod(uid, 'sh'), processesOfPod(uid, 'pause')]).toEqual([[], []])
  expect((await cluster.inNetwork('ip', ['-br', 'link'])).split('\n').map((line) => line.split(/[\s@]/)[0]).filter((name) => name && !['lo', 'eth0', 'tunl0', 'sit0', 'ip6tnl0', 'gre0', 'gretap0', 'erspan0'].includes(name))).toEqual([])
  expect(await cluster.inNetwork('nft', ['list', 'tables'])).toBe('')
  expect(await cluster.inNetwork('ip', ['route', 'show', 'table', 'all'])).not.toMatch(/10\.4[23]\./)
  const after = tracesOnMachine()
  // The pods' network namespaces are mounts in the state directory.
  const places = [cluster.directory, stateDirectoryOf(cluster.dataDirectory)]
  expect(after.mounts.filter((path) => places.some((place) => path.startsWith(place)))).toEqual([])
  const added = (now: readonly string[], then: readonly string[]): string[] => now.filter((name) => !then.includes(name))
  expect(added(after.cgroups, before.cgroups)).toEqual([])
  expect(added(after.networkCache, before.networkCache)).toEqual([])
  expect(added(after.stateDirectories, before.stateDirectories)).toEqual([])
  expect([existsSync(cluster.dataDirectory), existsSync(cluster.kubeconfig)]).toEqual([true, false])
})

test('up after down has all objects again, and runs the pods anew', async () => {
  await cluster.up()
  await eventually(async () => {
    const found = await cluster.tryKubectl('get pod sleeper --no-headers')
    return /1\/1\s+Running/.test(found.stdout)
  }, 'the pod runs again')
  expect(await cluster.kinglet(['image', 'ls'])).toContain('docker.io/library/busybox:1.36')
})

test('down --purge forgets the data too', async () => {
  expect((await cluster.tryKinglet(['down', '--purge'])).code).toBe(0)
  expect(existsSync(cluster.dataDirectory)).toBe(false)
})

test('a configuration file stands for flags, and the command line wins', async () => {
  const config = join(cluster.directory, 'config.yaml')
  mkdirSync(cluster.directory, { recursive: true })
  writeFileSync(config, `https-listen-port: 7443\nnode-name: from-file\ntls-san: [a.example.com]\ndisable-agent: true\nwrite-kubeconfig: ${cluster.kubeconfig}\n`)
  await cluster.kinglet(['up', `--config=${config}`, '--https-listen-port=7444'])
  expect(await cluster.kubectl(['config', 'view', '--minify', '-o', 'jsonpath={.clusters[0].cluster.server}'])).toBe('https://127.0.0.1:7444')
  expect((await cluster.tryKubectl('get nodes')).stderr).toBe('No resources found\n')
  expect((await cluster.tryKinglet(['down', '--purge'])).code).toBe(0)
  rmSync(config)
})
