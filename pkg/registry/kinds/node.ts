// Node: a machine that runs pods.
import { nodes } from '../../api/types-node.ts'
import type { Node, NodeAddress, NodeStatus, Taint } from '../../api/types-node.ts'
import { labelValueFaults } from '../../api/names.ts'
import { checkAnnotatedTaints, checkAvoidedPods } from './annotation-lists.ts'
import { ageColumn, nameColumn, none, text, unknown, wide } from './columns.ts'
import { define, subresource } from './define.ts'
import { inGo } from './go-values.ts'
import { checkCidr, cidrWarnings, familyOf } from './ip-rules.ts'
import type { Errors } from './rules.ts'
import { checkLabelKey, checkOneOf, checkResourceQuantity, duplicate, forbiddenField, invalid, withDetail } from './rules.ts'

const rolePrefix = 'node-role.kubernetes.io/'
const roleLabel = 'kubernetes.io/role'

/** Roles from labels, sorted: `control-plane,worker`. */
export function nodeRoles({ metadata }: Node): string {
  const roles = Object.entries(metadata.labels ?? {}).flatMap(([key, value]) => {
    if (key.startsWith(rolePrefix)) return key.slice(rolePrefix.length) || []
    return key === roleLabel && value !== '' ? value : []
  })
  return [...new Set(roles)].sort().join(',') || none
}

/** `Ready`, `NotReady,SchedulingDisabled`, or `Unknown` for a node that never reported. */
export function nodeStatus({ spec, status }: Node): string {
  const ready = status?.conditions?.find(({ type }) => type === 'Ready')
  const words = [!ready ? 'Unknown' : ready.status === 'True' ? 'Ready' : 'NotReady']
  if (spec?.unschedulable) words.push('SchedulingDisabled')
  return words.join(',')
}

function address({ status }: Node, wanted: string): string {
  return status?.addresses?.find(({ type }) => type === wanted)?.address ?? none
}

const effects = ['NoSchedule', 'PreferNoSchedule', 'NoExecute']

const goTaint = { Key: '', Value: '', Effect: '', TimeAdded: null }

export function checkTaints(out: Errors, path: string, taints: readonly Taint[]): void {
  const seen = new Set<string>()
  for (const [index, taint] of taints.entries()) {
    const at = `${path}[${index}]`
    const { key = '', value = '', effect = '' } = taint
    checkLabelKey(out, `${at}.key`, key)
    const faults = labelValueFaults(value)
    if (faults.length > 0) out.push(invalid(`${at}.value`, value, faults.join(';')))
    checkOneOf(out, `${at}.effect`, effect, effects)
    const identity = `${key}:${effect}`
    if (seen.has(identity)) out.push(withDetail(duplicate(at, inGo(taint, goTaint)), 'taints must be unique by key and effect pair'))
    seen.add(identity)
  }
}

function checkRanges(out: Errors, path: string, ranges: readonly string[]): void {
  for (const [index, range] of ranges.entries()) checkCidr(out, `${path}[${index}]`, range)
  if (ranges.length < 2) return
  const families = new Set(ranges.map(familyOf))
  if (families.size < 2 || ranges.length > 2) out.push(invalid(path, ranges, 'may specify no more than one CIDR for each IP family'))
}

function checkAnnotations(out: Errors, { metadata: { annotations = {} } }: Node): void {
  checkAnnotatedTaints(out, 'metadata.annotations', annotations, checkTaints)
  checkAvoidedPods(out, 'metadata.annotations', annotations)
}

function checkResources(out: Errors, { capacity, allocatable }: Partial<NodeStatus>): void {
  for (const [list, amounts] of Object.entries({ capacity, allocatable })) {
    for (const [name, value] of Object.entries(amounts ?? {})) checkResourceQuantity(out, `status.${list}.${name}`, { name, value })
  }
}

function checkAddresses(out: Errors, addresses: readonly NodeAddress[]): void {
  const seen = new Set<string>()
  for (const [index, { type, address: text }] of addresses.entries()) {
    const identity = `${type} ${text}`
    if (seen.has(identity)) out.push(duplicate(`status.addresses[${index}]`, { Type: type, Address: text }))
    seen.add(identity)
  }
}

