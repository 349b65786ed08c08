// A CSI driver that runs in a pod, as drivers do: what it mounts there is a volume in other pods.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { eventually, root, TestCluster } from './cluster.ts'
import { tracesOnMachine } from './machine.ts'

const name = 'in-pod.test.kinglet.io'
const before = tracesOnMachine()
let cluster: TestCluster

beforeAll(async () => { cluster = await TestCluster.start(['busybox', 'toolbox']) })
afterAll(() => cluster?.remove())

const apply = (text: string): Promise<string> => cluster.kubectl('apply -f -', { input: text })
const driverPod = (kubelet: string, state: string): string => `
apiVersion: storage.k8s.io/v1
kind: CSIDriver
metadata: { name: ${name} }
spec: { attachRequired: false, podInfoOnMount: true, volumeLifecycleModes: [Persistent, Ephemeral] }
---
apiVersion: v1
kind: Pod
metadata: { name: driver }
spec:
  terminationGracePeriodSeconds: 5
  containers:
    - name: driver
      image: kinglet.test/toolbox:1
      command: [node, '--disable-warning=ExperimentalWarning', '${root}/test/plugins/csi-driver-main.ts', '${name}', '${kubelet}', '${state}']
      securityContext: { privileged: true }
      volumeMounts:
        - { name: kubelet, mountPath: '${kubelet}', mountPropagation: Bidirectional }
        - { name: state, mountPath: '${state}' }
        - { name: code, mountPath: '${root}', readOnly: true }
  volumes:
    - { name: kubelet, hostPath: { path: '${kubelet}', type: Directory } }
    - { name: state, hostPath: { path: '${state}', type: Directory } }
    - { name: code, hostPath: { path: '${root}', type: Directory } }
`
const user = (pod: string, volume: string, command: string): string => `
---
apiVersion: v1
kind: Pod
metadata: { name: ${pod} }
spec:
  terminationGracePeriodSeconds: 1
  containers: [{ name: main, image: 'busybox:1.36', command: [sh, -c, '${command}'], volumeMounts: [{ name: data, mountPath: /data }] }]
  volumes: [{ name: data, ${volume} }]
`
const ready = (pods: string): Promise<string> => cluster.kubectl(`wait --for=condition=Ready --timeout=60s ${pods}`)
const csiMounts = (): string[] => readFileSync('/proc/self/mountinfo', 'utf8').split('\n').flatMap((line) => line.split(' ')[4] ?? []).filter((path) => path.startsWith(cluster.directory) && /kubernetes.io[~/]csi/.test(path))

test('a driver in a pod stages and publishes: a claim for two pods, an inline volume for one, and all of it goes again', async () => {
  const kubelet = join(cluster.dataDirectory, 'agent')
  const state = join(cluster.directory, 'csi-state')
  mkdirSync(join(state, 'disk-1/files'), { recursive: true })
  writeFileSync(join(state, 'disk-1/files/greeting'), 'from the driver\n')
  await apply(driverPod(kubelet, state))
  await ready('pod/driver')
  await eventually(async () => (await cluster.kubectl('get csinode node-1 -o jsonpath={.spec.drivers[*].name}')) === name, 'the driver is on the node')
  await apply(`
apiVersion: v1
kind: PersistentVolume
metadata: { name: disk-1 }
spec:
  capacity: { storage: 1Gi }
  accessModes: [ReadWriteMany]
  storageClassName: ''
  persistentVolumeReclaimPolicy: Retain
  csi: { driver: ${name}, volumeHandle: disk-1 }
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: { name: shared }
spec: { storageClassName: '', volumeName: disk-1, accessModes: [ReadWriteMany], resources: { requests: { storage: 1Gi } } }
${user('writer', 'persistentVolumeClaim: { claimName: shared }', 'cat /data/greeting > /data/copy && exec sleep 1000')}
${user('reader', 'persistentVolumeClaim: { claimName: shared }', 'exec sleep 1000')}
${user('inline', `csi: { driver: ${name} }`, 'echo own > /data/file && exec sleep 1000')}
`)
  await ready('pod/writer pod/reader pod/inline')
  expect(await eventually(async () => (await cluster.tryKubectl(['exec', 'reader', '--', 'cat', '/data/copy'])).stdout || undefined, 'what the other pod wrote')).toBe('from the driver\n')
  expect(readFileSync(join(state, 'disk-1/files/copy'), 'utf8')).toBe('from the driver\n')
  expect(await eventually(async () => (await cluster.tryKubectl(['exec', 'inline', '--', 'cat', '/data/file'])).stdout || undefined, 'the inline volume')).toBe('own\n')
  // One staged, three published; seen from here, where the driver is not.
  expect(csiMounts()).toHaveLength(4)

  await cluster.kubectl('delete pod writer reader inline --wait')
  await eventually(() => csiMounts().length === 0, 'everything is unmounted')
  expect(existsSync(join(state, 'disk-1/files/copy'))).toBe(true)
})

test('a killed server finds its mount again, and down takes it off the machine', async () => {
  const kubelet = join(cluster.dataDirectory, 'agent')
  const own = (): string[] => readFileSync('/proc/self/mountinfo', 'utf8').split('\n').filter((line) => line.split(' ')[4] === kubelet)
  const mounted = own()
  expect(mounted.length).toBeLessThanOrEqual(1)
  process.kill(await cluster.serverPid(), 'SIGKILL')
  await cluster.up()
  expect(own()).toEqual(mounted)
  await cluster.kinglet(['down'])
  expect(tracesOnMachine().mounts.filter((path) => !before.mounts.includes(path) && path.startsWith(cluster.directory))).toEqual([])
})

test('the kubelet has another root when it is told so: drivers find it there, and down and purge leave nothing', async () => {
  const kubelet = join(cluster.directory, 'var-lib-kubelet')
  const state = join(cluster.directory, 'csi-state')
  await cluster.up([`--kubelet-arg=root-dir=${kubelet}`])
  await cluster.kubectl('delete pods --all --wait --timeout=60s')
  await apply(driverPod(kubelet, state))
  await ready('pod/driver')
  await apply(user('inline', `csi: { driver: ${name} }`, 'echo own > /data/file && exec sleep 1000'))
  await ready('pod/inline')
  expect(await eventually(async () => (await cluster.tryKubectl(['exec', 'inline', '--', 'cat', '/data/file'])).stdout || undefined, 'the inline volume')).toBe('own\n')
  expect(csiMounts()).toEqual([expect.stringMatching(new RegExp(`^${kubelet}/pods/.*/volumes/kubernetes.io~csi/data/mount$`))])
  process.kill(await cluster.serverPid(), 'SIGKILL')
  const elsewhere = await cluster.tryKinglet(['up', '--node-name=node-1'])
  expect([elsewhere.code, elsewhere.stderr]).toEqual([expect.any(Number), expect.stringContaining(`--kubelet-arg: root-dir: pods are still in ${kubelet}; run kinglet down before`)])
  await cluster.kinglet(['down', '--purge'])
  expect(tracesOnMachine().mounts.filter((path) => !before.mounts.includes(path) && path.startsWith(cluster.directory))).toEqual([])
  // What the driver made is its own.
  expect(existsSync(kubelet) ? readdirSync(kubelet, { recursive: true }).sort() : []).toEqual(['plugins', `plugins/${name}`, `plugins/${name}/csi.sock`])
})
