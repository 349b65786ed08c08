// A command's streams or forwarded ports: natively in the protocols that runtimes do not speak, otherwise by a raw tunnel.
import { type ChannelStreams, serveChannelSocket, speaksChannels } from './channel-socket.ts'
import { rawTunnel } from './raw-tunnel.ts'
import { serveTunnelSocket, tunnelProtocol } from './tunnel-socket.ts'
import { isWebSocket, protocolsOf, type SocketClient } from './web-sockets.ts'

/** Resolves when the connection stands. `url` is the runtime's, good for one request; `streams` are undefined for ports. */
export function serveStreams(client: SocketClient, url: URL, streams?: ChannelStreams): Promise<void> {
  if (streams && speaksChannels(client)) return serveChannelSocket(client, url, streams)
  if (!streams && isWebSocket(client.incoming) && protocolsOf(client.incoming).includes(tunnelProtocol)) return serveTunnelSocket(client, url)
  return rawTunnel(client, url)
}
