// Checks of changes to claims: what of the wish may change and when, and what drivers may report.
import { isQuantity, parseQuantity } from '../../api/quantity.ts'
import type { PersistentVolumeClaim, PersistentVolumeClaimSpec } from '../../api/types-volume.ts'
import type { GoShape } from './go-values.ts'
import { goDiff, goForm } from './go-values.ts'
import type { Errors } from './rules.ts'
import { checkImmutable, checkResourceName, forbiddenField, immutableText, invalid, notSupported, same } from './rules.ts'
import { checkAmount, checkClaimSpec } from './volume-rules.ts'

export const classAnnotation = 'volume.beta.kubernetes.io/storage-class'

const reference = { APIGroup: ['apiGroup', null], Kind: ['kind', ''], Name: ['name', ''] } as const

const claimShape: GoShape = {
  AccessModes: ['accessModes', null], Selector: ['selector', null], Resources: ['resources', {}, { Limits: ['limits', null], Requests: ['requests', null] }], VolumeName: ['volumeName', ''],
  StorageClassName: ['storageClassName', null], VolumeMode: ['volumeMode', null], DataSource: ['dataSource', null, reference],
  DataSourceRef: ['dataSourceRef', null, { ...reference, Namespace: ['namespace', null] }], VolumeAttributesClassName: ['volumeAttributesClassName', null],
}

const nanosOf = (value: string | undefined): bigint => (value !== undefined && isQuantity(value) ? parseQuantity(value).nanos : 0n)

const sizeOf = ({ resources }: PersistentVolumeClaimSpec): string | undefined => resources?.requests?.['storage']

type Named = Pick<PersistentVolumeClaim, 'metadata' | 'spec'>

const annotated = ({ metadata }: Named): string | undefined => metadata.annotations?.[classAnnotation]

/** The class moves from the annotation into the spec. */
const movesClass = (now: Named, old: Named): boolean => {
  const before = annotated(old)
  return before !== undefined && old.spec.storageClassName === undefined && now.spec.storageClassName === before && (annotated(now) ?? before) === before
}

/** A claim without a class gets one. */
function getsClass(now: Named, old: Named): boolean {
  const before = annotated(old)
  return now.spec.storageClassName !== undefined && old.spec.storageClassName === undefined && (before === undefined || now.spec.storageClassName === before)
}

/** A copy without the field when there is no value. */
function withField<K extends keyof PersistentVolumeClaimSpec>(spec: PersistentVolumeClaimSpec, field: K, value: PersistentVolumeClaimSpec[K] | undefined): PersistentVolumeClaimSpec {
  const { [field]: _before, ...rest } = spec
  return (value === undefined ? rest : { ...rest, [field]: value }) as PersistentVolumeClaimSpec
}

/** The new wish with everything put back that may change; what still differs from the old one may not. */
function comparable(claim: PersistentVolumeClaim, old: PersistentVolumeClaim): [PersistentVolumeClaimSpec, PersistentVolumeClaimSpec] {
  let { spec } = claim
  // Binding fills in the volume, once.
  const before = old.spec.volumeName ? old.spec : withField(old.spec, 'volumeName', spec.volumeName)
  if (movesClass(claim, old)) spec = withField(spec, 'storageClassName', undefined)
  else if (getsClass(claim, old)) spec = withField(spec, 'storageClassName', before.storageClassName)
  if (claim.status?.phase !== 'Bound') return [spec, before]
  const requests = spec.resources?.requests
  if (requests) spec = { ...spec, resources: { ...spec.resources, requests: { ...requests, storage: sizeOf(old.spec) ?? '0' } } }
  return [withField(spec, 'volumeAttributesClassName', before.volumeAttributesClassName), before]
}

const fixedText = 'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims'

function checkUpdate(out: Errors, claim: PersistentVolumeClaim, old: PersistentVolumeClaim): void {
  if (!movesClass(claim, old) && annotated(claim) !== annotated(old)) out.push(invalid(`metadata.annotations.${classAnnotation}`, annotated(claim) ?? '', immutableText))
  const [now, before] = comparable(claim, old)
  if (!same(now, before)) out.push(forbiddenField('spec', `${fixedText}\n${goDiff(goForm(before, claimShape), goForm(now, claimShape))}`))
  // A wish that cannot be fulfilled may be taken back, as long as the claim still grows.
  const size = nanosOf(sizeOf(claim.spec))
  if (size < nanosOf(sizeOf(old.spec)) && size <= nanosOf(old.status?.capacity?.['storage'])) {
    out.push(forbiddenField('spec.resources.requests.storage', 'field can not be less than status.capacity'))
  }
  checkImmutable(out, 'volumeMode', claim.spec.volumeMode, old.spec.volumeMode)
  if (old.status?.currentVolumeAttributesClassName === undefined || claim.spec.volumeAttributesClassName || same(claim.spec.volumeAttributesClassName, old.spec.volumeAttributesClassName)) return
  const kind = claim.spec.volumeAttributesClassName === undefined ? 'nil' : 'empty string'
  out.push(forbiddenField('spec.volumeAttributesClassName', `update to ${kind} is forbidden when status.currentVolumeAttributesClassName is not nil`))
}

export function validateClaim(claim: PersistentVolumeClaim, old?: PersistentVolumeClaim): Errors {
  const out: Errors = []
  const anyGroups = old?.spec.dataSource?.apiGroup !== undefined || old?.spec.dataSourceRef?.apiGroup !== undefined
  checkClaimSpec(out, 'spec', claim.spec, { anyGroups })
  if (old) checkUpdate(out, claim, old)
  return out
}

const resizeStates = ['ControllerResizeInProgress', 'ControllerResizeInfeasible', 'NodeResizeInProgress', 'NodeResizeInfeasible', 'NodeResizePending']

/** A resource that claims have: storage, or one with a domain of its own. */
function checkClaimResource(out: Errors, path: string, name: string): boolean {
  const before = out.length
  checkResourceName(out, path, name)
  if (out.length === before && name !== 'storage' && (!name.includes('/') || name.includes('kubernetes.io/'))) out.push(notSupported(path, name, ['storage']))
  return out.length === before
}

export function validateClaimStatus({ status }: PersistentVolumeClaim): Errors {
  const out: Errors = []
  for (const [name, value] of Object.entries(status?.capacity ?? {})) checkAmount(out, `status.capacity[${name}]`, value)
  for (const [name, state] of Object.entries(status?.allocatedResourceStatuses ?? {})) {
    checkClaimResource(out, 'status.allocatedResourceStatuses', name)
    if (!resizeStates.includes(state)) out.push(notSupported('status.allocatedResourceStatuses', name, resizeStates))
  }
  for (const [name, value] of Object.entries(status?.allocatedResources ?? {})) {
    if (checkClaimResource(out, 'status.allocatedResources', name)) checkAmount(out, `status.allocatedResources[${name}]`, value)
  }
  return out
}
