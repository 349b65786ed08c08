// A CSI driver beside a real cluster: from a claim to a mounted volume and back, through restarts, growth and too many of them.
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { HttpsClient } from '../../pkg/client/https-client.ts'
import { TestCsiDriver } from '../plugins/csi-driver.ts'
import { CsiSidecars } from '../plugins/csi-sidecars.ts'
import { eventually, TestCluster } from './cluster.ts'
import { connectionTo } from './connection.ts'

const name = 'disks.test.kinglet.io'
let cluster: TestCluster
let driver: TestCsiDriver
let sidecars: CsiSidecars
let client: HttpsClient

beforeAll(async () => {
  cluster = await TestCluster.start()
  const state = join(cluster.directory, 'csi-state')
  mkdirSync(state)
  driver = new TestCsiDriver({ name, root: join(cluster.dataDirectory, 'agent'), state, maxVolumes: 3, nodeId: 'node-id-1' })
  client = new HttpsClient({ ...connectionTo(cluster), userAgent: 'csi-sidecars' })
  sidecars = new CsiSidecars({ client, driver, name })
  sidecars.start()
  await driver.start()
  await cluster.kubectl('apply -f -', { input: `
apiVersion: storage.k8s.io/v1
kind: CSIDriver
metadata: { name: ${name} }
spec: { attachRequired: true, podInfoOnMount: true, fsGroupPolicy: File, volumeLifecycleModes: [Persistent, Ephemeral] }
---
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: { name: disks }
provisioner: ${name}
allowVolumeExpansion: true
volumeBindingMode: WaitForFirstConsumer
` })
  await eventually(async () => (await cluster.kubectl('get csinode node-1 -o jsonpath={.spec.drivers[*].name}')) === name, 'the driver is on the node')
})

afterAll(async () => {
  await sidecars?.stop()
  driver?.stop()
  client?.close()
  await cluster?.remove()
})

const claim = (claimName: string, volumeMode = 'Filesystem'): string => `
apiVersion: v1
kind: PersistentVolumeClaim
metadata: { name: ${claimName} }
spec: { storageClassName: disks, accessModes: [ReadWriteOnce], volumeMode: ${volumeMode}, resources: { requests: { storage: 1Gi } } }
---`

const pod = (podName: string, volume: string, use = 'volumeMounts: [{ name: data, mountPath: /data }]', command = 'true'): string => `
apiVersion: v1
kind: Pod
metadata: { name: ${podName} }
spec:
  terminationGracePeriodSeconds: 1
  securityContext: { fsGroup: 4321 }
  containers: [{ name: main, image: 'busybox:1.36', command: [sh, -c, '${command} && trap exit TERM && while :; do sleep 1; done'], ${use} }]
  volumes: [{ name: data, ${volume} }]
---`
const of = (claimName: string): string => `persistentVolumeClaim: { claimName: ${claimName} }`
const apply = (text: string): Promise<string> => cluster.kubectl('apply -f -', { input: text })
const ready = (pods: string): Promise<string> => cluster.kubectl(`wait --for=condition=Ready --timeout=60s ${pods}`)
const mounts = (): string[] => readFileSync('/proc/self/mountinfo', 'utf8').split('\n').flatMap((line) => line.split(' ')[4] ?? []).filter((path) => path.includes('kubernetes.io~csi') || path.includes('kubernetes.io/csi'))

