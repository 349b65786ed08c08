// Texts for Warning headers: what is allowed in a pod's spec and yet is hardly meant.
import type { Container, EnvVar, Pod, PodSpec, PodTemplateSpec } from '../../api/types-pod.ts'
import { same } from './rules.ts'

const deprecatedLabels: Readonly<Record<string, string>> = {
  'beta.kubernetes.io/arch': 'deprecated since v1.14; use "kubernetes.io/arch" instead',
  'beta.kubernetes.io/os': 'deprecated since v1.14; use "kubernetes.io/os" instead',
  'failure-domain.beta.kubernetes.io/region': 'deprecated since v1.17; use "topology.kubernetes.io/region" instead',
  'failure-domain.beta.kubernetes.io/zone': 'deprecated since v1.17; use "topology.kubernetes.io/zone" instead',
  'beta.kubernetes.io/instance-type': 'deprecated since v1.17; use "node.kubernetes.io/instance-type" instead',
}

function hiddenVariables(path: string, env: readonly EnvVar[]): string[] {
  return env.flatMap(({ name, value = '' }, index) => {
    const earlier = env.slice(0, index).some((other) => other.name === name)
    // A variable that refers to its own earlier value extends it on purpose.
    return earlier && !value.includes(`$(${name})`) ? [`${path}.env[${index}]: hides previous definition of "${name}", which may be dropped when using apply`] : []
  })
}

function duplicatePorts(path: string, { ports = [] }: Container): string[] {
  return ports.flatMap((port, index) => {
    const first = ports.findIndex((other) => other.containerPort === port.containerPort && other.protocol === port.protocol && other.hostPort === port.hostPort && other.hostIP === port.hostIP)
    return first < index ? [`${path}.ports[${index}]: duplicate port definition with ${path}.ports[${first}]`] : []
  })
}

export function podSpecWarnings(path: string, spec: PodSpec): string[] {
  const lists = [['containers', spec.containers ?? []], ['initContainers', spec.initContainers ?? []]] as const
  return [
    ...Object.keys(spec.nodeSelector ?? {}).flatMap((key) => (deprecatedLabels[key] ? [`${path}.nodeSelector[${key}]: ${deprecatedLabels[key]}`] : [])),
    ...lists.flatMap(([name, containers]) => containers.flatMap((container, index) => {
      const at = `${path}.${name}[${index}]`
      return [...hiddenVariables(at, container.env ?? []), ...duplicatePorts(at, container)]
    })),
  ]
}

/** Of a workload's template; none when an update leaves it as it was. */
export function templateWarnings(path: string, template: PodTemplateSpec | undefined, old?: PodTemplateSpec): string[] {
  return template?.spec && !(old && same(template, old)) ? podSpecWarnings(`${path}.spec`, template.spec) : []
}

export function podWarnings({ spec }: Pod, old?: Pod): string[] {
  return old && same(spec, old.spec) ? [] : podSpecWarnings('spec', spec)
}
