// The kubelet: makes the pods that are bound to this node run, and tells how they and the node are.
import { existsSync } from 'node:fs'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Pod } from '../api/types-pod.ts'
import { keyOf, keyText } from '../api/object.ts'
import type { Timer } from '../util/clock.ts'
import { configOf } from './configz.ts'
import { ContainerKiller } from './container-killer.ts'
import { cpuSharesOf } from './container-resources.ts'
import { ContainerStarter, type StarterNode } from './container-starter.ts'
import { parseResolvConf } from './dns-config.ts'
import { EvictionManager } from './eviction-manager.ts'
import { pressureVerdict } from './eviction-ranking.ts'
import { evictionConfig } from './eviction-signals.ts'
import { CredentialProviders } from './credential-providers.ts'
import { ImageCredentials } from './image-credentials.ts'
import { ImageGarbage } from './image-garbage.ts'
import { ImagePuller } from './image-puller.ts'
import { defaultImageSettings } from './image-settings.ts'
import { PulledImages } from './pulled-images.ts'
import type { KubeletOptions } from './kubelet-options.ts'
import { KubeletServer, type KubeletServing } from './kubelet-server.ts'
import { KubeletAccess } from './kubelet-server-access.ts'
import { KubeletRoutes } from './kubelet-server-routes.ts'
import { LinuxMounter } from './linux-mounter.ts'
import { rotatePodLogs } from './log-rotation.ts'
import { fileSystemUsage } from './machine-usage.ts'
import { measuredCgroups } from './measured-cgroups.ts'
import { MemoryFiles } from './memory-files.ts'
import { NodeAgent } from './node-agent.ts'
import { NodePlugins } from './node-plugins.ts'
import { defaultAddress, readNodeFacts } from './node-facts.ts'
import { FileUsages } from './file-usage.ts'
import { realFiles } from './node-files.ts'
import { endPods, shutDownPods, shutdownRefusal, type ShutdownNode, type ShutdownStep } from './node-shutdown.ts'
import { heldBack, nodeLabels, nodeResources } from './node-status.ts'
import { idUnit, nodeUsers } from './node-users.ts'
import { ObjectWatches } from './object-watches.ts'
import { OrphanCollector } from './orphans.ts'
import { OwnNode } from './own-node.ts'
import { PodDirectories } from './pod-directories.ts'
import { type Admission, admitPod, asksForLabels } from './pod-admission.ts'
import { refusal, type PodVerdict } from './pod-ending.ts'
import { preemptionVerdict } from './preemption.ts'
import { podContainers, containerFieldPath, podUid } from './pod-names.ts'
import { isStatic } from './pod-importance.ts'
import { compareResizes, resizeRefusal } from './pod-resize.ts'
import { ConsumptionSource, observeNode } from './pod-consumption.ts'
import { PodSource } from './pod-source.ts'
import { NodeStreams } from './pod-streams.ts'
import type { PodTools } from './pod-tools.ts'
import { PodUsers } from './pod-users.ts'
import { PodWorker } from './pod-worker.ts'
import { Prober } from './prober.ts'
import { RuntimeHandlers } from './runtime-handlers.ts'
import { UserNamespaces } from './user-namespaces.ts'
import type { ExecOptions, LogOptions, NodeRequests, NodeUsageReport, PodRef, PodStreams } from '../api/node-connection.ts'
import { usageReport } from './usage-report.ts'
import { restartDelays } from './restart-back-off.ts'
import { UsageSampler } from './usage-sampler.ts'
import { UsageSource } from './usage-source.ts'
import { same } from './status-patch.ts'
import { isMirror } from './static-pod.ts'
import { SystemOoms } from './system-oom.ts'
import { StaticPods } from './static-pods.ts'
import { MirrorPods } from './mirror-pods.ts'
import { QosCgroups } from './qos-cgroups.ts'
import { RequestedTokens } from './volume-payload.ts'
import { WorkFigures } from './work-figures.ts'

