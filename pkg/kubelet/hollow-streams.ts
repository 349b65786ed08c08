// The streaming server of hollow containers: answers commands with what was scripted, over the WebSocket protocols of Kubernetes. Listens on loopback, from the first command on.
import { randomUUID } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { WebSocketServer } from 'ws'
import type { HollowAnswer } from './hollow-script.ts'

const protocols = ['v5.channel.k8s.io', 'v4.channel.k8s.io']
const channels = { stdout: 1, stderr: 2, error: 3 } as const

/** URLs work once. */
export class HollowStreams {
  readonly #answers = new Map<string, HollowAnswer>()
  #server: Promise<Server> | undefined

  async url(answer: HollowAnswer): Promise<URL> {
    this.#server ??= this.#listen()
    const { port } = (await this.#server).address() as AddressInfo
    const token = randomUUID()
    this.#answers.set(token, answer)
    return new URL(`http://127.0.0.1:${port}/exec/${token}`)
  }

  async stop(): Promise<void> {
    const server = await this.#server
    server?.closeAllConnections()
    if (server) await new Promise<void>((resolve) => server.close(() => resolve()))
  }

  #listen(): Promise<Server> {
    const sockets = new WebSocketServer({ noServer: true, handleProtocols: (offered) => protocols.find((each) => offered.has(each)) ?? false })
    const server = createServer((_request, response) => response.writeHead(400).end('hollow containers are reached by WebSocket only\n'))
    server.on('upgrade', (request, socket, head) => {
      const token = request.url?.split('/').at(-1)?.split('?')[0] ?? ''
      const answer = this.#answers.get(token)
      this.#answers.delete(token)
      if (!answer || request.headers.upgrade?.toLowerCase() !== 'websocket') return void socket.end('HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n')
      sockets.handleUpgrade(request, socket, head, (websocket) => {
        const send = (channel: number, text: string): void => websocket.send(Buffer.concat([Buffer.of(channel), Buffer.from(text)]))
        if (answer.stdout) send(channels.stdout, answer.stdout)
        if (answer.stderr) send(channels.stderr, answer.stderr)
        send(channels.error, JSON.stringify(statusOf(answer)))
        websocket.close(1000)
      })
    })
    return new Promise((resolve, reject) => {
      server.once('error', reject)
      server.listen(0, '127.0.0.1', () => resolve(server))
    })
  }
}

/** What the error channel says of how a command has ended. Pure. */
export function statusOf({ exitCode }: Pick<HollowAnswer, 'exitCode'>): object {
  if (exitCode === 0) return { metadata: {}, status: 'Success' }
  return {
    metadata: {}, status: 'Failure', reason: 'NonZeroExitCode', message: `command terminated with non-zero exit code: exit status ${exitCode}`,
    details: { causes: [{ reason: 'ExitCode', message: String(exitCode) }] },
  }
}
