// pods/log over a WebSocket: each piece of the log is one message.
import type { WebSocket } from 'ws'
import type { Upgrade } from './http-door.ts'
import { openLog } from './pod-logs.ts'
import type { ConnectOptions } from './pod-target.ts'
import type { ResourcePath } from './request-path.ts'

const binary = 'binary.k8s.io'
const base64 = 'base64.binary.k8s.io'

export async function serveLogSocket({ incoming, socket, head, query }: Upgrade, path: ResourcePath, options: ConnectOptions): Promise<void> {
  const controller = new AbortController()
  socket.on('close', () => controller.abort())
  // Opened before the handshake, so that a failure is still a plain answer.
  const chunks = await openLog(path, query, controller.signal, options)
  // Loaded when it is first needed: hardly anyone reads logs this way.
  const { WebSocketServer } = await import('ws')
  const server = new WebSocketServer({
    noServer: true, handleProtocols: (offered) => [binary, base64].find((protocol) => offered.has(protocol)) ?? false,
  })
  const client = await new Promise<WebSocket>((resolve) => server.handleUpgrade(incoming, socket, head, resolve))
  client.on('error', () => controller.abort())
  try {
    for await (const chunk of chunks ?? []) {
      if (client.readyState !== client.OPEN) return
      const message = client.protocol === base64 ? Buffer.from(chunk).toString('base64') : chunk
      await new Promise<void>((resolve) => client.send(message, () => resolve()))
    }
  } finally {
    client.close(1000)
    controller.abort()
  }
}
