// Checks of what all sorts of containers have: names, images, ports, environment, mounts.
import { configKeyFaults, dnsSubdomainFaults, envNameFaults } from '../../api/names.ts'
import type { Container, ContainerPort, EnvFromSource, EnvVar, PodSpec } from '../../api/types-pod.ts'
import type { Volume } from '../../api/types-volume.ts'
import { checkResources } from './container-resources.ts'
import { placedContainers } from './placed-containers.ts'
import { checkResizePolicy } from './restart-rules.ts'
import type { Errors } from './rules.ts'
import { addFaults, checkDnsLabel, checkOneOf, checkPortName, checkPortNumber, checkRequired, duplicate, fieldNotFound, invalid, required } from './rules.ts'
import { checkContainerSecurity } from './security-context.ts'
import { checkDevices, checkMounts } from './volume-mounts.ts'
import { checkFieldRef, checkNoBacksteps, checkResourceFieldRef } from './volume-projection.ts'

/** What the checks of a container need to know of its pod. */
export interface PodFacts {
  readonly volumes: ReadonlyMap<string, Volume>
  readonly claims: ReadonlySet<string>
  readonly restartPolicy?: string
  readonly hostUsers: boolean
}

const protocols = ['SCTP', 'TCP', 'UDP']
const pullPolicies = ['Always', 'IfNotPresent', 'Never']

function checkPorts(out: Errors, path: string, ports: readonly ContainerPort[]): void {
  const names = new Set<string>()
  for (const [index, port] of ports.entries()) {
    const at = `${path}[${index}]`
    if (port.name) checkPortOnce(out, `${at}.name`, port.name, names)
    if (!port.containerPort) out.push(required(`${at}.containerPort`))
    else checkPortNumber(out, `${at}.containerPort`, port.containerPort)
    if (port.hostPort) checkPortNumber(out, `${at}.hostPort`, port.hostPort)
    checkOneOf(out, `${at}.protocol`, port.protocol, protocols)
  }
}

function checkPortOnce(out: Errors, path: string, name: string, names: Set<string>): void {
  const before = out.length
  checkPortName(out, path, name)
  if (out.length > before) return
  if (names.has(name)) out.push(duplicate(path, name))
  names.add(name)
}

const envFields = [
  'metadata.name', 'metadata.namespace', 'metadata.uid', 'spec.nodeName', 'spec.serviceAccountName', 'status.hostIP', 'status.hostIPs', 'status.podIP', 'status.podIPs',
]
const sources = ['fieldRef', 'resourceFieldRef', 'configMapKeyRef', 'secretKeyRef', 'fileKeyRef'] as const

function checkValueFrom(out: Errors, path: string, { value = '', valueFrom }: EnvVar): void {
  if (!valueFrom) return
  const { fieldRef, resourceFieldRef, fileKeyRef } = valueFrom
  if (fieldRef) checkFieldRef(out, `${path}.fieldRef`, fieldRef, envFields)
  if (resourceFieldRef) checkResourceFieldRef(out, `${path}.resourceFieldRef`, resourceFieldRef, false)
  for (const name of ['configMapKeyRef', 'secretKeyRef'] as const) {
    const reference = valueFrom[name]
    if (!reference) continue
    addFaults(out, `${path}.${name}.name`, reference.name ?? '', dnsSubdomainFaults(reference.name ?? ''))
    if (checkRequired(out, `${path}.${name}.key`, reference.key)) addFaults(out, `${path}.${name}.key`, reference.key, configKeyFaults(reference.key))
  }
  if (fileKeyRef) {
    if (checkRequired(out, `${path}.fileKeyRef.key`, fileKeyRef.key)) addFaults(out, `${path}.fileKeyRef.key`, fileKeyRef.key, envNameFaults(fileKeyRef.key))
    if (checkRequired(out, `${path}.fileKeyRef.volumeName`, fileKeyRef.volumeName)) checkDnsLabel(out, `${path}.fileKeyRef.volumeName`, fileKeyRef.volumeName)
    if (checkRequired(out, `${path}.fileKeyRef.path`, fileKeyRef.path)) checkNoBacksteps(out, `${path}.fileKeyRef.path`, fileKeyRef.path)
  }
  const count = sources.filter((name) => valueFrom[name]).length
  if (count === 0) out.push(invalid(path, '', 'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`'))
  else if (value !== '') out.push(invalid(path, '', 'may not be specified when `value` is not empty'))
  else if (count > 1) out.push(invalid(path, '', 'may not have more than one field specified at a time'))
}

