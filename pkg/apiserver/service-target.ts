// Where a Service's port is served now: the address and port of one of its ready endpoints.
import type { KubeObject } from '../api/object.ts'
import { isNotFound } from '../api/status-error.ts'
import type { EndpointSlice, Service } from '../api/types-service.ts'
import { endpointSlices, services } from '../api/types-service.ts'
import type { Registry } from '../registry/registry.ts'

export interface ServiceTarget {
  readonly host: string
  readonly port: number
}

const asker = { username: 'system:apiserver', groups: ['system:masters'] }

/** The server dials endpoints by itself, so that it needs no rules of the node's. `chance` in [0, 1) chooses. Fails with an Error. */
export function serviceEndpoint(registry: Registry, at: { namespace: string; name: string; port: number }, chance: number): ServiceTarget {
  const { namespace, name } = at
  const service = serviceOf(registry, namespace, name)
  const port = service.spec?.ports?.find((one) => one.port === at.port)
  if (service.spec?.type === 'ExternalName') return { host: service.spec.externalName ?? '', port: at.port }
  if (!port) throw new Error(`no service port ${at.port} found for service ${JSON.stringify(name)}`)
  const definition = registry.definition(endpointSlices.group, endpointSlices.version, endpointSlices.plural)
  const slices = definition ? registry.list(definition, { user: asker, namespace, options: { labelSelector: `kubernetes.io/service-name=${name}` } }).items as EndpointSlice[] : []
  const targets = slices.flatMap(({ endpoints = [], ports }) => {
    const target = ports?.find((one) => (one.name ?? '') === (port.name ?? ''))?.port
    return target === undefined ? [] : endpoints.filter(({ conditions }) => conditions?.ready !== false).flatMap(({ addresses }) => addresses.slice(0, 1).map((host) => ({ host, port: target })))
  })
  const chosen = targets[Math.floor(chance * targets.length)]
  if (!chosen) throw new Error(`no endpoints available for service ${JSON.stringify(name)}`)
  return chosen
}

function serviceOf(registry: Registry, namespace: string, name: string): Service {
  const definition = registry.definition(services.group, services.version, services.plural)
  try {
    if (definition) return registry.get(definition, { namespace, name }) as KubeObject as Service
  } catch (error) {
    if (!isNotFound(error)) throw error
  }
  throw new Error(`service ${JSON.stringify(name)} not found`)
}
