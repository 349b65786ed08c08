// Warnings about containers: variables that hide others, ports that come twice, half bytes, profiles in annotations.
import type { ObjectMeta } from '../../api/object.ts'
import type { Container, ContainerPort, EnvVar, PodSpec } from '../../api/types-pod.ts'
import { placedContainers } from './placed-containers.ts'
import { countedInBytes, fractionWarnings } from './quantity-warnings.ts'
import { same } from './rules.ts'
import { appArmorAdvice, appArmorContainerPrefix, appArmorProfileOf, seccompContainerPrefix, seccompPodKey } from './security-annotations.ts'

const deprecatedAnnotations: Readonly<Record<string, string>> = {
  'scheduler.alpha.kubernetes.io/critical-pod': 'non-functional in v1.16+; use the "priorityClassName" field instead',
  'security.alpha.kubernetes.io/sysctls': 'non-functional in v1.11+; use the "sysctls" field instead',
  'security.alpha.kubernetes.io/unsafe-sysctls': 'non-functional in v1.11+; use the "sysctls" field instead',
}

export function annotationWarnings(path: string, { annotations = {} }: ObjectMeta): string[] {
  return Object.entries(deprecatedAnnotations).flatMap(([key, text]) => (key in annotations ? [`${path}[${key}]: ${text}`] : []))
}

function resourceWarnings(path: string, { resources }: Container): string[] {
  return countedInBytes.flatMap((name) => (['limits', 'requests'] as const).flatMap((list) => fractionWarnings(`${path}.resources.${list}`, resources?.[list], [name])))
}

// A variable that refers to its own earlier value extends it on purpose.
const extendsItself = ({ name, value = '', valueFrom }: EnvVar): boolean => !valueFrom && value !== `$(${name})` && value.includes(`$(${name})`)

function hiddenVariables(path: string, { env = [] }: Container): string[] {
  const seen = new Set<string | undefined>()
  return env.flatMap((variable, index) => {
    const earlier = seen.has(variable.name)
    seen.add(variable.name)
    return earlier && !extendsItself(variable) ? [`${path}.env[${index}]: hides previous definition of ${JSON.stringify(variable.name)}, which may be dropped when using apply`] : []
  })
}

function profileWarnings(path: string, { name, securityContext }: Container, spec: PodSpec, annotations: Readonly<Record<string, string>>): string[] {
  const seccomp = `${seccompContainerPrefix}${name}`
  const appArmor = `${appArmorContainerPrefix}${name}`
  const profile = annotations[appArmor]
  const ofPod = spec.securityContext?.appArmorProfile
  return [
    ...(!securityContext?.seccompProfile && seccomp in annotations ? [`${path}[${seccomp}]: non-functional in v1.27+; use the "seccompProfile" field instead`] : []),
    // Of a pod's own annotations is told where they become fields.
    ...(path !== 'metadata.annotations' && !securityContext?.appArmorProfile && profile !== undefined && !(ofPod && same(ofPod, appArmorProfileOf(profile)))
      ? [`${path}[${appArmor}]: ${appArmorAdvice}`] : []),
  ]
}

/** `metadataPath` is where the annotations are. */
export function containerWarnings(path: string, metadataPath: string, spec: PodSpec, { annotations = {} }: ObjectMeta): string[] {
  return [
    ...(!spec.securityContext?.seccompProfile && seccompPodKey in annotations
      ? [`${metadataPath}[${seccompPodKey}]: non-functional in v1.27+; use the "seccompProfile" field instead`] : []),
    ...placedContainers(path, spec).flatMap(({ at, container }) => [
      ...profileWarnings(metadataPath, container, spec, annotations), ...resourceWarnings(at, container), ...hiddenVariables(at, container),
    ]),
  ]
}

const inStruct = ({ name = '', hostPort = 0, containerPort, protocol = '', hostIP = '' }: ContainerPort): string =>
  `{Name:${name} HostPort:${hostPort} ContainerPort:${containerPort} Protocol:${protocol} HostIP:${hostIP}}`

function clash({ hostIP = '', hostPort = 0 }: ContainerPort, { hostIP: otherIp = '', hostPort: otherPort = 0 }: ContainerPort): string | undefined {
  if (hostIP === otherIp && hostPort === otherPort) return 'duplicate'
  if (hostPort === 0 || otherPort === 0) return 'overlapping'
  // Which of the two gets a packet is open when one of them is for all addresses.
  return hostPort === otherPort && (hostIP === '') !== (otherIp === '') ? 'dangerously ambiguous' : undefined
}

/** More warnings than are sent. */
const enough = 200

interface PlacedPort {
  readonly at: string
  readonly port: ContainerPort
}

/** Of each port with those before it; no more than enough. */
function clashes(ports: readonly PlacedPort[]): string[] {
  const out: string[] = []
  const before = new Map<string, PlacedPort[]>()
  for (const placed of ports) {
    const { at, port } = placed
    if (port.hostIP && !port.hostPort) out.push(`${at}: hostIP set without hostPort: ${inStruct(port)}`)
    const key = `${port.containerPort} ${port.protocol}`
    const others = before.get(key)
    if (!others) before.set(key, [placed])
    else {
      for (const other of others) {
        const how = clash(port, other.port)
        if (how) out.push(`${at}: ${how} port definition with ${other.at}`)
      }
      others.push(placed)
    }
    if (out.length > enough) break
  }
  return out
}

export function portWarnings(path: string, spec: PodSpec): string[] {
  const ports = placedContainers(path, spec).flatMap(({ at, container }) => (container.ports ?? []).map((port, index) => ({ at: `${at}.ports[${index}]`, port })))
  const first = new Map<string, string>()
  const names = ports.flatMap(({ at, port: { name } }) => {
    if (!name) return []
    const earlier = first.get(name)
    if (earlier === undefined) first.set(name, at)
    return earlier === undefined ? [] : [`${at}: duplicate port name ${JSON.stringify(name)} with ${earlier}, services and probes that select ports by name will use ${earlier}`]
  })
  return [...clashes(ports), ...names]
}
