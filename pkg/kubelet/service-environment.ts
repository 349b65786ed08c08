// The environment variables that tell a container of the services that exist when it starts. Pure.
import type { Service } from '../api/types-service.ts'

/** `services` of the pod's own namespace win over those of the master's; without links only the master's are told. */
export function serviceEnvironment(services: readonly Service[], pod: { namespace: string; links: boolean }): Map<string, string> {
  const chosen = new Map<string, Service>()
  for (const service of services) {
    const { name = '', namespace } = service.metadata
    const clusterIP = service.spec?.clusterIP
    if (!clusterIP || clusterIP === 'None') continue
    if (namespace === pod.namespace && (pod.links || (namespace === 'default' && name === 'kubernetes'))) chosen.set(name, service)
    else if (namespace === 'default' && name === 'kubernetes' && !chosen.has(name)) chosen.set(name, service)
  }
  const env = new Map<string, string>()
  for (const service of chosen.values()) addService(env, service)
  return env
}

function addService(env: Map<string, string>, service: Service): void {
  const prefix = (service.metadata.name ?? '').replace(/-/g, '_').toUpperCase()
  const host = service.spec?.clusterIP ?? ''
  const ports = service.spec?.ports ?? []
  const address = host.includes(':') ? `[${host}]` : host
  env.set(`${prefix}_SERVICE_HOST`, host)
  if (ports[0]) env.set(`${prefix}_SERVICE_PORT`, String(ports[0].port))
  for (const port of ports) if (port.name) env.set(`${prefix}_SERVICE_PORT_${port.name.replace(/-/g, '_').toUpperCase()}`, String(port.port))
  ports.forEach((port, index) => {
    const protocol = port.protocol ?? 'TCP'
    const url = `${protocol.toLowerCase()}://${address}:${port.port}`
    const portPrefix = `${prefix}_PORT_${port.port}_${protocol}`
    if (index === 0) env.set(`${prefix}_PORT`, url)
    env.set(portPrefix, url)
    env.set(`${portPrefix}_PROTO`, protocol.toLowerCase())
    env.set(`${portPrefix}_PORT`, String(port.port))
    env.set(`${portPrefix}_ADDR`, host)
  })
}
