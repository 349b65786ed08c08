// Checks of a pod's volumes.
import type { DownwardAPIVolumeFile, KeyToPath, Volume, VolumeProjection } from '../../api/types-volume.ts'
import type { Errors } from './rules.ts'
import { checkDnsLabel, checkOptionalOneOf, checkQuantity, checkRequired, duplicate, forbiddenField, invalid, required } from './rules.ts'
import { checkClaimSpec } from './volume-rules.ts'

const modeText = 'must be a number between 0 and 0777 (octal), both inclusive'
const hostPathTypes = ['', 'BlockDevice', 'CharDevice', 'Directory', 'DirectoryOrCreate', 'File', 'FileOrCreate', 'Socket']

function checkMode(out: Errors, path: string, mode: number | undefined): void {
  if (mode !== undefined && (mode < 0 || mode > 0o777)) out.push(invalid(path, mode, modeText))
}

/** A path that stays below the directory that it is taken from. */
export function checkLocalPath(out: Errors, path: string, value: string | undefined): void {
  if (!value) {
    out.push(required(path))
    return
  }
  if (value.startsWith('/')) out.push(invalid(path, value, 'must be a relative path'))
  if (value.split('/').includes('..')) out.push(invalid(path, value, "must not contain '..'"))
  else if (value.startsWith('..')) out.push(invalid(path, value, "must not start with '..'"))
}

function checkItems(out: Errors, path: string, items: readonly KeyToPath[] | undefined): void {
  for (const [index, { key, path: target, mode }] of (items ?? []).entries()) {
    const at = `${path}[${index}]`
    checkRequired(out, `${at}.key`, key)
    checkLocalPath(out, `${at}.path`, target)
    checkMode(out, `${at}.mode`, mode)
  }
}

const downwardFields = ['metadata.name', 'metadata.namespace', 'metadata.uid', 'metadata.labels', 'metadata.annotations']

function checkDownwardItems(out: Errors, path: string, items: readonly DownwardAPIVolumeFile[] | undefined): void {
  for (const [index, { path: target, fieldRef, resourceFieldRef, mode }] of (items ?? []).entries()) {
    const at = `${path}[${index}]`
    checkLocalPath(out, `${at}.path`, target)
    checkMode(out, `${at}.mode`, mode)
    if (fieldRef && resourceFieldRef) out.push(invalid(at, 'resource', 'fieldRef and resourceFieldRef can not be specified simultaneously'))
    if (!fieldRef && !resourceFieldRef) out.push(required(at, 'one of fieldRef and resourceFieldRef is required'))
    if (fieldRef && checkRequired(out, `${at}.fieldRef.fieldPath`, fieldRef.fieldPath)) {
      const known = downwardFields.includes(fieldRef.fieldPath) || /^metadata\.(labels|annotations)\['[^']+'\]$/.test(fieldRef.fieldPath)
      if (!known) out.push(invalid(`${at}.fieldRef.fieldPath`, fieldRef.fieldPath, `error converting fieldPath: field label not supported: ${fieldRef.fieldPath}`))
    }
    if (resourceFieldRef) {
      checkRequired(out, `${at}.resourceFieldRef.containerName`, resourceFieldRef.containerName)
      checkRequired(out, `${at}.resourceFieldRef.resource`, resourceFieldRef.resource)
    }
  }
}

function checkProjection(out: Errors, path: string, source: VolumeProjection): void {
  const kinds = Object.keys(source)
  if (kinds.length === 0) out.push(required(path, 'must specify a volume projection type'))
  for (const kind of kinds.slice(1)) out.push(forbiddenField(`${path}.${kind}`, 'may not specify more than 1 volume type per source'))
  const { secret, configMap, downwardAPI, serviceAccountToken } = source
  if (secret) {
    checkRequired(out, `${path}.secret.name`, secret.name)
    checkItems(out, `${path}.secret.items`, secret.items)
  }
  if (configMap) {
    checkRequired(out, `${path}.configMap.name`, configMap.name)
    checkItems(out, `${path}.configMap.items`, configMap.items)
  }
  if (downwardAPI) checkDownwardItems(out, `${path}.downwardAPI.items`, downwardAPI.items)
  if (serviceAccountToken) {
    const { expirationSeconds = 3600, path: target } = serviceAccountToken
    if (expirationSeconds < 600) out.push(invalid(`${path}.serviceAccountToken.expirationSeconds`, expirationSeconds, 'may not specify a duration less than 10 minutes'))
    checkLocalPath(out, `${path}.serviceAccountToken.path`, target)
  }
}

