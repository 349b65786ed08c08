// Checks of security contexts, a container's and a pod's.
import type { Container, PodSpec } from '../../api/types-pod.ts'
import { inGo } from './go-values.ts'
import type { Errors } from './rules.ts'
import { checkOptionalOneOf, checkRange, duplicate, invalid, notSupported, required, tooLong } from './rules.ts'
import { checkDescendingPath } from './volume-projection.ts'
import { checkWindowsOptions } from './windows-options.ts'

const maxId = 2147483647

export function checkContainerSecurity(out: Errors, path: string, { securityContext: context }: Container, hostUsers: boolean): void {
  if (!context) return
  checkRange(out, `${path}.runAsUser`, context.runAsUser, 0, maxId)
  checkRange(out, `${path}.runAsGroup`, context.runAsGroup, 0, maxId)
  checkOptionalOneOf(out, `${path}.procMount`, context.procMount, ['Default', 'Unmasked'])
  // An unmasked /proc is only for those who are nobody on the host.
  if (hostUsers && context.procMount === 'Unmasked') out.push(invalid(`${path}.procMount`, 'Unmasked', '`hostUsers` must be false to use `Unmasked`'))
  checkSeccomp(out, `${path}.seccompProfile`, context.seccompProfile)
  if (context.allowPrivilegeEscalation === false) {
    if (context.privileged) out.push(invalid(path, shownContext(context), 'cannot set `allowPrivilegeEscalation` to false and `privileged` to true'))
    for (const capability of context.capabilities?.add ?? []) {
      if (capability === 'CAP_SYS_ADMIN') out.push(invalid(path, shownContext(context), 'cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN'))
    }
  }
  checkWindowsOptions(out, `${path}.windowsOptions`, context.windowsOptions)
  checkAppArmor(out, `${path}.appArmorProfile`, context.appArmorProfile)
}

function shownContext(context: NonNullable<Container['securityContext']>): object {
  const { capabilities } = context
  return {
    Capabilities: capabilities ? inGo(capabilities, { Add: null, Drop: null }) : null,
    ...inGo(context, {
      Privileged: null, SELinuxOptions: null, WindowsOptions: null, RunAsUser: null, RunAsGroup: null, RunAsNonRoot: null, ReadOnlyRootFilesystem: null, AllowPrivilegeEscalation: null,
      ProcMount: null, SeccompProfile: null, AppArmorProfile: null,
    }),
  }
}

interface Profile {
  readonly type: string
  readonly localhostProfile?: string
}

const profiles = ['Localhost', 'RuntimeDefault', 'Unconfined']

/** A local profile needs its name, the others must not have one. */
function checkSeccomp(out: Errors, path: string, profile: Profile | undefined): void {
  if (!profile) return
  const { type, localhostProfile } = profile
  const at = `${path}.localhostProfile`
  if (!type) out.push(required(`${path}.type`, 'type is required when seccompProfile is set'))
  else if (!profiles.includes(type)) out.push(notSupported(`${path}.type`, type, profiles))
  if (type !== 'Localhost') {
    if (localhostProfile !== undefined) out.push(invalid(at, inGo(profile, { Type: '', LocalhostProfile: null }), 'can only be set when seccomp type is Localhost'))
  } else if (localhostProfile === undefined) out.push(required(at, 'must be set when seccomp type is Localhost'))
  else checkDescendingPath(out, at, localhostProfile)
}

const longestProfile = 4095

export function checkAppArmor(out: Errors, path: string, profile: Profile | undefined): void {
  if (!profile) return
  const { type, localhostProfile } = profile
  const at = `${path}.localhostProfile`
  if (!type) out.push(required(`${path}.type`, 'type is required when appArmorProfile is set'))
  else if (!profiles.includes(type)) out.push(notSupported(`${path}.type`, type, profiles))
  else if (type !== 'Localhost') {
    if (localhostProfile !== undefined) out.push(invalid(at, localhostProfile, 'can only be set when AppArmor type is Localhost'))
  } else if (localhostProfile === undefined || localhostProfile === '') out.push(required(at, 'must be set when AppArmor type is Localhost'))
  else {
    if (localhostProfile !== localhostProfile.trim()) out.push(invalid(at, localhostProfile, 'must not be padded with whitespace'))
    if (Buffer.byteLength(localhostProfile) > longestProfile) out.push(tooLong(at, longestProfile))
  }
}

/** `path` is the context's; most of the host's namespaces are fields beside it. */
export function checkPodSecurity(out: Errors, path: string, spec: PodSpec): void {
  const { securityContext: context = {}, hostPID, shareProcessNamespace } = spec
  for (const field of ['fsGroup', 'runAsUser', 'runAsGroup'] as const) checkRange(out, `${path}.${field}`, context[field], 0, maxId)
  for (const [index, group] of (context.supplementalGroups ?? []).entries()) checkRange(out, `${path}.supplementalGroups[${index}]`, group, 0, maxId)
  if (hostPID && shareProcessNamespace) out.push(invalid(`${path}.shareProcessNamespace`, shareProcessNamespace, 'ShareProcessNamespace and HostPID cannot both be enabled'))
  checkSysctls(out, `${path}.sysctls`, spec)
  checkOptionalOneOf(out, `${path}.fsGroupChangePolicy`, context.fsGroupChangePolicy, ['Always', 'OnRootMismatch'])
  checkSeccomp(out, `${path}.seccompProfile`, context.seccompProfile)
  checkWindowsOptions(out, `${path}.windowsOptions`, context.windowsOptions)
  checkAppArmor(out, `${path}.appArmorProfile`, context.appArmorProfile)
  checkOptionalOneOf(out, `${path}.supplementalGroupsPolicy`, context.supplementalGroupsPolicy, ['Merge', 'Strict'])
  // The other policy is behind a feature that is off.
  checkOptionalOneOf(out, `${path}.seLinuxChangePolicy`, context.seLinuxChangePolicy, ['Recursive'])
}

const sysctlForm = /^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$/
const sysctlText = 'must have at most 253 characters and match regex ^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$'

function checkSysctls(out: Errors, path: string, { securityContext, hostNetwork, hostIPC }: PodSpec): void {
  const seen = new Set<string>()
  for (const [index, { name = '' }] of (securityContext?.sysctls ?? []).entries()) {
    const at = `${path}[${index}].name`
    if (!name) out.push(required(at))
    else if (name.length > 253 || !sysctlForm.test(name)) out.push(invalid(at, name, sysctlText))
    else if (seen.has(name)) out.push(duplicate(at, name))
    if (hostNetwork && /^net[./]/.test(name)) out.push(invalid(at, name, "may not be specified when 'hostNetwork' is true"))
    else if (hostIPC && /^(kernel[./](sem$|shm|msg)|fs[./]mqueue[./])/.test(name)) out.push(invalid(at, name, "may not be specified when 'hostIPC' is true"))
    seen.add(name)
  }
}
