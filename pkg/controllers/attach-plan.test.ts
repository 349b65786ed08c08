import { attachmentName, uniqueVolumeName } from '../api/csi-names.ts'
import type { Node } from '../api/types-node.ts'
import type { Pod } from '../api/types-pod.ts'
import type { VolumeAttachment } from '../api/types-storage.ts'
import type { PersistentVolume } from '../api/types-volume.ts'
import { type AttachInput, type AttachPlan, heldMessage, planAttachments, unmountPatienceMs, type WantedVolume } from './attach-plan.ts'

const driver = 'd.io'
const volume = (name: string, accessModes = ['ReadWriteOnce']): PersistentVolume =>
  ({ metadata: { name }, spec: { accessModes, csi: { driver, volumeHandle: `h-${name}` } } }) as PersistentVolume
const wants = (name: string, accessModes?: string[]): WantedVolume => ({ volume: volume(name, accessModes), pods: [pod('p')] })
const pod = (name: string, namespace = 'ns'): Pod => ({ metadata: { name, namespace }, spec: { containers: [] } }) as unknown as Pod
const unique = (name: string): string => uniqueVolumeName(driver, `h-${name}`)

interface Has { attached?: boolean; deleting?: boolean; error?: string; on?: string }
const attachment = (name: string, { attached = true, deleting, error, on = 'n' }: Has = {}): VolumeAttachment => ({
  apiVersion: 'storage.k8s.io/v1', kind: 'VolumeAttachment',
  metadata: { name: attachmentName({ handle: `h-${name}`, driver, nodeName: on }), ...(deleting ? { deletionTimestamp: 'now' } : {}) },
  spec: { attacher: driver, nodeName: on, source: { persistentVolumeName: name } },
  status: { attached, ...(error ? { attachError: { message: error } } : {}) },
})
const node = ({ inUse = [], attached = [], ready = true, taints = [] }: { inUse?: string[]; attached?: string[]; ready?: boolean; taints?: string[] } = {}): Node => ({
  apiVersion: 'v1', kind: 'Node', metadata: { name: 'n', annotations: { 'volumes.kubernetes.io/controller-managed-attach-detach': 'true' } },
  spec: { taints: taints.map((key) => ({ key, effect: 'NoExecute' })) },
  status: {
    volumesInUse: inUse.map(unique), volumesAttached: attached.map((name) => ({ name: unique(name), devicePath: '' })),
    conditions: [{ type: 'Ready', status: ready ? 'True' : 'Unknown' }],
  },
})

const plan = (input: Partial<AttachInput>): AttachPlan =>
  planAttachments({ nodeName: 'n', node: node(), wanted: [], attachments: [], elsewhere: () => [], unwantedSinceMs: () => 0, nowMs: 1000, ...input })
const words = ({ attach, held, detach, attached, arrived, failed }: AttachPlan): Record<string, string[]> => Object.fromEntries(Object.entries({
  attach: attach.map(({ spec }) => spec.source.persistentVolumeName ?? ''), held: held.map((each) => each.volume.metadata.name ?? ''),
  detach: detach.map(({ attachment: { spec }, force }) => `${spec.source.persistentVolumeName}${force ? ' by force' : ''}`),
  attached: attached.map(({ name }) => name.slice(unique('').length)), arrived: arrived.map((each) => each.volume.metadata.name ?? ''),
  failed: failed.map((each) => each.attachment.status?.attachError?.message ?? ''),
}).filter(([, list]) => list.length > 0))

const late = unmountPatienceMs + 1
it.each<[string, Partial<AttachInput>, Record<string, string[]>]>([
  ['what is wanted is attached', { wanted: [wants('a')] }, { attach: ['a'] }],
  ['once', { wanted: [wants('a')], attachments: [attachment('a', { attached: false })] }, {}],
  ['and told when it is', { wanted: [wants('a')], attachments: [attachment('a')] }, { attached: ['a'], arrived: ['a'] }],
  ['once, too', { node: node({ attached: ['a'] }), wanted: [wants('a')], attachments: [attachment('a')] }, { attached: ['a'] }],
  ['or why it is not', { wanted: [wants('a')], attachments: [attachment('a', { attached: false, error: 'no slot' })] }, { failed: ['no slot'] }],
  ['not on a node that is gone', { node: undefined, wanted: [wants('a')] }, {}],
  ['what goes is not taken for attached', { node: node({ attached: ['a'] }), wanted: [wants('a')], attachments: [attachment('a', { deleting: true })] }, {}],
  ['what only one node may have waits for the other', { wanted: [wants('a')], elsewhere: () => [attachment('a', { on: 'm' })] }, { held: ['a'] }],
  ['what many may have does not', { wanted: [wants('a', ['ReadWriteMany'])], elsewhere: () => [attachment('a', { on: 'm' })] }, { attach: ['a'] }],
  ['what nobody wants is detached', { node: node({ attached: ['a'] }), attachments: [attachment('a')] }, { detach: ['a'] }],
  ['not before the node has let go of it', { node: node({ attached: ['a'], inUse: ['a'] }), attachments: [attachment('a')] }, { attached: ['a'] }],
  ['however long that takes on a healthy node', { node: node({ attached: ['a'], inUse: ['a'] }), attachments: [attachment('a')], nowMs: late }, { attached: ['a'] }],
  ['on one that does not answer, it is waited for', { node: node({ ready: false, attached: ['a'], inUse: ['a'] }), attachments: [attachment('a')] }, { attached: ['a'] }],
  ['but not for ever', { node: node({ ready: false, attached: ['a'], inUse: ['a'] }), attachments: [attachment('a')], nowMs: late }, { detach: ['a by force'] }],
  ['nor where somebody says that it is out of service', { node: node({ attached: ['a'], inUse: ['a'], taints: ['node.kubernetes.io/out-of-service'] }), attachments: [attachment('a')] }, { detach: ['a by force'] }],
  ['nor where there is no node', { node: undefined, attachments: [attachment('a')] }, { detach: ['a by force'] }],
  ['attachments of others are left alone', { attachments: [{ ...attachment('a'), metadata: { name: 'mine' } }] }, {}],
])('%s', (_name, input, expected) => expect(words(plan(input))).toEqual(expected))

it('tells when to look again at a node that does not answer', () => {
  expect(plan({ node: node({ ready: false, inUse: ['a'] }), attachments: [attachment('a')] }).lookAgainMs).toBe(unmountPatienceMs - 1000)
})

it('names the attachment as drivers and kubelets look it up', () => {
  expect(plan({ wanted: [wants('a')] }).attach[0]).toEqual({
    apiVersion: 'storage.k8s.io/v1', kind: 'VolumeAttachment', metadata: { name: attachmentName({ handle: 'h-a', driver, nodeName: 'n' }) },
    spec: { attacher: driver, nodeName: 'n', source: { persistentVolumeName: 'a' } },
  })
})

it('says who has an exclusive volume', () => {
  const start = 'Multi-Attach error for volume "a" '
  expect(heldMessage(wants('a'), [])).toBe(`${start}Volume is already exclusively attached to one node and can't be attached to another`)
  expect(heldMessage(wants('a'), [pod('x'), pod('y')])).toBe(`${start}Volume is already used by pod(s) x, y`)
  expect(heldMessage(wants('a'), [pod('x'), pod('y', 'else')])).toBe(`${start}Volume is already used by pod(s) x and 1 pod(s) in different namespaces`)
  expect(heldMessage(wants('a'), [pod('y', 'else')])).toBe(`${start}Volume is already used by 1 pod(s) in different namespaces`)
})
