// The node's part in the cluster network: pod network, service proxy and DNS, kept current from informers.
import { readFile } from 'node:fs/promises'
import { namespaces } from '../api/types-config.ts'
import { pods } from '../api/types-pod.ts'
import { endpointSlices, serviceCIDRs, services } from '../api/types-service.ts'
import type { Informers } from '../client/informer.ts'
import type { Clock } from '../util/clock.ts'
import { writeConflist } from './cni.ts'
import { Dataplane } from './dataplane.ts'
import { buildDnsTable } from './dns-table.ts'
import { nameserversOf } from './dns-upstream.ts'
import { addServiceRoute, removeHostNetwork, replaceFurtherRoutes, setSysctls } from './host-network.ts'
import { hostPortsOf } from './host-ports.ts'
import { Publisher } from './publisher.ts'
import { furtherRanges } from './service-ranges.ts'
import { buildServiceTable } from './service-table.ts'

export interface ClusterNetworkOptions {
  readonly informers: Informers
  readonly nodeName: string
  readonly serviceCidr: string
  readonly clusterCidr: string
  /** This node's share of the cluster's range. */
  readonly podCidr: string
  readonly dnsIP: string
  readonly domain: string
  /** undefined: the pod network is someone else's. */
  readonly cniConfigDirectory?: string
  readonly ipamDirectory: string
  readonly clock: Clock
  readonly log: (text: string) => void
}

export const bridgeName = 'kinglet0'

export class ClusterNetwork {
  readonly name = 'network'
  #options: ClusterNetworkOptions
  #dataplane: Dataplane | undefined
  #unsubscribe: (() => void)[] = []
  /** The further ranges that have routes; undefined before the first look. */
  #ranges: string | undefined
  #services: Publisher
  #dns: Publisher

  constructor(options: ClusterNetworkOptions) {
    this.#options = options
    const failed = (error: Error): void => options.log(`data plane: ${error.message}`)
    const { clock } = options
    this.#services = new Publisher({ publish: () => this.#publishServices(), clock, failed })
    this.#dns = new Publisher({ publish: () => this.#publishDns(), clock, failed })
  }

  /** Prepares the machine; pods can get addresses when this resolves. Needs root. */
  async prepare(): Promise<void> {
    const { serviceCidr, podCidr, cniConfigDirectory, ipamDirectory } = this.#options
    await addServiceRoute(serviceCidr)
    await setSysctls({ 'net.ipv4.ip_forward': '1', 'net.ipv4.conf.all.route_localnet': '1' })
    if (cniConfigDirectory) await writeConflist(cniConfigDirectory, { bridge: bridgeName, podCidr, ipamDirectory })
  }

  /** Resolves when Services and names of the present state answer. */
  async start(): Promise<void> {
    const { serviceCidr, clusterCidr, podCidr, dnsIP, domain, informers, log } = this.#options
    const resolvConf = await readFile('/etc/resolv.conf', 'utf8').catch(() => '')
    this.#dataplane = new Dataplane({ serviceCidr, clusterCidr, podCidr, bridge: bridgeName, dnsIP, domain, nameservers: nameserversOf(resolvConf, dnsIP) }, log)
    await this.#dataplane.ready
    const followed = [informers.for(services), informers.for(endpointSlices), informers.for(namespaces), informers.for(pods), informers.for(serviceCIDRs)]
    await Promise.all(followed.map((informer) => informer.whenSynced()))
    const both = (): void => {
      this.#services.trigger()
      this.#dns.trigger()
    }
    this.#unsubscribe = [
      informers.for(services).onChange(both),
      informers.for(endpointSlices).onChange(both),
      informers.for(serviceCIDRs).onChange(() => this.#services.trigger()),
      informers.for(namespaces).onChange(() => this.#dns.trigger()),
      informers.for(pods).onChange(({ object, previous }) => {
        if (hasHostPorts(object) || hasHostPorts(previous)) this.#services.trigger()
      }),
    ]
    both()
    await Promise.all([this.#services.idle(), this.#dns.idle()])
  }

  async stop(): Promise<void> {
    for (const unsubscribe of this.#unsubscribe.splice(0)) unsubscribe()
    this.#services.stop()
    this.#dns.stop()
    await this.#dataplane?.close()
    this.#dataplane = undefined
  }

  async #publishServices(): Promise<void> {
    const { informers, nodeName, serviceCidr } = this.#options
    const ranges = furtherRanges(serviceCidr, informers.for(serviceCIDRs).list())
    if (ranges.join() !== this.#ranges) {
      await replaceFurtherRoutes(ranges)
      this.#ranges = ranges.join()
    }
    const table = { ...buildServiceTable(informers.for(services).list(), informers.for(endpointSlices).list(), nodeName), ranges }
    await this.#dataplane?.setServices(table, hostPortsOf(informers.for(pods).list(), nodeName))
  }

  #publishDns(): Promise<void> {
    const { informers } = this.#options
    const names = informers.for(namespaces).list().map((namespace) => namespace.metadata.name ?? '')
    return this.#dataplane?.setDns(buildDnsTable(informers.for(services).list(), informers.for(endpointSlices).list(), names)) ?? Promise.resolve()
  }
}

/** Takes away what `prepare` and the data plane made on the machine. */
export function removeNetwork(serviceCidr: string): Promise<void> {
  return removeHostNetwork({ serviceCidr, bridge: bridgeName })
}

function hasHostPorts(pod: { spec: { containers: { ports?: { hostPort?: number }[] }[] } } | undefined): boolean {
  return pod?.spec.containers.some((container) => container.ports?.some((port) => port.hostPort)) ?? false
}
