// Checks of the three lists of containers of a pod: what each sort may have, and that names and ports are taken once.
import type { Container, EphemeralContainer, PodSpec } from '../../api/types-pod.ts'
import { checkLifecycle } from './container-hooks.ts'
import type { HookFacts } from './container-hooks.ts'
import { checkImageSpace, checkContainerParts } from './container-validation.ts'
import type { PodFacts } from './container-validation.ts'
import { checkInitRestarts, checkRestarts } from './restart-rules.ts'
import type { Errors } from './rules.ts'
import { duplicate, fieldNotFound, forbiddenField, required } from './rules.ts'

type Facts = PodFacts & HookFacts

export function checkContainerLists(out: Errors, path: string, spec: PodSpec, facts: Facts): void {
  checkContainers(out, `${path}.containers`, spec.containers ?? [], facts)
  checkInitContainers(out, `${path}.initContainers`, spec, facts)
  checkEphemeralContainers(out, `${path}.ephemeralContainers`, spec, facts)
}

function checkContainers(out: Errors, path: string, containers: readonly Container[], facts: Facts): void {
  if (containers.length === 0) return void out.push(required(path))
  const names = new Set<string>()
  for (const [index, container] of containers.entries()) {
    const at = `${path}[${index}]`
    checkContainerParts(out, at, container, facts)
    if (names.has(container.name)) out.push(duplicate(`${at}.name`, container.name))
    names.add(container.name)
    checkLifecycle(out, at, container, facts)
    checkRestarts(out, at, container)
  }
  checkHostPorts(out, path, containers)
}

function checkHostPorts(out: Errors, path: string, containers: readonly Container[]): void {
  const taken = new Set<string>()
  for (const [place, { ports = [] }] of containers.entries()) {
    for (const [index, { hostPort, hostIP = '', protocol }] of ports.entries()) {
      if (!hostPort) continue
      const identity = `${protocol}/${hostIP}/${hostPort}`
      if (taken.has(identity)) out.push(duplicate(`${path}[${place}].ports[${index}].hostPort`, identity))
      taken.add(identity)
    }
  }
}

const hooksOfSidecars = ['lifecycle', 'livenessProbe', 'readinessProbe', 'startupProbe'] as const

function checkInitContainers(out: Errors, path: string, { containers = [], initContainers = [] }: PodSpec, facts: Facts): void {
  const names = new Set(containers.map(({ name }) => name))
  for (const [index, container] of initContainers.entries()) {
    const at = `${path}[${index}]`
    checkContainerParts(out, at, container, facts)
    checkInitRestarts(out, at, container)
    if (names.has(container.name)) out.push(duplicate(`${at}.name`, container.name))
    if (container.name) names.add(container.name)
    // Init containers run one after the other, so that each has the ports for itself; the path is that of the first, as Kubernetes has it.
    checkHostPorts(out, path, [container])
    // An init container that never ends on its own (a sidecar) may be probed; others may not.
    if (container.restartPolicy === 'Always') checkLifecycle(out, at, container, facts)
    else for (const field of hooksOfSidecars) if (container[field]) out.push(forbiddenField(`${at}.${field}`, 'may not be set for init containers without restartPolicy=Always'))
  }
}

const ephemeralText = 'cannot be set for an Ephemeral Container'
const forbiddenInEphemeral = [
  'ports', 'resources', 'resizePolicy', 'restartPolicy', 'restartPolicyRules', 'livenessProbe', 'readinessProbe', 'startupProbe', 'lifecycle',
] as const

function checkEphemeralContainers(out: Errors, path: string, { containers = [], initContainers = [], ephemeralContainers = [] }: PodSpec, facts: Facts): void {
  const others = new Set([...containers, ...initContainers].map(({ name }) => name))
  const names = new Set(others)
  for (const [index, container] of ephemeralContainers.entries()) {
    const at = `${path}[${index}]`
    checkContainerParts(out, at, container, facts)
    checkImageSpace(out, at, container)
    if (names.has(container.name)) out.push(duplicate(`${at}.name`, container.name))
    names.add(container.name)
    const target = container.targetContainerName
    if (target && !others.has(target)) out.push(fieldNotFound(`${at}.targetContainerName`, target))
    checkEphemeral(out, at, container)
  }
}

function checkEphemeral(out: Errors, path: string, container: EphemeralContainer): void {
  for (const field of forbiddenInEphemeral) {
    const value: unknown = container[field]
    const empty = value === undefined || (field === 'resources' || Array.isArray(value) ? Object.keys(value as object).length === 0 : false)
    if (!empty) out.push(forbiddenField(`${path}.${field}`, ephemeralText))
  }
  for (const [index, mount] of (container.volumeMounts ?? []).entries()) {
    for (const field of ['subPath', 'subPathExpr'] as const) if (mount[field]) out.push(forbiddenField(`${path}.volumeMounts[${index}].${field}`, ephemeralText))
  }
}
