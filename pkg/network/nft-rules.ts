// The nftables table of the userspace backend, as text. Pure: equal input gives equal text.
import type { HostPort } from './table.ts'

export interface PortMapping {
  readonly protocol: 'TCP' | 'UDP'
  readonly port: number
  readonly mapped: number
}

/** Traffic to this address and port goes to a ClusterIP and its mapped port. `address` '' means every address of the node. */
export interface Entrance {
  readonly protocol: 'TCP' | 'UDP'
  readonly address: string
  readonly port: number
  readonly clusterIP: string
  readonly mapped: number
}

export interface RuleInput {
  /** A range, or a set of them: `{ a, b }`. */
  readonly serviceAddresses: string
  readonly clusterCidr: string
  readonly podCidr: string
  readonly bridge: string
  readonly mappings: readonly PortMapping[]
  readonly entrances: readonly Entrance[]
  readonly hostPorts: readonly HostPort[]
}

export const tableName = 'kinglet'

const lower = (protocol: 'TCP' | 'UDP'): 'tcp' | 'udp' => (protocol === 'TCP' ? 'tcp' : 'udp')
const protocols = ['TCP', 'UDP'] as const

/** `add` before `delete` makes replacing work whether or not the table is there; nft takes the whole text as one transaction. */
export function ruleText(input: RuleInput): string {
  const lines = [`add table ip ${tableName}`, `delete table ip ${tableName}`, `table ip ${tableName} {`]
  for (const { protocol, port, mapped } of input.mappings) {
    lines.push(`  chain ${lower(protocol)}-${port} { meta l4proto ${lower(protocol)} dnat to :${mapped}; }`)
  }
  lines.push(
    '  chain services {',
    ...protocols.flatMap((protocol) => portJump(input, protocol)),
    `    ip daddr ${input.serviceAddresses} return`,
    ...protocols.flatMap((protocol) => [...entranceMaps(input, protocol), ...hostPortMaps(input, protocol)]),
    '  }',
    '  chain prerouting { type nat hook prerouting priority -100; jump services; }',
    '  chain output { type nat hook output priority -100; jump services; }',
    // A ClusterIP is a local address: what was not mapped must not reach a process that listens on all addresses.
    // Only the opening of a connection is refused: answers to the node's own connections come to such an address, too.
    '  chain input {',
    '    type filter hook input priority 0',
    `    ip daddr ${input.serviceAddresses} ct status dnat accept`,
    `    ip daddr ${input.serviceAddresses} tcp flags & (syn | rst | ack) == syn reject with tcp reset`,
    `    ip daddr ${input.serviceAddresses} meta l4proto udp ct state new reject`,
    '  }',
    '  chain postrouting {',
    '    type nat hook postrouting priority 100',
    `    ip saddr ${input.podCidr} ip daddr != ${input.clusterCidr} oifname != "lo" oifname != "${input.bridge}" masquerade`,
    // To a host port of a pod from the node itself or from a pod of the same bridge: the answer must come back this way.
    `    oifname "${input.bridge}" ip saddr 127.0.0.0/8 masquerade`,
    `    oifname "${input.bridge}" ip saddr ${input.podCidr} ct status dnat masquerade`,
    '  }',
    '}', '',
  )
  return lines.join('\n')
}

function portJump(input: RuleInput, protocol: 'TCP' | 'UDP'): string[] {
  const ports = input.mappings.filter((mapping) => mapping.protocol === protocol)
  if (ports.length === 0) return []
  const elements = ports.map(({ port }) => `${port} : jump ${lower(protocol)}-${port}`).join(', ')
  return [`    ip daddr ${input.serviceAddresses} ${lower(protocol)} dport vmap { ${elements} }`]
}

function entranceMaps(input: RuleInput, protocol: 'TCP' | 'UDP'): string[] {
  const entrances = input.entrances.filter((entrance) => entrance.protocol === protocol)
  const any = entrances.filter((entrance) => entrance.address === '').map((entrance) => `${entrance.port} : ${entrance.clusterIP} . ${entrance.mapped}`)
  const bound = entrances.filter((entrance) => entrance.address !== '').map((entrance) => `${entrance.address} . ${entrance.port} : ${entrance.clusterIP} . ${entrance.mapped}`)
  return targetRules(protocol, any, bound)
}

function hostPortMaps(input: RuleInput, protocol: 'TCP' | 'UDP'): string[] {
  const hostPorts = input.hostPorts.filter((hostPort) => hostPort.protocol === protocol)
  const any = hostPorts.filter((hostPort) => hostPort.hostIP === '').map((hostPort) => `${hostPort.hostPort} : ${hostPort.podIP} . ${hostPort.podPort}`)
  const bound = hostPorts.filter((hostPort) => hostPort.hostIP !== '').map((hostPort) => `${hostPort.hostIP} . ${hostPort.hostPort} : ${hostPort.podIP} . ${hostPort.podPort}`)
  return targetRules(protocol, any, bound)
}

function targetRules(protocol: 'TCP' | 'UDP', any: readonly string[], bound: readonly string[]): string[] {
  const name = lower(protocol)
  return [
    ...(bound.length > 0 ? [`    dnat ip to ip daddr . ${name} dport map { ${bound.join(', ')} }`] : []),
    ...(any.length > 0 ? [`    fib daddr type local dnat ip to ${name} dport map { ${any.join(', ')} }`] : []),
  ]
}