function checkHostPath(out: Errors, path: string, hostPath: NonNullable<Volume['hostPath']>): void {
  if (checkRequired(out, `${path}.path`, hostPath.path) && hostPath.path.split('/').includes('..')) out.push(invalid(`${path}.path`, hostPath.path, "must not contain '..'"))
  checkOptionalOneOf(out, `${path}.type`, hostPath.type, hostPathTypes)
}

function checkSource(out: Errors, path: string, volume: Volume): void {
  const { emptyDir, hostPath, secret, configMap, downwardAPI, projected, persistentVolumeClaim, nfs, csi, ephemeral, image } = volume
  if (emptyDir?.sizeLimit !== undefined) checkQuantity(out, `${path}.emptyDir.sizeLimit`, emptyDir.sizeLimit)
  if (hostPath) checkHostPath(out, `${path}.hostPath`, hostPath)
  if (secret) {
    checkRequired(out, `${path}.secret.secretName`, secret.secretName)
    checkMode(out, `${path}.secret.defaultMode`, secret.defaultMode)
    checkItems(out, `${path}.secret.items`, secret.items)
  }
  if (configMap) {
    checkRequired(out, `${path}.configMap.name`, configMap.name)
    checkMode(out, `${path}.configMap.defaultMode`, configMap.defaultMode)
    checkItems(out, `${path}.configMap.items`, configMap.items)
  }
  if (downwardAPI) {
    checkMode(out, `${path}.downwardAPI.defaultMode`, downwardAPI.defaultMode)
    checkDownwardItems(out, `${path}.downwardAPI.items`, downwardAPI.items)
  }
  if (projected) {
    checkMode(out, `${path}.projected.defaultMode`, projected.defaultMode)
    for (const [index, projection] of (projected.sources ?? []).entries()) checkProjection(out, `${path}.projected.sources[${index}]`, projection)
  }
  if (persistentVolumeClaim) checkRequired(out, `${path}.persistentVolumeClaim.claimName`, persistentVolumeClaim.claimName)
  if (nfs) {
    checkRequired(out, `${path}.nfs.server`, nfs.server)
    if (checkRequired(out, `${path}.nfs.path`, nfs.path) && !nfs.path.startsWith('/')) out.push(invalid(`${path}.nfs.path`, nfs.path, 'must be an absolute path'))
  }
  if (csi) checkRequired(out, `${path}.csi.driver`, csi.driver)
  if (ephemeral && checkRequired(out, `${path}.ephemeral.volumeClaimTemplate`, ephemeral.volumeClaimTemplate)) {
    checkClaimSpec(out, `${path}.ephemeral.volumeClaimTemplate.spec`, ephemeral.volumeClaimTemplate?.spec ?? {})
  }
  if (image) checkOptionalOneOf(out, `${path}.image.pullPolicy`, image.pullPolicy, ['Always', 'IfNotPresent', 'Never'])
}

/** Answers the volumes by name, for the mounts of containers. */
export function checkVolumes(out: Errors, path: string, volumes: readonly Volume[]): ReadonlyMap<string, Volume> {
  const byName = new Map<string, Volume>()
  for (const [index, volume] of volumes.entries()) {
    const at = `${path}[${index}]`
    const sources = Object.keys(volume).filter((key) => key !== 'name')
    if (sources.length === 0) out.push(required(at, 'must specify a volume type'))
    for (const extra of sources.slice(1)) out.push(forbiddenField(`${at}.${extra}`, 'may not specify more than 1 volume type'))
    checkSource(out, at, volume)
    if (!volume.name) out.push(required(`${at}.name`))
    else {
      checkDnsLabel(out, `${at}.name`, volume.name)
      if (byName.has(volume.name)) out.push(duplicate(`${at}.name`, volume.name))
      byName.set(volume.name, volume)
    }
  }
  return byName
}
