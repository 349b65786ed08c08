// The checks that the restricted level adds to the baseline.
import type { Volume } from '../api/types-volume.ts'
import { procMountSet, seccompSet } from './pod-security-baseline.ts'
import type { Check, NamedCheck } from './pod-security-checks.ts'
import { containersText, isInUserNamespace, isWindows, namesWhere, plural, quoted, settersText, sortedSet } from './pod-security-words.ts'

// Where a pod tells its operating system, the checks of Linux alone leave those of Windows out.
const windowsKnown = 25

const allowPrivilegeEscalation: Check = (pod) => {
  if (pod.minor >= windowsKnown && isWindows(pod)) return undefined
  const names = namesWhere(pod, ({ securityContext }) => securityContext?.allowPrivilegeEscalation !== false)
  return names.length > 0 ? { reason: 'allowPrivilegeEscalation != false', detail: `${containersText(names)} must set securityContext.allowPrivilegeEscalation=false` } : undefined
}

const capabilities: Check = (pod) => {
  if (pod.minor >= windowsKnown && isWindows(pod)) return undefined
  const keeping = namesWhere(pod, ({ securityContext }) => !securityContext?.capabilities?.drop?.includes('ALL'))
  const isForbidden = (capability: string): boolean => capability !== 'NET_BIND_SERVICE'
  const adding = namesWhere(pod, ({ securityContext }) => securityContext?.capabilities?.add?.some(isForbidden))
  const added = sortedSet(pod.containers.flatMap(({ securityContext }) => (securityContext?.capabilities?.add ?? []).filter(isForbidden)))
  const faults = [
    ...keeping.length > 0 ? [`${containersText(keeping)} must set securityContext.capabilities.drop=["ALL"]`] : [],
    ...adding.length > 0 ? [`${containersText(adding)} must not include ${quoted(added)} in securityContext.capabilities.add`] : [],
  ]
  return faults.length > 0 ? { reason: 'unrestricted capabilities', detail: faults.join('; ') } : undefined
}

const freeVolumes: readonly (keyof Volume)[] = ['configMap', 'csi', 'downwardAPI', 'emptyDir', 'ephemeral', 'image', 'persistentVolumeClaim', 'projected', 'secret']

const typeOf = (volume: Volume): string => Object.entries(volume).find(([key, value]) => key !== 'name' && value !== undefined)?.[0] ?? 'unknown'

const restrictedVolumes: Check = ({ spec }) => {
  const bad = (spec.volumes ?? []).filter((volume) => !freeVolumes.some((type) => volume[type] !== undefined))
  if (bad.length === 0) return undefined
  const types = sortedSet(bad.map(typeOf))
  return {
    reason: 'restricted volume types',
    detail: `${plural('volume', 'volumes', bad.length)} ${quoted(bad.map(({ name }) => name))} ${plural('uses', 'use', bad.length)} ${plural('restricted volume type', 'restricted volume types', types.length)} ${quoted(types)}`,
  }
}

const runAsNonRoot: Check = (pod) => {
  if (isInUserNamespace(pod)) return undefined
  const own = pod.spec.securityContext?.runAsNonRoot
  const setters = settersText(own === false, namesWhere(pod, ({ securityContext }) => securityContext?.runAsNonRoot === false))
  if (setters) return { reason: 'runAsNonRoot != true', detail: `${setters} must not set securityContext.runAsNonRoot=false` }
  const silent = own === true ? [] : namesWhere(pod, ({ securityContext }) => securityContext?.runAsNonRoot === undefined)
  return silent.length > 0 ? { reason: 'runAsNonRoot != true', detail: `pod or ${containersText(silent)} must set securityContext.runAsNonRoot=true` } : undefined
}

const runAsUser: Check = (pod) => {
  if (isInUserNamespace(pod)) return undefined
  const setters = settersText(pod.spec.securityContext?.runAsUser === 0, namesWhere(pod, ({ securityContext }) => securityContext?.runAsUser === 0))
  return setters ? { reason: 'runAsUser=0', detail: `${setters} must not set runAsUser=0` } : undefined
}

const seccomp: Check = (pod) => {
  if (pod.minor >= windowsKnown && isWindows(pod)) return undefined
  const wrong = seccompSet(pod)
  if (wrong || pod.spec.securityContext?.seccompProfile) return wrong
  const silent = namesWhere(pod, ({ securityContext }) => !securityContext?.seccompProfile)
  if (silent.length === 0) return undefined
  return { reason: 'seccompProfile', detail: `pod or ${containersText(silent)} must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"` }
}

export const restrictedChecks: readonly NamedCheck[] = [
  { id: 'allowPrivilegeEscalation', since: 8, check: allowPrivilegeEscalation },
  { id: 'capabilities_restricted', since: 22, check: capabilities, replaces: 'capabilities_baseline' },
  // Here a user namespace excuses nothing.
  { id: 'procMount_restricted', since: 35, check: procMountSet, replaces: 'procMount' },
  { id: 'restrictedVolumes', since: 0, check: restrictedVolumes, replaces: 'hostPathVolumes' },
  { id: 'runAsNonRoot', since: 0, check: runAsNonRoot },
  { id: 'runAsUser', since: 23, check: runAsUser },
  { id: 'seccompProfile_restricted', since: 19, check: seccomp, replaces: 'seccompProfile_baseline' },
]
