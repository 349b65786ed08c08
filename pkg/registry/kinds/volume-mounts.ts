// Checks of how a container uses the pod's volumes: as directories (mounts) and as raw devices.
import type { Container, VolumeMount } from '../../api/types-pod.ts'
import type { Volume } from '../../api/types-volume.ts'
import type { Errors } from './rules.ts'
import { checkOptionalOneOf, fieldNotFound, forbiddenField, invalid, notSupported, required } from './rules.ts'
import { checkDescendingPath } from './volume-projection.ts'

type Volumes = ReadonlyMap<string, Volume>

function checkPropagation(out: Errors, path: string, mount: VolumeMount, privileged: boolean): void {
  const { mountPropagation, recursiveReadOnly, readOnly } = mount
  checkOptionalOneOf(out, `${path}.mountPropagation`, mountPropagation, ['Bidirectional', 'HostToContainer', 'None'])
  if (mountPropagation === 'Bidirectional' && !privileged) {
    out.push(forbiddenField(`${path}.mountPropagation`, 'Bidirectional mount propagation is available only to privileged containers'))
  }
  if (recursiveReadOnly === undefined || recursiveReadOnly === 'Disabled') return
  const at = `${path}.recursiveReadOnly`
  if (recursiveReadOnly !== 'Enabled' && recursiveReadOnly !== 'IfPossible') {
    out.push(notSupported(at, recursiveReadOnly, ['Disabled', 'Enabled', 'IfPossible']))
    return
  }
  if (!readOnly) out.push(forbiddenField(at, 'may only be specified when readOnly is true'))
  if (mountPropagation !== undefined && mountPropagation !== 'None') out.push(forbiddenField(at, 'may only be specified when mountPropagation is None or not specified'))
}

/** Some errors name the list and not the mount, as Kubernetes' do. */
export function checkMounts(out: Errors, path: string, container: Container, volumes: Volumes): void {
  const { volumeMounts = [], volumeDevices = [], securityContext } = container
  const seen = new Set<string>()
  for (const [index, mount] of volumeMounts.entries()) {
    const at = `${path}[${index}]`
    const { name, mountPath, subPath, subPathExpr } = mount
    if (!name) out.push(required(`${at}.name`))
    if (!volumes.has(name)) out.push(fieldNotFound(`${at}.name`, name ?? ''))
    if (!mountPath) out.push(required(`${at}.mountPath`))
    if (seen.has(mountPath)) out.push(invalid(`${at}.mountPath`, mountPath, 'must be unique'))
    seen.add(mountPath)
    if (volumeDevices.some((device) => device.name === name)) out.push(invalid(`${at}.name`, name, 'must not already exist in volumeDevices'))
    if (volumeDevices.some((device) => device.devicePath === mountPath)) out.push(invalid(`${at}.mountPath`, mountPath, 'must not already exist as a path in volumeDevices'))
    if (subPath) checkDescendingPath(out, `${path}.subPath`, subPath)
    if (subPathExpr) {
      if (subPath) out.push(invalid(`${at}.subPathExpr`, subPathExpr, 'subPathExpr and subPath are mutually exclusive'))
      checkDescendingPath(out, `${path}.subPathExpr`, subPathExpr)
    }
    checkPropagation(out, path, mount, securityContext?.privileged ?? false)
  }
}

export function checkDevices(out: Errors, path: string, { volumeDevices = [], volumeMounts = [] }: Container, volumes: Volumes): void {
  const names = new Set<string>()
  const paths = new Set<string>()
  const mounted = { names: new Set(volumeMounts.map((mount) => mount.name)), paths: new Set(volumeMounts.map((mount) => mount.mountPath)) }
  for (const [index, { name, devicePath }] of volumeDevices.entries()) {
    const at = `${path}[${index}]`
    const volume = volumes.get(name)
    if (!name) out.push(required(`${at}.name`))
    if (names.has(name)) out.push(invalid(`${at}.name`, name, 'must be unique'))
    if (volume && !volume.persistentVolumeClaim && !volume.ephemeral) {
      out.push(invalid(`${at}.name`, name, 'can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode'))
    }
    if (!volume) out.push(fieldNotFound(`${at}.name`, name ?? ''))
    if (!devicePath) out.push(required(`${at}.devicePath`))
    if (paths.has(devicePath)) out.push(invalid(`${at}.devicePath`, devicePath, 'must be unique'))
    if (devicePath?.split('/').includes('..')) out.push(invalid(`${at}.devicePath`, devicePath, "can not contain backsteps ('..')"))
    else paths.add(devicePath)
    if (mounted.names.has(name)) out.push(invalid(`${at}.name`, name, 'must not already exist in volumeMounts'))
    if (mounted.paths.has(devicePath)) out.push(invalid(`${at}.devicePath`, devicePath, 'must not already exist as a path in volumeMounts'))
    names.add(name)
  }
}
