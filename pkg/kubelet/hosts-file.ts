// The text of a pod's /etc/hosts. Pure.
import type { HostAlias } from '../api/types-pod.ts'

const header = '# Kubernetes-managed hosts file.\n'
const hostNetworkHeader = '# Kubernetes-managed hosts file (host network).\n'

export interface HostsFileInput {
  readonly ips: readonly string[]
  readonly hostname: string
  /** `hostname.subdomain.namespace.svc.domain`, when the pod has a subdomain. */
  readonly fqdn?: string
  readonly aliases: readonly HostAlias[]
}

export function podHostsFile(input: HostsFileInput): string {
  const lines = [
    '127.0.0.1\tlocalhost',
    '::1\tlocalhost ip6-localhost ip6-loopback',
    'fe00::0\tip6-localnet',
    'fe00::0\tip6-mcastprefix',
    'fe00::1\tip6-allnodes',
    'fe00::2\tip6-allrouters',
    ...input.ips.map((ip) => (input.fqdn ? `${ip}\t${input.fqdn}\t${input.hostname}` : `${ip}\t${input.hostname}`)),
  ]
  return `${header}${lines.join('\n')}\n${aliasText(input.aliases)}`
}

/** With the host's network the pod sees the host's own file, and the aliases. */
export function hostNetworkHostsFile(hostFile: string, aliases: readonly HostAlias[]): string {
  return `${hostNetworkHeader}${hostFile}${aliasText(aliases)}`
}

function aliasText(aliases: readonly HostAlias[]): string {
  if (aliases.length === 0) return ''
  return `\n# Entries added by HostAliases.\n${aliases.map((alias) => `${alias.ip}\t${(alias.hostnames ?? []).join('\t')}\n`).join('')}`
}
