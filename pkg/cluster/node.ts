// This machine as a node: its container runtime, its part of the network, and the kubelet.
import { access } from 'node:fs/promises'
import { join } from 'node:path'
import type { NodeConnection } from '../api/node-connection.ts'
import { unifiedSettings } from '../containerd/container-unified.ts'
import { type CriClient, connectCri, RpcError } from '../containerd/cri.ts'
import { type CgroupDriver, detectHost } from '../containerd/host.ts'
import { ImageDirectory } from '../containerd/image-directory.ts'
import { ImageLists } from '../containerd/image-lists.ts'
import { fullImageName } from '../containerd/image-name.ts'
import { ImageStore } from '../containerd/images.ts'
import { buildPauseArchive, pauseImageName } from '../containerd/pause-image.ts'
import { noRegistries, type Registries } from '../containerd/registries.ts'
import { rewrittenNames } from '../containerd/registry-hosts.ts'
import { RewrittenPulls } from '../containerd/rewritten-pulls.ts'
import { ContainerdSupervisor } from '../containerd/supervisor.ts'
import { containerdExits } from '../kubelet/containerd-exits.ts'
import { CriImages } from '../kubelet/cri-images.ts'
import { CriRuntime } from '../kubelet/cri-runtime.ts'
import { CriUsage } from '../kubelet/cri-usage.ts'
import { Kubelet } from '../kubelet/kubelet.ts'
import { withConfigFiles } from '../kubelet/kubelet-config-files.ts'
import { type KubeletSettings, kubeletSettings } from '../kubelet/kubelet-flags.ts'
import { LogindShutdown } from '../kubelet/logind-shutdown.ts'
import { RuntimeOperations } from '../kubelet/runtime-operations.ts'
import { shareRoot } from '../kubelet/shared-root.ts'
import type { ShutdownStep } from '../kubelet/node-shutdown.ts'
import { ClusterNetwork } from '../network/cluster-network.ts'
import type { Clock } from '../util/clock.ts'
import type { ControlPlane } from './control-plane.ts'
import { type ClusterOptions, nodePodCidr } from './options.ts'
import { useKubeletRoot } from './kubelet-root.ts'
import { describePortOwner } from './port-owner.ts'
import { readRegistries, withCredentialProviders } from './image-files.ts'

export interface ClusterNodeOptions {
  readonly cluster: ClusterOptions
  readonly nodeIP: string
  readonly clock: Clock
  readonly log: (text: string) => void
}

/** The supervisor of the private containerd; made the same way for running and for cleaning up. */
export function containerdSupervisor(options: ClusterNodeOptions, { registries, cgroupDriver }: { registries?: Registries; cgroupDriver?: CgroupDriver } = {}): ContainerdSupervisor {
  const { cluster, clock, log } = options
  return new ContainerdSupervisor({
    clock, log, ...(registries ? { registries } : {}), ...(cgroupDriver ? { cgroupDriver } : {}),
    rootDirectory: join(cluster.dataDirectory, 'agent/containerd'),
    stateDirectory: join(cluster.stateDirectory, 'containerd'),
    cniConfDirectory: cniDirectory(cluster),
  })
}

/** As a runtime of somebody else's says; one before containerd 2 can't, and what was asked for counts. */
async function driverOf(cri: CriClient, asked: CgroupDriver | undefined): Promise<{ cgroupDriver?: CgroupDriver }> {
  const said = await cri.runtimeConfig({}).catch((error: Error) => {
    if (error instanceof RpcError && error.codeName === 'UNIMPLEMENTED') return undefined
    throw error
  })
  const cgroupDriver = said?.linux ? (said.linux.cgroupDriver === 'SYSTEMD' ? 'systemd' : 'cgroupfs') : asked
  return cgroupDriver ? { cgroupDriver } : {}
}

/** Above the pods' cgroups, so that what is ours can be told from another kubelet's. */
export const cgroupRoot = '/kinglet'

const cniDirectory = (cluster: ClusterOptions): string => join(cluster.dataDirectory, 'agent/cni')

