// A node for tests: the real API server on the memory store, a private containerd, and a kubelet between them.
import { generateKeyPairSync } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, rmdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import type { KubeObject, Resource } from '../../pkg/api/object.ts'
import type { UserInfo } from '../../pkg/api/request.ts'
import { events, type Event } from '../../pkg/api/types-config.ts'
import type { Pod, PodSpec } from '../../pkg/api/types-pod.ts'
import { pods } from '../../pkg/api/types-pod.ts'
import { nodes } from '../../pkg/api/types-node.ts'
import { ApiServer } from '../../pkg/apiserver/api-server.ts'
import { DirectClient } from '../../pkg/client/direct-client.ts'
import { QueuedEventRecorder } from '../../pkg/client/event-recorder.ts'
import { connectCri, type CriClient } from '../../pkg/containerd/cri.ts'
import { findProgram } from '../../pkg/containerd/host.ts'
import { ImageStore } from '../../pkg/containerd/images.ts'
import { buildPauseArchive, pauseImageName } from '../../pkg/containerd/pause-image.ts'
import { ContainerdSupervisor } from '../../pkg/containerd/supervisor.ts'
import { containerdExits } from '../../pkg/kubelet/containerd-exits.ts'
import { CriImages } from '../../pkg/kubelet/cri-images.ts'
import { CriRuntime } from '../../pkg/kubelet/cri-runtime.ts'
import { CriUsage } from '../../pkg/kubelet/cri-usage.ts'
import type { HandlerFeatures } from '../../pkg/kubelet/runtime-service.ts'
import { Kubelet } from '../../pkg/kubelet/kubelet.ts'
import type { KubeletOptions } from '../../pkg/kubelet/kubelet-options.ts'
import { LinuxMounter } from '../../pkg/kubelet/linux-mounter.ts'
import type { LogOptions } from '../../pkg/api/node-connection.ts'
import { ServiceAccountTokens } from '../../pkg/pki/service-account-tokens.ts'
import { nodeRestriction } from '../../pkg/registry/admission-node-restriction.ts'
import { ensureObjects } from '../../pkg/registry/bootstrap.ts'
import { builtinDefinitions } from '../../pkg/registry/kinds.ts'
import { Registry } from '../../pkg/registry/registry.ts'
import { MemoryStore } from '../../pkg/storage/memory-store.ts'
import { systemClock } from '../../pkg/util/clock.ts'
import { testImage } from '../images/build.ts'

export const canRunPods = process.getuid?.() === 0 && findProgram('containerd') !== undefined && findProgram('runc') !== undefined && findProgram('busybox') !== undefined

const admin: UserInfo = { username: 'admin', groups: ['system:masters', 'system:authenticated'] }
const issuer = 'https://kubernetes.default.svc.cluster.local'
const clock = systemClock
export const nodeName = 'node-1'

export class TestNode {
  readonly directory = mkdtempSync(join(tmpdir(), 'kinglet-kl-'))
  readonly client: DirectClient
  readonly logged: string[] = []
  readonly #store = new MemoryStore()
  readonly #registry: Registry
  readonly #api: ApiServer
  readonly #supervisor: ContainerdSupervisor
  #cri: CriClient | undefined
  #runtime: CriRuntime | undefined
  #recorder: QueuedEventRecorder | undefined
  kubelet: Kubelet | undefined
  readonly #options: Partial<KubeletOptions>
  readonly #measured: boolean

