// Pods with users of their own: what they are inside and outside, what they see of their volumes, and that no two have the same.
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync, chownSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Pod } from '../../pkg/api/types-pod.ts'
import { eventually, processesOfPod, TestCluster } from '../e2e/cluster.ts'
import { PodDriver, podOf } from './pods.ts'

let cluster: TestCluster
let driver: PodDriver
beforeAll(async () => {
  cluster = await TestCluster.start(['busybox'])
  driver = new PodDriver(cluster)
  await driver.checkRuntime()
})
afterAll(() => cluster?.remove())

const uidOf = (pod: Pod): string => pod.metadata.uid ?? ''
const directoryOf = (pod: Pod): string => join(cluster.dataDirectory, 'agent/pods', uidOf(pod))
const words = (text: string): string[] => text.trim().split(/\s+/)
const mapOf = async (name: string): Promise<number[]> => words(await driver.exec(name, 'cat /proc/self/uid_map')).map(Number)
const remembered = (pod: Pod): unknown => JSON.parse(readFileSync(join(directoryOf(pod), 'userns'), 'utf8'))

test('the node tells that it can', async () => {
  const { status } = await cluster.json<{ status: object }>('get node node-1')
  expect(status).toMatchObject({
    features: { supplementalGroupsPolicy: true },
    runtimeHandlers: expect.arrayContaining([{ name: '', features: { recursiveReadOnlyMounts: true, userNamespaces: true } }]) as unknown,
  })
})

test('root inside is nobody outside, and with hostUsers: true it is root', async () => {
  const [own] = await driver.start(podOf('own', { hostUsers: false }), podOf('shared', { hostUsers: true }), podOf('unsaid'))
  const [inside, outside, length] = await mapOf('own')
  expect([inside, length]).toEqual([0, 65_536])
  expect(outside).toBeGreaterThanOrEqual(65_536)
  expect((outside ?? 0) % 65_536).toBe(0)
  expect(words(await driver.exec('own', 'cat /proc/self/gid_map')).map(Number)).toEqual([0, outside, 65_536])
  expect(await driver.exec('own', 'id -u')).toBe('0\n')
  const [pid] = processesOfPod(uidOf(own!), 'sleep')
  expect(/^Uid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]).toBe(String(outside))
  for (const name of ['shared', 'unsaid']) expect(await mapOf(name)).toEqual([0, 0, 4_294_967_295])
  expect(remembered(own!)).toEqual({ uidMappings: [{ hostId: outside, containerId: 0, length: 65_536 }], gidMappings: [{ hostId: outside, containerId: 0, length: 65_536 }] })
  await driver.remove('own', 'shared', 'unsaid')
  const metrics = await cluster.kubectl('get --raw /api/v1/nodes/node-1/proxy/metrics')
  expect(metrics).toMatch(/^kubelet_started_user_namespaced_pods_total 1$/m)
  expect(metrics).toMatch(/^kubelet_started_user_namespaced_pods_errors_total 0$/m)
})

test('no two have users in common, also with a kubelet in between; what ends gives them back', async () => {
  const pods = await driver.start(...['a', 'b', 'c'].map((name) => podOf(name, { hostUsers: false })))
  const before = await Promise.all(['a', 'b', 'c'].map(async (name) => (await mapOf(name))[1]))
  expect(new Set(before).size).toBe(3)
  process.kill(await cluster.serverPid(), 'SIGKILL')
  await cluster.up()
  await driver.remove('b')
  await eventually(() => !existsSync(directoryOf(pods[1]!)), 'the directory of the removed pod is gone')
  const more = Array.from({ length: 5 }, (_, index) => `more-${index}`)
  await driver.start(...more.map((name) => podOf(name, { hostUsers: false })))
  const after = await Promise.all(['a', 'c', ...more].map(async (name) => (await mapOf(name))[1]))
  expect(after.slice(0, 2)).toEqual([before[0], before[2]])
  expect(new Set(after).size).toBe(7)
  // A container that is made anew, in a sandbox made anew, is who it was.
  const [pause] = processesOfPod(uidOf(pods[0]!), 'pause')
  process.kill(pause!, 'SIGKILL')
  await driver.until('a', ({ status }) => (status?.containerStatuses?.[0]?.restartCount ?? 0) > 0 && status?.containerStatuses?.[0]?.state?.running !== undefined, 'has a new sandbox')
  expect((await mapOf('a'))[1]).toBe(before[0])
  await driver.remove('a', 'c', ...more)
  await eventually(() => readdirSync(join(cluster.dataDirectory, 'agent/pods')).every((uid) => !existsSync(join(cluster.dataDirectory, 'agent/pods', uid, 'userns'))), 'all ranges are free')
})

