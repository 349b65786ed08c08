// What goes into a pod's resolv.conf, from its DNS policy. Pure.
import type { Pod } from '../api/types-pod.ts'
import type { DnsConfig } from './runtime-service.ts'

export interface NodeDns {
  readonly clusterDns: readonly string[]
  readonly clusterDomain: string
  /** The host's own resolv.conf. */
  readonly host: DnsConfig
}

const maxServers = 3
const maxSearches = 32
const maxSearchChars = 2048

export function parseResolvConf(text: string): DnsConfig {
  const servers: string[] = []
  let searches: string[] = []
  let options: string[] = []
  for (const line of text.split('\n')) {
    const [keyword, ...words] = line.replace(/[#;].*$/, '').trim().split(/\s+/)
    if (keyword === 'nameserver' && words[0]) servers.push(words[0])
    // The last line of these counts; a single dot means the root, which adds nothing.
    else if (keyword === 'search') searches = words.filter((word) => word !== '.').map((word) => word.replace(/(.)\.$/, '$1'))
    else if (keyword === 'options') options = words
  }
  return { servers, searches, options }
}

export function podDns(pod: Pod, node: NodeDns): DnsConfig {
  const base = policyDns(pod, node)
  const custom = pod.spec.dnsConfig
  return limited({
    servers: [...new Set([...base.servers, ...(custom?.nameservers ?? [])])],
    searches: [...new Set([...base.searches, ...(custom?.searches ?? [])])],
    options: mergedOptions(base.options, (custom?.options ?? []).map(({ name = '', value }) => (value ? `${name}:${value}` : name))),
  })
}

function policyDns(pod: Pod, node: NodeDns): DnsConfig {
  const { dnsPolicy = 'ClusterFirst', hostNetwork = false } = pod.spec
  if (dnsPolicy === 'None') return { servers: [], searches: [], options: [] }
  const cluster = dnsPolicy === 'ClusterFirstWithHostNet' || (dnsPolicy === 'ClusterFirst' && !hostNetwork)
  if (!cluster || node.clusterDns.length === 0) return node.host.servers.length > 0 ? node.host : { ...node.host, servers: ['127.0.0.1'] }
  const domain = node.clusterDomain
  return {
    servers: node.clusterDns,
    searches: [...new Set([`${pod.metadata.namespace}.svc.${domain}`, `svc.${domain}`, domain, ...node.host.searches])],
    options: ['ndots:5'],
  }
}

/** A later option of the same name replaces an earlier one. */
function mergedOptions(base: readonly string[], custom: readonly string[]): string[] {
  const byName = new Map([...base, ...custom].map((option) => [option.split(':')[0], option]))
  return [...byName.values()]
}

function limited(dns: DnsConfig): DnsConfig {
  const searches: string[] = []
  let chars = -1
  for (const search of dns.searches.slice(0, maxSearches)) {
    chars += search.length + 1
    if (chars > maxSearchChars) break
    searches.push(search)
  }
  return { servers: dns.servers.slice(0, maxServers), searches, options: dns.options }
}
