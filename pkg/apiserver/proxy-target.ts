// Where a proxy subresource leads: the address of a pod, of a pod behind a Service, or of a node.
import ipaddr from 'ipaddr.js'
import { StatusError, badRequest, isNotFound, unknownPath } from '../api/status-error.ts'
import type { KubeObject, Resource } from '../api/object.ts'
import { nodes, type Node } from '../api/types-node.ts'
import { pods, type Pod } from '../api/types-pod.ts'
import { endpoints, services, type EndpointAddress, type Service } from '../api/types-service.ts'
import type { NodeConnection } from '../api/node-connection.ts'
import type { Registry } from '../registry/registry.ts'
import type { ConnectOptions } from './pod-target.ts'
import type { ResourcePath } from './request-path.ts'

/** `[scheme:]name[:port]`. */
interface ProxyName {
  readonly scheme: 'http' | 'https'
  readonly name: string
  readonly port: string
}

function parseProxyName({ plural, name: text = '' }: ResourcePath): ProxyName {
  const parts = text.split(':')
  const [scheme = '', name = '', port = ''] = parts.length < 3 ? ['', ...parts] : parts
  if (parts.length > 3 || name === '' || !['', 'http', 'https'].includes(scheme)) throw badRequest(`invalid ${plural.slice(0, -1)} request ${JSON.stringify(text)}`)
  return { scheme: scheme === 'https' ? 'https' : 'http', name, port }
}

export const unavailable = (text: string): StatusError => new StatusError(503, 'ServiceUnavailable', text)

function get<T extends KubeObject>(registry: Registry, { group, version, plural }: Resource<T>, key: { namespace?: string; name: string }): T {
  const definition = registry.definition(group, version, plural)
  if (!definition) throw unknownPath()
  return registry.get(definition, key) as KubeObject as T
}

/** The URL base that a pod or service is served at. Fails with StatusError. */
export function targetOf(path: ResourcePath, { registry, clock }: ConnectOptions): URL {
  const asked = parseProxyName(path)
  const { namespace, plural } = path
  return plural === 'pods' ? podTarget(get(registry, pods, { namespace, name: asked.name }), asked) : serviceTarget(registry, path, asked, clock.random())
}

function urlOf(scheme: string, ip: string, port: string | number): URL {
  if (!/^\d*$/.test(String(port))) throw unavailable(`error trying to reach service: dial tcp: lookup tcp/${port}: unknown port`)
  if (Number(port) > 65_535) throw unavailable(`error trying to reach service: dial tcp: address ${port}: invalid port`)
  return new URL(`${scheme}://${ip.includes(':') ? `[${ip}]` : ip}${port === '' ? '' : `:${port}`}`)
}

const ofThisMachine = new Set(['unspecified', 'loopback', 'linkLocal', 'multicast', 'broadcast'])

/** What a status says must not lead to what only this server can reach. */
function requireOutside(ip: string): void {
  if (!ipaddr.isValid(ip) || ofThisMachine.has(ipaddr.process(ip).range())) throw badRequest('address not allowed')
}

function podTarget({ spec, status }: Pod, { scheme, port }: ProxyName): URL {
  const ip = status?.podIPs?.[0]?.ip ?? ''
  requireOutside(ip)
  const first = spec?.containers.find(({ ports }) => ports?.length)?.ports?.[0]?.containerPort
  return urlOf(scheme, ip, port || (first ?? ''))
}

/** Only of endpoints that are pods of the namespace: others may be any address that somebody wrote down. */
function serviceTarget(registry: Registry, { namespace, name: asked }: ResourcePath, { scheme, name, port }: ProxyName, chance: number): URL {
  const portName = /^\d+$/.test(port) ? portNameOf(get(registry, services, { namespace, name }), Number(port)) : port
  const { subsets = [] } = get(registry, endpoints, { namespace, name })
  if (subsets.length === 0) throw unavailable(`no endpoints available for service ${JSON.stringify(name)}`)
  const found = subsets.flatMap(({ addresses = [], ports = [] }) => {
    const target = ports.find((one) => (one.name ?? '') === portName)
    return target ? addresses.map((address) => ({ address, port: target.port })) : []
  })
  const start = Math.floor(chance * found.length)
  const chosen = [...found.slice(start), ...found.slice(0, start)].find(({ address }) => isPod(registry, namespace, address))
  if (!chosen) throw unavailable(`no endpoints available for service ${JSON.stringify(asked)}`)
  return urlOf(scheme, chosen.address.ip, chosen.port)
}

function portNameOf({ spec, metadata: { name } }: Service, number: number): string {
  const port = spec?.ports?.find((one) => one.port === number)
  if (!port) throw unavailable(`no service port ${number} found for service ${JSON.stringify(name)}`)
  return port.name ?? ''
}

function isPod(registry: Registry, namespace: string | undefined, { ip, targetRef }: EndpointAddress): boolean {
  if (!targetRef?.name || targetRef.namespace !== namespace) return false
  try {
    return get(registry, pods, { namespace, name: targetRef.name }).status?.podIPs?.some((one) => one.ip === ip) ?? false
  } catch (error) {
    if (isNotFound(error)) return false
    throw error
  }
}

/** Of nodes that tell none. */
const kubeletPort = 10_250

/** The node's kubelet, or the address of another port of the node. Fails with StatusError. */
export function nodeTarget(path: ResourcePath, { registry, nodeConnections }: ConnectOptions): NodeConnection | URL {
  const { scheme, name, port } = parseProxyName(path)
  const { status } = get<Node>(registry, nodes, { name })
  if (port !== '' && port !== String(status?.daemonEndpoints?.kubeletEndpoint?.Port || kubeletPort)) {
    const ip = status?.addresses?.find(({ type }) => type === 'InternalIP')?.address ?? ''
    requireOutside(ip)
    return urlOf(scheme, ip, port)
  }
  const node = nodeConnections(name)
  if (!node) throw unavailable(`node ${JSON.stringify(name)} is not connected`)
  return node
}
