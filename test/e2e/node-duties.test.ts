// What a real node does on its own: static pods from its directory, and another address under running pods.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Node, NodeCondition } from '../../pkg/api/types-node.ts'
import type { Pod } from '../../pkg/api/types-pod.ts'
import { eventually, TestCluster } from './cluster.ts'

let cluster: TestCluster
beforeAll(async () => { cluster = await TestCluster.start() })
afterAll(() => cluster?.remove())

const podOf = async (name: string): Promise<Pod | undefined> => {
  const { code, stdout } = await cluster.tryKubectl(`get pod ${name} -o json`)
  return code === 0 ? JSON.parse(stdout) as Pod : undefined
}
const isReady = (pod: Pod | undefined): boolean => pod?.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false

test('a file becomes a pod, with log, exec and events by its mirror; it outlives the mirror and goes with the file', async () => {
  const directory = join(cluster.dataDirectory, 'agent/pod-manifests')
  mkdirSync(directory, { recursive: true })
  writeFileSync(join(directory, 'web.yaml'), `
apiVersion: v1
kind: Pod
metadata: { name: web }
spec:
  terminationGracePeriodSeconds: 1
  containers: [{ name: main, image: 'busybox:1.36', command: [sh, -c, 'echo static; sleep 1000'] }]
`)
  const pod = await eventually(async () => {
    const found = await podOf('web-node-1')
    return isReady(found) ? found : undefined
  }, 'the static pod')
  expect(pod.metadata.annotations?.['kubernetes.io/config.source']).toBe('file')
  expect(await cluster.kubectl('logs web-node-1')).toBe('static\n')
  expect(await cluster.kubectl(['exec', 'web-node-1', '--', 'hostname'])).toBe('web-node-1\n')
  await eventually(async () => /Started\s.*kubelet\s.*Container started/.test(await cluster.kubectl('describe pod web-node-1')), 'the events of the static pod, found by its mirror')
  await cluster.kubectl('delete pod web-node-1')
  const again = await eventually(async () => {
    const found = await podOf('web-node-1')
    return found && found.metadata.uid !== pod.metadata.uid && isReady(found) ? found : undefined
  }, 'another mirror')
  expect(again.status?.containerStatuses?.[0]?.containerID).toBe(pod.status?.containerStatuses?.[0]?.containerID)
  rmSync(join(directory, 'web.yaml'))
  await eventually(async () => (await podOf('web-node-1')) === undefined, 'the end of the static pod')
})

test('claimed volumes are measured, for Prometheus and in the summary', async () => {
  const claim = join(cluster.directory, 'claim.yaml')
  writeFileSync(claim, `
apiVersion: v1
kind: PersistentVolumeClaim
metadata: { name: data }
spec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 10Mi } } }
---
apiVersion: v1
kind: Pod
metadata: { name: db }
spec:
  terminationGracePeriodSeconds: 1
  containers: [{ name: main, image: 'busybox:1.36', command: [sleep, '1000'], volumeMounts: [{ name: data, mountPath: /data }] }]
  volumes: [{ name: data, persistentVolumeClaim: { claimName: data } }]
`)
  await cluster.kubectl(['apply', '-f', claim])
  await cluster.kubectl('wait --for=condition=Ready pod/db --timeout=60s')
  const metrics = await cluster.kubectl('get --raw /api/v1/nodes/node-1/proxy/metrics')
  for (const name of ['capacity_bytes', 'available_bytes', 'used_bytes', 'inodes', 'inodes_free', 'inodes_used']) {
    expect(metrics).toMatch(new RegExp(`^kubelet_volume_stats_${name}\\{namespace="default",persistentvolumeclaim="data"\\} \\d+$`, 'm'))
  }
  const summary = JSON.parse(await cluster.kubectl('get --raw /api/v1/nodes/node-1/proxy/stats/summary')) as { pods: { podRef: { name: string }; volume?: object[] }[] }
  expect(summary.pods.find(({ podRef }) => podRef.name === 'db')?.volume).toContainEqual(expect.objectContaining({ name: 'data', pvcRef: { name: 'data', namespace: 'default' }, capacityBytes: expect.any(Number) }))
  await cluster.kubectl('delete pod db --wait=true')
})

