// A whole cluster in this process: the composition root.
import { mkdir, rename, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { nodes } from '../api/types-node.ts'
import { addressLooks, defaultAddress } from '../kubelet/node-facts.ts'
import type { Client } from '../client/client.ts'
import { kubeconfigYaml } from '../pki/kubeconfig.ts'
import { type Clock, systemClock } from '../util/clock.ts'
import { AddressWatch } from './address-watch.ts'
import { HollowNodes } from './hollow-nodes.ts'
import { ControlPlane } from './control-plane.ts'
import { ClusterNode } from './node.ts'
import { checkOptions, type ClusterOptions } from './options.ts'

export interface ClusterHooks {
  readonly log?: (text: string) => void
  /** Told of each step as it is reached. */
  readonly progress?: (step: 'api' | 'controllers' | 'node') => void
  readonly clock?: Clock
}

export class Cluster {
  /** As cluster-admin. */
  readonly client: Client
  readonly kubeconfig: string
  readonly port: number
  readonly #plane: ControlPlane
  readonly #node: ClusterNode | undefined
  readonly #hollow: HollowNodes
  readonly #addresses: AddressWatch
  readonly #stop: AbortController

  private constructor(parts: { plane: ControlPlane; node: ClusterNode | undefined; hollow: HollowNodes; addresses: AddressWatch; kubeconfig: string; stop: AbortController }) {
    this.#plane = parts.plane
    this.#node = parts.node
    this.#hollow = parts.hollow
    this.#addresses = parts.addresses
    this.#stop = parts.stop
    this.kubeconfig = parts.kubeconfig
    this.port = parts.plane.port
    this.client = parts.plane.client('system:admin')
  }

  /** Resolves when the node is Ready, or, without an agent, when the controllers run. Throws OptionError for settings that can't work. */
  static async start(options: ClusterOptions, hooks: ClusterHooks = {}): Promise<Cluster> {
    checkOptions(options)
    const { log = () => undefined, progress = () => undefined, clock = systemClock } = hooks
    const nodeIP = options.nodeIP ?? await defaultAddress()
    const stop = new AbortController()
    const node = options.disableAgent ? undefined : new ClusterNode({ cluster: options, nodeIP, clock, log })
    node?.startRuntime()
    const hollow = new HollowNodes({ cluster: options, clock, log })
    let plane: ControlPlane | undefined
    try {
      plane = await ControlPlane.start({
        cluster: options, clock, nodeIP, log,
        nodeConnections: (name) => (name === options.nodeName ? node?.connection : hollow.connection(name)),
      })
      const kubeconfig = kubeconfigYaml({ server: `https://127.0.0.1:${plane.port}`, serverAuthority: plane.pki.serverAuthority.certificate, user: plane.pki.admin })
      if (options.kubeconfigPath) await writePrivately(options.kubeconfigPath, kubeconfig)
      progress('api')
      const controllers = plane.startControllers(stop.signal).then(() => progress('controllers'))
      await Promise.all([controllers, node?.start(plane, stop.signal), hollow.start(plane, stop.signal)])
      const addresses = new AddressWatch({ clock, log, address: nodeIP, renew: renewal(plane, node), look: options.nodeIP === undefined ? addressLooks() : () => Promise.resolve(nodeIP) })
      addresses.start()
      const cluster = new Cluster({ plane, node, hollow, addresses, kubeconfig, stop })
      if (node) {
        await cluster.#whenReady(options.nodeName)
        progress('node')
      }
      return cluster
    } catch (error) {
      stop.abort()
      await hollow.stop()
      await node?.stop()
      await plane?.stop()
      throw error
    }
  }

  /** Ends this process's part. Pods and containerd go on, and the next start finds them. */
  async stop(): Promise<void> {
    this.#stop.abort()
    await this.#addresses.stop()
    await this.#hollow.stop()
    await this.#node?.stop()
    await this.#plane.stop()
  }

  async #whenReady(name: string): Promise<void> {
    const done = new AbortController()
    const signal = AbortSignal.any([done.signal, this.#stop.signal])
    try {
      for await (const batch of this.client.watch(nodes, { fieldSelector: `metadata.name=${name}`, sendInitialEvents: true, signal })) {
        const ready = batch.some(({ object }) => object.status?.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True'))
        if (ready) return
      }
    } finally {
      done.abort()
    }
  }
}

/** Pods go on through it: only new connections see the change. */
const renewal = (plane: ControlPlane, node: ClusterNode | undefined) => async (nodeIP: string): Promise<void> => {
  await plane.renew(nodeIP)
  node?.useAddress(nodeIP, plane)
}

/** Readable by its owner only, and never half written. */
async function writePrivately(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  await writeFile(`${path}.new`, text, { mode: 0o600 })
  await rename(`${path}.new`, path)
}