const files = {
  configMap: { configMap: { name: 'settings' } }, secret: { secret: { secretName: 'secrets' } }, empty: { emptyDir: {} }, memory: { emptyDir: { medium: 'Memory' } },
  downward: { downwardAPI: { items: [{ path: 'name', fieldRef: { fieldPath: 'metadata.name' } }] } },
  projected: { projected: { sources: [{ configMap: { name: 'settings' } }, { secret: { name: 'secrets' } }, { serviceAccountToken: { path: 'token' } }] } },
}
const fileVolumes = () => ({
  volumes: Object.entries(files).map(([name, source]) => ({ name: name.toLowerCase(), ...source })),
  mounts: Object.keys(files).map((name) => ({ name: name.toLowerCase(), mountPath: `/vol/${name.toLowerCase()}` })),
})

test('their volumes have the owners that they would have without', async () => {
  await driver.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'settings' }, data: { setting: 'x' } }, { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'secrets' }, stringData: { secret: 'y' } })
  const { volumes, mounts } = fileVolumes()
  const script = 'find -L /vol -mindepth 1 | while read f; do echo "$f $(stat -L -c "%u:%g" "$f")"; done; echo /etc/hosts $(stat -c "%u:%g" /etc/hosts); echo /dev/termination-log $(stat -c "%u:%g" /dev/termination-log)'
  const owners = async (name: string): Promise<Map<string, string>> => new Map((await driver.exec(name, script)).trim().split('\n').map((line) => line.split(' ') as [string, string]))
  await driver.start(podOf('files', { hostUsers: false, spec: { volumes }, container: { volumeMounts: mounts } }), podOf('grouped', { hostUsers: false, spec: { volumes, securityContext: { fsGroup: 200 } }, container: { volumeMounts: mounts } }))
  const plain = await owners('files')
  expect(plain.size).toBeGreaterThan(12)
  expect(new Set(plain.values())).toEqual(new Set(['0:0']))
  const grouped = await owners('grouped')
  for (const path of ['/vol/configmap/setting', '/vol/secret/secret', '/vol/empty', '/vol/memory', '/vol/downward/name', '/vol/projected/token']) expect(`${path} ${grouped.get(path)}`).toBe(`${path} 0:200`)
  // What they write there is theirs for the next of them, and for the node.
  expect(await driver.exec('grouped', 'touch /vol/empty/new && stat -c "%u:%g" /vol/empty/new && cat /vol/secret/secret')).toBe('0:200\ny')
  const empty = join(directoryOf(await driver.get('grouped')), 'volumes/kubernetes.io~empty-dir/empty/new')
  expect([statSync(empty).uid, statSync(empty).gid]).toEqual([0, 200])
  await driver.remove('files', 'grouped')
})

