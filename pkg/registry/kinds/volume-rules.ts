// Rules that volumes, claims and templates of claims share: access modes, sizes, and the short texts of columns.
import type { PersistentVolumeClaimSpec } from '../../api/types-volume.ts'
import { fractionWarnings } from './quantity-warnings.ts'
import type { Errors } from './rules.ts'
import { checkDnsLabel, checkDnsSubdomain, checkLabelSelector, checkOneOf, checkPositiveQuantity, forbiddenField, invalid, notSupported, required, same } from './rules.ts'

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
  else checkPositiveQuantity(out, `${path}.resources[storage]`, size)
  if (spec.storageClassName) checkDnsSubdomain(out, `${path}.storageClassName`, spec.storageClassName)
  checkOneOf(out, `${path}.volumeMode`, spec.volumeMode, ['Block', 'Filesystem'])
  checkDataSources(out, path, spec)
  if (spec.volumeAttributesClassName) checkDnsSubdomain(out, `${path}.volumeAttributesClassName`, spec.volumeAttributesClassName)
}

/** There are no parts of bytes. */
export function claimSpecWarnings(path: string, spec: PersistentVolumeClaimSpec | undefined): string[] {
  return (['requests', 'limits'] as const).flatMap((list) => fractionWarnings(`${path}.resources.${list}`, spec?.resources?.[list], ['storage']))
}

/** What the new volume is to hold. */
function checkDataSources(out: Errors, path: string, { dataSource, dataSourceRef }: PersistentVolumeClaimSpec): void {
  for (const [field, source] of [['dataSource', dataSource], ['dataSourceRef', dataSourceRef]] as const) {
    if (!source) continue
    const at = `${path}.${field}`
    if (!source.name) out.push(required(`${at}.name`))
    if (!source.kind) out.push(required(`${at}.kind`))
    if (!source.apiGroup && source.kind !== 'PersistentVolumeClaim') {
      out.push(invalid(at, source.kind ?? '', "must be 'PersistentVolumeClaim' when referencing the default apiGroup"))
    }
    if (source.apiGroup) checkDnsSubdomain(out, `${at}.apiGroup`, source.apiGroup)
  }
  if (dataSourceRef?.namespace) {
    checkDnsLabel(out, `${path}.dataSourceRef.namespace`, dataSourceRef.namespace)
    if (dataSource) out.push(invalid(path, `${path}.dataSource`, 'may not be specified when dataSourceRef.namespace is specified'))
  } else if (dataSource && dataSourceRef && !same(dataSource, dataSourceRef)) out.push(invalid(path, `${path}.dataSource`, 'must match dataSourceRef'))
}
