// Rules that volumes, claims and templates of claims share: access modes, sizes, and the short texts of columns.
import { parseQuantity } from '../../api/quantity.ts'
import type { PersistentVolumeClaimSpec } from '../../api/types-volume.ts'
import type { Errors } from './rules.ts'
import { checkDnsSubdomain, checkLabelSelector, checkOneOf, checkQuantity, forbiddenField, invalid, notSupported, required } from './rules.ts'

const short: Readonly<Record<string, string>> = { ReadWriteOnce: 'RWO', ReadOnlyMany: 'ROX', ReadWriteMany: 'RWX', ReadWriteOncePod: 'RWOP' }
const supported = ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod']

/** `RWO,ROX`, in a fixed order. */
export function accessModesText(modes: readonly string[] | undefined): string {
  return Object.entries(short).filter(([mode]) => modes?.includes(mode)).map(([, text]) => text).join(',')
}

export function checkAccessModes(out: Errors, path: string, modes: readonly string[] | undefined): void {
  if (!modes?.length) {
    out.push(required(path, 'at least 1 access mode is required'))
    return
  }
  for (const mode of modes) if (!supported.includes(mode)) out.push(notSupported(path, mode, supported))
  if (modes.length > 1 && modes.includes('ReadWriteOncePod')) out.push(forbiddenField(path, 'may not use ReadWriteOncePod with other access modes'))
}

/** The spec of a claim, and of the template of an ephemeral volume's. */
export function checkClaimSpec(out: Errors, path: string, spec: PersistentVolumeClaimSpec): void {
  checkAccessModes(out, `${path}.accessModes`, spec.accessModes)
  checkLabelSelector(out, `${path}.selector`, spec.selector)
  const size = spec.resources?.requests?.['storage']
  if (size === undefined) out.push(required(`${path}.resources[storage]`))
  else if (checkQuantity(out, `${path}.resources[storage]`, size) && parseQuantity(size).nanos === 0n) {
    out.push(invalid(`${path}.resources[storage]`, size, 'must be greater than zero'))
  }
  if (spec.storageClassName) checkDnsSubdomain(out, `${path}.storageClassName`, spec.storageClassName)
  checkOneOf(out, `${path}.volumeMode`, spec.volumeMode, ['Block', 'Filesystem'])
}
