// PersistentVolumeClaim: a wish for storage, bound to a volume.
import { isQuantity, parseQuantity } from '../../api/quantity.ts'
import { persistentVolumeClaims } from '../../api/types-volume.ts'
import type { PersistentVolumeClaim, PersistentVolumeClaimSpec } from '../../api/types-volume.ts'
import { ageColumn, nameColumn, text, unset, wide } from './columns.ts'
import { define } from './define.ts'
import type { Errors } from './rules.ts'
import { checkImmutable, forbiddenField, same } from './rules.ts'
import { accessModesText, checkClaimSpec } from './volume-rules.ts'

const classAnnotation = 'volume.beta.kubernetes.io/storage-class'

const forbiddenText = 'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims'

function smaller(a: string | undefined, b: string | undefined): boolean {
  return a !== undefined && b !== undefined && isQuantity(a) && isQuantity(b) && parseQuantity(a).nanos < parseQuantity(b).nanos
}

function checkUpdate(out: Errors, { spec }: PersistentVolumeClaim, old: PersistentVolumeClaim): void {
  const bound = old.status?.phase === 'Bound'
  // Binding fills in the volume, a default class may come later; both happen once.
  const fixed = (claim: PersistentVolumeClaimSpec): PersistentVolumeClaimSpec => ({
    ...claim,
    volumeName: old.spec.volumeName ? claim.volumeName : undefined,
    storageClassName: old.spec.storageClassName === undefined ? undefined : claim.storageClassName,
    ...(bound ? { resources: { ...claim.resources, requests: undefined }, volumeAttributesClassName: undefined } : {}),
  })
  if (!same(fixed(spec), fixed(old.spec))) out.push(forbiddenField('spec', forbiddenText))
  const wanted = spec.resources?.requests?.['storage']
  // A wish that cannot be fulfilled may be taken back, as long as the claim still grows.
  if (smaller(wanted, old.spec.resources?.requests?.['storage']) && !smaller(old.status?.capacity?.['storage'] ?? '0', wanted)) {
    out.push(forbiddenField('spec.resources.requests.storage', 'field can not be less than status.capacity'))
  }
  checkImmutable(out, 'volumeMode', spec.volumeMode, old.spec.volumeMode)
  if (old.spec.volumeAttributesClassName === undefined || spec.volumeAttributesClassName) return
  const kind = spec.volumeAttributesClassName === undefined ? 'nil' : 'an empty string'
  out.push(forbiddenField('spec.volumeAttributesClassName', `update from non-nil value to ${kind} is forbidden`))
}

export default define(persistentVolumeClaims, {
  generation: false,
  initialStatus: () => ({ phase: 'Pending' }),
  defaults(draft) {
    draft.spec ??= {}
    draft.spec.volumeMode ??= 'Filesystem'
    draft.spec.resources ??= {}
    // Two names of one thing; the newer one may also point into another namespace.
    if (draft.spec.dataSource && !draft.spec.dataSourceRef) draft.spec.dataSourceRef = { ...draft.spec.dataSource }
    else if (draft.spec.dataSourceRef && !draft.spec.dataSource && !draft.spec.dataSourceRef.namespace) {
      const { apiGroup, kind, name } = draft.spec.dataSourceRef
      draft.spec.dataSource = { ...(apiGroup === undefined ? {} : { apiGroup }), kind, name }
    }
  },
  validate(object, old) {
    const out: Errors = []
    checkClaimSpec(out, 'spec', object.spec)
    if (old) checkUpdate(out, object, old)
    return out
  },
  columns: [
    nameColumn,
    text('Status', 'Pending, Bound or Lost.', ({ metadata, status }) => (metadata.deletionTimestamp === undefined ? status?.phase ?? '' : 'Terminating')),
    text('Volume', 'Volume that the claim is bound to.', ({ spec }) => spec.volumeName ?? ''),
    text('Capacity', 'How much the volume holds.', ({ spec, status }) => (spec.volumeName ? status?.capacity?.['storage'] ?? '0' : '')),
    text('Access Modes', 'How the volume may be mounted: RWO, ROX, RWX, RWOP.', ({ spec, status }) => (spec.volumeName ? accessModesText(status?.accessModes) : '')),
    text('StorageClass', 'Class that the claim asks for.', ({ metadata, spec }) => metadata.annotations?.[classAnnotation] ?? spec.storageClassName ?? ''),
    text('VolumeAttributesClass', 'Class of the volume\'s attributes.', ({ spec }) => spec.volumeAttributesClassName || unset),
    ageColumn,
    wide(text('VolumeMode', 'Filesystem or Block.', ({ spec }) => spec.volumeMode ?? unset)),
  ],
})