test('a killed runtime is no matter; one that hangs costs the node its readiness until it answers again', async () => {
  await cluster.kubectl(['run', 'calm', '--image=busybox:1.36', '--', 'sleep', '1000'])
  await cluster.kubectl('wait --for=condition=Ready pod/calm --timeout=60s')
  const ready = async (): Promise<NodeCondition | undefined> => (await cluster.json<Node>('get node node-1')).status?.conditions?.find(({ type }) => type === 'Ready')
  const containerd = (): number | undefined => cluster.network.processes().flatMap((line) => (/^\d+ \S*containerd .*--config/.test(line) ? [Number(line.split(' ')[0])] : []))[0]
  const before = await ready()
  const first = containerd() ?? 0
  process.kill(first, 'SIGKILL')
  const second = await eventually(() => { const pid = containerd(); return pid === first ? undefined : pid }, 'another containerd')
  await cluster.kubectl(['run', 'after', '--image=busybox:1.36', '--', 'sleep', '1000'])
  await cluster.kubectl('wait --for=condition=Ready pod/after --timeout=60s')
  expect(await ready()).toMatchObject({ status: 'True', lastTransitionTime: before?.lastTransitionTime })
  process.kill(second, 'SIGSTOP')
  try {
    const unready = await eventually(async () => { const found = await ready(); return found?.status === 'False' ? found : undefined }, 'the node is not ready', 90_000)
    expect(unready).toMatchObject({ reason: 'KubeletNotReady', message: 'container runtime is down' })
  } finally {
    process.kill(second, 'SIGCONT')
  }
  await eventually(async () => (await ready())?.status === 'True', 'the node is ready again', 60_000)
  for (const reason of ['NodeNotReady', 'NodeReady']) {
    await eventually(async () => (await cluster.kubectl('get events -A --field-selector=involvedObject.kind=Node -o jsonpath={range.items[*]}{.reason}:{.message}{"\\n"}{end}')).includes(`${reason}:Node node-1 status is now: ${reason}\n`), `the event ${reason}`)
  }
  expect((await podOf('calm'))?.status?.containerStatuses?.[0]).toMatchObject({ restartCount: 0, state: { running: {} } })
  await cluster.kubectl('delete pod calm after --wait=true')
}, 240_000)

test('another address: the node, its certificates and the kubernetes service have it; pods go on', async () => {
  await cluster.kubectl(['run', 'kept', '--image=busybox:1.36', '--', 'sleep', '1000'])
  await cluster.kubectl('wait --for=condition=Ready pod/kept --timeout=60s')
  const before = await podOf('kept')
  const old = cluster.network.address
  const renewed = `10.99.${old.split('.').slice(2).join('.')}`
  await cluster.inNetwork('ip', ['address', 'add', `${renewed}/32`, 'dev', 'eth0'])
  await cluster.inNetwork('ip', ['route', 'replace', 'default', 'dev', 'eth0', 'src', renewed])
  await cluster.inNetwork('ip', ['address', 'del', `${old}/30`, 'dev', 'eth0'])
  await cluster.inNetwork('ip', ['route', 'replace', 'default', 'dev', 'eth0', 'src', renewed])
  await eventually(async () => (await cluster.json<Node>('get node node-1')).status?.addresses?.some(({ address }) => address === renewed), 'the node with its new address', 90_000)
  const subjects = async (port: number): Promise<string> => cluster.inNetwork('sh', ['-c', `openssl s_client -connect ${renewed}:${port} </dev/null 2>/dev/null | openssl x509 -noout -ext subjectAltName`])
  for (const port of [6443, 10250]) expect(await subjects(port)).toContain(`IP Address:${renewed}`)
  expect(await cluster.kubectl(['get', 'endpointslice', 'kubernetes', '-o', 'jsonpath={.endpoints[0].addresses[0]}'])).toBe(renewed)
  const after = await eventually(async () => {
    const found = await podOf('kept')
    return found?.status?.hostIP === renewed ? found : undefined
  }, 'the pod with the new host address')
  expect(isReady(after)).toBe(true)
  expect(after.status?.containerStatuses?.[0]).toMatchObject({ containerID: before?.status?.containerStatuses?.[0]?.containerID, restartCount: 0 })
  expect(await cluster.kubectl(['exec', 'kept', '--', 'echo', 'alive'])).toBe('alive\n')
})

test('the node is the control plane\'s, which it may not say itself', async () => {
  const labelled = async (): Promise<Node | undefined> => {
    const node = JSON.parse(await cluster.kubectl('get node node-1 -o json --show-managed-fields')) as Node
    return node.metadata.labels?.['node-role.kubernetes.io/control-plane'] === 'true' ? node : undefined
  }
  const { metadata } = await eventually(labelled, 'the role of the node')
  expect(metadata.managedFields?.map(({ manager }) => manager)).toEqual(expect.arrayContaining(['kubelet', 'kinglet']))
})