const relistMs = 60_000
/** Longer than this, a relist hangs. */
const longestRelistMs = 180_000
/** So long at least is waited for those that make room for others. */
const minPreemptionMs = 10_000

/** Pods do not depend on it: `stop` leaves them running, and the next kubelet on the node takes them over as they are. */
export class Kubelet implements PodStreams, NodeRequests {
  readonly name = 'kubelet'
  readonly #options: KubeletOptions
  readonly #workers = new Map<string, PodWorker>()
  readonly #streams: NodeStreams
  readonly #log: (message: string) => void
  readonly #figures: WorkFigures
  readonly #usage: UsageSampler
  readonly #routes: KubeletRoutes
  #server: KubeletServer | undefined
  #parts: { source: PodSource; agent: NodeAgent; watches: ObjectWatches; prober: Prober; plugins: NodePlugins | undefined; unsubscribe: () => void } | undefined
  #tools: PodTools | undefined
  #images: ImageGarbage | undefined
  #eviction: EvictionManager | undefined
  #addresses: readonly string[] = []
  readonly #appArmor = existsSync('/sys/kernel/security/apparmor')
  /** While the machine goes down. */
  #shutdown: AbortController | undefined
  #static: StaticPods | undefined
  #qos: QosCgroups | undefined
  #mirrors: MirrorPods | undefined
  #pulled: PulledImages | undefined
  #node: OwnNode | undefined
  #relistTimer: Timer | undefined
  /** When it was begun last. */
  #relistedMs: number | undefined
  #stopped = false
  readonly #stopping = new AbortController()
  readonly #ending: ShutdownNode = { active: () => this.#active(), end: (uid, verdict) => this.#workers.get(uid)?.evict(verdict) }

