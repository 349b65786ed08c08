// VolumeAttachment: that a volume is to be attached to a node.
import { dnsSubdomainFaults } from '../../api/names.ts'
import type { KubeObject } from '../../api/object.ts'
import type { PersistentVolumeSpec } from '../../api/types-volume.ts'
import { ageColumn, nameColumn, text } from './columns.ts'
import { bareStatus, define, named, subresource } from './define.ts'
import { checkVolumeSpec } from './persistent-volume-validation.ts'
import type { Errors } from './rules.ts'
import { addFaults, forbiddenField, immutableText, invalid, required, same, tooLong } from './rules.ts'
import { checkCsiDriver } from './volume-disks.ts'

interface VolumeError {
  message?: string
  errorCode?: number
}

interface Source {
  persistentVolumeName?: string
  inlineVolumeSpec?: PersistentVolumeSpec
}

interface Attachment extends KubeObject {
  spec: { attacher?: string; nodeName?: string; source?: Source }
  status?: { attached?: boolean; attachmentMetadata?: Record<string, string>; attachError?: VolumeError; detachError?: VolumeError }
}

const mostMetadata = 256 * 1024
const longestMessage = 1024

function checkSource(out: Errors, path: string, { persistentVolumeName: name, inlineVolumeSpec: inline }: Source): void {
  const choice = 'must specify exactly one of inlineVolumeSpec and persistentVolumeName'
  if (inline && name !== undefined) out.push(forbiddenField(path, choice))
  else if (inline) checkVolumeSpec(out, { path: `${path}.inlineVolumeSpec`, name: '', inline: true }, inline)
  else if (name === undefined) out.push(required(path, choice))
  else if (name === '') out.push(required(`${path}.persistentVolumeName`, 'must specify non empty persistentVolumeName'))
}

function checkError(out: Errors, path: string, error: VolumeError | undefined): void {
  // The limit that the message tells is another one's: Kubernetes' slip.
  if (Buffer.byteLength(error?.message ?? '') > longestMessage) out.push(tooLong(`${path}.message`, mostMetadata))
  if (error?.errorCode !== undefined && error.errorCode < 0) out.push(invalid(`${path}.errorCode`, error.errorCode, 'must be between 0 and 2147483647, inclusive'))
}

const shownSpec = ({ attacher = '', nodeName = '', source }: Attachment['spec']): unknown =>
  ({ Attacher: attacher, Source: { PersistentVolumeName: source?.persistentVolumeName ?? null, InlineVolumeSpec: source?.inlineVolumeSpec ?? null }, NodeName: nodeName })

function validate({ spec, status }: Attachment, old?: Attachment): Errors {
  const out: Errors = []
  const { attacher = '', nodeName = '', source = {} } = spec
  if (attacher === '') out.push(required('spec.attacher'))
  checkSource(out, 'spec.source', source)
  addFaults(out, 'spec.nodeName', nodeName, dnsSubdomainFaults(nodeName))
  const size = Object.entries(status?.attachmentMetadata ?? {}).reduce((sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(value), 0)
  if (size > mostMetadata) out.push(tooLong('status.attachmentMetadata', mostMetadata))
  checkError(out, 'status.attachError', status?.attachError)
  checkError(out, 'status.detachError', status?.detachError)
  if (old) {
    if (!same(spec, old.spec)) out.push(invalid('spec', shownSpec(spec), immutableText))
    return out
  }
  checkCsiDriver(out, 'spec.attacher', attacher)
  const { persistentVolumeName: name } = source
  if (name !== undefined) addFaults(out, 'spec.source.persistentVolumeName', name, dnsSubdomainFaults(name))
  return out
}

export default define(named<Attachment>('storage.k8s.io/v1', 'volumeattachments'), {
  generation: false,
  requireVersionOnUpdate: true,
  initialStatus: () => ({ attached: false }),
  defaults(draft) {
    draft.spec ??= {}
  },
  validate,
  subresources: [subresource<Attachment>('status', { merge: bareStatus, validate })],
  columns: [
    nameColumn,
    { name: 'Attacher', type: 'string', format: 'name', description: 'Driver that attaches.', value: ({ spec }) => spec.attacher ?? '' },
    text('PV', 'Volume that is attached.', ({ spec }) => spec.source?.persistentVolumeName ?? ''),
    text('Node', 'Node that it is attached to.', ({ spec }) => spec.nodeName ?? ''),
    { name: 'Attached', type: 'boolean', description: 'Whether it is attached now.', value: ({ status }) => status?.attached ?? false },
    ageColumn,
  ],
})
