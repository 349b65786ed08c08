// NetworkPolicy: which traffic pods accept and send.
import { isStrictlyWithin, parseCidr } from '../../api/ip-address.ts'
import type { IPBlock, NetworkPolicyPeer, NetworkPolicyPort, NetworkPolicySpec } from '../../api/types-service.ts'
import { networkPolicies } from '../../api/types-service.ts'
import { ageColumn, nameColumn, selectorText, text } from './columns.ts'
import { define } from './define.ts'
import { checkCidr, cidrWarnings } from './ip-rules.ts'
import type { Errors } from './rules.ts'
import { checkLabelSelector, checkPortName, checkPortNumber, forbiddenField, invalid, notSupported, required } from './rules.ts'

const protocols = ['TCP', 'UDP', 'SCTP']
const types = ['Ingress', 'Egress']

function checkPort(out: Errors, path: string, { protocol, port, endPort }: NetworkPolicyPort): void {
  if (protocol !== undefined && !protocols.includes(protocol)) out.push(notSupported(`${path}.protocol`, protocol, protocols))
  if (typeof port === 'number') {
    checkPortNumber(out, `${path}.port`, port)
    if (endPort === undefined) return
    if (endPort < port) out.push(invalid(`${path}.endPort`, port, 'must be greater than or equal to `port`'))
    checkPortNumber(out, `${path}.endPort`, endPort)
  } else {
    if (endPort !== undefined) out.push(invalid(`${path}.endPort`, endPort, `may not be specified when \`port\` is ${port === undefined ? 'not specified' : 'non-numeric'}`))
    if (port !== undefined) checkPortName(out, `${path}.port`, port)
  }
}

function checkBlock(out: Errors, path: string, { cidr, except = [] }: IPBlock): void {
  if (!cidr) return void out.push(required(`${path}.cidr`))
  checkCidr(out, `${path}.cidr`, cidr)
  const whole = parseCidr(cidr)
  if (!whole) return
  for (const [index, range] of except.entries()) {
    checkCidr(out, `${path}.except[${index}]`, range)
    const part = parseCidr(range)
    if (part && !isStrictlyWithin(part, whole)) out.push(invalid(`${path}.except[${index}]`, range, 'must be a strict subset of `cidr`'))
  }
}

function checkPeer(out: Errors, path: string, { podSelector, namespaceSelector, ipBlock }: NetworkPolicyPeer): void {
  checkLabelSelector(out, `${path}.podSelector`, podSelector)
  checkLabelSelector(out, `${path}.namespaceSelector`, namespaceSelector)
  if (ipBlock) checkBlock(out, `${path}.ipBlock`, ipBlock)
  if (!podSelector && !namespaceSelector && !ipBlock) out.push(required(path, 'must specify a peer'))
  else if (ipBlock && (podSelector || namespaceSelector)) out.push(forbiddenField(path, 'may not specify both ipBlock and another peer'))
}

interface PolicyRule {
  readonly ports?: NetworkPolicyPort[]
  readonly peers?: NetworkPolicyPeer[]
}

function checkRules(out: Errors, path: string, rules: readonly PolicyRule[], side: string): void {
  for (const [index, { ports = [], peers = [] }] of rules.entries()) {
    for (const [position, port] of ports.entries()) checkPort(out, `${path}[${index}].ports[${position}]`, port)
    for (const [position, peer] of peers.entries()) checkPeer(out, `${path}[${index}].${side}[${position}]`, peer)
  }
}

function checkSpec(spec: NetworkPolicySpec): Errors {
  const out: Errors = []
  checkLabelSelector(out, 'spec.podSelector', spec.podSelector)
  checkRules(out, 'spec.ingress', (spec.ingress ?? []).map(({ ports, from }) => ({ ports, peers: from })), 'from')
  checkRules(out, 'spec.egress', (spec.egress ?? []).map(({ ports, to }) => ({ ports, peers: to })), 'to')
  const { policyTypes = [] } = spec
  if (policyTypes.length > types.length) return [...out, invalid('spec.policyTypes', policyTypes, 'may not specify more than two policyTypes')]
  for (const [index, type] of policyTypes.entries()) if (!types.includes(type)) out.push(notSupported(`spec.policyTypes[${index}]`, type, types))
  return out
}

function blockWarnings(path: string, { ipBlock }: NetworkPolicyPeer): string[] {
  if (!ipBlock) return []
  return [...cidrWarnings(`${path}.cidr`, ipBlock.cidr), ...(ipBlock.except ?? []).flatMap((range, index) => cidrWarnings(`${path}.except[${index}]`, range))]
}

export default define(networkPolicies, {
  defaults(draft) {
    draft.spec ??= { podSelector: {} }
    const { spec } = draft
    spec.podSelector ??= {}
    for (const { ports = [] } of [...spec.ingress ?? [], ...spec.egress ?? []]) for (const port of ports) port.protocol ??= 'TCP'
    if (!spec.policyTypes?.length) spec.policyTypes = spec.egress?.length ? ['Ingress', 'Egress'] : ['Ingress']
  },
  // An update is checked twice, as Kubernetes does.
  validate: ({ spec }, old) => (old ? [...checkSpec(spec), ...checkSpec(spec)] : checkSpec(spec)),
  warnings: ({ spec }) => [
    ...(spec.ingress ?? []).flatMap(({ from = [] }, index) => from.flatMap((peer, position) => blockWarnings(`spec.ingress[${index}].from[${position}].ipBlock`, peer))),
    ...(spec.egress ?? []).flatMap(({ to = [] }, index) => to.flatMap((peer, position) => blockWarnings(`spec.egress[${index}].to[${position}].ipBlock`, peer))),
  ],
  columns: [nameColumn, text('Pod-Selector', 'Pods that the policy is for, by label.', ({ spec }) => selectorText(spec.podSelector)), ageColumn],
})