  constructor(options: KubeletOptions) {
    this.#options = options
    this.#log = options.log ?? (() => undefined)
    this.#streams = new NodeStreams({
      runtime: options.runtime, clock: options.clock, logs: options.logDirectory ?? '/var/log/pods', worker: (uid) => this.#workers.get(uid) ?? this.#workers.get(this.#mirrors?.staticUid(uid) ?? ''),
    })
    this.#figures = new WorkFigures(options.clock)
    this.#usage = this.#makeUsage()
    this.#routes = this.#makeRoutes()
  }

  /** Resolves when the node is registered and its pods are known. */
  async start(signal: AbortSignal): Promise<void> {
    const { client, clock, runtime, images, nodeName, dataDirectory, maxPods = 110, idsPerPod = idUnit } = this.#options
    const pods = join(dataDirectory, 'pods')
    await mkdir(pods, { recursive: true, mode: 0o750 })
    const facts = { ...await readNodeFacts(dataDirectory), ...this.#options.facts }
    this.#addresses = this.#options.nodeAddresses ?? [await defaultAddress()]
    const own = new OwnNode({ client, name: nodeName, labels: { ...nodeLabels(nodeName, facts.architecture), ...this.#options.labels }, record: (event) => this.#recordOnNode(event), log: this.#log })
    this.#node = own
    // Pods may use what is kept for the worst; they are evicted then.
    const reserved = heldBack(facts, [], this.#options.reserved ?? [])
    const held = heldBack(facts, (this.#options.eviction ?? evictionConfig({})).thresholds, this.#options.reserved ?? [])
    const node = await this.#starterNode(pods, nodeResources(facts, maxPods, held).allocatable)
    const watches = new ObjectWatches(client, clock)
    const prober = this.#prober()
    const tokens = new RequestedTokens({ client, clock })
    const plugins = new NodePlugins({
      root: dataDirectory, nodeName, client, clock, events: this.#options.events, tokens, log: this.#log, active: () => this.#active(),
      onHealth: (uid) => this.#wake(uid), onCapacity: () => void this.#parts?.agent.tell().catch((error: Error) => this.#log(`node ${nodeName}: ${error.message}`)),
    })
    const namespaces = this.#options.files ? undefined : await UserNamespaces.load({ pods, ids: await nodeUsers({ idsPerPod, maxPods }), idsPerPod })
    const tools = this.#makeTools(node, { watches, prober, tokens, plugins, namespaces })
    this.#tools = tools
    this.#qos = new QosCgroups({ cgroups: tools.cgroups, driver: node.cgroupDriver, root: node.cgroupRoot,
      total: { cpuShares: cpuSharesOf(facts.cpus * 1000 - reserved.cpuMilli), memoryBytes: Math.max(0, facts.memoryBytes - reserved.memoryBytes) },
    })
    this.#eviction = this.#makeEviction(node)
    await this.#eviction?.look()
    const real = this.#options.files === undefined
    // What may fail for good comes first: what follows serves others, and has to be stopped.
    const kubeletPort = await this.#serve()
    if (real) await plugins.load()
    if (this.#options.collectImages) this.#images = this.#imageGarbage()
    const agent = new NodeAgent({
      name: nodeName, client, clock, facts, addresses: () => this.#addresses, refusal: () => (this.#shutdown ? 'node is shutting down' : undefined), maxPods, ...(this.#options.statusImages === undefined ? {} : { statusImages: this.#options.statusImages }), held, record: (event) => this.#recordOnNode(event), kubeletPort, labels: this.#options.labels ?? {}, taints: this.#options.taints ?? [],
      runtime, images, log: this.#log, volumesInUse: () => plugins.inUse.names(), devices: () => plugins.devices.resources(), pressures: () => this.#eviction?.pressures() ?? new Set(),
    })
    const mirrors = this.#makeMirrors(() => agent.uid)
    this.#mirrors = mirrors
    const { promise: synced, resolve, reject } = Promise.withResolvers<void>()
    const source = new PodSource({
      client, clock, nodeName, log: this.#log, onSynced: resolve,
      onPod: (pod) => (isMirror(pod) ? mirrors.observe(pod) : this.#onPod(pod)),
      onRemove: (uid) => (mirrors.staticUid(uid) === undefined ? this.#workers.get(uid)?.remove() : mirrors.remove(uid)),
    })
    const unsubscribe = runtime.onChange((uid) => this.#wake(uid))
    this.#parts = { source, agent, watches, prober, plugins: real ? plugins : undefined, unsubscribe }
    // Before the node is registered: static pods do not wait for the API server.
    await this.#static?.start()
    await agent.start(signal)
    plugins.inUse.tellBy(() => agent.tell())
    if (real) {
      plugins.start()
      own.watch(watches)
    }
    source.start()
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
    await synced
    mirrors.markSynced()
    await this.#relist(tools)
    this.#eviction?.start()
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#stopping.abort()
    this.#shutdown?.abort()
    this.#relistTimer?.cancel()
    await this.#server?.stop()
    await this.#eviction?.stop()
    await this.#static?.stop()
    await this.#mirrors?.stop()
    const parts = this.#parts
    if (!parts) return
    parts.unsubscribe()
    parts.prober.stop()
    parts.watches.stop()
    await parts.plugins?.stop()
    await Promise.all([parts.source.stop(), parts.agent.stop(), ...[...this.#workers.values()].map((worker) => worker.stop())])
    this.#workers.clear()
  }

  /** The machine has other addresses now: the node and its pods tell them. Pods that use the host's network have them at once, others keep what they have. */
  useAddresses(addresses: readonly string[]): void {
    if (same(addresses, this.#addresses)) return
    this.#addresses = addresses
    this.#parts?.agent.hurry()
    for (const worker of this.#workers.values()) worker.wake()
  }

  /** For new connections to its endpoint. */
  useTls(tls: KubeletServing['tls']): void {
    this.#server?.useTls(tls)
  }

  /** The machine is about to go down: no pod is taken any more, and those that are here end in this order. Resolves when they have, or their time is over. */
  async shutDown(steps: readonly ShutdownStep[]): Promise<void> {
    this.#shutdown ??= new AbortController()
    const { signal } = this.#shutdown
    this.#parts?.agent.hurry()
    await shutDownPods(this.#ending, steps, { clock: this.#options.clock, signal })
      .catch((error: unknown) => { if (!signal.aborted) throw error })
  }

  /** It does not go down after all; pods that have ended stay so. */
  cancelShutdown(): void {
    this.#shutdown?.abort()
    this.#shutdown = undefined
    this.#parts?.agent.hurry()
  }

  logs(pod: PodRef, options: LogOptions): Promise<AsyncIterable<Uint8Array>> {
    return this.#streams.logs(pod, options)
  }

  exec(pod: PodRef, options: ExecOptions): Promise<URL> {
    return this.#streams.exec(pod, options)
  }

  attach(pod: PodRef, options: Omit<ExecOptions, 'command'>): Promise<URL> {
    return this.#streams.attach(pod, options)
  }

  portForward(pod: PodRef, ports: readonly number[]): Promise<URL> {
    return this.#streams.portForward(pod, ports)
  }

  fetch(request: Request): Promise<Response> {
    return this.#routes.fetch(request)
  }

  stream(path: string, query: URLSearchParams): Promise<URL> {
    return this.#routes.stream(path, query)
  }

  async usage(): Promise<NodeUsageReport> {
    return usageReport(await this.#usage.latest())
  }

  /** Resolves with the port of the endpoint, 0 without one. */
  async #serve(): Promise<number> {
    const { serving, client, clock, nodeName } = this.#options
    if (!serving) return 0
    this.#server = new KubeletServer({ serving, routes: this.#routes, access: new KubeletAccess({ client, clock, nodeName }), log: this.#log })
    return this.#server.start()
  }

  #imageGarbage(): ImageGarbage {
    const { images, clock, dataDirectory } = this.#options
    return new ImageGarbage({
      images, clock, limits: (this.#options.imageSettings ?? defaultImageSettings).garbage, onCollected: (ids, atMs) => this.#pulled?.keepOnly(ids, atMs),
      record: (event) => this.#recordOnNode(event),
      disk: () => fileSystemUsage(dataDirectory), log: this.#log,
      inUse: () => new Set([...this.#workers.values()].flatMap(({ runtime }) => runtime.containers.flatMap(({ image, imageId }) => [image, imageId]))),
    })
  }

  #makeMirrors(nodeUid: () => string | undefined): MirrorPods {
    const { client, clock, nodeName, manifestDirectory } = this.#options
    const mirrors = new MirrorPods({ client, clock, log: this.#log, nodeUid, wanted: () => this.#static?.pods ?? [], onMirror: (uid, mirror) => this.#workers.get(uid)?.mirror(mirror) })
    if (manifestDirectory !== undefined) {
      this.#static = new StaticPods({
        directory: manifestDirectory, nodeName, clock, log: this.#log,
        onPod: (pod) => {
          this.#onPod(pod)
          mirrors.reconcile()
        },
        onRemove: (uid) => {
          this.#workers.get(uid)?.remove()
          mirrors.reconcile()
        },
      })
    }
    return mirrors
  }

  #makeEviction({ paths }: StarterNode): EvictionManager | undefined {
    const { stats, clock, eviction, dataDirectory, cgroupDriver = 'cgroupfs', cgroupRoot = '', observe = () => observeNode(dataDirectory) } = this.#options
    if (!stats) return undefined
    const ooms = new SystemOoms()
    const source = new ConsumptionSource({ stats, paths, cgroupDriver, cgroupRoot, runtime: (uid) => this.#workers.get(uid)?.runtime })
    return new EvictionManager({
      clock, log: this.#log, config: eviction ?? evictionConfig({}),
      node: {
        observe, measure: (pods, what) => source.measure(pods, what),
        active: () => this.#active(),
        evict: (uid, verdict) => this.#workers.get(uid)?.evict(verdict),
        reclaimDisk: async () => {
          for (const worker of this.#workers.values()) await worker.dropEnded()
          await this.#images?.collectAll()
        },
        ...(this.#options.files || this.#options.observe ? {} : { systemOoms: () => ooms.look() }),
        changed: () => this.#parts?.agent.hurry(),
        record: (event) => this.#recordOnNode(event),
      },
    })
  }

  /** As a kubelet does: the node's name stands for its uid. */
  #recordOnNode(event: { type: 'Normal' | 'Warning'; reason: string; message: string }): void {
    const { nodeName, events } = this.#options
    events.record({ apiVersion: 'v1', kind: 'Node', metadata: { name: nodeName, uid: nodeName } }, event)
  }

  #puller(tokens: RequestedTokens): ImagePuller {
    const { images, client, clock, dataDirectory, imageSettings = defaultImageSettings, files } = this.#options
    const { credentialProviders: config, verification, allowlist, parallelPulls, pullRate } = imageSettings
    const providers = config && new CredentialProviders({ ...config, client, clock, tokens, log: this.#log })
    if (verification !== 'NeverVerify' && !files) this.#pulled = new PulledImages({ directory: join(dataDirectory, 'image_manager'), clock, policy: verification, allowlist })
    return new ImagePuller({
      images, clock, parallelPulls, pullRate, took: (uid, ms) => this.#figures.pulled(uid, ms), credentials: new ImageCredentials({ client, ...(providers ? { providers } : {}) }),
      ...(this.#pulled ? { pulled: this.#pulled } : {}),
    })
  }

  #makeUsage(): UsageSampler {
    const { clock, dataDirectory, cgroupDriver = 'cgroupfs', cgroupRoot = '', stats, machine } = this.#options
    const source = new UsageSource({ clock, dataDirectory, cgroupDriver, cgroupRoot, stats, workers: () => this.#workers.values(), ...(machine ? { machine } : {}) })
    return new UsageSampler({ clock, take: () => source.take() })
  }

  #makeRoutes(): KubeletRoutes {
    const { nodeName, clock, runtime } = this.#options
    const workers = (): PodWorker[] => [...this.#workers.values()]
    return new KubeletRoutes({
      nodeName, clock, runtime, streams: this.#streams, usage: this.#usage, logDirectory: '/var/log', workers,
      ...(this.#options.files ? {} : { files: new FileUsages({ clock, workers, logDirectory: this.#options.logDirectory ?? '/var/log/pods' }) }),
      looking: () => this.#relistedMs === undefined || clock.monotonic() - this.#relistedMs < longestRelistMs, probes: () => ({ counts: this.#parts?.prober.counts() ?? [], durations: this.#parts?.prober.durations() ?? [] }), evictions: () => this.#eviction?.counts() ?? new Map(),
      started: () => ({ imageVolumes: this.#tools?.starter.imageVolumes ?? { requested: 0, mounted: 0, failed: 0 }, mappedPods: this.#tools?.users.counts ?? { started: 0, failed: 0 } }),
      config: configOf(this.#options), certificate: () => this.#server?.certificate, moreMetrics: () => [...this.#figures.lines(), ...this.#options.moreMetrics?.() ?? []],
    })
  }

  async #starterNode(pods: string, allocatable: Readonly<Record<string, string>>): Promise<StarterNode> {
    const options = this.#options
    const resolvConf = await readFile(options.resolvConf ?? '/etc/resolv.conf', 'utf8').catch(() => '')
    const addresses = (): readonly string[] => this.#addresses
    return {
      get hostIPs() { return addresses() },
      allocatable,
      dns: { clusterDns: options.clusterDns ?? [], clusterDomain: options.clusterDomain ?? 'cluster.local', host: parseResolvConf(resolvConf) },
      paths: { pods, logs: options.logDirectory ?? '/var/log/pods', seccomp: join(options.dataDirectory, 'seccomp') },
      cgroupDriver: options.cgroupDriver ?? 'cgroupfs', cgroupRoot: options.cgroupRoot ?? '',
      podPidsLimit: options.podPidsLimit ?? 0, seccompDefault: options.seccompDefault ?? false, ...(options.restartMaxMs === undefined ? {} : { restarts: restartDelays(options.restartMaxMs) }), seLinux: existsSync('/sys/fs/selinux/enforce'), mounter: options.mounter ?? new LinuxMounter(), containerMounts: (options.files ?? realFiles).containerMounts,
    }
  }

  #prober(): Prober {
    const { runtime, clock, events, files = realFiles } = this.#options
    return new Prober({
      runtime, clock, check: files.checkProbe,
      onChange: (uid) => this.#workers.get(uid)?.wake(),
      onUnhealthy: ({ pod, container }, message) => {
        const target = podContainers(pod).find((each) => each.container.name === container.name)
        events.record(pod, { type: 'Warning', reason: 'Unhealthy', message, ...(target ? { fieldPath: containerFieldPath(target) } : {}) })
      },
    })
  }

  #makeTools(node: StarterNode, { watches, prober, tokens, plugins, namespaces }: { watches: ObjectWatches; prober: Prober; tokens: RequestedTokens; plugins: NodePlugins; namespaces: UserNamespaces | undefined }): PodTools {
    const { runtime, client, clock, events, dataDirectory, files = realFiles } = this.#options
    const puller = this.#puller(tokens)
    const handlers = new RuntimeHandlers({ client, runtime })
    const memory = new MemoryFiles({ root: join(dataDirectory, 'secrets'), mounter: node.mounter })
    return {
      runtime, handlers, users: new PodUsers({ handlers, namespaces }), prober, watches, node, tokens, volumeTypes: files.volumeTypes({ tokens, csi: plugins.csi, memory }),
      directories: new PodDirectories({ pods: node.paths.pods, mounter: node.mounter, csi: plugins.csi, memory, removed: (uid) => namespaces?.release(uid) }), cgroups: this.#options.files ? files.cgroups : measuredCgroups(files.cgroups, this.#figures), figures: this.#figures, devices: plugins.devices,
      starter: new ContainerStarter({ runtime, handlers, puller, client, events, clock, node, devices: plugins.devices, figures: this.#figures }),
      killer: new ContainerKiller({ runtime, events, clock }),
    }
  }

  #onPod(pod: Pod): void {
    const uid = podUid(pod)
    const known = this.#workers.get(uid)
    if (known) return known.update(pod)
    if (!this.#tools || this.#stopped) return
    if (isStatic(pod) && this.#predecessor(pod)) return
    const { client, clock, events } = this.#options
    const worker = new PodWorker({
      pod, tools: this.#tools, client, clock, events, log: this.#log,
      admit: (candidate) => this.#admit(candidate),
      refuseResize: (candidate) => resizeRefusal({ pod: candidate, others: this.#others(candidate), allocatable: this.#tools?.node.allocatable ?? {} }),
      onFreed: () => this.#usesChanged(),
      onGone: (gone) => {
        this.#workers.delete(gone)
        this.#tools?.devices.release(gone)
        for (const waiting of this.#static?.pods ?? []) if (!this.#workers.has(podUid(waiting))) this.#onPod(waiting)
      },
    })
    this.#workers.set(uid, worker)
    this.#usesChanged()
    const mirror = this.#mirrors?.mirror(uid)
    if (mirror) worker.mirror(mirror)
    worker.wake()
  }

  /** What its file said before is still ending: there is one pod of a name at a time. */
  #predecessor(pod: Pod): PodWorker | undefined {
    return [...this.#workers.values()].find((worker) => keyText(keyOf(worker.pod)) === keyText(keyOf(pod)) && isStatic(worker.pod))
  }

  async #admit(pod: Pod): Promise<PodVerdict | undefined> {
    if (asksForLabels(pod)) await this.#node?.refresh()
    const { verdict, preempt = [] } = this.#fits(pod)
    if (preempt.length > 0) await this.#preempt(preempt)
    const devices = this.#tools?.devices
    if (verdict || !devices) return verdict
    const active = new Set(this.#others(pod).map(podUid))
    return devices.allocate(pod, active).then(() => undefined, (error: Error) => refusal('UnexpectedAdmissionError', `Allocate failed due to ${error.message}, which is unexpected`))
  }

  /** Resolves when they have left their room to what the node needs more. */
  async #preempt(pods: readonly Pod[]): Promise<void> {
    const { clock } = this.#options
    const graceMs = Math.max(0, ...pods.map(({ spec }) => spec.terminationGracePeriodSeconds ?? 30)) * 1000
    await endPods(this.#ending, pods, preemptionVerdict, { clock, signal: this.#stopping.signal, untilMs: clock.monotonic() + Math.max(minPreemptionMs, graceMs * 1.5) }).catch((error: unknown) => { if (!this.#stopped) throw error })
  }

  #fits(pod: Pod): Admission {
    if (this.#shutdown) return { verdict: shutdownRefusal }
    const distress = pressureVerdict(pod, this.#eviction?.pressures() ?? new Set())
    if (distress) return { verdict: distress }
    return admitPod({ pod, others: this.#others(pod), node: { metadata: this.#node?.metadata ?? {} }, taints: this.#node?.taints ?? [], allocatable: this.#tools?.node.allocatable ?? {}, appArmor: this.#appArmor, strictGroups: this.#options.runtime.abilities?.supplementalGroupsPolicy ?? false, unsafeSysctls: this.#options.allowedUnsafeSysctls ?? [] })
  }

  #active(): Pod[] {
    return [...this.#workers.values()].filter((worker) => worker.active).map((worker) => worker.pod)
  }

  #others(pod: Pod): Pod[] {
    return [...this.#workers.values()].filter((worker) => worker.claims && podUid(worker.pod) !== podUid(pod)).map((worker) => worker.pod)
  }

  /** Soon: what has become free is free when this turn is over. */
  #usesChanged(): void {
    queueMicrotask(() => {
      void this.#qos?.update(this.#active()).catch((error: Error) => this.#log(`cgroups of pod classes: ${error.message}`))
      const waiting = [...this.#workers.values()].flatMap((worker) => (worker.deferredResize ? [{ worker, resize: worker.deferredResize }] : []))
      for (const { worker } of waiting.sort((a, b) => compareResizes(a.resize, b.resize))) worker.decideResize()
    })
  }

  #wake(uid: string | undefined): void {
    if (uid === undefined) for (const worker of this.#workers.values()) worker.wake()
    else this.#workers.get(uid)?.wake()
  }

  /** A safety net under the runtime's events; also removes what no pod of this node owns. */
  async #relist(tools: PodTools): Promise<void> {
    this.#relistedMs = this.#options.clock.monotonic()
    try {
      const { runtime: host, clock, logRotation } = this.#options
      const found = await this.#figures.relisting(() => tools.runtime.pods())
      for (const pod of found) {
        const worker = this.#workers.get(pod.uid)
        if (worker && fingerprint(worker.runtime) !== fingerprint(pod)) worker.wake()
      }
      for (const worker of this.#workers.values()) await rotatePodLogs(worker.runtime, tools.node.paths.logs, { clock, ...logRotation, reopen: (id) => host.reopenLog(id) })
      await new OrphanCollector(tools, this.#log).collect({ found, directories: await tools.directories.list(), owned: (uid) => this.#workers.has(uid) })
      await this.#parts?.plugins?.csi.sweep(this.#log)
      await this.#images?.collect()
    } catch (error) {
      this.#log(`relist: ${(error as Error).message}`)
    }
    if (!this.#stopped) this.#relistTimer = this.#options.clock.setTimer(() => void this.#relist(tools), relistMs)
  }
}

const fingerprint = (pod: PodWorker['runtime']): string =>
  [...pod.sandboxes.map((each) => `${each.id}:${each.ready}`), ...pod.containers.map((each) => `${each.id}:${each.phase}`)].sort().join(' ')