export class ClusterNode {
  readonly #options: ClusterNodeOptions
  readonly #containerd: ContainerdSupervisor | undefined
  readonly #registries: Registries
  readonly #settings: KubeletSettings
  /** The kubelet's. */
  readonly #root: string
  #imports: ImageDirectory | undefined
  #lists: ImageLists | undefined
  #runtime: Promise<CriClient> | undefined
  readonly #operations = new RuntimeOperations()
  #kubelet: Kubelet | undefined
  #network: ClusterNetwork | undefined
  #shutdown: LogindShutdown | undefined

  /** Throws OptionError for settings that can't work. */
  constructor(options: ClusterNodeOptions) {
    this.#options = options
    const { cluster, log } = options
    // Someone else's containerd has a configuration of its own.
    const own = cluster.containerRuntimeEndpoint === undefined
    if (!own && cluster.privateRegistry) log(`${cluster.privateRegistry} is left aside: the runtime at ${cluster.containerRuntimeEndpoint} is not kinglet's`)
    this.#registries = own ? readRegistries(cluster) : noRegistries
    const { args, ignored } = withConfigFiles(cluster.kubeletArgs ?? [])
    if (ignored.length > 0) log(`the kubelet's configuration: ${ignored.join(', ')} ${ignored.length === 1 ? 'is' : 'are'} left aside: kinglet decides that itself, or has nothing that it would change`)
    const settings = kubeletSettings(args)
    this.#root = useKubeletRoot(cluster.dataDirectory, settings.rootDirectory)
    this.#settings = { ...settings, imageSettings: withCredentialProviders(settings.imageSettings, cluster.dataDirectory) }
    this.#containerd = own ? containerdSupervisor(options, { registries: this.#registries, ...(settings.cgroupDriver ? { cgroupDriver: settings.cgroupDriver } : {}) }) : undefined
  }

  /** Its logs and streams, once it is there. */
  get connection(): NodeConnection | undefined {
    return this.#kubelet
  }

  get socketPath(): string {
    return this.#containerd?.socketPath ?? this.#options.cluster.containerRuntimeEndpoint?.replace(/^unix:\/\//, '') ?? ''
  }

  /** Begins to start containerd, which takes longest and depends on nothing. `start` reports how it went. */
  startRuntime(): void {
    this.#runtime = this.#startRuntime()
    // Not unhandled: `start` awaits the same promise.
    this.#runtime.catch(() => undefined)
  }

  /** Resolves when the node is registered, its pods are known, and Services and names answer. */
  async start(plane: ControlPlane, signal: AbortSignal): Promise<void> {
    const { cluster, nodeIP, clock, log } = this.#options
    const { nodeName } = cluster
    const { shutdown, labels, rootDirectory: _told, singleProcessOomKill = false, cgroupDriver, ...settings } = this.#settings
    const network = new ClusterNetwork({
      informers: plane.informers, nodeName, clock, log,
      serviceCidr: cluster.serviceCidr, clusterCidr: cluster.clusterCidr, podCidr: nodePodCidr(cluster.clusterCidr, 0),
      dnsIP: cluster.clusterDns, domain: cluster.clusterDomain,
      cniConfigDirectory: cniDirectory(cluster), ipamDirectory: join(cluster.dataDirectory, 'agent/ipam'),
    })
    this.#network = network
    await network.prepare()
    if (!this.#runtime) this.startRuntime()
    const cri = await this.#runtime!
    const socketPath = this.socketPath
    const host = this.#containerd?.host ?? { ...detectHost(cluster.dataDirectory), ...await driverOf(cri, cgroupDriver) }
    const client = plane.nodeClient(nodeName)
    this.#kubelet = new Kubelet({
      nodeName, clock, log,
      client, events: plane.events('kubelet', nodeName, client),
      runtime: new CriRuntime({ cri, clock, owner: nodeName, taskExits: containerdExits(socketPath, clock), unified: unifiedSettings(host, singleProcessOomKill) }),
      images: this.#images(cri),
      stats: new CriUsage({ cri, owner: nodeName }),
      moreMetrics: () => this.#operations.lines(),
      collectImages: this.#containerd !== undefined,
      ...(cluster.kubeletPort ? { serving: { host: cluster.bindAddress, port: cluster.kubeletPort, tls: kubeletTls(plane) } } : {}),
      dataDirectory: this.#root,
      manifestDirectory: join(cluster.dataDirectory, 'agent/pod-manifests'), ...settings,
      nodeAddresses: [nodeIP],
      clusterDns: [cluster.clusterDns], clusterDomain: cluster.clusterDomain,
      ...(labels ? { labels } : {}),
      cgroupRoot,
      cgroupDriver: host.cgroupDriver,
      ...(cluster.podLogDirectory ? { logDirectory: cluster.podLogDirectory } : {}),
    })
    // Both to their end, also when one fails: what is half started can't be stopped in order.
    const outcomes = await Promise.allSettled([network.start(), this.#kubelet.start(signal).catch(explainPort)])
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason
    if (shutdown.length > 0) this.#heedShutdown(this.#kubelet, shutdown)
  }

  #heedShutdown(kubelet: Kubelet, steps: readonly ShutdownStep[]): void {
    this.#shutdown = new LogindShutdown({ log: this.#options.log, clock: this.#options.clock, seconds: steps.reduce((sum, { graceSeconds }) => sum + graceSeconds, 0), onShutdown: () => kubelet.shutDown(steps), onCancel: () => kubelet.cancelShutdown() })
    this.#shutdown.start()
  }

