// What a cluster can be told, with the defaults that users of k3s know; checked before anything starts.
import { withConfigFiles } from '../kubelet/kubelet-config-files.ts'
import { kubeletSettings } from '../kubelet/kubelet-flags.ts'
import { type AuditOptions, auditSettings } from './audit-options.ts'
import { BlockList, isIP, isIPv4 } from 'node:net'

export interface ClusterOptions {
  /** Everything that must survive lies below; removing it removes the cluster. */
  readonly dataDirectory: string
  /** Sockets and the like, gone after a reboot. Short: a socket's path has about 100 bytes. */
  readonly stateDirectory: string
  readonly bindAddress: string
  readonly httpsPort: number
  /** The kubelet's HTTPS endpoint; 0 or undefined for none. */
  readonly kubeletPort?: number
  readonly clusterCidr: string
  readonly serviceCidr: string
  readonly clusterDns: string
  readonly clusterDomain: string
  readonly nodeName: string
  /** The node's own address; undefined means that of the default route. */
  readonly nodeIP?: string
  /** More names and addresses in the API server's certificate. */
  readonly tlsSans: readonly string[]
  /** Where the admin's kubeconfig is written; undefined for nowhere. */
  readonly kubeconfigPath?: string
  /** A containerd of someone else, by its socket; undefined starts one of our own. */
  readonly containerRuntimeEndpoint?: string
  /** Mirrors, logins and TLS of image registries, as k3s' registries.yaml; undefined for none. */
  readonly privateRegistry?: string
  /** Configures admission plugins, as kube-apiserver's AdmissionConfiguration; undefined for none. */
  readonly admissionConfig?: string
  /** The audit log; undefined for none. */
  readonly audit?: AuditOptions
  /** Control plane only. */
  readonly disableAgent: boolean
  /** Nothing is kept: for tests. */
  readonly inMemory?: boolean
  readonly podLogDirectory?: string
  /** How many nodes there are besides that only look like some. */
  readonly hollowNodes?: number
  /** The kubelet's own settings, `name=value`. */
  readonly kubeletArgs?: readonly string[]
}

export const defaultClusterOptions = {
  dataDirectory: '/var/lib/kinglet',
  stateDirectory: '/run/kinglet',
  bindAddress: '0.0.0.0',
  httpsPort: 6443,
  kubeletPort: 10250,
  clusterCidr: '10.42.0.0/16',
  serviceCidr: '10.43.0.0/16',
  clusterDns: '10.43.0.10',
  clusterDomain: 'cluster.local',
  kubeconfigPath: '/etc/kinglet/kubeconfig.yaml',
  privateRegistry: '/etc/kinglet/registries.yaml',
  tlsSans: [],
  disableAgent: false,
} as const satisfies Partial<ClusterOptions>

/** A setting that can't work; the message names it as the command line does. */
export class OptionError extends Error {
  override name = 'OptionError'
}

