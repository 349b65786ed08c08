// exec, attach and port-forward: the client's upgrade request is replayed on the runtime's URL, and bytes flow both ways.
import { StatusError, badRequest } from '../api/status-error.ts'
import type { Pod } from '../api/types-pod.ts'
import { type ChannelStreams, refuseChannels, speaksChannels } from '../util/channel-socket.ts'
import { rawTunnel } from '../util/raw-tunnel.ts'
import { serveStreams } from '../util/remote-streams.ts'
import { isConnect, isStream } from './connect.ts'
import { admitConnect } from './connect-admission.ts'
import { upgradeHeaders } from './aggregated-request.ts'
import type { Upgrade } from './http-door.ts'
import { networkWords } from './network-words.ts'
import { serveLogSocket } from './log-socket.ts'
import type { ExecOptions } from '../api/node-connection.ts'
import { podRefOf } from './pod-logs.ts'
import { containerOf, nodeOf, podOf, requireVerbs, type ConnectOptions } from './pod-target.ts'
import { serveProxyUpgrade } from './proxy.ts'
import { truth } from './query-options.ts'
import type { ResourcePath } from './request-path.ts'

export async function serveUpgrade(upgrade: Upgrade, path: ResourcePath, options: ConnectOptions): Promise<void> {
  const { incoming, query } = upgrade
  if (!isConnect(path)) throw badRequest('upgrade is not supported here')
  // A stream acts on the pod whichever way it is opened.
  requireVerbs(upgrade, path, options.authorizer, incoming.method === 'GET' ? ['get', ...(isStream(path) ? ['create'] : [])] : ['create'])
  if (path.subresource === 'log') return serveLogSocket(upgrade, path, options)
  // A stream's answer is the runtime's own: there is no place for warnings.
  await admitConnect(upgrade, path, query, options, () => undefined)
  if (path.subresource === 'proxy') return serveProxyUpgrade(upgrade, path, options)
  const pod = podOf(options.registry, path)
  const node = nodeOf(options.nodeConnections, pod)
  if (!node) throw badRequest(`pod ${path.name} does not have a host assigned`)
  if (path.subresource === 'portforward') {
    const url = await node.portForward(podRefOf(pod), query.getAll('ports').flatMap((text) => text.split(',')).map(portOf))
    return streamTunnel(upgrade, url)
  }
  const streams = streamsOf(pod, query)
  const command = commandOf(path, query)
  let url: URL
  try {
    url = await (command ? node.exec(podRefOf(pod), { ...streams, command }) : node.attach(podRefOf(pod), streams))
  } catch (error) {
    // What the node says is told by the stream.
    if (!(error instanceof StatusError) || !speaksChannels(upgrade)) throw error
    return refuseChannels(upgrade, error.status)
  }
  return streamTunnel(upgrade, url, streams)
}

type Streams = Omit<ExecOptions, 'command'>

function streamsOf(pod: Pod, query: URLSearchParams): Streams {
  const flag = (name: string): boolean => truth(query, name) ?? false
  const streams = { container: containerOf(pod, query.get('container') || undefined), stdin: flag('stdin'), stdout: flag('stdout'), stderr: flag('stderr'), tty: flag('tty') }
  if (!streams.stdin && !streams.stdout && !streams.stderr) throw badRequest('you must specify at least 1 of stdin, stdout, stderr')
  return streams
}

/** undefined for what is attached to. */
function commandOf(path: ResourcePath, query: URLSearchParams): string[] | undefined {
  const command = query.getAll('command')
  if (path.subresource === 'attach') return undefined
  if (command.length === 0) throw badRequest('you must specify at least one command for the container')
  return command
}

function portOf(text: string): number {
  const port = Number(text)
  if (!Number.isInteger(port) || port < 1 || port > 65535) throw badRequest(`unable to parse ${JSON.stringify(text)} as a port`)
  return port
}

/** To a program that the client means to speak with. Resolves when the connection stands; from then on both sockets live and die together. */
export function tunnel(upgrade: Upgrade, url: URL): Promise<void> {
  const { incoming } = upgrade
  return dialling(rawTunnel(upgrade, url, { rawHeaders: upgradeHeaders(incoming, incoming.headers.host ?? url.host) }))
}

/** The same to a runtime that streams: what it does not speak is translated. `streams` are undefined for ports. */
export function streamTunnel(upgrade: Upgrade, url: URL, streams?: ChannelStreams): Promise<void> {
  return dialling(serveStreams(upgrade, url, streams))
}

/** What goes wrong on the way is not the client's fault. */
async function dialling(connected: Promise<void>): Promise<void> {
  try {
    await connected
  } catch (error) {
    throw new StatusError(500, '', `error dialing backend: ${networkWords(error)}`)
  }
}
