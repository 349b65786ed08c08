// What a node has from a full Linux: AppArmor profiles, volumes of a file server, a shutdown that logind announces, and kinglet as a service of systemd.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Node } from '../../pkg/api/types-node.ts'
import type { Pod } from '../../pkg/api/types-pod.ts'
import { eventually, root, TestCluster } from '../e2e/cluster.ts'
import { patience } from '../e2e/patience.ts'

const unit = 'kinglet-vm-test.service'
const unitFile = `/run/systemd/system/${unit}`
const refusal = '/run/systemd/system/poweroff.target.d'
const profileFile = '/etc/apparmor.d/kinglet-vm-test'
const run = (program: string, ...args: readonly string[]): string => execFileSync(program, args, { encoding: 'utf8' })

let cluster: TestCluster
const podOf = (name: string): Promise<Pod> => cluster.json<Pod>(`get pod ${name}`)
const apply = (...items: readonly object[]): Promise<string> => cluster.kubectl('apply -f -', { input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items }) })
const pod = (name: string, command: string, { more = {}, spec = {} }: { more?: object; spec?: object } = {}): object => ({
  apiVersion: 'v1', kind: 'Pod', metadata: { name },
  spec: { terminationGracePeriodSeconds: 1, containers: [{ name: 'main', image: 'busybox:1.36', command: ['sh', '-c', command], ...more }], ...spec },
})
const ready = (name: string): Promise<string> => cluster.kubectl(`wait --for=condition=Ready pod/${name} --timeout=${60 * patience}s`)
const ended = (name: string): Promise<Pod> => eventually(async () => {
  const found = await podOf(name)
  return found.status?.phase === 'Succeeded' || found.status?.phase === 'Failed' ? found : undefined
}, `the end of ${name}`)

beforeAll(async () => {
  cluster = await TestCluster.prepare()
  // As a service from the beginning: systemd learns that it is ready, and its end is no pod's.
  const [program, args] = cluster.network.command(process.execPath, [
    '--disable-warning=ExperimentalWarning', join(root, 'dist/kinglet.js'), 'server', `--data-dir=${cluster.dataDirectory}`, '--node-name=node-1',
    '--kubelet-arg=shutdown-grace-period=40s', '--kubelet-arg=shutdown-grace-period-critical-pods=10s',
  ])
  writeFileSync(unitFile, `[Unit]\nDescription=kinglet under test\n[Service]\nType=notify\nKillMode=process\nDelegate=yes\nTimeoutStartSec=${120 * patience}\nExecStart=/usr/bin/${program} ${args.join(' ')}\n`)
  run('systemctl', 'daemon-reload')
  run('systemctl', 'start', unit)
  await cluster.kinglet(['image', 'import', join(root, '.cache/images/busybox.tar')])
})

afterAll(async () => {
  try {
    execFileSync('systemctl', ['stop', unit])
    await cluster?.remove()
  } finally {
    for (const path of [unitFile, profileFile]) rmSync(path, { force: true })
    run('systemctl', 'daemon-reload')
  }
})

test('profiles of AppArmor confine whom they are given to', async () => {
  writeFileSync(profileFile, 'profile kinglet-vm-test flags=(attach_disconnected) {\n  file,\n  network,\n  capability,\n  signal,\n  deny /tmp/** w,\n}\n')
  run('apparmor_parser', '-r', profileFile)
  const command = 'cat /proc/self/attr/current; echo x > /tmp/x && echo written'
  const confined = (name: string, profile: object | undefined): object => pod(name, command, { spec: { restartPolicy: 'Never' }, more: profile ? { securityContext: { appArmorProfile: profile } } : {} })
  await apply(
    confined('own', { type: 'Localhost', localhostProfile: 'kinglet-vm-test' }), confined('usual', { type: 'RuntimeDefault' }), confined('open', { type: 'Unconfined' }), confined('unsaid', undefined),
    confined('missing', { type: 'Localhost', localhostProfile: 'no-such-profile' }),
  )
  const said: Record<string, string> = {}
  for (const name of ['own', 'usual', 'open', 'unsaid']) {
    await ended(name)
    said[name] = await cluster.kubectl(`logs ${name}`)
  }
  expect(said['own']).toMatch(/^kinglet-vm-test \(enforce\)\n.*Permission denied\n$/s)
  expect(said['usual']).toBe('cri-containerd.apparmor.d (enforce)\nwritten\n')
  expect(said['open']).toMatch(/unconfined\)?\nwritten\n$/)
  expect(said['unsaid']).toBe(said['usual'])
  const waiting = await eventually(async () => (await podOf('missing')).status?.containerStatuses?.[0]?.state?.waiting, 'what is said of a missing profile')
  await eventually(async () => (await podOf('missing')).status?.containerStatuses?.[0]?.state?.waiting?.reason === 'CreateContainerError', `CreateContainerError, not ${waiting.reason}`)
  await cluster.kubectl(`delete pod own usual open unsaid missing --timeout=${60 * patience}s`)
})