test('a claim becomes a volume, attached once and mounted in two pods; both outlive a killed server', async () => {
  await apply(claim('shared') + pod('one', of('shared'), undefined, 'echo hello > /data/file') + pod('two', of('shared')))
  await ready('pod/one pod/two')
  expect(await cluster.kubectl('get pvc shared')).toMatch(/shared\s+Bound\s+pvc-\S+\s+1Gi\s+RWO\s+disks/)
  expect(await cluster.kubectl('get volumeattachments')).toMatch(new RegExp(`csi-[0-9a-f]{64}\\s+${name}\\s+pvc-\\S+\\s+node-1\\s+true`))
  expect(await cluster.kubectl('exec two -- cat /data/file')).toBe('hello\n')
  expect(await cluster.kubectl(['exec', 'one', '--', 'stat', '-c', '%g', '/data/file'])).toBe('4321\n')
  expect(driver.of('NodeStageVolume')).toMatchObject([{ publishContext: { lun: '7' } }])
  expect(await cluster.kubectl('describe pod one')).toMatch(/SuccessfulAttachVolume\s+\S+\s+attachdetach-controller\s+AttachVolume\.Attach succeeded for volume "pvc-/)
  expect(await cluster.kubectl('get node node-1 -o jsonpath={.status.volumesInUse[*]}')).toMatch(new RegExp(`^kubernetes.io/csi/${name}\\^pvc-`))

  const summary = JSON.parse(await cluster.kubectl('get --raw /api/v1/nodes/node-1/proxy/stats/summary')) as { pods: { podRef: { name: string }; volume?: object[] }[] }
  expect(summary.pods.find(({ podRef }) => podRef.name === 'one')?.volume).toEqual([
    { time: expect.any(String), name: 'data', pvcRef: { name: 'shared', namespace: 'default' }, capacityBytes: 100, usedBytes: 40, availableBytes: 60, inodes: 10, inodesFree: 6, inodesUsed: 4 },
    expect.objectContaining({ name: expect.stringMatching(/^kube-api-access-/), usedBytes: expect.any(Number) }),
  ])

  process.kill(await cluster.serverPid(), 'SIGKILL')
  await cluster.up()
  await eventually(() => driver.notices.filter(({ pluginRegistered }) => pluginRegistered).length >= 2, 'the driver is registered again')
  await cluster.kubectl('delete pod one --wait')
  await eventually(() => driver.of('NodeUnpublishVolume').length === 1, 'one volume is unpublished')
  expect(driver.of('NodeUnstageVolume')).toEqual([])
  expect(await cluster.kubectl('exec two -- cat /data/file')).toBe('hello\n')
  expect(await cluster.kubectl('get pod two -o jsonpath={.status.containerStatuses[0].restartCount}')).toBe('0')
})

test('a volume grows while it is used', async () => {
  await cluster.kubectl(['patch', 'pvc', 'shared', '--type=merge', '-p', '{"spec":{"resources":{"requests":{"storage":"2Gi"}}}}'])
  await eventually(async () => (await cluster.kubectl('get pvc shared -o jsonpath={.status.capacity.storage}')) === '2Gi', 'the claim has grown')
  expect(await cluster.kubectl('get pvc shared -o jsonpath={.status.conditions}')).toBe('')
  expect(driver.of('NodeExpandVolume')).toMatchObject([{ capacityRange: { requiredBytes: 2 ** 31 } }])
  await eventually(async () => /FileSystemResizeSuccessful\s+\S+\s+kubelet\s+MountVolume\.NodeExpandVolume succeeded/.test(await cluster.kubectl('describe pvc shared')), 'the event')
})

test('block and inline volumes, and no more volumes than the driver can attach', async () => {
  await apply(claim('disk', 'Block') + pod('disk', of('disk'), 'volumeDevices: [{ name: data, devicePath: /dev/data }]', 'test -b /dev/data') + pod('inline', `csi: { driver: ${name}, volumeAttributes: { a: b } }`))
  await ready('pod/disk pod/inline')
  await apply(claim('third') + pod('third', of('third')) + claim('fourth') + pod('fourth', of('fourth')))
  await eventually(async () => (await cluster.kubectl('get events --field-selector=reason=FailedScheduling')).includes('1 node(s) exceed max volume count'), 'one too many')
  await eventually(async () => (await cluster.kubectl('get pods --field-selector=status.phase=Pending -o name')).trim().split('\n').length === 1, 'only one waits')
  await cluster.kubectl('delete pod disk --wait')
  await ready('pod/third pod/fourth')
})

test('everything goes: mounts, attachments, volumes and what the driver had of them', async () => {
  await cluster.kubectl('delete pods --all --wait')
  await cluster.kubectl('delete pvc --all --wait')
  await eventually(async () => (await cluster.kubectl('get pv,volumeattachments -o name')) === '', 'nothing is left')
  expect(mounts()).toEqual([])
  expect(readdirSync(join(cluster.directory, 'csi-state'))).toEqual([])
  await eventually(async () => (await cluster.kubectl('get node node-1 -o jsonpath={.status.volumesInUse}{.status.volumesAttached}')) === '', 'the node uses none')
  driver.stop()
  await eventually(async () => (await cluster.kubectl('get csinode node-1 -o jsonpath={.spec.drivers}')) === '[]', 'the driver is gone')
  expect(existsSync(driver.registrationSocket)).toBe(false)
})