  /** Containers and the node are measured only with `measured`. */
  constructor({ measured = false, ...options }: Partial<KubeletOptions> & { measured?: boolean } = {}) {
    this.#options = options
    this.#measured = measured
    this.#registry = new Registry({ store: this.#store, definitions: builtinDefinitions(), admission: [nodeRestriction], clock })
    const key = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs8', format: 'pem' }) as string
    this.#api = new ApiServer({
      registry: this.#registry, clock, audiences: [issuer], accountTokens: new ServiceAccountTokens({ issuer, key, clock }),
      nodeConnections: (name) => (name === nodeName ? this.kubelet : undefined), log: (text) => void this.logged.push(text),
    })
    this.client = new DirectClient(this.#api.handle, admin)
    this.#supervisor = new ContainerdSupervisor({ clock, rootDirectory: join(this.directory, 'containerd'), stateDirectory: join(this.directory, 'state') })
  }

  get cri(): CriClient {
    if (!this.#cri) throw new Error('the test node has not started')
    return this.#cri
  }

  get cgroupRoot(): string {
    return basename(this.directory)
  }

  async cpus(): Promise<string> {
    return (await this.client.get(nodes, { name: nodeName })).status?.allocatable?.['cpu'] ?? ''
  }

  /** What the runtime can do beyond the common, as its kubelet has found. */
  get runtimeFeatures(): HandlerFeatures | undefined {
    return this.#runtime?.abilities?.handlers['']
  }

  get runtimeStrictGroups(): boolean {
    return this.#runtime?.abilities?.supplementalGroupsPolicy ?? false
  }

  async start(): Promise<void> {
    const named = (kind: string, name: string, namespace?: string): KubeObject => ({ apiVersion: 'v1', kind, metadata: { name, ...(namespace ? { namespace } : {}) } })
    await ensureObjects(this.#registry, [
      named('Namespace', 'default'), named('Namespace', 'kube-node-lease'), named('ServiceAccount', 'default', 'default'),
      { ...named('ConfigMap', 'kube-root-ca.crt', 'default'), data: { 'ca.crt': 'test' } } as KubeObject,
    ])
    await this.#supervisor.start()
    this.#cri = connectCri(this.#supervisor.socketPath)
    const images = new ImageStore({ socketPath: this.#supervisor.socketPath, clock })
    await images.ensure(pauseImageName, () => buildPauseArchive())
    await images.importFile(testImage('busybox'))
    await this.startKubelet()
  }

  async startKubelet(): Promise<void> {
    // What it may do, and no more.
    const client = new DirectClient(this.#api.handle, { username: `system:node:${nodeName}`, groups: ['system:nodes', 'system:authenticated'] }, 'kubelet')
    this.#recorder = new QueuedEventRecorder({ client, clock, component: 'kubelet', host: nodeName, log: (text) => void this.logged.push(text) })
    this.#runtime = new CriRuntime({ cri: this.cri, clock, taskExits: containerdExits(this.#supervisor.socketPath, clock), owner: nodeName })
    this.kubelet = new Kubelet({
      nodeName, client, clock, events: this.#recorder,
      runtime: this.#runtime,
      images: new CriImages({ cri: this.cri }),
      dataDirectory: join(this.directory, 'agent'), logDirectory: join(this.directory, 'logs'),
      nodeAddresses: ['127.0.0.1'], cgroupDriver: this.#supervisor.host.cgroupDriver, cgroupRoot: `/${basename(this.directory)}`,
      clusterDns: ['10.96.0.10'], log: (text) => void this.logged.push(text),
      ...(this.#measured ? { stats: new CriUsage({ cri: this.cri, owner: nodeName }) } : {}), ...this.#options,
    })
    await this.kubelet.start(new AbortController().signal)
  }

  async stopKubelet(): Promise<void> {
    await this.kubelet?.stop()
    await this.#recorder?.stop()
    this.kubelet = undefined
  }

  async stop(): Promise<void> {
    await this.stopKubelet()
    this.#cri?.close()
    await this.#supervisor.shutdown()
    await this.#api.stop()
    this.#registry.stop()
    await this.#store.close()
    await new LinuxMounter().unmountBelow(join(this.directory, 'agent'))
    rmSync(this.directory, { recursive: true, force: true })
    for (const mount of new Set(Object.values(this.#supervisor.host.cgroupMounts))) removeCgroups(join(mount, basename(this.directory)))
  }

  /** Creates a pod on this node, with the host's network unless the spec says otherwise. */
  createPod(name: string, spec: Partial<PodSpec> & Pick<PodSpec, 'containers'>, metadata: KubeObject['metadata'] = {}): Promise<Pod> {
    const containers = spec.containers.map((container) => ({ image: 'busybox:1.36', ...container }))
    return this.client.create(pods, {
      apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'default', ...metadata },
      spec: { nodeName, hostNetwork: true, terminationGracePeriodSeconds: 1, ...spec, containers },
    })
  }

  pod(name: string): Promise<Pod> {
    return this.client.get(pods, { namespace: 'default', name })
  }

  /** Waits, by watching, until the object is as wanted; `undefined` is one that is gone. Fails with the last state. */
  async until<T extends KubeObject>(resource: Resource<T>, name: string, fits: (object: T | undefined) => boolean, timeoutMs = 45_000): Promise<T | undefined> {
    const abort = new AbortController()
    let last: T | undefined
    let synced = false
    const timer = clock.setTimer(() => abort.abort(), timeoutMs)
    try {
      for await (const batch of this.client.watch(resource, { ...(resource.namespaced ? { namespace: 'default' } : {}), fieldSelector: `metadata.name=${name}`, sendInitialEvents: true, signal: abort.signal })) {
        for (const { type, object } of batch) {
          if (type === 'BOOKMARK') synced = true
          else last = type === 'DELETED' ? undefined : object
          if ((synced || last !== undefined) && fits(last)) return last
        }
      }
    } finally {
      timer.cancel()
      abort.abort()
    }
    throw new Error(`${resource.kind} ${name} did not get there in ${timeoutMs} ms: ${JSON.stringify(last, undefined, 1)}\nlogged:\n${this.logged.join('\n')}`)
  }

  untilPod(name: string, fits: (pod: Pod) => boolean, timeoutMs?: number): Promise<Pod> {
    return this.until(pods, name, (pod) => pod !== undefined && fits(pod), timeoutMs) as Promise<Pod>
  }

  async eventsOf(name: string): Promise<string[]> {
    await this.#recorder?.flush()
    const { items } = await this.client.list<Event>(events, { namespace: 'default' })
    return items.filter((event) => event.involvedObject.name === name).map((event) => `${event.reason}: ${event.message}`)
  }

  async log(pod: Pod, options: Omit<LogOptions, 'signal'> & { signal?: AbortSignal }): Promise<string> {
    const { namespace = '', name = '', uid = '' } = pod.metadata
    if (!this.kubelet) throw new Error('no kubelet runs')
    const pieces: Uint8Array[] = []
    for await (const piece of await this.kubelet.logs({ namespace, name, uid }, { signal: new AbortController().signal, ...options })) pieces.push(piece)
    return Buffer.concat(pieces).toString()
  }

  /** Follows the log until `text` is in it; gives all of it so far. */
  async logUntil(pod: Pod, container: string, text: string): Promise<string> {
    const { namespace = '', name = '', uid = '' } = pod.metadata
    if (!this.kubelet) throw new Error('no kubelet runs')
    const abort = new AbortController()
    let log = ''
    for await (const piece of await this.kubelet.logs({ namespace, name, uid }, { container, follow: true, signal: abort.signal })) {
      log += Buffer.from(piece).toString()
      if (log.includes(text)) abort.abort()
    }
    return log
  }
}

function removeCgroups(directory: string): void {
  if (!existsSync(directory)) return
  for (const entry of readdirSync(directory, { withFileTypes: true })) if (entry.isDirectory()) removeCgroups(join(directory, entry.name))
  rmdirSync(directory)
}