test("a file server's directory is a volume", async () => {
  const share = join(cluster.directory, 'share')
  mkdirSync(share)
  writeFileSync(join(share, 'file'), 'served\n')
  run('systemctl', 'start', 'nfs-server')
  run('exportfs', '-o', 'rw,no_root_squash,insecure', `*:${share}`)
  try {
    // The node's network is the test's: the server is the machine, at the other end of its link.
    const server = run('ip', '-n', cluster.network.name, 'route', 'show', 'default').split(' ')[2] ?? ''
    await apply(
      { apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name: 'share' }, spec: { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteMany'], storageClassName: '', mountOptions: ['nfsvers=4.2'], nfs: { server, path: share } } },
      { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'share' }, spec: { accessModes: ['ReadWriteMany'], storageClassName: '', volumeName: 'share', resources: { requests: { storage: '1Gi' } } } },
      pod('files', 'cat /data/file; echo mine > /data/own; sleep 100000', { more: { volumeMounts: [{ name: 'data', mountPath: '/data' }] }, spec: { volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'share' } }] } }),
      pod('reader', 'cat /data/file; echo no > /data/refused; sleep 100000', { more: { volumeMounts: [{ name: 'data', mountPath: '/data' }] }, spec: { volumes: [{ name: 'data', nfs: { server, path: share, readOnly: true } }] } }),
    )
    await ready('files')
    await eventually(async () => (await cluster.kubectl('logs files')) === 'served\n' && existsSync(join(share, 'own')), 'what the pod read and wrote')
    expect(readFileSync(join(share, 'own'), 'utf8')).toBe('mine\n')
    await ready('reader')
    await eventually(async () => /^served\n.*Read-only file system\n$/s.test(await cluster.kubectl('logs reader')), 'the refusal')
    expect(readFileSync('/proc/self/mounts', 'utf8')).toMatch(/ nfs4 rw,[^\n]*vers=4\.2/)
    await cluster.kubectl(`delete pod files reader --timeout=${60 * patience}s`)
    await cluster.kubectl('delete pvc/share pv/share')
    expect(readFileSync('/proc/self/mounts', 'utf8')).not.toMatch(/ nfs4 /)
  } finally {
    run('exportfs', '-u', `*:${share}`)
    run('systemctl', 'stop', 'nfs-server')
  }
})

test('a service that is stopped, or killed, leaves its pods running; the next one finds them', async () => {
  await apply(pod('calm', 'sleep 100000'))
  await ready('calm')
  const before = (await podOf('calm')).status?.containerStatuses?.[0]
  const mainPid = (): number => Number(run('systemctl', 'show', '-p', 'MainPID', '--value', unit))
  const first = mainPid()
  expect(first).toBe(await cluster.serverPid())
  run('systemctl', 'restart', unit)
  run('systemctl', 'kill', '--kill-whom=main', '-s', 'KILL', unit)
  await eventually(() => run('systemctl', 'show', '-p', 'ActiveState', '--value', unit).trim() === 'failed', 'the end of the service')
  expect(run('systemctl', 'show', '-p', 'Result', '--value', unit).trim()).toBe('signal')
  run('systemctl', 'start', unit)
  expect(mainPid()).not.toBe(first)
  const after = (await podOf('calm')).status?.containerStatuses?.[0]
  expect([after?.containerID, after?.restartCount]).toEqual([before?.containerID, 0])
  expect(await cluster.kubectl('exec calm -- echo there')).toBe('there\n')
})

test('logind holds a shutdown up until the pods have ended in order; one that is called off is over', async () => {
  const marks = join(cluster.directory, 'marks')
  mkdirSync(marks)
  const marking = (name: string, spec: object): object => pod(name, `trap 'echo ${name} >> /marks/ended; exit 0' TERM; while :; do sleep 0.1; done`, {
    more: { volumeMounts: [{ name: 'marks', mountPath: '/marks' }] }, spec: { terminationGracePeriodSeconds: 30, volumes: [{ name: 'marks', hostPath: { path: marks } }], ...spec },
  })
  await apply(marking('plain', {}), { ...marking('vital', { priorityClassName: 'system-node-critical' }) })
  await ready('plain')
  await ready('vital')
  const locks = (): string[] => run('systemd-inhibit', '--list', '--no-legend', '--no-pager').split('\n').filter((line) => /^\s*kinglet\s/.test(line))
  await eventually(() => locks().length === 1, 'the one lock of kinglet')
  expect(locks()[0]).toMatch(/shutdown .* delay$/)
  expect(run('busctl', 'get-property', 'org.freedesktop.login1', '/org/freedesktop/login1', 'org.freedesktop.login1.Manager', 'InhibitDelayMaxUSec').trim()).toBe('t 40000000')
  // The machine does not really go down, which logind learns at the very end: a masked target it would refuse at once.
  mkdirSync(refusal)
  writeFileSync(join(refusal, 'refuse.conf'), '[Unit]\nRefuseManualStart=yes\n')
  run('systemctl', 'daemon-reload')
  try {
    run('busctl', 'call', 'org.freedesktop.login1', '/org/freedesktop/login1', 'org.freedesktop.login1.Manager', 'PowerOff', 'b', 'false')
    const condition = async (): Promise<string> => {
      const found = (await cluster.json<Node>('get node node-1')).status?.conditions?.find(({ type }) => type === 'Ready')
      return `${found?.status}: ${found?.message}`
    }
    for (const name of ['plain', 'vital']) {
      const { status } = await ended(name)
      expect(status).toMatchObject({ reason: 'Terminated', message: 'Pod was terminated in response to imminent node shutdown.' })
    }
    expect(readFileSync(join(marks, 'ended'), 'utf8')).toBe('plain\nvital\n')
    await eventually(async () => (await condition()) === 'True: kubelet is posting ready status', 'the node to be ready again')
    await eventually(() => locks().length === 1, 'the lock for the next time')
  } finally {
    rmSync(refusal, { recursive: true })
    run('systemctl', 'daemon-reload')
  }
})

test('check finds the machine fit', async () => {
  const { code, stdout } = await cluster.tryKinglet(['check'])
  expect([code, stdout.match(/^✗.*/m)]).toEqual([0, null])
  expect(stdout).toMatch(/^✓ cgroups: v2$/m)
})