  /** The machine may have another address, and has certificates for it. */
  useAddress(nodeIP: string, plane: ControlPlane): void {
    this.#kubelet?.useTls(kubeletTls(plane))
    this.#kubelet?.useAddresses([nodeIP])
  }

  /** Pods go on; so does containerd. */
  async stop(): Promise<void> {
    this.#shutdown?.stop()
    await this.#kubelet?.stop()
    this.#lists?.stop()
    await this.#imports?.stop()
    await this.#network?.stop()
    const cri = await this.#runtime?.catch(() => undefined)
    cri?.close()
    this.#containerd?.stop()
  }

  async #startRuntime(): Promise<CriClient> {
    const { clock, cluster, log } = this.#options
    // Before containerd, which mounts there, too.
    await shareRoot(this.#root, log)
    if (this.#containerd) await this.#containerd.start()
    else await requireSocket(this.socketPath)
    const store = new ImageStore({ socketPath: this.socketPath, clock })
    await store.ensure(pauseImageName, () => buildPauseArchive())
    const agent = join(cluster.dataDirectory, 'agent')
    const cri = connectCri(this.socketPath, clock, this.#operations.ended)
    const images = this.#images(cri)
    this.#lists = new ImageLists({ clock, log, has: (image) => store.has(image), pull: (image) => images.pull(fullImageName(image)), pin: (image) => store.pin(image) })
    this.#imports = new ImageDirectory({ directory: join(agent, 'images'), recordPath: join(agent, 'imported-images.json'), store, lists: this.#lists, clock, log })
    await this.#imports.start()
    return cri
  }

  #images(cri: CriClient): CriImages {
    const { socketPath } = this
    const { clock, log } = this.#options
    return new CriImages({
      cri, store: new ImageStore({ socketPath, clock }),
      rewritten: new RewrittenPulls({ cri, socketPath, clock, namesOf: rewrittenNames(this.#registries), log }),
    })
  }
}

const kubeletTls = ({ pki }: ControlPlane): { key: string; cert: string; clientCa: string } =>
  ({ key: pki.kubeletServing.key, cert: pki.kubeletServing.certificate, clientCa: pki.clientAuthority.certificate })

function explainPort(error: NodeJS.ErrnoException & { port?: number }): never {
  if (error.code !== 'EADDRINUSE' || error.port === undefined) throw error
  throw new Error(`--kubelet-port: port ${error.port} is taken${describePortOwner(error.port)}; end that, choose another, or 0 for no endpoint`)
}

async function requireSocket(path: string): Promise<void> {
  await access(path).catch((error: NodeJS.ErrnoException) => {
    throw new Error(`--container-runtime-endpoint: no container runtime answers at ${path} (${error.code}); start it, or leave the flag out to let kinglet run containerd itself`)
  })
}
