// A pod's names: hostname, log directories, and the text that messages call it by. Pure.
import type { Container, Pod } from '../api/types-pod.ts'

/** `name_namespace(uid)`, as messages name a pod. */
export const podText = (pod: Pod): string => `${pod.metadata.name}_${pod.metadata.namespace}(${pod.metadata.uid})`

export const podUid = (pod: Pod): string => pod.metadata.uid ?? ''

export const logDirectory = (root: string, pod: { namespace: string; name: string; uid: string }): string =>
  `${root}/${pod.namespace}_${pod.name}_${pod.uid}`

export interface Hostname {
  readonly hostname: string
  /** With a subdomain: what the pod can be looked up by. */
  readonly fqdn?: string
}

const longestHostname = 63

export function podHostname(pod: Pod, clusterDomain: string): Hostname {
  const { hostname: wanted, hostnameOverride, subdomain, setHostnameAsFQDN } = pod.spec
  if (hostnameOverride) return { hostname: hostnameOverride }
  const hostname = wanted || (pod.metadata.name ?? '').slice(0, longestHostname).replace(/[-.]+$/, '')
  if (!subdomain) return { hostname }
  const fqdn = `${hostname}.${subdomain}.${pod.metadata.namespace}.svc.${clusterDomain}`
  return { hostname: setHostnameAsFQDN ? fqdn : hostname, fqdn }
}

export type ContainerKind = 'init' | 'sidecar' | 'main' | 'ephemeral'

export interface NamedContainer {
  readonly kind: ContainerKind
  readonly container: Container
}

/** All containers of the spec: init containers and sidecars, main ones, ephemeral ones, in this order. */
export function podContainers(pod: Pod): NamedContainer[] {
  return [
    ...(pod.spec.initContainers ?? []).map((container) => ({ kind: container.restartPolicy === 'Always' ? 'sidecar' as const : 'init' as const, container })),
    ...pod.spec.containers.map((container) => ({ kind: 'main' as const, container })),
    ...(pod.spec.ephemeralContainers ?? []).map((container) => ({ kind: 'ephemeral' as const, container })),
  ]
}

const listOf: Record<ContainerKind, string> = { init: 'initContainers', sidecar: 'initContainers', main: 'containers', ephemeral: 'ephemeralContainers' }

/** `spec.containers{web}`, as events name a container. */
export const containerFieldPath = ({ kind, container }: NamedContainer): string => `spec.${listOf[kind]}{${container.name}}`
