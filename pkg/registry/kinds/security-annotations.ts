// Profiles of pods as annotations, which is how seccomp and AppArmor were asked for before they had fields.
import type { ObjectMeta } from '../../api/object.ts'
import type { PodSpec } from '../../api/types-pod.ts'
import { placedContainers } from './placed-containers.ts'
import type { Errors } from './rules.ts'
import { forbiddenField, invalid } from './rules.ts'
import { checkDescendingPath } from './volume-projection.ts'

export const seccompPodKey = 'seccomp.security.alpha.kubernetes.io/pod'
export const seccompContainerPrefix = 'container.seccomp.security.alpha.kubernetes.io/'
export const appArmorContainerPrefix = 'container.apparmor.security.beta.kubernetes.io/'

const local = 'localhost/'

interface Profile {
  readonly type: string
  readonly localhostProfile?: string
}

/** What an annotation asks for, as a field says it; undefined for what no field can say. */
export function appArmorProfileOf(annotation: string): Profile | undefined {
  if (annotation === 'unconfined') return { type: 'Unconfined' }
  if (annotation === 'runtime/default') return { type: 'RuntimeDefault' }
  const localhostProfile = annotation.startsWith(local) ? annotation.slice(local.length) : ''
  return localhostProfile === '' ? undefined : { type: 'Localhost', localhostProfile }
}

export const appArmorAdvice = 'deprecated since v1.30; use the "appArmorProfile" field instead'

function checkSeccompAnnotation(out: Errors, path: string, value: string): void {
  if (value === 'runtime/default' || value === 'docker/default' || value === 'unconfined') return
  if (value.startsWith(local)) checkDescendingPath(out, path, value.slice(local.length))
  else out.push(invalid(path, value, 'must be a valid seccomp profile'))
}

/** The form of the annotations themselves. */
export function checkProfileAnnotations(out: Errors, path: string, annotations: Readonly<Record<string, string>>, spec: PodSpec): void {
  for (const [key, value] of Object.entries(annotations)) {
    if (key === seccompPodKey || key.startsWith(seccompContainerPrefix)) checkSeccompAnnotation(out, `${path}.${key}`, value)
  }
  for (const [key, value] of Object.entries(annotations)) {
    if (!key.startsWith(appArmorContainerPrefix)) continue
    const name = key.slice(appArmorContainerPrefix.length)
    if (!placedContainers('', spec).some(({ container }) => container.name === name)) out.push(invalid(`${path}[${key}]`, name, 'container not found'))
    if (value !== '' && value !== 'runtime/default' && value !== 'unconfined' && !value.startsWith(local)) {
      out.push(invalid(`${path}[${key}]`, value, `invalid AppArmor profile name: ${JSON.stringify(value)}`))
    }
  }
}

interface Kind {
  readonly word: string
  /** What annotations may say for the types without a name. */
  readonly values: Readonly<Record<string, readonly string[]>>
}

const seccomp: Kind = { word: 'seccomp', values: { Unconfined: ['unconfined'], RuntimeDefault: ['runtime/default', 'docker/default'] } }
const appArmor: Kind = { word: 'apparmor', values: { Unconfined: ['unconfined'], RuntimeDefault: ['runtime/default'] } }

function checkAgreement(out: Errors, path: string, { word, values }: Kind, annotation: string | undefined, profile: Profile | undefined): void {
  if (annotation === undefined || !profile) return
  const { type, localhostProfile } = profile
  const agrees = type === 'Localhost' ? annotation.startsWith(local) : values[type]?.includes(annotation) ?? true
  if (!agrees) out.push(forbiddenField(`${path}.type`, `${word} type in annotation and field must match`))
  else if (type === 'Localhost' && annotation.slice(local.length) !== localhostProfile) {
    out.push(forbiddenField(`${path}.localhostProfile`, `${word} profile in annotation and field must match`))
  }
}

/** Where both the annotation and the field are there they say the same. */
export function checkProfilesAgree(out: Errors, path: string, spec: PodSpec, { annotations = {} }: ObjectMeta): void {
  checkAgreement(out, `${path}.securityContext.seccompProfile`, seccomp, annotations[seccompPodKey], spec.securityContext?.seccompProfile)
  const containers = placedContainers(path, spec)
  for (const { at, container: { name, securityContext } } of containers) {
    checkAgreement(out, `${at}.securityContext.seccompProfile`, seccomp, annotations[`${seccompContainerPrefix}${name}`], securityContext?.seccompProfile)
  }
  if (spec.os?.name === 'windows') return
  for (const { at, container: { name, securityContext } } of containers) {
    const profile = securityContext?.appArmorProfile ?? spec.securityContext?.appArmorProfile
    checkAgreement(out, `${at}.securityContext.appArmorProfile`, appArmor, annotations[`${appArmorContainerPrefix}${name}`], profile)
  }
}
