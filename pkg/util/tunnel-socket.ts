// Port-forward over a WebSocket that carries SPDY: what its messages hold goes to the runtime as it is, and back.
import { requestUpgrade } from './upgrade-request.ts'
import { acceptWebSocket, type SocketClient } from './web-sockets.ts'

const forwarded = 'portforward.k8s.io'
export const tunnelProtocol = `SPDY/3.1+${forwarded}`

/** Resolves when the connection stands; from then on both sides live and die together. `url` is good for one request. */
export async function serveTunnelSocket(upgrade: SocketClient, url: URL): Promise<void> {
  const { socket: runtime, head } = await requestUpgrade(url, { upgrade: 'SPDY/3.1', 'x-stream-protocol-version': forwarded })
  if (upgrade.socket.destroyed) return void runtime.destroy()
  const client = await acceptWebSocket(upgrade, tunnelProtocol)
  const { createWebSocketStream } = await import('ws')
  const stream = createWebSocketStream(client)
  if (head.length > 0) stream.write(head)
  stream.pipe(runtime)
  runtime.pipe(stream)
  const drop = (): void => {
    stream.destroy()
    runtime.destroy()
  }
  for (const side of [stream, runtime]) side.on('error', drop)
  client.on('close', () => runtime.destroy())
  runtime.on('close', () => stream.end())
}
