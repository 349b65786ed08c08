// Checks of a pod's names and of how it finds others: DNS, host aliases, the network of the host.
import { searchDomainFaults } from '../../api/names.ts'
import type { PodSpec } from '../../api/types-pod.ts'
import { checkIp } from './ip-rules.ts'
import type { Errors } from './rules.ts'
import { addFaults, checkDnsSubdomain, checkOneOf, forbiddenField, invalid, required, tooLong } from './rules.ts'

/** In the host's network a port is the host's, so the two numbers are one; templates may leave the second out. */
export function checkHostNetwork(out: Errors, path: string, { hostNetwork, containers }: PodSpec, inPod: boolean): void {
  if (!hostNetwork) return
  for (const [index, { ports = [] }] of (containers ?? []).entries()) {
    for (const [position, { hostPort = 0, containerPort }] of ports.entries()) {
      if ((inPod || hostPort !== 0) && hostPort !== containerPort) {
        out.push(invalid(`${path}.containers[${index}].ports[${position}].hostPort`, hostPort, 'must match `containerPort` when `hostNetwork` is true'))
      }
    }
  }
}

export function checkDnsPolicy(out: Errors, path: string, policy: string | undefined): void {
  checkOneOf(out, path, policy, ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None'])
}

const maxSearchCharacters = 2048

export function checkDnsConfig(out: Errors, path: string, { dnsPolicy, dnsConfig }: PodSpec): void {
  const { nameservers = [], searches = [], options = [] } = dnsConfig ?? {}
  if (dnsPolicy === 'None' && !dnsConfig) return void out.push(required(path, 'must provide `dnsConfig` when `dnsPolicy` is None'))
  if (dnsPolicy === 'None' && nameservers.length === 0) return void out.push(required(`${path}.nameservers`, 'must provide at least one DNS nameserver when `dnsPolicy` is None'))
  if (nameservers.length > 3) out.push(invalid(`${path}.nameservers`, nameservers, 'must not have more than 3 nameservers'))
  for (const [index, server] of nameservers.entries()) checkIp(out, `${path}.nameservers[${index}]`, server)
  if (searches.length > 32) out.push(invalid(`${path}.searches`, searches, 'must not have more than 32 search paths'))
  if (searches.join(' ').length > maxSearchCharacters) {
    out.push(invalid(`${path}.searches`, searches, `must not have more than ${maxSearchCharacters} characters (including spaces) in the search list`))
  }
  for (const [index, search] of searches.entries()) {
    const domain = search.replace(/\.$/, '')
    if (search !== '.') addFaults(out, `${path}.searches[${index}]`, domain, searchDomainFaults(domain))
  }
  for (const [index, { name }] of options.entries()) if (!name) out.push(required(`${path}.options[${index}]`, 'must not be empty'))
}

/** A host name of the pod's own choice, dots and all. */
export function checkHostnameOverride(out: Errors, path: string, { hostnameOverride: name, setHostnameAsFQDN, hostNetwork }: PodSpec): void {
  if (name === undefined) return
  if (setHostnameAsFQDN) out.push(forbiddenField(path, 'may not be specified when setHostnameAsFQDN is true'))
  if (hostNetwork) out.push(forbiddenField(path, 'may not be specified when hostNetwork is true'))
  if (name.length > 64) out.push(tooLong(path, 64))
  checkDnsSubdomain(out, path, name)
}

export function checkHostAliases(out: Errors, path: string, aliases: PodSpec['hostAliases'] = []): void {
  for (const [index, { ip, hostnames = [] }] of aliases.entries()) {
    checkIp(out, `${path}[${index}].ip`, ip)
    for (const [position, name] of hostnames.entries()) checkDnsSubdomain(out, `${path}[${index}].hostnames[${position}]`, name)
  }
}