/** Taints and swap are told of below metadata, as upstream does. */
function checkWhole(out: Errors, node: Node): void {
  const { spec, status = {} } = node
  checkAnnotations(out, node)
  checkTaints(out, 'metadata.taints', spec.taints ?? [])
  checkResources(out, status)
  const swap = status.nodeInfo?.swap?.capacity
  if (swap !== undefined && swap <= 0) out.push(invalid('metadata.nodeSwapStatus.capacity', swap, 'must be greater than zero'))
  checkRanges(out, 'spec.podCIDRs', spec.podCIDRs ?? [])
}

/** Its ranges and its provider stay. */
function checkUpdate(node: Node, old: Node): Errors {
  const out: Errors = []
  const { spec, status = {} } = node
  checkAnnotations(out, node)
  checkResources(out, status)
  checkAddresses(out, status.addresses ?? [])
  const before = old.spec.podCIDRs ?? []
  const ranges = spec.podCIDRs ?? []
  const moved = before.length !== ranges.length ? 1 : before.filter((range, index) => range !== ranges[index]).length
  if (before.length > 0) for (let count = 0; count < moved; count++) out.push(forbiddenField('spec.podCIDRs', 'node updates may not change podCIDR except from "" to valid'))
  if (old.spec.providerID && old.spec.providerID !== spec.providerID) {
    out.push(forbiddenField('spec.providerID', 'node updates may not change providerID except from "" to valid'))
  }
  checkTaints(out, 'metadata.taints', spec.taints ?? [])
  if ((spec.externalID ?? '') !== (old.spec.externalID ?? '')) out.push(forbiddenField('spec.externalID', 'may not be updated'))
  return out
}

/** What whole and update have in common is checked twice, as Kubernetes does. */
function validate(node: Node, old?: Node): Errors {
  const out: Errors = []
  checkWhole(out, node)
  return old ? [...out, ...checkUpdate(node, old)] : out
}

/** A configuration from the API is no longer taken. */
function dropConfig(draft: Node): void {
  delete draft.spec.configSource
}

export default define(nodes, {
  // A kubelet registers itself with its status, so a new node keeps the one that it was sent with.
  initialStatus: ({ status }) => status ?? {},
  generation: false,
  defaults(draft) {
    draft.spec ??= {}
    const { spec, status } = draft
    // Of two that differ the one range counts: older clients know no other.
    if (spec.podCIDR && spec.podCIDRs?.[0] !== spec.podCIDR) spec.podCIDRs = [spec.podCIDR]
    else if (spec.podCIDRs?.length && !spec.podCIDR) spec.podCIDR = spec.podCIDRs[0]
    if (status?.capacity && !status.allocatable) status.allocatable = { ...status.capacity }
  },
  prepareCreate: dropConfig,
  prepareUpdate: dropConfig,
  validate,
  warnings: ({ spec }) => [
    ...(spec.externalID ? ['spec.externalID: this field is deprecated, and is unused by Kubernetes'] : []),
    ...(spec.podCIDRs ?? []).flatMap((range, index) => cidrWarnings(`spec.podCIDRs[${index}]`, range)),
  ],
  subresources: [subresource<Node>('status', { validate: checkUpdate })],
  fields: { 'spec.unschedulable': ({ spec }) => `${spec?.unschedulable ?? false}` },
  columns: [
    nameColumn,
    text('Status', 'Whether the node is ready, and whether it takes new pods.', nodeStatus),
    text('Roles', 'Roles of the node, by its labels.', nodeRoles),
    ageColumn,
    text('Version', 'Version of the node\'s kubelet.', ({ status }) => status?.nodeInfo?.kubeletVersion ?? ''),
    wide(text('Internal-IP', 'Address inside the cluster\'s network.', (node) => address(node, 'InternalIP'))),
    wide(text('External-IP', 'Address from outside.', (node) => address(node, 'ExternalIP'))),
    wide(text('OS-Image', 'Operating system.', ({ status }) => status?.nodeInfo?.osImage || unknown)),
    wide(text('Kernel-Version', 'Version of the kernel.', ({ status }) => status?.nodeInfo?.kernelVersion || unknown)),
    wide(text('Container-Runtime', 'Container runtime and its version.', ({ status }) => status?.nodeInfo?.containerRuntimeVersion || unknown)),
  ],
})
