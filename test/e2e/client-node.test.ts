// @kubernetes/client-node against a real cluster: informers, watches, patches, exec, attach, logs, port-forward, cp and metrics.
import { createServer, type AddressInfo } from 'node:net'
import { PassThrough, Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import * as k8s from '@kubernetes/client-node'
import { eventually, TestCluster } from './cluster.ts'
import { connectionTo } from './connection.ts'

let cluster: TestCluster
let config: k8s.KubeConfig
let core: k8s.CoreV1Api

beforeAll(async () => {
  cluster = await TestCluster.start(['busybox', 'nginx'])
  const { server, ca, certificate, key } = connectionTo(cluster)
  const base64 = (pem: string): string => Buffer.from(pem).toString('base64')
  config = new k8s.KubeConfig()
  config.loadFromOptions({
    clusters: [{ name: 'c', server, caData: base64(ca), skipTLSVerify: false }], users: [{ name: 'u', certData: base64(certificate), keyData: base64(key) }],
    contexts: [{ name: 'x', cluster: 'c', user: 'u' }], currentContext: 'x',
  })
  core = config.makeApiClient(k8s.CoreV1Api)
  const container = (name: string, image: string, command?: string[]): k8s.V1Pod => ({
    metadata: { name, namespace: 'default', labels: { app: name } },
    spec: { terminationGracePeriodSeconds: 0, containers: [{ name, image, ...(command ? { command } : {}), stdin: true }] },
  })
  await core.createNamespacedPod({ namespace: 'default', body: container('box', 'busybox:1.36', ['sh', '-c', 'echo first; while read line; do echo got $line; done; sleep 100000']) })
  await core.createNamespacedPod({ namespace: 'default', body: container('web', 'nginx:1.22') })
  await eventually(async () => {
    const { items } = await core.listNamespacedPod({ namespace: 'default' })
    return items.length === 2 && items.every(({ status }) => status?.conditions?.some(({ type, status: held }) => type === 'Ready' && held === 'True'))
  }, 'both pods are ready')
})

afterAll(() => cluster?.remove())

const configMap = (name: string, data: Record<string, string>): k8s.V1ConfigMap => ({ metadata: { name }, data })
const as = (strategy: k8s.PatchStrategy) => k8s.setHeaderOptions('Content-Type', strategy)

test('objects and errors', async () => {
  const { items } = await core.listNode()
  expect(items[0]?.status?.nodeInfo?.kubeletVersion).toMatch(/^v1\.35\./)
  await expect(core.readNamespacedPod({ namespace: 'default', name: 'none' })).rejects.toMatchObject({ code: 404, body: expect.stringContaining('pods \\"none\\" not found') })
  const version = await config.makeApiClient(k8s.VersionApi).getCode()
  expect(version.gitVersion).toMatch(/^v1\.35\./)
  const objects = k8s.KubernetesObjectApi.makeApiClient(config)
  const made = await objects.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'by-object', namespace: 'default' } })
  const read = await objects.read<k8s.V1ConfigMap>({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'by-object', namespace: 'default' } })
  expect(read.metadata?.uid).toBe((made as k8s.V1ConfigMap).metadata?.uid)
  await objects.delete(made)
})

test('all four patches', async () => {
  const namespace = 'default'
  await core.createNamespacedConfigMap({ namespace, body: configMap('patched', { a: '1', b: '2' }) })
  const patch = (body: unknown, strategy: k8s.PatchStrategy, more: object = {}) => core.patchNamespacedConfigMap({ namespace, name: 'patched', body, ...more }, as(strategy))
  expect((await patch([{ op: 'replace', path: '/data/a', value: 'json' }], k8s.PatchStrategy.JsonPatch)).data).toEqual({ a: 'json', b: '2' })
  expect((await patch({ data: { b: null } }, k8s.PatchStrategy.MergePatch)).data).toEqual({ a: 'json' })
  expect((await patch({ metadata: { labels: { s: 'm' } } }, k8s.PatchStrategy.StrategicMergePatch)).metadata?.labels).toEqual({ s: 'm' })
  const applied = await patch({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'patched' }, data: { c: 'applied' } }, k8s.PatchStrategy.ServerSideApply, { fieldManager: 'tester' })
  expect(applied.data).toEqual({ a: 'json', c: 'applied' })
  await expect(patch([{ op: 'test', path: '/data/a', value: 'other' }], k8s.PatchStrategy.JsonPatch)).rejects.toMatchObject({ code: 422 })
})

test('a watch tells each change, and ends when it is aborted', async () => {
  const seen: string[] = []
  const done = new Promise((resolve) => {
    void new k8s.Watch(config).watch('/api/v1/namespaces/default/configmaps', { labelSelector: 'w=1' }, (type, object: k8s.V1ConfigMap) => seen.push(`${type} ${object.metadata?.name}`), resolve).then((controller) => {
      void eventually(() => seen.includes('DELETED watched'), 'the deletion is told').then(() => controller.abort())
    })
  })
  const namespace = 'default'
  await core.createNamespacedConfigMap({ namespace, body: { metadata: { name: 'watched', labels: { w: '1' } } } })
  await core.patchNamespacedConfigMap({ namespace, name: 'watched', body: { data: { x: 'y' } } }, as(k8s.PatchStrategy.MergePatch))
  await core.deleteNamespacedConfigMap({ namespace, name: 'watched' })
  await done
  expect(seen).toEqual(['ADDED watched', 'MODIFIED watched', 'DELETED watched'])
})

