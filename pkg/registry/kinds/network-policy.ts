// NetworkPolicy: which traffic pods accept and send.
import type { IPBlock, NetworkPolicyPeer, NetworkPolicyPort } from '../../api/types-service.ts'
import { networkPolicies } from '../../api/types-service.ts'
import { ageColumn, nameColumn, selectorText, text } from './columns.ts'
import { define } from './define.ts'
import { checkCidr } from './ip-rules.ts'
import type { Errors } from './rules.ts'
import { checkLabelSelector, checkOneOf, checkPortOrName, forbiddenField, invalid, notSupported, required } from './rules.ts'

function checkPort(out: Errors, path: string, { protocol, port, endPort }: NetworkPolicyPort): void {
  checkOneOf(out, `${path}.protocol`, protocol, ['SCTP', 'TCP', 'UDP'])
  if (port !== undefined) checkPortOrName(out, `${path}.port`, port)
  if (endPort === undefined) return
  if (port === undefined) out.push(required(`${path}.port`, 'must be specified if `endPort` is specified'))
  else if (typeof port === 'string') out.push(invalid(`${path}.endPort`, endPort, 'may not be specified when `port` is non-numeric'))
  else if (endPort < port) out.push(invalid(`${path}.endPort`, endPort, 'must be greater than or equal to `port`'))
}

function checkBlock(out: Errors, path: string, { cidr, except = [] }: IPBlock): void {
  checkCidr(out, `${path}.cidr`, cidr)
  for (const [index, range] of except.entries()) checkCidr(out, `${path}.except[${index}]`, range)
}

function checkPeer(out: Errors, path: string, peer: NetworkPolicyPeer): void {
  const { podSelector, namespaceSelector, ipBlock } = peer
  if (!podSelector && !namespaceSelector && !ipBlock) out.push(required(path, 'must specify a peer'))
  else if (ipBlock && (podSelector || namespaceSelector)) out.push(forbiddenField(path, 'may not specify both ipBlock and another peer'))
  checkLabelSelector(out, `${path}.podSelector`, podSelector)
  checkLabelSelector(out, `${path}.namespaceSelector`, namespaceSelector)
  if (ipBlock) checkBlock(out, `${path}.ipBlock`, ipBlock)
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

export default define(networkPolicies, {
  defaults(draft) {
    draft.spec ??= { podSelector: {} }
    const { spec } = draft
    spec.podSelector ??= {}
    for (const { ports = [] } of [...spec.ingress ?? [], ...spec.egress ?? []]) for (const port of ports) port.protocol ??= 'TCP'
    if (!spec.policyTypes?.length) spec.policyTypes = spec.egress?.length ? ['Ingress', 'Egress'] : ['Ingress']
  },
  validate({ spec }) {
    const out: Errors = []
    checkLabelSelector(out, 'spec.podSelector', spec.podSelector)
    checkRules(out, 'spec.ingress', (spec.ingress ?? []).map(({ ports, from }) => ({ ports, peers: from })), 'from')
    checkRules(out, 'spec.egress', (spec.egress ?? []).map(({ ports, to }) => ({ ports, peers: to })), 'to')
    if ((spec.policyTypes ?? []).length > 2) out.push(invalid('spec.policyTypes', spec.policyTypes, 'may not specify more than two policyTypes'))
    for (const [index, type] of (spec.policyTypes ?? []).entries()) {
      if (type !== 'Ingress' && type !== 'Egress') out.push(notSupported(`spec.policyTypes[${index}]`, type, ['Egress', 'Ingress']))
    }
    return out
  },
  columns: [nameColumn, text('Pod-Selector', 'Pods that the policy is for, by label.', ({ spec }) => selectorText(spec.podSelector)), ageColumn],
})
