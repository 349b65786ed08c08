// Checks of a pod's operating system, and of fields that other systems have.
import type { Container, PodSpec } from '../../api/types-pod.ts'
import { placedContainers } from './placed-containers.ts'
import type { Errors } from './rules.ts'
import { forbiddenField, notSupported, required } from './rules.ts'

const windowsText = 'cannot be set for a windows pod'

type PodContext = NonNullable<PodSpec['securityContext']>
type ContainerContext = NonNullable<Container['securityContext']>

/** Fields of the pod and of its security context in the order of their errors. */
const notOfWindows: readonly (keyof PodContext | 'hostUsers' | 'hostPID' | 'hostIPC' | 'shareProcessNamespace')[] = [
  'appArmorProfile', 'seLinuxOptions', 'hostUsers', 'hostPID', 'hostIPC', 'seccompProfile', 'fsGroup', 'fsGroupChangePolicy', 'sysctls', 'shareProcessNamespace', 'runAsUser', 'runAsGroup',
  'supplementalGroups', 'supplementalGroupsPolicy', 'seLinuxChangePolicy',
]
const notOfWindowsContainers: readonly (keyof ContainerContext)[] = [
  'appArmorProfile', 'seLinuxOptions', 'seccompProfile', 'capabilities', 'readOnlyRootFilesystem', 'privileged', 'allowPrivilegeEscalation', 'procMount', 'runAsUser', 'runAsGroup',
]

function isSet(spec: PodSpec, field: (typeof notOfWindows)[number]): boolean {
  if (field === 'hostPID' || field === 'hostIPC') return spec[field] === true
  if (field === 'hostUsers' || field === 'shareProcessNamespace') return spec[field] !== undefined
  return field === 'sysctls' ? (spec.securityContext?.sysctls ?? []).length > 0 : spec.securityContext?.[field] !== undefined
}

const ofSpec = new Set<string>(['hostUsers', 'hostPID', 'hostIPC', 'shareProcessNamespace'])

function checkWindows(out: Errors, path: string, spec: PodSpec): void {
  for (const field of notOfWindows) if (isSet(spec, field)) out.push(forbiddenField(`${path}.${ofSpec.has(field) ? '' : 'securityContext.'}${field}`, windowsText))
  for (const { at, container: { securityContext } } of placedContainers(path, spec)) {
    for (const field of notOfWindowsContainers) if (securityContext?.[field] !== undefined) out.push(forbiddenField(`${at}.securityContext.${field}`, windowsText))
  }
}

function checkLinux(out: Errors, path: string, spec: PodSpec): void {
  const text = 'windows options cannot be set for a linux pod'
  if (spec.securityContext?.windowsOptions) out.push(forbiddenField(`${path}.securityContext.windowsOptions`, text))
  for (const { at, container } of placedContainers(path, spec)) if (container.securityContext?.windowsOptions) out.push(forbiddenField(`${at}.securityContext.windowsOptions`, text))
}

export function checkOs(out: Errors, path: string, spec: PodSpec): void {
  if (!spec.os) return
  if (!spec.os.name) out.push(required(`${path}.os.name`))
  else if (spec.os.name === 'linux') checkLinux(out, path, spec)
  else if (spec.os.name === 'windows') checkWindows(out, path, spec)
  else out.push(notSupported(`${path}.os`, spec.os.name, ['linux', 'windows']))
}