test('an informer keeps up, also across a restart of the server', async () => {
  const namespace = 'default'
  const informer = k8s.makeInformer<k8s.V1ConfigMap>(config, '/api/v1/namespaces/default/configmaps', () => core.listNamespacedConfigMap({ namespace }))
  const events: string[] = []
  for (const event of ['add', 'update', 'delete'] as const) (informer as { on(verb: string, call: (object: k8s.V1ConfigMap) => void): void }).on(event, ({ metadata }) => void events.push(`${event} ${metadata?.name}`))
  let failures = 0
  const again = (): void => void setTimeout(() => void informer.start().catch(again), 100)
  let stopped = false
  informer.on('error', () => {
    failures++
    if (!stopped) again()
  })
  await core.createNamespacedConfigMap({ namespace, body: configMap('informed', {}) })
  await informer.start()
  await eventually(() => informer.get('informed', namespace) !== undefined, 'the first state')
  await core.patchNamespacedConfigMap({ namespace, name: 'informed', body: { data: { x: '1' } } }, as(k8s.PatchStrategy.MergePatch))
  await eventually(() => informer.get('informed', namespace)?.data?.['x'] === '1', 'an update')
  const pid = await cluster.serverPid()
  process.kill(pid, 'SIGKILL')
  await cluster.up()
  await eventually(() => core.createNamespacedConfigMap({ namespace, body: configMap('after', {}) }).then(() => true, () => undefined), 'the server is back')
  await eventually(() => informer.get('after', namespace) !== undefined, 'what happened after the restart')
  await core.deleteNamespacedConfigMap({ namespace, name: 'informed' })
  await eventually(() => informer.get('informed', namespace) === undefined, 'a deletion after the restart')
  expect(failures).toBeGreaterThan(0)
  expect(events.filter((event) => event.endsWith(' informed'))).toEqual(expect.arrayContaining(['add informed', 'update informed', 'delete informed']))
  stopped = true
  await informer.stop()
})

test('exec: outputs, input to its end, and the exit code', async () => {
  const run = async (command: string[], stdin: Readable | null = null): Promise<{ out: string; err: string; status: k8s.V1Status }> => {
    const [out, err] = [new PassThrough(), new PassThrough()]
    const outText = text(out)
    const errText = text(err)
    const status = await new Promise<k8s.V1Status>((resolve, reject) => {
      void new k8s.Exec(config).exec('default', 'box', 'box', command, out, err, stdin, false, resolve).then((socket) => socket.on('close', () => {
        out.end()
        err.end()
      }), reject)
    })
    return { out: await outText, err: await errText, status }
  }
  expect(await run(['sh', '-c', 'echo out; echo err >&2'])).toEqual({ out: 'out\n', err: 'err\n', status: expect.objectContaining({ status: 'Success' }) })
  const failed = await run(['sh', '-c', 'exit 9'])
  expect(failed.status).toMatchObject({ status: 'Failure', reason: 'NonZeroExitCode', details: { causes: [{ reason: 'ExitCode', message: '9' }] } })
  expect((await run(['sh', '-c', 'cat; echo end'], Readable.from(['in', 'put\n']))).out).toBe('input\nend\n')
})

test('attach', async () => {
  const [out, input] = [new PassThrough(), new PassThrough()]
  let heard = ''
  out.setEncoding('utf8').on('data', (piece: string) => void (heard += piece))
  const socket = await new k8s.Attach(config).attach('default', 'box', 'box', out, null, input, false)
  input.write('hello\n')
  await eventually(() => heard.includes('got hello'), 'the answer')
  ;(socket as { close(): void }).close()
})

test('logs, followed to their end', async () => {
  const command = ['sh', '-c', 'for i in 1 2 3; do echo line $i; sleep 1; done']
  await core.createNamespacedPod({ namespace: 'default', body: { metadata: { name: 'short' }, spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'busybox:1.36', command }] } } })
  await eventually(async () => (await core.readNamespacedPod({ namespace: 'default', name: 'short' })).status?.phase !== 'Pending', 'it runs')
  const out = new PassThrough()
  const heard = text(out)
  await new k8s.Log(config).log('default', 'short', 'c', out, { follow: true })
  expect(await heard).toBe('line 1\nline 2\nline 3\n')
  expect(await core.readNamespacedPodLog({ namespace: 'default', name: 'short', tailLines: 1 })).toBe('line 3\n')
  await core.deleteNamespacedPod({ namespace: 'default', name: 'short' })
})

test('port-forward', async () => {
  const forward = new k8s.PortForward(config)
  const server = createServer((socket) => void forward.portForward('default', 'web', [80], socket, null, socket).then((tunnel) => {
    socket.on('close', () => (tunnel as { close(): void }).close())
  }))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  const pages = await Promise.all(Array.from({ length: 5 }, async () => (await fetch(url, { headers: { connection: 'close' } })).text()))
  for (const page of pages) expect(page).toContain('Welcome to nginx')
  server.close()
})

test('usage of nodes and pods', async () => {
  const metrics = new k8s.Metrics(config)
  const { items } = await metrics.getNodeMetrics()
  expect(items[0]?.usage.memory).toMatch(/^\d+/)
  const top = await eventually(async () => {
    const pods = await k8s.topPods(core, metrics, 'default')
    return pods.length >= 2 ? pods : undefined
  }, 'both pods are measured')
  expect(Number(top[0]?.Memory.CurrentUsage)).toBeGreaterThan(0)
})
