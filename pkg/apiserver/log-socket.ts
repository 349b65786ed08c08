// pods/log over a WebSocket: each piece of the log is one message.
import type { Upgrade } from './http-door.ts'
import { openLog } from './pod-logs.ts'
import type { ConnectOptions } from './pod-target.ts'
import type { ResourcePath } from './request-path.ts'
import { acceptWebSocket, protocolsOf } from '../util/web-sockets.ts'

const binary = 'binary.k8s.io'
const base64 = 'base64.binary.k8s.io'

export async function serveLogSocket(upgrade: Upgrade, path: ResourcePath, options: ConnectOptions): Promise<void> {
  const { incoming, query } = upgrade
  // Opened before the handshake, so that a failure is still a plain answer.
  const chunks = await openLog(path, query, upgrade.lasting(), options)
  const offered = protocolsOf(incoming)
  const protocol = [binary, base64].find((name) => offered.includes(name))
  const client = await acceptWebSocket(upgrade, protocol)
  try {
    for await (const chunk of chunks ?? []) {
      if (client.readyState !== client.OPEN) return
      const message = protocol === base64 ? Buffer.from(chunk).toString('base64') : chunk
      await new Promise<void>((resolve) => client.send(message, () => resolve()))
    }
  } finally {
    client.close(1000)
  }
}