test('a user who is not root reads its token, writes its message and its part of a volume', async () => {
  const path = join(cluster.directory, 'host')
  mkdirSync(join(path, 'part'), { recursive: true })
  for (const each of [path, join(path, 'part')]) chownSync(each, 1000, 1000)
  writeFileSync(join(path, 'roots'), '', { mode: 0o600 })
  const script = 'id -u; test -s /var/run/secrets/kubernetes.io/serviceaccount/token && echo token; touch /part/mine && stat -c %u /part/mine; cat /host/roots 2>&1; echo told > /dev/termination-log; hostname'
  await driver.create(podOf('writer', {
    hostUsers: false,
    spec: { restartPolicy: 'Never', securityContext: { runAsUser: 1000, runAsGroup: 1000 }, volumes: [{ name: 'host', hostPath: { path } }] },
    container: { command: ['sh', '-c', script], volumeMounts: [{ name: 'host', mountPath: '/host' }, { name: 'host', mountPath: '/part', subPath: 'part' }] },
  }))
  const ended = await driver.until('writer', ({ status }) => status?.phase === 'Succeeded', 'has succeeded')
  expect(await cluster.kubectl('logs writer')).toBe('1000\ntoken\n1000\ncat: can\'t open \'/host/roots\': Permission denied\nwriter\n')
  expect(ended.status?.containerStatuses?.[0]?.state?.terminated?.message).toBe('told\n')
  expect(statSync(join(path, 'part/mine')).uid).toBe(1000)
  await driver.remove('writer')
})

test('with their own users may do in their namespace what root may', async () => {
  await driver.start(podOf('capable', { hostUsers: false, container: { securityContext: { capabilities: { add: ['SYS_ADMIN'] }, procMount: 'Unmasked' } } }))
  expect(await driver.exec('capable', 'mkdir /m && mount -t tmpfs tmpfs /m && touch /m/f && echo done')).toBe('done\n')
  // Not so of what belongs to the node.
  expect(await driver.exec('capable', 'echo 1 > /proc/sys/kernel/sysrq; echo $?')).toBe('1\n')
  expect((await driver.exec('capable', 'grep -c " /proc/" /proc/mounts || true')).trim()).toBe('0')
  await driver.remove('capable')
})

test('a debugging container is among the pod\'s users; files go in and out as theirs', async () => {
  await driver.start(podOf('debugged', { hostUsers: false }))
  await cluster.kubectl(['debug', 'debugged', '--image=busybox:1.36', '--container=looking', '--target=main', '--profile=general', '--', 'sh', '-c', 'cat /proc/self/uid_map; ls -d /proc/1/root/bin; sleep 1000'])
  const [, outside] = await mapOf('debugged')
  const said = await eventually(async () => /\d+ +(\d+) +65536\n\S+/.exec(await cluster.kubectl('logs debugged -c looking').catch(() => '')) ?? undefined, 'the debugging container looks')
  expect(said[1]).toBe(String(outside))
  const [to, back] = ['to', 'back'].map((name) => join(cluster.directory, name)) as [string, string]
  writeFileSync(to, 'there and back')
  await cluster.kubectl(`cp ${to} debugged:/tmp/copied -c main`)
  expect(await driver.exec('debugged', 'stat -c %u /tmp/copied')).toBe('0\n')
  await cluster.kubectl(`cp debugged:/tmp/copied ${back} -c main`)
  expect(readFileSync(back, 'utf8')).toBe('there and back')
  await driver.remove('debugged')
})

test('a runtime handler that is not there has no other users either', async () => {
  await driver.create({ apiVersion: 'node.k8s.io/v1', kind: 'RuntimeClass', metadata: { name: 'plain' }, handler: 'none-such' }, podOf('elsewhere', { hostUsers: false, spec: { runtimeClassName: 'plain' } }))
  expect(await driver.eventOf('elsewhere', 'FailedCreatePodSandBox', 'RuntimeClass handler')).toBe("Failed to create pod sandbox: can't set `spec.hostUsers: false`, RuntimeClass handler \"none-such\" does not support user namespaces")
  await driver.remove('elsewhere')
})

test('and are as many as the configuration says, once nobody has others', async () => {
  const file = join(cluster.directory, 'kubelet.yaml')
  writeFileSync(file, 'apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\nuserNamespaces: { idsPerPod: 131072 }\n')
  process.kill(await cluster.serverPid(), 'SIGTERM')
  await eventually(async () => (await cluster.serverPid().catch(() => 0)) === 0, 'the server has ended')
  await cluster.up([`--kubelet-arg=config=${file}`])
  await driver.start(podOf('wide', { hostUsers: false }))
  const [inside, outside, length] = await mapOf('wide')
  expect([inside, (outside ?? 0) % 131_072, length]).toEqual([0, 0, 131_072])
  await driver.remove('wide')
})
