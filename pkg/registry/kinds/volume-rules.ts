// Rules that volumes, claims and templates of claims share: access modes, sizes, and the short texts of columns.
import { isQuantity, parseQuantity } from '../../api/quantity.ts'
import type { PersistentVolumeClaimSpec } from '../../api/types-volume.ts'
import { fractionWarnings } from './quantity-warnings.ts'
import type { Errors } from './rules.ts'
import { checkDnsLabel, checkDnsSubdomain, checkLabelSelector, checkPositiveQuantity, forbiddenField, invalid, notSupported, required, same } from './rules.ts'

const short: Readonly<Record<string, string>> = { ReadWriteOnce: 'RWO', ReadOnlyMany: 'ROX', ReadWriteMany: 'RWX', ReadWriteOncePod: 'RWOP' }
const supported = ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod']

/** `RWO,ROX`, in a fixed order. */
export function accessModesText(modes: readonly string[] | undefined): string {
  return Object.entries(short).filter(([mode]) => modes?.includes(mode)).map(([, text]) => text).join(',')
}

export function checkModes(out: Errors, path: string, modes: readonly string[]): void {
  for (const mode of modes) if (!supported.includes(mode)) out.push(notSupported(path, mode, supported))
  const others = modes.some((mode) => mode !== 'ReadWriteOncePod' && supported.includes(mode))
  if (modes.includes('ReadWriteOncePod') && others) out.push(forbiddenField(path, 'may not use ReadWriteOncePod with other access modes'))
}

/** The spec of a claim, and of the template of an ephemeral volume's. `anyGroups` lets groups of sources be, since the old claim had some. */
export function checkClaimSpec(out: Errors, path: string, spec: PersistentVolumeClaimSpec, { anyGroups = false } = {}): void {
  if (!spec.accessModes?.length) out.push(required(`${path}.accessModes`, 'at least 1 access mode is required'))
  checkLabelSelector(out, `${path}.selector`, spec.selector)
  checkModes(out, `${path}.accessModes`, spec.accessModes ?? [])
  const size = spec.resources?.requests?.['storage']
  if (size === undefined) out.push(required(`${path}.resources[storage]`))
  else checkPositiveQuantity(out, `${path}.resources[storage]`, size)
  if (spec.storageClassName) checkDnsSubdomain(out, `${path}.storageClassName`, spec.storageClassName)
  if (spec.volumeMode !== undefined && spec.volumeMode !== 'Block' && spec.volumeMode !== 'Filesystem') out.push(notSupported(`${path}.volumeMode`, spec.volumeMode, ['Block', 'Filesystem']))
  checkDataSources(out, path, spec, anyGroups)
  if (spec.volumeAttributesClassName) checkDnsSubdomain(out, `${path}.volumeAttributesClassName`, spec.volumeAttributesClassName)
}

/** An amount that is there is not negative; messages show it in whole units. */
export function checkAmount(out: Errors, path: string, value: string): void {
  const nanos = isQuantity(value) ? parseQuantity(value).nanos : 0n
  if (nanos < 0n) out.push(invalid(path, Number((nanos - 999_999_999n) / 1_000_000_000n), 'must be a valid resource quantity'))
}

/** There are no parts of bytes. */
export function claimSpecWarnings(path: string, spec: PersistentVolumeClaimSpec | undefined): string[] {
  return (['requests', 'limits'] as const).flatMap((list) => fractionWarnings(`${path}.resources.${list}`, spec?.resources?.[list], ['storage']))
}

/** What the new volume is to hold. */
function checkDataSources(out: Errors, path: string, { dataSource, dataSourceRef }: PersistentVolumeClaimSpec, anyGroups: boolean): void {
  for (const [field, source] of [['dataSource', dataSource], ['dataSourceRef', dataSourceRef]] as const) {
    if (!source) continue
    const at = `${path}.${field}`
    if (!source.name) out.push(required(`${at}.name`))
    if (!source.kind) out.push(required(`${at}.kind`))
    if (!source.apiGroup && source.kind !== 'PersistentVolumeClaim') {
      out.push(invalid(at, source.kind ?? '', "must be 'PersistentVolumeClaim' when referencing the default apiGroup"))
    }
    if (source.apiGroup && !anyGroups) checkDnsSubdomain(out, `${at}.apiGroup`, source.apiGroup)
  }
  if (dataSourceRef?.namespace) {
    checkDnsLabel(out, `${path}.dataSourceRef.namespace`, dataSourceRef.namespace)
    if (dataSource) out.push(invalid(path, `${path}.dataSource`, 'may not be specified when dataSourceRef.namespace is specified'))
  } else if (dataSource && dataSourceRef && !same(dataSource, dataSourceRef)) out.push(invalid(path, {}, 'must match dataSourceRef'))
}