/** Throws OptionError at the first setting that is wrong. */
export function checkOptions(options: ClusterOptions): void {
  const port = options.httpsPort
  if (!Number.isInteger(port) || port < 0 || port > 65535) throw new OptionError(`--https-listen-port: expected a port from 1 to 65535, found ${port}`)
  const { kubeletPort = 0 } = options
  if (!Number.isInteger(kubeletPort) || kubeletPort < 0 || kubeletPort > 65535) throw new OptionError(`--kubelet-port: expected a port from 1 to 65535, or 0 for none, found ${kubeletPort}`)
  if (kubeletPort !== 0 && kubeletPort === port && !options.disableAgent) throw new OptionError(`--kubelet-port: ${port} is the API server's port already`)
  const cluster = parseCidr('--cluster-cidr', options.clusterCidr)
  const service = parseCidr('--service-cidr', options.serviceCidr)
  if (cluster.prefix > 24) throw new OptionError(`--cluster-cidr: expected a range of at least a /24, which one node needs, found ${options.clusterCidr}`)
  if (service.prefix < 12 || service.prefix > 28) throw new OptionError(`--service-cidr: expected a range between /12 and /28, found ${options.serviceCidr}`)
  if (contains(cluster, service.address) || contains(service, cluster.address)) throw new OptionError(`--service-cidr: ${options.serviceCidr} overlaps --cluster-cidr ${options.clusterCidr}`)
  if (!isIPv4(options.clusterDns) || !contains(service, options.clusterDns)) throw new OptionError(`--cluster-dns: expected an address within --service-cidr ${options.serviceCidr}, found ${JSON.stringify(options.clusterDns)}`)
  if (options.clusterDns === addressAt(options.serviceCidr, 1)) throw new OptionError(`--cluster-dns: ${options.clusterDns} is the address of the kubernetes service`)
  if (!isDnsName(options.clusterDomain)) throw new OptionError(`--cluster-domain: expected a DNS name, found ${JSON.stringify(options.clusterDomain)}`)
  if (!isDnsName(options.nodeName)) throw new OptionError(`--node-name: expected a lower-case DNS name, found ${JSON.stringify(options.nodeName)}`)
  const { logFormat = 'json', logMaxSize = 0, logMaxAge = 0, logMaxBackup = 0 } = options.audit ?? {}
  if (logFormat !== 'json' && logFormat !== 'legacy') throw new OptionError(`--audit-log-format: expected json or legacy, found ${JSON.stringify(logFormat)}`)
  for (const [name, value] of Object.entries({ maxsize: logMaxSize, maxage: logMaxAge, maxbackup: logMaxBackup })) {
    if (!Number.isInteger(value) || value < 0) throw new OptionError(`--audit-log-${name}: expected a number from 0, found ${value}`)
  }
  try {
    auditSettings(options.audit ?? {})
  } catch (error) {
    throw new OptionError((error as Error).message)
  }
  const { hollowNodes = 0 } = options
  if (!Number.isInteger(hollowNodes) || hollowNodes < 0 || hollowNodes > 10_000) throw new OptionError(`--hollow-nodes: expected a number from 0 to 10000, found ${hollowNodes}`)
  try {
    kubeletSettings(withConfigFiles(options.kubeletArgs ?? []).args)
  } catch (error) {
    throw new OptionError(`--kubelet-arg: ${(error as Error).message}`)
  }
  for (const name of options.tlsSans) if (!isDnsName(name.replace(/^\*\./, '')) && isIP(name) === 0) throw new OptionError(`--tls-san: expected a DNS name or an address, found ${JSON.stringify(name)}`)
}

interface Cidr {
  readonly address: string
  readonly prefix: number
}

function parseCidr(flag: string, text: string): Cidr {
  const match = /^([\d.]+)\/(\d{1,2})$/.exec(text)
  const prefix = Number(match?.[2])
  if (!match?.[1] || !isIPv4(match[1]) || prefix > 32) throw new OptionError(`${flag}: expected an IPv4 range such as 10.42.0.0/16, found ${JSON.stringify(text)}`)
  return { address: match[1], prefix }
}

function contains(range: Cidr, address: string): boolean {
  const list = new BlockList()
  list.addSubnet(range.address, range.prefix)
  return list.check(address)
}

const isDnsName = (text: string): boolean => text.length <= 253 && /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/.test(text)

/** The address `offset` steps after a range's first: `addressAt('10.43.0.0/16', 1)` is 10.43.0.1. */
export function addressAt(cidr: string, offset: number): string {
  const [address = '', prefix = '32'] = cidr.split('/')
  const number = address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)
  const size = 2 ** (32 - Number(prefix))
  const wanted = number - (number % size) + offset
  return [24, 16, 8, 0].map((shift) => Math.floor(wanted / 2 ** shift) % 256).join('.')
}

/** The `index`th /24 of the cluster's range: one node's pods. */
export function nodePodCidr(clusterCidr: string, index: number): string {
  return `${addressAt(clusterCidr, index * 256)}/24`
}

/** How many nodes the cluster's range has room for. */
export function nodeRangeCount(clusterCidr: string): number {
  return 2 ** (24 - Number(clusterCidr.split('/')[1]))
}
