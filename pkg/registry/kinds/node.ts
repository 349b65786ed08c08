// Node: a machine that runs pods.
import { nodes } from '../../api/types-node.ts'
import type { Node } from '../../api/types-node.ts'
import { ageColumn, nameColumn, none, text, unknown, wide } from './columns.ts'
import { define } from './define.ts'
import type { Errors } from './rules.ts'
import { checkLabelKey, checkLabelValue, duplicate, forbiddenField, invalid, notSupported, required, same } from './rules.ts'

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

export function checkTaints(out: Errors, path: string, taints: Node['spec']['taints']): void {
  const seen = new Set<string>()
  for (const [index, taint] of (taints ?? []).entries()) {
    const at = `${path}[${index}]`
    checkLabelKey(out, `${at}.key`, taint.key ?? '')
    if (taint.value) checkLabelValue(out, `${at}.value`, taint.value)
    if (!taint.effect) out.push(required(`${at}.effect`))
    else if (!effects.includes(taint.effect)) out.push(notSupported(`${at}.effect`, taint.effect, effects))
    const identity = `${taint.key}:${taint.effect}`
    if (seen.has(identity)) out.push({ ...duplicate(at, taint), text: `${duplicate(at, taint).text}: taints must be unique by key and effect pair` })
    seen.add(identity)
  }
}

function validate({ spec }: Node, old?: Node): Errors {
  const out: Errors = []
  checkTaints(out, 'spec.taints', spec.taints)
  const ranges = spec.podCIDRs ?? []
  if (ranges.length > 0 && spec.podCIDR !== undefined && ranges[0] !== spec.podCIDR) out.push(invalid('spec.podCIDRs[0]', ranges[0], 'must be the same as podCIDR'))
  if (!old) return out
  const oldRanges = old.spec.podCIDRs ?? []
  if (oldRanges.length > 0 && !same(ranges, oldRanges)) out.push(forbiddenField('spec.podCIDRs', 'node updates may not change podCIDR except from "" to valid'))
  if (old.spec.providerID && old.spec.providerID !== spec.providerID) {
    out.push(forbiddenField('spec.providerID', 'node updates may not change providerID except from "" to valid'))
  }
  return out
}

export default define(nodes, {
  // A kubelet registers itself with its status, so a new node keeps the one that it was sent with.
  initialStatus: ({ status }) => status ?? {},
  generation: false,
  defaults(draft) {
    draft.spec ??= {}
    const { spec, status } = draft
    if (spec.podCIDR && !spec.podCIDRs?.length) spec.podCIDRs = [spec.podCIDR]
    else if (spec.podCIDRs?.length && !spec.podCIDR) spec.podCIDR = spec.podCIDRs[0]
    if (status?.capacity && !status.allocatable) status.allocatable = { ...status.capacity }
  },
  validate,
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
