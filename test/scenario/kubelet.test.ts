// The kubelet on a real containerd and the real API server: pods with the host's network, from creation to removal.
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { configMaps, leases, secrets } from '../../pkg/api/types-config.ts'
import { nodes } from '../../pkg/api/types-node.ts'
import type { ContainerStatus, Pod } from '../../pkg/api/types-pod.ts'
import { pods } from '../../pkg/api/types-pod.ts'
import { canRunPods, nodeName, TestNode } from './kubelet-driver.ts'

const describeWithContainerd = canRunPods ? describe : describe.skip
const script = (text: string): string[] => ['sh', '-c', text]
const none: ContainerStatus = { name: '', image: '', imageID: '', ready: false, restartCount: 0 }
const statusOf = (pod: Pod): ContainerStatus => pod.status?.containerStatuses?.[0] ?? none
const running = (pod: Pod): boolean => pod.status?.phase === 'Running' && statusOf(pod).state?.running !== undefined
const ready = (pod: Pod): boolean => pod.status?.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True') ?? false
const inDefault = (name: string): { namespace: string; name: string } => ({ namespace: 'default', name })
const remove = (node: TestNode, name: string): Promise<unknown> => node.client.delete(pods, inDefault(name), { gracePeriodSeconds: 0 })

describeWithContainerd('the kubelet', () => {
  const node = new TestNode()
  // The clock's timers do not keep the process alive, and between two events nothing else might.
  const alive = setInterval(() => undefined, 1000)

  beforeAll(() => node.start(), 60_000)
  afterAll(async () => {
    await node.stop()
    clearInterval(alive)
  }, 60_000)

  it('registers its node, with a lease', async () => {
    const registered = await node.client.get(nodes, { name: nodeName })
    expect(registered.metadata.labels).toMatchObject({ 'kubernetes.io/hostname': nodeName, 'kubernetes.io/os': 'linux' })
    expect(registered.status?.addresses).toEqual([{ type: 'InternalIP', address: '127.0.0.1' }, { type: 'Hostname', address: nodeName }])
    expect(registered.status?.capacity).toMatchObject({ pods: '110', cpu: expect.any(String), memory: expect.stringMatching(/Ki$/) })
    expect(registered.status?.nodeInfo).toMatchObject({ containerRuntimeVersion: expect.stringMatching(/^containerd:\/\/\d/), operatingSystem: 'linux' })
    expect(registered.status?.conditions?.map((condition) => condition.type)).toEqual(['MemoryPressure', 'DiskPressure', 'PIDPressure', 'Ready'])
    const lease = await node.client.get(leases, { namespace: 'kube-node-lease', name: nodeName })
    expect(lease.spec.holderIdentity).toBe(nodeName)
  })

  it('runs a pod to its end, with log, message and events', async () => {
    const pod = await node.createPod('once', {
      restartPolicy: 'Never',
      initContainers: [{ name: 'before', image: 'busybox:1.36', command: script('echo first') }],
      containers: [{
        name: 'main', command: script('echo hello $NAME; echo oops >&2; echo bye > /dev/termination-log; exit $CODE'),
        env: [{ name: 'WHO', value: 'world' }, { name: 'NAME', value: 'dear $(WHO)' }, { name: 'CODE', value: '3' }, { name: 'POD', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }],
      }],
    })
    const done = await node.untilPod('once', ({ status }) => status?.phase === 'Failed')
    expect(statusOf(done)).toMatchObject({ ready: false, restartCount: 0, state: { terminated: { exitCode: 3, reason: 'Error', message: 'bye\n' } } })
    expect(done.status?.initContainerStatuses?.[0]).toMatchObject({ ready: true, state: { terminated: { exitCode: 0, reason: 'Completed' } } })
    expect(done.status?.conditions).toEqual(expect.arrayContaining([
      expect.objectContaining({ type: 'Ready', status: 'False', reason: 'PodFailed' }), expect.objectContaining({ type: 'Initialized', status: 'True' }),
    ]))
    await node.untilPod('once', ({ status }) => status?.conditions?.some(({ type, status: value }) => type === 'PodReadyToStartContainers' && value === 'False') === true)
    expect((await node.log(pod, { container: 'main' })).split('\n').sort()).toEqual(['', 'hello dear world', 'oops'])
    expect(await node.log(pod, { container: 'main', stream: 'Stderr' })).toBe('oops\n')
    expect(await node.log(pod, { container: 'before', timestamps: true })).toMatch(/^\d{4}-\S+Z first\n$/)
    const told = await node.eventsOf('once')
    expect(told).toEqual(expect.arrayContaining([
      'Pulled: Container image "busybox:1.36" already present on machine and can be accessed by the pod', 'Created: Container created', 'Started: Container started',
    ]))
    await remove(node, 'once')
    await node.until(pods, 'once', (gone) => gone === undefined)
  })

  it('restarts what ends, and waits when it ends again', async () => {
    const pod = await node.createPod('crash', { containers: [{ name: 'main', command: script('echo run; exit 1') }] })
    const waiting = await node.untilPod('crash', (seen) => statusOf(seen).state?.waiting?.reason === 'CrashLoopBackOff')
    const status = statusOf(waiting)
    expect(status.restartCount).toBe(1)
    expect(status.state?.waiting?.message).toBe(`back-off 10s restarting failed container=main pod=crash_default(${pod.metadata.uid})`)
    expect(status.lastState?.terminated).toMatchObject({ exitCode: 1, reason: 'Error', containerID: status.containerID })
    expect(waiting.status?.phase).toBe('Running')
    expect(await node.log(pod, { container: 'main', previous: true })).toBe('run\n')
    expect(await node.eventsOf('crash')).toContain(`BackOff: Back-off restarting failed container main in pod crash_default(${pod.metadata.uid})`)
    await remove(node, 'crash')
  })

  it('says why an image is not there', async () => {
    await node.createPod('never', { containers: [{ name: 'main', image: 'nowhere.invalid/none:1', imagePullPolicy: 'Never' }] })
    await node.createPod('bad-name', { containers: [{ name: 'main', image: 'Bad//Name' }] })
    const never = await node.untilPod('never', (pod) => statusOf(pod).state?.waiting?.reason === 'ErrImageNeverPull')
    expect(statusOf(never).state?.waiting?.message).toBe('Container image "nowhere.invalid/none:1" is not present with pull policy of Never')
    const bad = await node.untilPod('bad-name', (pod) => statusOf(pod).state?.waiting?.reason === 'InvalidImageName')
    expect(bad.status?.phase).toBe('Pending')
    expect(await node.eventsOf('never')).toContain('Failed: Error: ErrImageNeverPull')
    await Promise.all([remove(node, 'never'), remove(node, 'bad-name')])
  })

  it('probes: not ready before, restarted after', async () => {
    const { promise: asked, resolve: onAsked } = Promise.withResolvers<void>()
    const server = createServer((_request, response) => {
      response.writeHead(healthy ? 200 : 500).end()
      onAsked()
    })
    let healthy = false
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    await node.createPod('probed', {
      containers: [{
        name: 'main', command: script('touch /tmp/alive; sleep 1000'),
        startupProbe: { exec: { command: ['test', '-f', '/tmp/alive'] }, periodSeconds: 1 },
        readinessProbe: { httpGet: { path: '/', port, host: '127.0.0.1' }, periodSeconds: 1 },
        livenessProbe: { exec: { command: ['test', '-f', '/tmp/alive'] }, periodSeconds: 1, failureThreshold: 1 },
      }],
    })
    const unready = await node.untilPod('probed', (pod) => statusOf(pod).started === true)
    expect([statusOf(unready).ready, ready(unready)]).toEqual([false, false])
    await asked
    healthy = true
    const good = await node.untilPod('probed', ready)
    await node.cri.execSync({ containerId: statusOf(good).containerID?.replace('containerd://', '') ?? '', cmd: ['rm', '/tmp/alive'], timeout: 5 })
    const restarted = await node.untilPod('probed', (pod) => statusOf(pod).restartCount === 1 && ready(pod))
    expect(statusOf(restarted).lastState?.terminated?.exitCode).toBeGreaterThan(128)
    const told = await node.eventsOf('probed')
    expect(told).toContain('Unhealthy: Readiness probe failed: HTTP probe failed with statuscode: 500')
    expect(told).toContain('Killing: Container main failed liveness probe, will be restarted')
    await remove(node, 'probed')
    server.close()
  })

  it('mounts volumes and keeps them up to date', async () => {
    await node.client.create(configMaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata: inDefault('settings'), data: { color: 'red', size: 'big' } })
    await node.client.create(secrets, { apiVersion: 'v1', kind: 'Secret', metadata: inDefault('hidden'), data: { key: Buffer.from('s3cret').toString('base64') } })
    const pod = await node.createPod('volumes', {
      serviceAccountName: 'default', securityContext: { fsGroup: 1234 },
      containers: [{
        name: 'main', command: script('cat /all/config/color /secret/key /sub/file; stat -c "%a %g" /scratch /secret/..data/key; until grep -q blue /all/config/color; do sleep 0.1; done; echo; cat /all/config/color; echo; sleep 1000'),
        volumeMounts: [
          { name: 'all', mountPath: '/all' }, { name: 'hidden', mountPath: '/secret' }, { name: 'scratch', mountPath: '/scratch' },
          { name: 'settings', mountPath: '/sub/file', subPath: 'size' },
        ],
      }],
      volumes: [
        { name: 'all', projected: { sources: [{ configMap: { name: 'settings', items: [{ key: 'color', path: 'config/color' }] } }, { serviceAccountToken: { path: 'token' } }, { downwardAPI: { items: [{ path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } }] } }] } },
        { name: 'hidden', secret: { secretName: 'hidden', defaultMode: 0o400 } }, { name: 'scratch', emptyDir: { medium: 'Memory', sizeLimit: '1Mi' } },
        { name: 'settings', configMap: { name: 'settings' } },
      ],
    }, { labels: { app: 'demo' } })
    await node.untilPod('volumes', running)
    const directory = join(node.directory, 'agent/secrets', pod.metadata.uid ?? '', 'all')
    expect(readFileSync(join(directory, 'labels'), 'utf8')).toBe('app="demo"')
    expect(readFileSync(join(directory, 'token'), 'utf8').split('.')).toHaveLength(3)
    await node.client.patch(configMaps, inDefault('settings'), { type: 'merge', body: { data: { color: 'blue' } } })
    expect(await node.logUntil(pod, 'main', 'blue\n')).toBe('reds3cretbig2777 1234\n440 1234\n\nblue\n')
    await remove(node, 'volumes')
    await node.until(pods, 'volumes', (gone) => gone === undefined)
  })

  it('waits for what a pod refers to', async () => {
    await node.createPod('waits', {
      containers: [{ name: 'main', command: ['sleep', '1000'], env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'later', key: 'a' } } }] }],
    })
    const waiting = await node.untilPod('waits', (pod) => statusOf(pod).state?.waiting?.reason === 'CreateContainerConfigError')
    expect(statusOf(waiting).state?.waiting?.message).toBe('configmap "later" not found')
    await node.client.create(configMaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata: inDefault('later'), data: { a: '1' } })
    await node.untilPod('waits', running)
    await remove(node, 'waits')
  })

  it('deletes gracefully: hook, signal, then the object', async () => {
    const pod = await node.createPod('graceful', {
      terminationGracePeriodSeconds: 20,
      containers: [{
        name: 'main', command: script('trap "cat /tmp/hook; echo stopped; exit 0" TERM; echo up; while true; do sleep 0.1; done'),
        lifecycle: { preStop: { exec: { command: script('echo hooked > /tmp/hook') } } },
      }],
    })
    await node.untilPod('graceful', running)
    const abort = new AbortController()
    const follow = node.log(pod, { container: 'main', follow: true, signal: abort.signal })
    await node.client.delete(pods, inDefault('graceful'))
    const last = await node.until(pods, 'graceful', (seen) => seen === undefined || statusOf(seen).state?.terminated !== undefined)
    if (last) expect(last).toMatchObject({ status: { phase: 'Succeeded' } })
    await node.until(pods, 'graceful', (gone) => gone === undefined)
    expect(await follow).toBe('up\nhooked\nstopped\n')
    expect(await node.eventsOf('graceful')).toContain('Killing: Stopping container main')
  })

  it('starts sidecars before and ends them after', async () => {
    const pod = await node.createPod('sidecar', {
      restartPolicy: 'Never',
      initContainers: [{ name: 'side', image: 'busybox:1.36', restartPolicy: 'Always', command: script('trap "exit 0" TERM; while true; do sleep 0.1; done') }],
      containers: [{ name: 'main', command: script('echo done') }],
    })
    const done = await node.untilPod('sidecar', ({ status }) => status?.phase === 'Succeeded')
    expect(done.status?.initContainerStatuses?.[0]?.state?.terminated?.exitCode).toBe(0)
    expect(await node.log(pod, { container: 'main' })).toBe('done\n')
    await remove(node, 'sidecar')
  })

  it('confines containers as they ask, and lets others be added', async () => {
    const pod = await node.createPod('secure', {
      shareProcessNamespace: true, securityContext: { runAsUser: 1000, runAsGroup: 2000, supplementalGroups: [3000] },
      containers: [{
        name: 'main', command: script('id -u; id -g; id -G; touch /x 2>&1; grep -E "^(NoNewPrivs|CapBnd|Seccomp):" /proc/self/status; cat /proc/1/comm; cat /proc/self/oom_score_adj; cat /proc/self/cgroup | head -1; sleep 1000'),
        securityContext: { readOnlyRootFilesystem: true, allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] }, seccompProfile: { type: 'RuntimeDefault' } },
        resources: { limits: { cpu: '500m', memory: '64Mi' } },
      }],
    })
    await node.untilPod('secure', running)
    const log = await node.logUntil(pod, 'main', `kubepods/pod${pod.metadata.uid}`)
    expect(log).toMatch(/1000\n2000\n2000 3000\n/)
    expect(log).toContain('Read-only file system')
    expect(log).toMatch(/CapBnd:\t0+\nNoNewPrivs:\t1\nSeccomp:\t2\n/)
    expect(log).toMatch(/pause\n-?\d+\n/)
    expect(log).toContain(`kubepods/pod${pod.metadata.uid}`)
    const debug = { name: 'debug', image: 'busybox:1.36', command: script('echo debugging'), targetContainerName: 'main', terminationMessagePolicy: 'File' }
    await node.client.patch(pods, inDefault('secure'), { type: 'strategic', body: { spec: { ephemeralContainers: [debug] } } }, { subresource: 'ephemeralcontainers' })
    await node.untilPod('secure', ({ status }) => status?.ephemeralContainerStatuses?.[0]?.state?.terminated?.exitCode === 0)
    expect(await node.log(pod, { container: 'debug' })).toBe('debugging\n')
    await node.client.patch(pods, inDefault('secure'), { type: 'strategic', body: { spec: { containers: [{ name: 'main', resources: { limits: { memory: '96Mi' }, requests: { memory: '96Mi' } } }] } } }, { subresource: 'resize' })
    const resized = async (): Promise<number> => {
      const { status } = await node.cri.containerStatus({ containerId: statusOf(await node.pod('secure')).containerID?.replace('containerd://', '') ?? '' })
      return status?.resources?.linux?.memoryLimitInBytes ?? 0
    }
    while ((await resized()) !== 96 * 2 ** 20) await new Promise((resolve) => setTimeout(resolve, 20))
    expect(await resized()).toBe(96 * 2 ** 20)
    const smaller = await node.untilPod('secure', (seen) => statusOf(seen).resources?.limits?.['memory'] === '96Mi')
    expect(statusOf(smaller).restartCount).toBe(0)
    const root = await node.createPod('root', { securityContext: { runAsNonRoot: true }, containers: [{ name: 'main' }] })
    const refused = await node.untilPod('root', (seen) => statusOf(seen).state?.waiting?.reason === 'CreateContainerConfigError')
    expect(statusOf(refused).state?.waiting?.message).toBe(`container has runAsNonRoot and image will run as root (pod: "root_default(${root.metadata.uid})", container: main)`)
    await Promise.all([remove(node, 'secure'), remove(node, 'root')])
  })

  it('ends a pod at its deadline', async () => {
    await node.createPod('deadline', { activeDeadlineSeconds: 1, containers: [{ name: 'main', command: ['sleep', '1000'] }] })
    const late = await node.untilPod('deadline', ({ status }) => status?.phase === 'Failed')
    expect(late.status).toMatchObject({ reason: 'DeadlineExceeded', message: 'Pod was active on the node longer than the specified deadline' })
    await remove(node, 'deadline')
  })

  it('takes over running pods after a restart', async () => {
    await node.createPod('kept', { containers: [{ name: 'main', command: ['sleep', '1000'] }] })
    const before = await node.untilPod('kept', ready)
    await node.createPod('orphan', { containers: [{ name: 'main', command: ['sleep', '1000'] }] })
    const orphan = await node.untilPod('orphan', ready)
    await node.stopKubelet()
    const { containers } = await node.cri.listContainers({ filter: { state: { state: 'CONTAINER_RUNNING' } } })
    expect(containers.map((container) => container.labels['io.kubernetes.pod.name']).sort()).toEqual(['kept', 'orphan'])
    await remove(node, 'orphan')
    await node.startKubelet()
    const left = await node.cri.listContainers({ filter: { labelSelector: { 'io.kubernetes.pod.uid': orphan.metadata.uid ?? '' } } })
    expect(left.containers).toEqual([])
    const again = await node.pod('kept')
    expect(statusOf(again)).toEqual(statusOf(before))
    // It is looked after again: what ends is restarted.
    await node.cri.stopContainer({ containerId: statusOf(before).containerID?.replace('containerd://', '') ?? '', timeout: 0 })
    const restarted = await node.untilPod('kept', (pod) => statusOf(pod).restartCount === 1 && running(pod))
    expect(statusOf(restarted).lastState?.terminated?.containerID).toBe(statusOf(before).containerID)
    await remove(node, 'kept')
  })

  it('leaves nothing of a removed pod', async () => {
    await node.until(pods, 'kept', (gone) => gone === undefined)
    const deadline = performance.now() + 10_000
    for (;;) {
      const { items } = await node.cri.listPodSandbox({})
      if (items.length === 0 || performance.now() > deadline) {
        expect(items).toEqual([])
        break
      }
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    expect(node.logged).toEqual([])
  })
})