function checkEnv(out: Errors, path: string, env: readonly EnvVar[]): void {
  for (const [index, variable] of env.entries()) {
    const at = `${path}[${index}]`
    if (!variable.name) out.push(required(`${at}.name`))
    else addFaults(out, `${at}.name`, variable.name, envNameFaults(variable.name))
    checkValueFrom(out, `${at}.valueFrom`, variable)
  }
}

/** These names are judged like prefixes, which may end in a dash: a slip of Kubernetes'. */
const asPrefix = (name: string): string => (name.length > 1 && name.endsWith('-') ? `${name.slice(0, -2)}a` : name)

function checkEnvFrom(out: Errors, path: string, sources: readonly EnvFromSource[]): void {
  for (const [index, { prefix, configMapRef, secretRef }] of sources.entries()) {
    const at = `${path}[${index}]`
    if (prefix) addFaults(out, `${at}.prefix`, prefix, envNameFaults(prefix))
    for (const [name, reference] of [['configMapRef', configMapRef], ['secretRef', secretRef]] as const) {
      if (reference && checkRequired(out, `${at}.${name}.name`, reference.name)) addFaults(out, `${at}.${name}.name`, reference.name, dnsSubdomainFaults(asPrefix(reference.name ?? '')))
    }
    // These two name the list.
    if (!configMapRef && !secretRef) out.push(invalid(path, '', 'must specify one of: `configMapRef` or `secretRef`'))
    else if (configMapRef && secretRef) out.push(invalid(path, '', 'may not have more than one field specified at a time'))
  }
}

/** What all sorts of containers have. */
export function checkContainerParts(out: Errors, path: string, container: Container, facts: PodFacts): void {
  if (!container.name) out.push(required(`${path}.name`))
  else checkDnsLabel(out, `${path}.name`, container.name)
  if (!container.image) out.push(required(`${path}.image`))
  checkOneOf(out, `${path}.terminationMessagePolicy`, container.terminationMessagePolicy, ['File', 'FallbackToLogsOnError'])
  checkPorts(out, `${path}.ports`, container.ports ?? [])
  checkEnv(out, `${path}.env`, container.env ?? [])
  checkEnvFrom(out, `${path}.envFrom`, container.envFrom ?? [])
  checkMounts(out, `${path}.volumeMounts`, container, facts.volumes)
  checkDevices(out, `${path}.volumeDevices`, container, facts.volumes)
  checkOneOf(out, `${path}.imagePullPolicy`, container.imagePullPolicy, pullPolicies)
  checkResources(out, `${path}.resources`, container.resources, facts.claims)
  checkResizePolicy(out, `${path}.resizePolicy`, container.resizePolicy ?? [], facts.restartPolicy)
  checkContainerSecurity(out, `${path}.securityContext`, container, facts.hostUsers)
}

/** Old templates may have blanks around an image, pods may not. */
export function checkImageSpace(out: Errors, path: string, { image = '' }: Container): void {
  if (image !== image.trim()) out.push(invalid(`${path}.image`, image, 'must not have leading or trailing whitespace'))
}

/** Files with variables are in volumes that containers share and that end with the pod. */
export function checkFileVolumes(out: Errors, path: string, spec: PodSpec): void {
  const volumes = new Map((spec.volumes ?? []).map((volume) => [volume.name, volume] as const).reverse())
  for (const { at, container: { env = [] } } of placedContainers(path, spec)) {
    for (const [index, { valueFrom }] of env.entries()) {
      if (!valueFrom?.fileKeyRef) continue
      const { volumeName } = valueFrom.fileKeyRef
      const volume = volumes.get(volumeName)
      const field = `${at}.env[${index}].valueFrom.fileKeyRef.volumeName`
      if (!volume) out.push(fieldNotFound(field, volumeName))
      else if (!volume.emptyDir) out.push(invalid(field, volumeName, 'referenced volume must be of type emptyDir'))
    }
  }
}
